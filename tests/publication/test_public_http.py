"""The public side through HTTP, as any stranger: the API, the files, the live layer and the pages."""

import io
import json
from datetime import timedelta

import h3
import pandas as pd
import pyogrio
import pytest
from shapely.geometry import shape
from sqlalchemy import create_engine, text
from sqlalchemy.exc import ProgrammingError

from server.core.database import session
from server.core.response import say_fact
from server.core.settings import settings
from server.publication.models import PublishedIncident
from server.publication.schemas import PublicIncident
from server.vocabulary import Audience, Certainty, SiteType, WorkflowState

PUBLIC = "/api/v1/public"


@pytest.fixture
def three(norway, publish):
    """A home known by its cell, a home known by its district, and a road known by a finer cell, as the public sees them."""
    norway.said("CONFLICT_ACTIVE")
    records = (
        norway.incident(),
        norway.incident(lon=10.4, lat=59.05, damage_best=None),
        norway.incident(SiteType.TRA_ROAD, damage_best=1),
    )
    publish()
    return records


def get(client, path, **query):
    return client.get(f"{PUBLIC}{path}", query_string=query)


# ── What leaves ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_allowlist_is_exactly_the_columns_whose_passport_says_public():
    marked = {column.key for column in PublishedIncident.__table__.c if column.info["audience"] is Audience.PUBLIC}
    assert set(PublicIncident.Meta.fields) == marked


def test_the_public_role_reads_the_public_copy_and_nothing_else(app):
    stranger = create_engine(settings().public_database_url)
    with stranger.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM pub.incidents")) == 0
    for table in (
        "reports",
        "incidents",
        "vault.report_secrets",
        "people",
        "disclosures",
        "ledger",
        "baseline_sites",
        "photos",
        "outbox",
    ):
        with stranger.connect() as connection, pytest.raises(ProgrammingError, match="permission denied"):
            connection.execute(text(f"SELECT * FROM {table} LIMIT 1"))
    for attempt in (
        "DELETE FROM pub.incidents",
        "CREATE TABLE pub.mine (id int)",
        "UPDATE pub.batches SET rows_total = 0",
    ):
        with (
            stranger.connect() as connection,
            pytest.raises(ProgrammingError, match=r"permission denied|must be owner"),
        ):
            connection.execute(text(attempt))
    stranger.dispose()


def test_nothing_is_public_before_the_first_batch(client, norway):
    norway.incident()
    answer = get(client, "/incidents").get_json()
    assert answer == {"items": [], "next": None, "total": 0, "release_id": ""}
    assert get(client, "/incidents.csv").get_data(as_text=True).count("\r\n") == 1
    assert json.loads(get(client, "/incidents.geojson").data)["features"] == []
    assert (
        client.get("/map").status_code == client.get("/data").status_code == client.get("/map/table").status_code == 200
    )


def test_no_answer_holds_an_exact_place_a_desk_number_or_an_inner_id(client, three):
    paths = [
        "/incidents",
        "/incidents.csv",
        "/incidents.hxl.csv",
        "/incidents.geojson",
        "/map/0/0/0",
        "/map/12/2163/1189",
        "/batches",
    ]
    answers = [get(client, path).get_data(as_text=True) for path in paths]
    answers += [
        client.get(path).get_data(as_text=True)
        for path in ("/map", "/map.js", "/map/table", "/data", "/ogc/collections/incidents/items")
    ]
    for made in three:
        for secret in (str(made.id), made.public_id, made.h3_r9, "59.05", "10.4,"):
            assert not [answer for answer in answers if secret in answer]


# ── The API ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_pages_follow_one_another_until_every_record_was_seen_once(client, three):
    seen, address = [], f"{PUBLIC}/incidents?limit=1"
    while address:
        answer = client.get(address).get_json()
        seen += [item["incident_id"] for item in answer["items"]]
        address = answer["next"]
    assert (len(seen), len(set(seen)), answer["total"]) == (3, 3, 3)


@pytest.mark.parametrize(
    ("query", "n"),
    [
        ({"site_group": "RES"}, 2), ({"site_group": "RES,TRA"}, 3), ({"site_type": "TRA.ROAD"}, 1), ({"damage": "3"}, 1),
        ({"damage": "U"}, 1), ({"certainty": "PROBABLE"}, 0), ({"adm": "NO9001"}, 3), ({"adm": "NO9002"}, 0), ({"since": "2026-11-01"}, 0),
        ({"until": "2026-11-01"}, 3), ({"bbox": "10.1,59.0,10.3,59.2"}, 3), ({"bbox": "20,59,21,60"}, 0), ({"bbox": "170,-60,-170,80"}, 0),
        ({"sector": "LOG"}, 1), ({"lang": "uk"}, 3), ({"site_group": ""}, 3),
    ],
    ids=str,
)  # fmt: skip
def test_filters_choose_by_what_is_public_itself(client, three, query, n):
    assert get(client, "/incidents", **query).get_json()["total"] == n


