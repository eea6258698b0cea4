"""Needs and aid on the map: the same counts as the matrix, area by area, for one sector or all."""

import pytest
from sqlalchemy import text

from server.coordination import gaps
from server.places import outlines
from server.vocabulary import NeedType, Sector

SQUARE = "MULTIPOLYGON(((10 59, 11 59, 11 60, 10 60, 10 59)))"
AREAS = """
INSERT INTO admin_areas (id, level, pcode, name, names, country, cod_version, valid_on, parent_pcode, shape)
SELECT gen_random_uuid(), level, code, name, '{}', 'ZZ', 'v01', '2026-01-01', parent, ST_GeomFromText(:shape, 4326)
FROM (VALUES (1, 'ZZ1', 'North', NULL), (2, 'ZZ11', 'Riverside', 'ZZ1'), (2, 'ZZ12', 'Hillside', 'ZZ1')) AS told (level, code, name, parent)
"""
INCIDENTS = """
INSERT INTO incidents (id, public_id, s_class, adm1_pcode, adm2_pcode)
SELECT gen_random_uuid(), 'AM' || n, 'S1', 'ZZ1', CASE WHEN n < 3 THEN 'ZZ11' WHEN n = 3 THEN 'ZZ12' END FROM generate_series(1, 4) AS n
"""
NEEDS = """
INSERT INTO needs (id, incident_id, need_type, sector, urgency, status, adm1_pcode, adm2_pcode)
SELECT gen_random_uuid(), id, CAST(:kind AS text), CAST(:sector AS text), 'U1', 'OPEN', coalesce(adm1_pcode, ''), coalesce(adm2_pcode, '') FROM incidents
WHERE public_id LIKE 'AM%'
"""


@pytest.fixture
def needing(database):
    """Four records that need medical care: two in one district, one in another, one in no district that is known."""
    database.execute(text(AREAS), {"shape": SQUARE})
    database.execute(text(INCIDENTS))
    database.execute(text(NEEDS), {"kind": NeedType.MED.value, "sector": NeedType.MED.sector.value})
    outlines._made.cache_clear()


def test_areas_are_told_as_the_matrix_counts_them_and_the_table_says_the_same(needing, as_):
    chipo, health = as_("chipo"), NeedType.MED.sector
    told = {row[0]: row[1:] for row in chipo.get("/desk/aid/map/counts.json?areas=2").json["areas"]}
    assert told["ZZ11"] == ["gap", 2, 2, 2, 0]
    assert told["ZZ12"] == ["gap", 1, 1, 1, 0]
    assert told[""] == ["gap", 1, 1, 1, 0]
    assert sum(row[1] for row in told.values()) == gaps.matrix().total.untaken
    page = chipo.get(f"/desk/aid/map?areas=2&sector={health.value}").text
    assert page.index("Riverside") < page.index("Hillside")
    assert "gap: nobody is at work" in page
    assert f'href="/desk/aid/needs?adm=ZZ11&amp;sector={health.value}"' in page


def test_another_sector_has_nothing_and_a_sector_nobody_knows_asks_for_all(needing, as_):
    other = next(sector for sector in Sector if sector is not NeedType.MED.sector)
    chipo = as_("chipo")
    assert chipo.get(f"/desk/aid/map/counts.json?areas=1&sector={other.value}").json["areas"] == []
    assert chipo.get("/desk/aid/map/counts.json?areas=1&sector=NO-SUCH").json["areas"] == [["ZZ1", "gap", 4, 4, 4, 0]]


def test_without_areas_the_page_says_who_loads_them_and_has_no_map(as_):
    page = as_("chipo").get("/desk/aid/map")
    assert page.status_code == 200
    assert "No areas are loaded yet" in page.text
    assert "/desk/aid/map/map.js" not in page.text


def test_strangers_see_neither_the_page_nor_its_numbers(client, as_):
    for path in ("/desk/aid/map", "/desk/aid/map/counts.json", "/desk/aid/map/map.js"):
        assert client.get(path).status_code in (302, 401)
        assert as_("eve").get(path).status_code == 403
