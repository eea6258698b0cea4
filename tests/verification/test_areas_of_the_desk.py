"""Areas instead of pins: outlines, and counts that add up to the map's own total under any filters."""

import pytest
from sqlalchemy import text

from server.places import outlines
from tests.verification.satellite_files import HERE

WEST, EAST = "XX0101", "XX0102"


@pytest.fixture
def areas(database):
    """Two districts side by side, in an old and a new version, each one municipality."""
    outlines._made.cache_clear()
    for version, valid, at in (("v01", "2020-01-01", 0.5), ("v02", "2025-01-01", 0.0)):
        for code, level, parent, begin in (("XX01", 1, "XX", -1), (WEST, 2, "XX01", -1), (EAST, 2, "XX01", 0), ("XX010101", 3, WEST, -1), ("XX010201", 3, EAST, 0)):
            wide = 2 if level == 1 else 1
            database.execute(
                text(
                    "INSERT INTO admin_areas (id, level, pcode, name, names, parent_pcode, country, cod_version, valid_on, shape) VALUES "
                    "(gen_random_uuid(), :level, :code, :name, jsonb_build_object('ar', 'حي'), :parent, 'XXX', :version, :valid, "
                    " ST_Multi(ST_MakeEnvelope(:west, :south, :east, :north, 4326)))"
                ),
                {
                    "level": level, "code": code, "name": f"Area {code}", "parent": parent, "version": version, "valid": valid,
                    "west": HERE[0] + begin + at, "east": HERE[0] + begin + wide + at, "south": HERE[1] - 1, "north": HERE[1] + 1,
                },
            )  # fmt: skip


@pytest.fixture
def town(areas, report, records):
    report(east=-500, damage="D4")
    report(east=500, damage="D2", text="Another street, windows gone.")
    report(east=2500, damage="D4", text="The depot at the far end burnt out.", site_type="FOO.STORE")
    return records()


def counted(browser, level, query=""):
    told = browser.get(f"/desk/areas/{level}/counts.json{query}").json
    return {row[0]: row[1:] for row in told["areas"]}, told["elsewhere"], told["total"]


def test_counts_by_area_are_exact_at_every_level_and_under_filters(as_, town):
    chipo = as_("chipo")
    assert counted(chipo, 1) == ({"XX01": [3, 0, 0, 1, 0, 2, 0]}, 0, 3)
    assert counted(chipo, 2) == ({WEST: [1, 0, 0, 0, 0, 1, 0], EAST: [2, 0, 0, 1, 0, 1, 0]}, 0, 3)
    assert counted(chipo, 3, "?damage=4&areas=3") == ({"XX010101": [1, 0, 0, 0, 0, 1, 0], "XX010201": [1, 0, 0, 0, 0, 1, 0]}, 0, 2)
    tile = chipo.get("/api/v1/desk/map/0/0/0").json
    assert sum(cell[2] for cell in tile["cells"]) == 3, "the same as the map of single records"


def test_records_in_no_known_area_are_counted_as_such(as_, town, database):
    database.execute(text("UPDATE incidents SET adm1_pcode = NULL, adm2_pcode = NULL, adm3_pcode = NULL WHERE public_id = :one"), {"one": town[0]})
    assert counted(as_("chipo"), 2)[1:] == (1, 3)
    assert "1 in no known area" in as_("chipo").get("/desk/areas?areas=2").text


def test_outlines_are_those_of_the_newest_version_and_kept_until_there_is_another(as_, areas):
    chipo = as_("chipo")
    answer = chipo.get("/desk/areas/2/outlines.json")
    assert [feature["id"] for feature in answer.json["features"]] == [WEST, EAST]
    ring = answer.json["features"][1]["geometry"]["coordinates"][0][0]
    assert min(lon for lon, _lat in ring) == pytest.approx(HERE[0], abs=0.001), "not where the old version had it"
    tag = answer.headers["ETag"]
    assert chipo.get("/desk/areas/2/outlines.json", headers={"If-None-Match": tag}).status_code == 304
    assert "max-age=86400" in chipo.get(f"/desk/areas/2/outlines.json?v={tag.strip(chr(34))}").headers["Cache-Control"]


def test_the_table_says_the_same_as_the_map_in_the_readers_language(as_, town):
    chipo = as_("chipo")
    page = chipo.get("/desk/areas?areas=2&damage=4").text
    assert page.index(EAST) != -1
    assert f'href="/desk?adm={EAST}&amp;damage=4"' in page
    assert "2 damage records" in page
    chipo.set_cookie("lang", "ar")
    assert "حي" in chipo.get("/desk/areas?areas=2").text


def test_nobody_is_told_in_which_municipality_the_most_protected_lie(as_, town, database):
    database.execute(text("UPDATE incidents SET s_class = 'S4' WHERE public_id = :one"), {"one": town[0]})
    assert counted(as_("chipo"), 3)[1:] == (1, 3)
    assert counted(as_("dario"), 3)[1:] == (1, 3)
    assert counted(as_("dario"), 2)[1:] == (0, 3)


def test_areas_are_for_the_desk_and_a_level_that_is_not_loaded_is_not_there(as_, client):
    assert client.get("/desk/areas").status_code == 401
    assert as_("eve").get("/desk/areas/2/counts.json").status_code == 403
    assert as_("chipo").get("/desk/areas/2/counts.json").status_code == 404
    assert as_("chipo").get("/desk/areas/9/outlines.json").status_code == 404
    assert "No areas are loaded yet" in as_("chipo").get("/desk/areas").text