@pytest.mark.parametrize(
    "query",
    [{"site_group": "MIL"}, {"damage": "9"}, {"since": "yesterday"}, {"bbox": "1,2,3"}, {"bbox": "nan,0,1,1"}, {"bbox": "0,50,1,40"},
     {"limit": "-1"}, {"limit": "many"}, {"adm": "x" * 40}, {"certainty": "' OR 1=1 --"}],
    ids=str,
)  # fmt: skip
def test_a_filter_that_makes_no_sense_is_refused_with_its_name(client, three, query):
    answer = get(client, "/incidents", **query)
    assert (answer.status_code, answer.mimetype) == (422, "application/problem+json")
    assert next(iter(query)) in answer.get_json()["errors"][0]["field"]


@pytest.mark.parametrize("cursor", ["x", "W10", "WyJhIl0", "!!!", "W1tdXQ"])
def test_a_forged_cursor_is_refused(client, three, cursor):
    assert get(client, "/incidents", cursor=cursor).status_code == 400


def test_an_answer_may_be_kept_for_half_a_minute_and_is_asked_for_by_its_tag(client, three, publish, norway):
    first = get(client, "/incidents")
    assert "max-age=30" in first.headers["Cache-Control"]
    again = client.get(f"{PUBLIC}/incidents", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    publish(norway.NOW + timedelta(days=1))
    assert client.get(f"{PUBLIC}/incidents", headers={"If-None-Match": first.headers["ETag"]}).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/incidents",
        "/incidents.csv",
        "/incidents.geojson",
        "/map/3/4/2",
        "/policy",
        "/batches",
        "/codelists",
        "/nearby?lon=10&lat=59",
    ],
)
def test_nothing_public_is_kept_longer_than_half_a_minute(client, three, path):
    assert "max-age=30" in client.get(f"{PUBLIC}{path}").headers["Cache-Control"]


def test_what_was_taken_out_is_not_found_and_only_its_number_is_told(client, three, publish, norway):
    number = get(client, "/incidents", site_group="TRA").get_json()["items"][0]["incident_id"]
    three[2].workflow = WorkflowState.MERGED_INTO
    session.flush()
    publish(norway.NOW + timedelta(days=1))
    assert get(client, f"/incidents/{number}").status_code == 404
    newest = get(client, "/batches").get_json()["items"][0]
    assert newest["revoked"] == [number]
    assert "reason" not in json.dumps(newest)


def test_what_is_known_nearby_is_what_any_stranger_may_know(client, three, publish, norway):
    here = get(client, "/nearby", lon=10.2, lat=59.12).get_json()
    assert {item["site_group"] for item in here["items"]} == {"RES", "TRA"}
    assert all(item["metres"] is None for item in here["items"])
    assert get(client, "/nearby", lon=10.4, lat=59.05).get_json()["items"] == []
    assert get(client, "/nearby", lon=10.4).status_code == get(client, "/nearby", lon=400, lat=0).status_code == 422


def test_a_point_nearby_comes_with_its_distance(client, norway, publish):
    norway.said("DISASTER")
    norway.incident(SiteType.EDU_SCHOOL)
    publish()
    [item] = get(client, "/nearby", lon=10.201, lat=59.12).get_json()["items"]
    assert 40 < item["metres"] < 80


def test_an_area_is_an_outline_and_never_a_centre(client, three):
    cell = h3.cell_to_parent(three[0].h3_r9, 8)
    outline = get(client, f"/areas/H3_8/{cell}").get_json()
    assert (outline["geometry"]["type"], outline["properties"]["level"]) == ("MultiPolygon", "H3_8")
    assert shape(outline["geometry"]).geoms[0].exterior.is_ccw
    for missing in (
        "/areas/H3_8/884c1a0000fffff",
        "/areas/ADM1/NO90",
        f"/areas/ADM2/{cell}",
        "/areas/POINT/x",
        "/areas/x/y",
    ):
        assert get(client, missing).status_code == 404


