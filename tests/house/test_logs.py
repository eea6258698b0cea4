"""What is never kept: a canary in every place where a request could give somebody away, and nobody finds it afterwards."""

import io
import json
import logging
import re
from uuid import uuid4

import pytest
from sqlalchemy import text

from server.core.logs import ALLOWED, AllowlistFormatter
from tests.evidence.pictures import encoded, exif, four_corners

ADDRESS, AGENT, ASKED, NAME = "203.0.113.77", "CanaryAgent/9.1", "canaryquery", "canary-file-name.jpg"
WORDS, CONTACT, OWNER, PLACE = "canarywords behind the mill", "canary@example.org", "CanaryOwner", "canaryplace street 5"
LON, LAT = -56.1645123, -34.9011321
EVERYTHING = (ADDRESS, AGENT, ASKED, NAME, WORDS, CONTACT, OWNER, PLACE, "203.0.113", str(LON), str(LAT))
KEPT_SEALED = (WORDS, CONTACT, PLACE)
FIELDS = {*ALLOWED, "ts", "level", "logger", "message", "where"}


@pytest.fixture
def log():
    """Every line the server would write to standard error, however fine the level."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(AllowlistFormatter())
    root, quiet = logging.getLogger(), logging.getLogger("sqlalchemy")
    before = root.level, quiet.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    quiet.setLevel(logging.INFO)
    yield written
    root.removeHandler(handler)
    root.setLevel(before[0])
    quiet.setLevel(before[1])


@pytest.fixture
def canary(app):
    """A browser that gives itself away wherever it can."""
    browser = app.test_client()
    browser.environ_base.update(REMOTE_ADDR=ADDRESS, HTTP_USER_AGENT=AGENT, HTTP_X_FORWARDED_FOR=ADDRESS, HTTP_REFERER=f"https://x/{ASKED}")
    return browser


def picture():
    return encoded(four_corners(), exif=exif(lon=LON, lat=LAT, _315=OWNER))


def visit(browser, app, monkeypatch):
    """Everything a stranger does, and everything that goes wrong on the way."""
    report = {"site_type": "RES.APT", "damage": "D3", "text": WORDS, "contact": CONTACT, "consents": ["KEEP_CONTACT"]}
    report |= {"place_text": PLACE, ASKED: WORDS}
    point = {"type": "Point", "coordinates": [LON, LAT]}
    sent = browser.put(f"/api/v1/reports/{uuid4()}?{ASKED}={WORDS}", json={**report, "point": point})
    assert sent.status_code == 201
    form = {"id": str(uuid4()), **report, "photos": (io.BytesIO(picture()), NAME)}
    assert browser.post("/report", data={**form, "place_text": f"{LAT}, {LON}"}, content_type="multipart/form-data").status_code == 200
    assert browser.put(f"/api/v1/reports/{uuid4()}", json={"damage": WORDS}).status_code == 422
    assert browser.get(f"/api/v1/places?q={ASKED}&lon={LON}&lat={LAT}").status_code == 200
    assert browser.post("/receipt", data={"code": WORDS}).status_code == 404
    assert browser.get(f"/{ASKED}/{WORDS}\r\n?{ASKED}={NAME}").status_code == 404
    monkeypatch.setitem(app.config, "PROPAGATE_BUGS", not app.testing)
    monkeypatch.setitem(app.view_functions, "publication.show_data", broken)
    assert browser.get(f"/data?q={ASKED}").status_code == 500
    browser.post("/sign-in", data={"email": CONTACT, "password": WORDS})


def broken():
    raise RuntimeError(f"{ADDRESS} {AGENT} {WORDS} {LON} {NAME}")


def lines(log):
    return log.getvalue().splitlines()


def hiding_places(word):
    """The ways in which a word could lie in a file or a dump."""
    return (word.encode(), word.encode().hex().encode(), word.encode("utf-16-le"))


def found_in(data, words):
    return [word for word in words if any(hidden in data for hidden in hiding_places(word))]


def dump(database):
    """Every row of every table of the house as text, as {table: bytes}."""
    database.execute(text("SELECT set_config('tessera.scope', 'all', true)"))
    tables = database.scalars(
        text(
            "SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace "
            "WHERE relkind = 'r' AND nspname IN ('public', 'vault', 'pub') AND relname <> 'spatial_ref_sys'"
        )
    ).all()
    return {
        table: "\n".join(database.scalars(text(f"SELECT CAST(t.* AS text) FROM {table} AS t"))).encode() for table in tables
    }


def test_no_line_of_the_log_gives_anybody_away(canary, app, work, log, monkeypatch):
    visit(canary, app, monkeypatch)
    work()
    assert any('"bug"' in line for line in lines(log))
    assert found_in(log.getvalue().encode(), EVERYTHING) == []


def test_every_line_is_json_of_allowed_fields(canary, app, log, monkeypatch):
    visit(canary, app, monkeypatch)
    assert len(lines(log)) > 2
    for line in lines(log):
        assert set(json.loads(line)) <= FIELDS, line
    bug = next(json.loads(line) for line in lines(log) if '"bug"' in line)
    assert bug["error_code"] == "RuntimeError"


def test_no_table_gives_anybody_away(canary, app, work, database, monkeypatch):
    visit(canary, app, monkeypatch)
    work()
    tables = dump(database)
    assert len(tables) > 30
    assert tables["reports"]
    assert tables["ledger"]
    exact = (str(LON), str(LAT))
    never = {table: found_in(data, [word for word in EVERYTHING if word not in exact]) for table, data in tables.items()}
    assert {table: found for table, found in never.items() if found} == {}
    assert found_in(tables["ledger"] + tables["outbox"], EVERYTHING) == []


HASH_OR_UPLOAD = r"[0-9a-f]{64}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.(photo|original)"


def kept(folder):
    """Every file of the store, which outlives a test: uploads that another test left under way are among them."""
    return [path for path in folder.rglob("*") if path.is_file()]


def test_no_kept_file_gives_anybody_away(canary, app, work, storage_folder, monkeypatch):
    visit(canary, app, monkeypatch)
    work()
    files = kept(storage_folder)
    assert files
    for path in files:
        assert re.fullmatch(HASH_OR_UPLOAD, path.name), path.name
        assert found_in(path.read_bytes(), EVERYTHING) == [], path


def test_the_words_are_there_for_whoever_may_read_them(canary, app, as_, work, database, monkeypatch):
    """Otherwise the searches above would find nothing because there is nothing."""
    visit(canary, app, monkeypatch)
    work()
    database.execute(text("SELECT set_config('tessera.scope', 'all', true)"))
    report = database.scalar(text("SELECT id FROM reports ORDER BY received_at LIMIT 1"))
    page = as_("chipo").get(f"/desk/reports/{report}").text
    for word in KEPT_SEALED:
        assert word in page


def test_the_search_finds_a_canary_however_it_is_written():
    for hidden in hiding_places(AGENT):
        assert found_in(b"..." + hidden + b"...", [AGENT]) == [AGENT]


@pytest.mark.parametrize("forged", ['\r\n{"level": "ERROR"}', "\u2028forged", "\x00\x1b[2J"])
def test_forged_line_ends_stay_in_one_line(log, forged):
    logging.getLogger("server.test").error("received%s", forged, extra={"route": f"/x{forged}", "event": forged})
    logging.getLogger("foreign").error(f"words of a stranger{forged}")  # noqa: G004 - as a careless library would
    ours, foreign = log.getvalue().split("\n")[:-1]
    assert json.loads(ours)["message"] == "received%s"
    assert json.loads(ours)["route"] == f"/x{forged}"
    assert set(json.loads(foreign)) == {"ts", "level", "logger"}


def test_a_lane_is_named_by_a_word_that_means_nothing_and_is_another_after_a_restart(app):
    from server.core import requests
    from server.core.tally import TALLY

    with app.test_request_context(environ_base={"REMOTE_ADDR": ADDRESS}):
        first = requests.lane_key()
        assert requests.lane_key() == first
        TALLY.forget_all()  # what a restart does
        assert requests.lane_key() != first
        assert ADDRESS not in first


def test_the_web_server_writes_no_access_log():
    from tests.house.rooms import ROOT

    words = (ROOT / "scripts" / "gunicorn.conf.py").read_text(encoding="utf-8")
    assert not re.search(r"^accesslog\s*=\s*[\"'-]", words, re.MULTILINE)
