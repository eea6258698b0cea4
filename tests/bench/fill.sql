SET synchronous_commit = off;
ALTER TABLE incidents DISABLE TRIGGER USER;
CREATE TABLE bench_towns AS SELECT n, -60 + 120 * random() AS lon, -40 + 90 * random() AS lat, 0.02 + 0.06 * random() AS wide
  FROM generate_series(0, 59) AS n;
INSERT INTO organisations (id, name, acronym, kind) SELECT gen_random_uuid(), 'House ' || n, 'H' || n, 'INTL_NGO' FROM generate_series(1, 12) AS n;
INSERT INTO incidents (id, public_id, s_class, site_type, certainty, workflow, damage_min, damage_max, damage_best, point,
  adm1_pcode, adm2_pcode, adm3_pcode, functional_status, needs, accuracy_m, event_earliest, event_latest, event_precision, report_count, first_received_at, evidence_received_at, opened_at, changed_at)
SELECT gen_random_uuid(), 'B' || upper(lpad(to_hex(n), 11, '0')), 'S1', (ARRAY['RES.APT','RES.HOUSE','EDU.SCHOOL','HEA.CLINIC','TRA.ROAD'])[1 + n % 5],
  (ARRAY['RUMOUR','POSSIBLE','PROBABLE'])[1 + n % 3], 'NEW', g, g, g, ST_SetSRID(ST_MakePoint(x, y), 4326),
  'B' || n % 60 / 10, 'B' || lpad((n % 60)::text, 3, '0'), 'B' || lpad((n % 60)::text, 3, '0') || n / 60 % 10,
  (ARRAY[NULL, 'F0', 'F1', 'F2'])[1 + n % 4], CASE WHEN n % 7 = 0 THEN '{MED}'::varchar[] ELSE '{}' END, 20,
  t, t + interval '1 hour', 'HOUR', 1, t, t, t, t
FROM (SELECT s.n, nullif((random() * 5)::int, 5) AS g, b.lon + b.wide * (random() + random() + random() - 1.5) AS x,
        b.lat + b.wide * (random() + random() + random() - 1.5) AS y, now() - random() * interval '365 days' AS t
      FROM generate_series(1, :rows) AS s (n) JOIN bench_towns b ON b.n = s.n % 60) AS drawn;
SELECT set_config('tessera.scope', 'all', false);
INSERT INTO reports (id, site_type, damage, damage_min, damage_max, point, pin_accuracy_m, event_earliest, event_latest, event_precision,
  channel, payload_sha256, received_at, source_type, organisation_id)
SELECT gen_random_uuid(), site_type, 'D' || coalesce(damage_best, 0), coalesce(damage_best, 0), coalesce(damage_best, 0), point, 20,
  event_earliest, event_latest, 'HOUR', 'API', sha256(public_id::bytea), opened_at,
  (ARRAY['SELF_WITNESS','FIELD_NGO','AUTH_LOCAL','MEDIA_LOCAL','UTILITY'])[1 + abs(hashtext(public_id)) % 5],
  CASE WHEN abs(hashtext(public_id)) % 7 < 3 THEN houses.known[1 + abs(hashtext(public_id)) % 12] END
FROM incidents, (SELECT array_agg(id) AS known FROM organisations) AS houses;
ALTER TABLE incidents ENABLE TRIGGER USER;
INSERT INTO map_cells (level, cell, n, d0, d1, d2, d3, d4, du)
SELECT 17, cell_key >> 14, count(*), count(*) FILTER (WHERE damage_best = 0), count(*) FILTER (WHERE damage_best = 1),
  count(*) FILTER (WHERE damage_best = 2), count(*) FILTER (WHERE damage_best = 3), count(*) FILTER (WHERE damage_best = 4),
  count(*) FILTER (WHERE damage_best IS NULL) FROM incidents WHERE on_map GROUP BY 2;
DO $$ BEGIN FOR l IN REVERSE 16..5 LOOP
  INSERT INTO map_cells SELECT l, cell >> 2, sum(n), sum(d0), sum(d1), sum(d2), sum(d3), sum(d4), sum(du)
  FROM map_cells WHERE level = l + 1 GROUP BY cell >> 2; END LOOP; END $$;
CREATE INDEX bench_geography ON incidents USING gist ((point::geography));
VACUUM ANALYZE incidents;
VACUUM ANALYZE map_cells;
VACUUM ANALYZE reports;
INSERT INTO roles (id, name) VALUES (gen_random_uuid(), 'COORD');
INSERT INTO people (id, email, active, fs_uniquifier, alias) VALUES (gen_random_uuid(), 'bench@example.org', true, 'bench', 'Bench');
INSERT INTO person_roles (person_id, role_id) SELECT people.id, roles.id FROM people, roles;
INSERT INTO sign_ins (key_hash, person_id, contents, begun_at, used_at)
SELECT sha256('bench-bench-bench-bench-bench-bench-bench'), id, '{"_user_id": "bench", "_fresh": true}', now(), now() FROM people;