def test_the_rules_and_the_code_lists_are_public_too(client, three):
    assert get(client, "/policy").get_json()["PUBLIC"]["CONFLICT_ACTIVE"]["S3"]["delay_h"] == 336
    assert "damage-grade" in get(client, "/codelists").get_json()["items"]
    grades = get(client, "/codelists/damage-grade", lang="uk").get_json()
    assert [item["code"] for item in grades["items"]] == ["D0", "D1", "D2", "D3", "D4", "DU"]
    assert get(client, "/codelists/secrets").status_code == 404


# ── The map's numbers ────────────────────────────────────────────────────────────────────────────────────────────────


def counted(tile):
    return sum(row[2] for row in tile.get("cells", []) + tile.get("areas", [])) + len(tile.get("incidents", []))


def tiles_over(lon, lat, z):
    from server.core.geography import mercator

    x, y = mercator(lon, lat)
    return int(x * 2**z), int(y * 2**z)


@pytest.mark.parametrize("query", [{}, {"certainty": "CONFIRMED"}], ids=["all", "filtered"])
def test_the_tiles_of_every_zoom_add_up_to_the_records(client, three, query):
    for z in range(21):
        spots = {tiles_over(lon, lat, z) for lon, lat in _spots(three)}
        assert (z, sum(counted(get(client, f"/map/{z}/{x}/{y}", **query).get_json()) for x, y in spots)) == (z, 3)


def _spots(three):
    """Where the map counts each record: the middle of its cell, a point inside its district."""
    from server.core.geography import key_centre
    from server.publication.models import PublishedIncident as Row

    return [key_centre(key, 24) for (key,) in session.query(Row.cell_key)]


def test_a_record_known_by_its_district_is_drawn_as_the_district_and_never_as_a_pin(client, three):
    spots = _spots(three)
    for z in range(5, 19):
        for x, y in {tiles_over(lon, lat, z) for lon, lat in spots}:
            tile = get(client, f"/map/{z}/{x}/{y}").get_json()
            assert tile.get("incidents", []) == []
            assert not [row for row in tile.get("cells", []) if row[2] == 1 and row[8] == 1]
    near = {tiles_over(lon, lat, 5) for lon, lat in spots}
    drawn = [row[:3] for x, y in near for row in get(client, f"/map/5/{x}/{y}").get_json()["areas"]]
    assert drawn == [["ADM2", "NO9001", 1]]


def test_points_are_symbols_near_by(client, norway, publish):
    norway.said("DISASTER")
    norway.incident(SiteType.EDU_SCHOOL)
    publish()
    x, y = tiles_over(10.2, 59.12, 12)
    [[lon, lat, number, grade, certainty, accuracy, kind]] = get(client, f"/map/12/{x}/{y}").get_json()["incidents"]
    assert (lon, lat, grade, certainty, accuracy, kind) == (10.2, 59.12, "D3", "CONFIRMED", None, "EDU.SCHOOL")
    assert client.get(f"/map/{number}").status_code == 200


@pytest.mark.parametrize("tile", ["99/0/0", "3/8/0", "3/0/8", "-1/0/0", "1.5/0/0", "3/x/0"])
def test_a_tile_that_does_not_exist_is_not_found(client, tile):
    assert get(client, f"/map/{tile}").status_code == 404


# ── The files ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_csv_opens_in_pandas_with_one_line_for_each_record(client, three):
    answer = get(client, "/incidents.csv")
    assert answer.mimetype == "text/csv"
    assert answer.data.startswith(b"\xef\xbb\xbf")
    table = pd.read_csv(io.BytesIO(answer.data), encoding="utf-8-sig", dtype={"adm1_pcode": str})
    assert list(table.columns) == list(PublicIncident.Meta.fields)
    assert len(table) == 3
    assert table["lat"].isna().all()
    assert set(table["adm1_pcode"]) == {"NO90"}
    assert table.set_index("site_group").loc["TRA", "damage_best"] == 1


def test_the_hxl_variant_has_tags_in_its_second_row(client, three):
    lines = get(client, "/incidents.hxl.csv").get_data(as_text=True).splitlines()
    assert lines[1].startswith("#event+id,#meta+release+id,#status+record")
    assert len(lines) == 5


def test_the_geojson_opens_in_gdal_and_holds_areas(client, three, tmp_path):
    path = tmp_path / "incidents.geojson"
    path.write_bytes(get(client, "/incidents.geojson").data)
    info = pyogrio.read_info(path)
    table = pyogrio.read_dataframe(path)
    assert (info["features"], info["crs"], set(table.geom_type)) == (3, "EPSG:4326", {"MultiPolygon"})
    assert table.is_valid.all()
    assert "Not for targeting" in json.loads(path.read_bytes())["caveats"]


