SET synchronous_commit = off;
CREATE TEMPORARY TABLE bench_areas AS
SELECT row_number() OVER (PARTITION BY geo_level ORDER BY code) - 1 AS n, code, geo_level, name,
       round(ST_X(ST_PointOnSurface(shape))::numeric, 5)::float8 AS lon, round(ST_Y(ST_PointOnSurface(shape))::numeric, 5)::float8 AS lat
FROM pub.areas;
CREATE INDEX ON bench_areas (geo_level, n);
INSERT INTO pub.incidents (incident_id, release_id, record_status, certainty, date_start, date_end, date_precision, country_iso3,
  adm1_pcode, adm1_name, adm2_pcode, adm2_name, geo_level, h3_cell, lat, lon, site_type, site_group, sector, damage_best, damage_min,
  damage_max, cause_group, functional_status, access_constraints, event_ref, summary, policy_version, redaction, position, area_code, cell_key)
SELECT 'INC-' || upper(lpad(to_hex(drawn.n), 8, '0')), '2026-11-' || lpad((1 + drawn.n % 20)::text, 2, '0') || '.1', (ARRAY['new','updated'])[1 + drawn.n % 2],
  (ARRAY['PROBABLE','CONFIRMED'])[1 + drawn.n % 2], day, day + (drawn.n % 3)::int, 'DAY', 'XTB', 'XB' || lpad((d.n % 24)::text, 2, '0'), 'Région d’essai ' || d.n % 24,
  d.code, d.name, CASE WHEN drawn.n % 10 = 0 THEN 'POINT' ELSE a.geo_level END, CASE WHEN a.geo_level = 'H3_8' THEN a.code END,
  CASE WHEN drawn.n % 10 = 0 THEN round((a.lat + random() / 50)::numeric, 5) END, CASE WHEN drawn.n % 10 = 0 THEN round((a.lon + random() / 50)::numeric, 5) END,
  (ARRAY['RES.APT','RES.HOUSE','EDU.SCHOOL','HEA.CLINIC','TRA.ROAD'])[1 + drawn.n % 5], (ARRAY['RES','RES','EDU','HEA','TRA'])[1 + drawn.n % 5],
  (ARRAY['SHL','SHL','EDU','HEA','LOG'])[1 + drawn.n % 5], g, g, g, (ARRAY['NATURAL','CONFLICT'])[1 + drawn.n % 2],
  CASE WHEN drawn.n % 10 = 0 THEN 'F2' END, CASE WHEN drawn.n % 40 = 0 THEN ARRAY['ACC.UXO','ACC.UXO'] END,
  CASE WHEN drawn.n % 3 = 0 THEN 'EQ-2026-000042-XTB' END, 'Apartment building damaged: severe; probable.', '2026.1', 'H3_8 DAY -adm3_pcode',
  (random() * 4611686018427387903)::bigint, a.code, 0
FROM (SELECT s.n, nullif((random() * 5)::int, 5) AS g, date '2026-01-01' + (random() * 300)::int AS day,
        CASE WHEN s.n % 5 = 4 THEN 'ADM2' ELSE 'H3_8' END AS level, (random() * 239)::int AS district, (random() * 5459)::int AS cell
      FROM generate_series(1, :rows) AS s (n)) AS drawn
JOIN bench_areas d ON d.geo_level = 'ADM2' AND d.n = drawn.district
JOIN bench_areas a ON a.geo_level = drawn.level AND a.n = CASE WHEN drawn.level = 'ADM2' THEN drawn.district ELSE drawn.cell END
ORDER BY random();
INSERT INTO pub.batches (release_id, published_on, policy_version, rows_total, is_exercise) SELECT '2026-11-20.1', '2026-11-20', '2026.1', :rows, false;
VACUUM ANALYZE pub.incidents;
VACUUM ANALYZE pub.areas;
