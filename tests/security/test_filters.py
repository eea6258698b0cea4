"""Questions that attack: whatever stands in an address, the answer is bounded, honest and never a fault of ours."""

import json
from time import perf_counter

import pytest
from sqlalchemy import text

from server.core.paging import encode_cursor

ENOUGH_S = 4.0  # no question may hold the server; a slow machine under load gets the benefit of the doubt
SQL = (
    "x' OR 1=1 --", "'; DROP TABLE reports; --", "1) UNION SELECT password FROM people --", "pg_sleep(5)", "'||pg_sleep(5)||'",
    "pg_read_file('/etc/passwd')", "%", "_", "\\", "a & | ! :*", "%%%%%%%%%%", "\x00", "a" * 28 + "!", "(" * 500, "ﷺ" * 90, "{}", "$1", ":x",
)  # fmt: skip
NUMBERS = ("-1", "0", "1e9", "1000000000", "9" * 40, "NaN", "Infinity", "-0", "1.5", "٣", "0x10", "")
DATES = ("9999-12-31", "0000-01-01", "0001-01-01", "2026-02-30", "9999-12-31T23:59:60+14:00", "2026-06-30T23:59:60Z", "yesterday", "٢٠٢٦-٠١-٠١", "-1")
BOXES = (
    "", "1,2,3", "1,2,3,4,5", "a,b,c,d", "NaN,NaN,NaN,NaN", "-180,-90,180,90", "170,-10,-170,10", "10,10,10,10", "20,0,10,5", "0,20,10,5",
    "-1e308,-1e308,1e308,1e308", "Infinity,0,1,1", "181,0,182,1", "0,91,1,92", ",,,", "1,2,3,4;DROP TABLE x", "1" * 110 + ",0,0,0",
)  # fmt: skip
DESK, PUBLIC, OGC = "/api/v1/desk/summary", "/api/v1/public/incidents", "/ogc/collections/incidents/items"
FILTERS = ("certainty", "site_group", "site_type", "damage", "adm", "since", "until", "bbox", "q", "workflow", "need", "hazard", "trapped", "sector")


@pytest.fixture
def three(client, work):
    """Three damage records on the desk, none public."""
    from uuid import uuid4

    for step in range(3):
        point = {"type": "Point", "coordinates": [-56.1645 + step / 10, -34.9011]}
        body = {"site_type": "EDU.SCHOOL", "damage": "D3", "point": point, "text": f"School {step} fell in."}
        assert client.put(f"/api/v1/reports/{uuid4()}", json=body).status_code == 201
    work()


def asked(browser, path, **query):
    """The answer to a question that must come in time and be no fault of ours."""
    begun = perf_counter()
    answer = browser.get(path, query_string=query, headers={"Accept": "application/json"})
    assert perf_counter() - begun < ENOUGH_S, (path, query)
    assert answer.status_code < 500, (path, query)
    if answer.status_code >= 400:
        assert answer.mimetype == "application/problem+json", (path, query)
    return answer


@pytest.mark.parametrize("attack", SQL, ids=lambda attack: ascii(attack)[:20])
def test_no_filter_of_any_door_understands_sql(client, as_, three, attack):
    chipo = as_("chipo")
    for path, browser in ((DESK, chipo), ("/api/v1/desk/map/0/0/0", chipo), (PUBLIC, client), (OGC, client), ("/api/v1/public/map/0/0/0", client)):
        for name in FILTERS:
            answer = asked(browser, path, **{name: attack})
            if path == DESK and answer.status_code == 200 and name in ("q", "adm"):
                assert answer.json["total"] == 0, (name, attack)
    assert asked(chipo, DESK).json["total"] == 3


def test_a_nul_in_the_words_of_a_form_is_no_fault_of_ours(as_, three, database):
    number = database.scalar(text("SELECT public_id FROM incidents LIMIT 1"))
    answer = as_("chipo").post(f"/desk/incidents/{number}/split", data={"reports": "\x00", "reason": "\x00"}, headers={"Accept": "application/json"})
    assert answer.status_code == 400
    others = database.scalars(text("SELECT public_id FROM incidents ORDER BY 1")).all()
    merged = as_("chipo").post(f"/desk/incidents/{others[0]}/merge", data={"other": others[1], "reason": "a\x00b"}, headers={"Accept": "application/json"})
    assert merged.status_code == 400


@pytest.mark.parametrize("words", ["%", "_", "INC-%", "INC_", "' OR '1'='1"])
def test_wildcards_of_the_search_are_letters(as_, three, words):
    assert asked(as_("chipo"), DESK, q=words).json["total"] == 0


@pytest.mark.parametrize("day", DATES)
@pytest.mark.parametrize("name", ["since", "until"])
def test_impossible_days_are_refused_and_distant_ones_are_answered(client, as_, three, name, day):
    chipo = as_("chipo")
    for path, browser in ((DESK, chipo), (PUBLIC, client), (OGC, client)):
        assert asked(browser, path, **{name: day}).status_code in (200, 400, 422)
    assert asked(chipo, "/desk", **{name: day}).status_code == 200
    assert client.get("/map/table", query_string={name: day}).status_code == 200


@pytest.mark.parametrize("interval", ["../..", "2026-01-01/..", "../2026-01-01", "x/y", "2026-13-01/..", "/", "..", "9999-12-31T23:59:60+14:00", "a" * 5000])
def test_intervals_of_the_features_are_read_or_refused(client, interval):
    assert asked(client, OGC, datetime=interval).status_code in (200, 400, 422)