def test_a_file_carries_the_filters_of_the_page_it_was_taken_from(client, three):
    assert get(client, "/incidents.csv", site_group="TRA").get_data(as_text=True).count("TRA.ROAD") == 1
    assert len(json.loads(get(client, "/incidents.geojson", damage="U").data)["features"]) == 1


def test_the_name_of_a_file_is_ours_alone(client, three):
    answer = get(client, "/incidents.csv", adm='x"\r\nSet-Cookie:a')
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="tessera-damage-2026-')
    assert "Set-Cookie" not in answer.headers


def test_the_columns_of_a_file_withheld_in_conflict_are_empty_in_every_row(client, norway, publish):
    norway.said("CONFLICT_ACTIVE")
    norway.incident(SiteType.TRA_ROAD, functional_status="F2", weapon_type="WPN.ARTY", access_constraints=["ACC.UXO"])
    publish()
    table = pd.read_csv(io.BytesIO(get(client, "/incidents.csv").data), encoding="utf-8-sig")
    for name in ("functional_status", "weapon_type", "access_constraints", "site_name", "lat", "lon"):
        assert table[name].isna().all()


# ── OGC API – Features ───────────────────────────────────────────────────────────────────────────────────────────────


def test_the_live_layer_says_what_it_is_and_where_its_features_are(client, three):
    landing = client.get("/ogc").get_json()
    assert {"self", "service-desc", "conformance", "data"} <= {link["rel"] for link in landing["links"]}
    assert (
        "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core"
        in client.get("/ogc/conformance").get_json()["conformsTo"]
    )
    [only] = client.get("/ogc/collections").get_json()["collections"]
    assert only == client.get("/ogc/collections/incidents").get_json()
    west, south, east, north = only["extent"]["spatial"]["bbox"][0]
    assert 9.9 < west < 10.2 < east < 10.6
    assert 58.9 < south < 59.1 < north < 59.6


def test_features_come_in_pages_with_their_numbers(client, three):
    answer = client.get("/ogc/collections/incidents/items?limit=2")
    page = answer.get_json()
    assert (answer.mimetype, page["numberMatched"], page["numberReturned"]) == ("application/geo+json", 3, 2)
    onward = next(link["href"] for link in page["links"] if link["rel"] == "next")
    rest = client.get(onward.removeprefix("http://localhost")).get_json()
    numbers = {feature["id"] for feature in page["features"] + rest["features"]}
    assert len(numbers) == 3
    one = client.get(f"/ogc/collections/incidents/items/{numbers.pop()}").get_json()
    assert (one["type"], one["geometry"]["type"]) == ("Feature", "MultiPolygon")


@pytest.mark.parametrize(
    ("query", "n"),
    [("bbox=10.1,59.0,10.3,59.2", 3), ("bbox=20,0,30,10", 0), ("datetime=2026-10-31", 3), ("datetime=2026-11-01T00:00:00Z/..", 0),
     ("datetime=../2026-10-31T23:59:59Z", 3), ("datetime=2020-01-01/2021-01-01", 0), ("limit=99999", 3)],
)  # fmt: skip
def test_the_standards_own_parameters_work(client, three, query, n):
    assert client.get(f"/ogc/collections/incidents/items?{query}").get_json()["numberMatched"] == n


@pytest.mark.parametrize(
    "query",
    [
        "bbox=1,2",
        "datetime=then",
        "datetime=2026-02-01/2026-01-01",
        "limit=0",
        "limit=x",
        "datetime=9999-12-31T23:59:60%2B14:00",
    ],
)
def test_a_parameter_the_standard_does_not_know_how_to_read_is_a_400(client, three, query):
    assert client.get(f"/ogc/collections/incidents/items?{query}").status_code == 400


# ── The pages ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_table_shows_the_same_records_as_the_map_and_no_scripts_are_needed(client, three):
    page = client.get("/map/table?site_group=TRA").get_data(as_text=True)
    assert "1 damage record" in page
    assert "District 1" in page
    assert "<script" not in page


def test_the_map_page_has_no_text_from_people_and_no_other_host(client, three):
    page, script = client.get("/map").get_data(as_text=True), client.get("/map.js").get_data(as_text=True)
    assert "No record does not mean no damage" in page
    assert "https://" not in page + script
    assert "/api/v1/public/map/{z}/{x}/{y}" in script


def test_a_wrong_filter_is_said_beside_the_form_and_does_not_hide_the_map(client, three):
    answer = client.get("/map/table?since=yesterday")
    assert answer.status_code == 200
    assert 'role="alert"' in answer.get_data(as_text=True)


def test_the_data_page_lists_every_column_every_file_and_how_to_cite(client, three):
    page = client.get("/data").get_data(as_text=True)
    for name in PublicIncident.Meta.fields:
        assert f">{name}<" in page
    assert "/api/v1/public/incidents.csv" in page
    assert "3 rows" in page
    assert "CC BY 4.0" in page


@pytest.mark.parametrize("lang", ["en", "uk", "ar", "fr", "es", "ru"])
def test_every_page_answers_in_every_language(client, three, lang):
    for path in ("/map", "/map/table", "/data"):
        page = client.get(f"{path}?lang={lang}").get_data(as_text=True)
        assert f'<html lang="{lang}" dir="{"rtl" if lang == "ar" else "ltr"}"' in page


def test_a_record_has_an_address_of_its_own(client, three):
    number = get(client, "/incidents", site_group="RES", damage="3").get_json()["items"][0]["incident_id"]
    page = client.get(f"/map/{number}").get_data(as_text=True)
    assert "Cell of about 0.7 km²" in page
    assert client.get("/map/INC-NOTTHERE").status_code == 404


# ── An exercise ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def exercise(database):
    """The same server, in an exercise."""
    say_fact("exercise", True, said_by=None)
    session.commit()


def test_an_exercise_says_so_in_every_row_file_and_layer(client, exercise, three):
    assert get(client, "/incidents").get_json()["items"][0]["release_id"].startswith("EXERCISE-")
    answer = get(client, "/incidents.csv")
    assert answer.get_data(as_text=True).count("EXERCISE-2026") == 3
    assert "EXERCISE" in answer.headers["Content-Disposition"]
    assert json.loads(get(client, "/incidents.geojson").data)["exercise"].startswith("EXERCISE")
    for path in ("/ogc", "/ogc/collections/incidents/items"):
        assert client.get(path).get_json()["exercise"].startswith("EXERCISE")
    assert "EXERCISE-" in client.get("/data").get_data(as_text=True)


def test_certainty_below_probable_never_reaches_any_answer(client, norway, publish):
    norway.incident(certainty=Certainty.POSSIBLE)
    publish()
    assert get(client, "/incidents").get_json()["total"] == 0


# ── Looking again and again ──────────────────────────────────────────────────────────────────────────────────────────


def test_no_box_however_small_tells_more_than_the_area_that_is_shown(client, three):
    """A stranger asks a thousand boxes, points and tiles and learns the outline of the cell, never the place in it."""
    made = three[0]
    lat, lon = h3.cell_to_latlng(h3.cell_to_parent(made.h3_r9, 8))
    east_west, north_south = (i * 0.0008 for i in range(-3, 4)), [i * 0.0004 for i in range(-3, 4)]
    spots = [(lon + dx, lat + dy) for dx in east_west for dy in north_south]
    inside = [(x, y) for x, y in spots if h3.latlng_to_cell(y, x, 8) == h3.cell_to_parent(made.h3_r9, 8)]
    assert len(inside) > 20
    asked = {"site_group": "RES", "damage": "3"}
    boxes = {get(client, "/incidents", **asked, bbox=f"{x},{y},{x + 1e-5},{y}").get_json()["total"] for x, y in inside}
    near = {len(get(client, "/nearby", lon=x, lat=y).get_json()["items"]) for x, y in inside}
    layer = "/ogc/collections/incidents/items"
    layers = {
        client.get(layer, query_string={**asked, "bbox": f"{x},{y},{x},{y}"}).get_json()["numberMatched"]
        for x, y in inside
    }
    assert (boxes, near, layers) == ({1}, {2}, {1})


def test_nothing_can_be_asked_by_what_is_not_public(client, three):
    every = get(client, "/incidents").get_json()["total"]
    for name in (
        "h3_r9",
        "point",
        "report_count",
        "received_at",
        "site_name",
        "functional_status",
        "position",
        "cell_key",
        "order",
        "fields",
    ):
        assert get(client, "/incidents", **{name: "1"}).get_json()["total"] == every


def test_two_releases_differ_by_whole_rows_that_are_safe_alone(client, three, publish, norway):
    before = {item["incident_id"]: item for item in get(client, "/incidents").get_json()["items"]}
    norway.incident(SiteType.EDU_SCHOOL)
    publish(norway.NOW + timedelta(days=1))
    after = {item["incident_id"]: item for item in get(client, "/incidents").get_json()["items"]}
    [new] = after.keys() - before.keys()
    assert {number: after[number] for number in before} == before
    assert (after[new]["geo_level"], after[new]["lat"]) == ("H3_7", None)