@pytest.mark.parametrize("box", BOXES, ids=lambda box: box[:20] or "empty")
def test_every_box_has_a_defined_answer(client, as_, three, box):
    chipo = as_("chipo")
    for path, browser in ((DESK, chipo), (PUBLIC, client), (OGC, client)):
        assert asked(browser, path, bbox=box).status_code in (200, 400, 422), path
    assert chipo.get("/desk", query_string={"bbox": box}).status_code == 200
    assert client.get("/map", query_string={"bbox": box}).status_code == 200


def test_a_box_that_can_be_read_narrows_and_one_of_the_world_does_not(as_, three):
    chipo = as_("chipo")
    assert asked(chipo, DESK, bbox="-56.2,-35,-56.1,-34.8").json["total"] == 1
    assert asked(chipo, DESK, bbox="-180,-90,180,90").json["total"] == 3


@pytest.mark.parametrize("number", NUMBERS, ids=lambda number: ascii(number)[:12] or "empty")
def test_page_sizes_are_clamped_or_refused(client, number):
    for path in (PUBLIC, OGC, "/api/v1/places"):
        answer = asked(client, path, limit=number, q="school")
        assert answer.status_code in (200, 400, 422), (path, number)
    for name in ("offset", "startindex", "page", "sort", "sortby", "order_by"):
        assert asked(client, PUBLIC, **{name: number}).status_code == 200


CURSORS = (
    "x", "=" * 50, "AAAA", encode_cursor(-1), encode_cursor(10**30), encode_cursor("1"), encode_cursor(1.5), encode_cursor(True),
    encode_cursor(None), encode_cursor([[]]), encode_cursor({"a": 1}), encode_cursor("2026", "x"), encode_cursor("x", "y"),
    encode_cursor("'; DROP TABLE incidents; --", "0"), "é", "W" * 5000,
)  # fmt: skip


@pytest.mark.parametrize("cursor", CURSORS, ids=lambda cursor: ascii(cursor)[:16])
def test_forged_cursors_are_refused_or_lead_nowhere(client, as_, three, cursor):
    chipo = as_("chipo")
    for path, browser in ((PUBLIC, client), (OGC, client), ("/map/table", client), ("/desk/list", chipo), ("/desk/reports", chipo)):
        assert asked(browser, path, cursor=cursor).status_code in (200, 400, 422), path


@pytest.mark.parametrize("tile", ["99/0/0", "-1/0/0", "0/1/0", "0/0/1", "0/-1/0", "1.5/0/0", "20/1048576/0", "0/0/0.5", "99999999999999999999/0/0", "a/b/c", "0/0"])
@pytest.mark.parametrize("path", ["/api/v1/desk/map", "/api/v1/public/map", "/basemap"])
def test_tiles_that_do_not_exist_are_not_found(as_, path, tile):
    assert asked(as_("chipo"), f"{path}/{tile}").status_code == 404


def test_ten_thousand_tiles_leave_the_memory_bounded():
    from server.core.tiles import TileMemory

    memory = TileMemory(seconds=60, most=100)
    for number in range(10_000):
        memory.answer(f"tile {number}", lambda number=number: {"n": number})
    assert len(memory._kept) == 100


@pytest.mark.parametrize("name", ["password", "password_hash", "receipt_hash", "sealed", "1=1", "__class__", "cell_key", "area_code"])
def test_a_column_nobody_may_ask_of_narrows_nothing_and_tells_nothing(client, as_, three, name):
    assert asked(as_("chipo"), DESK, **{name: "x"}).json["total"] == 3
    for path in (PUBLIC, OGC):
        answer = asked(client, path, **{name: "x", "filter": f"{name} = 'x'", "properties": name, "fields": name})
        assert answer.status_code in (200, 400, 422)
        told = answer.json.get("items", answer.json.get("features", []))
        assert name not in json.dumps(told)


def test_a_thousand_values_of_one_filter_are_answered_in_time(client, as_, three):
    many = ["RES.APT"] * 1000
    for path, browser in ((DESK, as_("chipo")), (PUBLIC, client), (OGC, client)):
        assert asked(browser, path, site_type=many).status_code in (200, 400, 414, 422)


@pytest.mark.parametrize("words", [*SQL, "0" * 190, "48.5" * 40, "N" * 190, "°" * 190, "8FVC" * 40, "geo:" + "1," * 90, "1 2 " * 40, "ا" * 190])
def test_no_word_sought_in_the_gazetteer_takes_long(client, words):
    assert asked(client, "/api/v1/places", q=words).status_code in (200, 400, 422)


@pytest.mark.parametrize("near", [("NaN", "0"), ("1e999", "0"), ("181", "0"), ("0", "91"), ("a", "b"), ("", "")])
def test_places_near_nowhere_are_refused(client, near):
    lon, lat = near
    for path in ("/api/v1/public/nearby", "/api/v1/places"):
        assert asked(client, path, lon=lon, lat=lat, q="x").status_code == 422


def test_a_protected_record_cannot_be_found_by_asking_many_times(client, three, database):
    """Nothing of three records that are not public shows in counts, tiles, files or searches, at any box or grain."""
    assert database.scalar(text("SELECT count(*) FROM incidents")) == 3
    seen = [asked(client, PUBLIC, bbox=f"-56.{step},-35,-56,-34").json["total"] for step in range(2, 9)]
    seen += [len(asked(client, f"/api/v1/public/map/{z}/0/0").json.get("cells", [])) for z in range(4)]
    near = asked(client, "/api/v1/public/nearby", lon=-56.1645, lat=-34.9011).json
    assert set(seen) == {0}
    assert near.get("items", []) == []
    assert json.loads(client.get(f"{PUBLIC}.geojson").data)["features"] == []
