"""Every door of the house: who may pass, what every answer carries, and how every refusal looks. Complete by construction.

The matrix is made from the doors themselves: a route that is neither marked with what it needs nor named here as open to
everyone fails the test before anybody walks through it.
"""

import re
from uuid import UUID

import pytest

from server.accounts import people as accounts
from server.accounts.policy import ANONYMOUS, SYSTEM, Actor, may
from server.core.database import session
from server.core.problems import PROBLEMS
from server.core.requests import HEADERS, OPEN_DATA
from server.vocabulary import Role
from tests.people import PEOPLE, actor

# Open to everyone, by intention. Whoever opens another door writes it here.
PUBLIC_DOORS = {
    "/", "/report", "/report/parts", "/api/v1/expected", "/receipt", "/complaint", "/complaint/answer", "/map", "/map.js", "/map/table", "/map/<incident_id>", "/data", "/sign-in", "/sign-out",
    "/sign-in/code", "/sign-in/help", "/sign-in/recovery", "/sign-in/way", "/account/second-factor", "/invitation/<code>",
    "/health/live", "/health/ready", "/health/metrics", "/manifest.webmanifest", "/api/v1/openapi.json", "/api/v1/docs",
    "/static/<path:name>", "/vendor/leaflet/<path:name>", "/vendor/icons/<tag>.svg", "/basemap/<int:zoom>/<int:column>/<int:row>",
    "/api/v1/reporting-key", "/api/v1/reports/<uuid:report_id>/media", "/api/v1/reports/<uuid:report_id>/media/<uuid:media_id>/upload",
    "/api/v1/places", "/api/v1/reports/<report_id>", "/api/v1/reports/<uuid:report_id>/media/<uuid:photo_id>",
    "/api/v1/public/areas/<level>/<code>", "/api/v1/public/batches", "/api/v1/public/incidents-readme.txt", "/api/v1/public/codelists",
    "/api/v1/public/codelists/<name>", "/api/v1/public/incidents", "/api/v1/public/incidents/<incident_id>",
    "/api/v1/public/incidents.<any('csv', 'hxl.csv', 'xlsx', 'geojson', 'gpkg', 'kml', 'parquet', 'fgb', 'shp.zip', 'pmtiles'):name>", "/api/v1/public/map/<int:z>/<int:x>/<int:y>",
    "/api/v1/public/nearby", "/api/v1/public/policy", "/data/rules", "/desk/setup/first",
    "/api/v1/public/warnings", "/api/v1/public/warnings/<warning_id>.xml",
    "/feeds/<key>.atom", "/bulletin", "/warnings", "/api/v1/public/activities", "/api/v1/public/activities.<any('csv', 'hxl.csv', 'xlsx'):name>",
    "/service-worker.js", "/report/phone", "/measures", "/measures/clean",
    "/data/<number>", "/api/v1/public/releases", "/api/v1/public/releases/<number>", "/api/v1/public/releases/<number>/<name>",
    "/api/v1/public/changes", "/api/v1/public/revocations", "/api/v1/public/signing-key", "/api/v1/public/verify-release",
    "/api/v1/public/tiles.json", "/api/v1/public/tiles/<int:z>/<int:x>/<int:y>.mvt", "/api/v1/public/feed.atom",
    "/api/v1/public/catalog.jsonld", "/api/v1/public/dataset.jsonld", "/api/v1/public/codelists.csv",
    "/api/v1/public/codelists/<name>.csv", "/api/v1/public/crosswalks.csv", "/api/v1/public/columns.csv",
    "/ogc/api", "/ogc", "/ogc/collections", "/ogc/collections/incidents", "/ogc/collections/incidents/items",
    "/ogc/collections/incidents/items/<incident_id>", "/ogc/conformance",
}  # fmt: skip
SELDOM = {
    "Allow", "Cache-Control", "Accept-Ranges", "Content-Disposition", "Content-Encoding", "Content-Range", "Repr-Digest", "Content-Length", "Content-Type", "Date", "ETag", "Last-Modified",
    "Location", "Retry-After", "Set-Cookie", "Vary", "Access-Control-Allow-Origin", "WWW-Authenticate",
    "Tus-Resumable", "Tus-Version", "Upload-Offset",  # at the door of uploads, which speaks tus
    "Tessera-Shell", "Content-Language", "Clear-Site-Data", "Link",
}  # fmt: skip
ROLES_OF_NOBODY = [role for role in Role if not any(role in roles for roles, _organisation in PEOPLE.values())]
SHAPE = {"type", "title", "status", "code", "detail", "errors"}
ALL_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND")
FILLING = {"level": "ADM2", "code": "NO9001", "name": "geojson", "word": "agree", "tag": "fire", "public_id": "INC-00000000"}
FROM_HERE = {"Sec-Fetch-Site": "same-origin"}
INNARDS = re.compile(r"Traceback|psycopg|sqlalchemy|werkzeug|\bSELECT\b.*\bFROM\b|/server/|/site-packages/|\w+\.py\b|postgresql:")
LOADED = re.compile(
    r"""(?:<(?:script|img|iframe|source|form|link|use|object|embed)\b[^>]*?(?:src|href|action|data)=|url\(|@import\s)"""
    r"""\s*["']?(?:https?:)?//"""
)

_ANSWERS = []


def doors(app):
    """Every (rule, method, view) of the application."""
    return [
        (rule, method, app.view_functions[rule.endpoint])
        for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule)
        for method in sorted(rule.methods - {"HEAD", "OPTIONS"})
    ]


def address(rule):
    """A rule with something in its gaps that fits the kind of gap and names nothing that exists."""
    gaps = {gap: UUID(int=7) if kind.__class__.__name__ == "UUIDConverter" else fitting(gap, kind) for gap, kind in rule._converters.items()}
    return rule.build({gap: int(v) if str(v).isdigit() else v for gap, v in gaps.items()}, append_unknown=False)[1]


def fitting(gap, kind):
    word, words = FILLING.get(gap, "0"), getattr(kind, "items", None)  # one of a few words, a number, or anything
    if words and word not in words:
        return min(words)
    return "1" if kind.__class__.__name__ == "IntegerConverter" and not word.isdigit() else word


def knock(client, path, method, **headers):
    return client.open(path, method=method, headers={**FROM_HERE, **headers}, data=b"" if method == "GET" else None)


def expected(who, needs):
    """What a person gets at a door that needs something: let in, asked to sign in, or refused."""
    if may(who, needs):
        return "in"
    return "refused" if who.is_known else "sign in"


def outcome(status):
    return {401: "sign in", 403: "refused"}.get(status, "in")


def test_every_door_is_marked_with_what_it_needs_or_named_as_open(app):
    unmarked = {rule.rule for rule, _method, view in doors(app) if not getattr(view, "needs", None)}
    assert unmarked - PUBLIC_DOORS == set()
    marked = {rule.rule for rule, _method, view in doors(app) if getattr(view, "needs", None)}
    assert marked & PUBLIC_DOORS == set()
    assert PUBLIC_DOORS - unmarked == set(), "a door that is gone is crossed out here too"
    assert len(marked) > 20


@pytest.mark.parametrize("name", ["stranger", *PEOPLE, *ROLES_OF_NOBODY])
def test_the_access_matrix_holds_at_every_door(app, people, as_, name):
    """Everybody of the tests, and Eve with each role that none of them has: no role is left out."""
    if name in ROLES_OF_NOBODY:
        accounts.set_roles(accounts.find(people["eve"].id), {name}, actor=SYSTEM)
        session.commit()
    browser = app.test_client() if name == "stranger" else as_("eve" if name in ROLES_OF_NOBODY else name)
    who = ANONYMOUS if name == "stranger" else Actor(person_id=people["eve"].id, roles=frozenset({name})) if name in ROLES_OF_NOBODY else actor(people[name])
    wrong, passed = [], 0
    for rule, method, view in doors(app):
        wanted = expected(who, view.needs) if getattr(view, "needs", None) else "in"
        if rule.endpoint == "security.logout":
            continue
        found = knock(browser, address(rule), method)
        passed += wanted == "in"
        if outcome(found.status_code) != wanted:
            wrong.append((method, rule.rule, wanted, found.status_code))
    assert wrong == []
    assert passed > 20


def test_the_matrix_tells_people_apart(app, people):
    """A matrix in which everyone may do everything would pass the walk: these few facts are written by hand."""
    allowed = {
        name: {action for action in ("see_desk", "decide_certainty", "take_out_of_public", "see_reports") if may(actor(people[name]), action)}
        for name in PEOPLE
    }
    assert allowed["eve"] == allowed["ada"] == set()
    assert allowed["amal"] == allowed["dario"] == {"see_desk", "see_reports"}
    assert allowed["bohdan"] == {"see_desk", "see_reports", "decide_certainty"}
    assert allowed["sana"] == {"see_desk", "see_reports", "take_out_of_public"}
    assert allowed["chipo"] == {"see_desk", "see_reports", "decide_certainty", "take_out_of_public"}


def test_every_other_method_is_refused_with_405_and_the_ones_that_work(app, client):
    wrong = []
    for path in {address(rule) for rule, _method, _view in doors(app)}:
        works = set(app.url_map.bind("localhost").allowed_methods(path))
        for method in set(ALL_METHODS) - works:
            found = knock(client, path, method, Accept="application/json")
            if found.status_code != 405 or set(found.headers["Allow"].split(", ")) != works or set(found.json) != SHAPE:
                wrong.append((method, path, found.status_code))
    assert wrong == []


@pytest.mark.parametrize("header", ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"])
def test_a_header_cannot_change_the_method(client, header):
    assert client.get("/sign-out", headers={header: "POST"}).status_code == 405
    assert client.post("/receipt?_method=DELETE", headers={header: "DELETE", **FROM_HERE}).status_code == 404


@pytest.fixture
def every_answer(app, client, as_):
    """What a stranger and a coordinator get at every door, in HTML and in JSON, and at doors that do not exist; asked once."""
    if not _ANSWERS:
        _ANSWERS.extend(_ask_everywhere(app, client, as_))
    return _ANSWERS


def _ask_everywhere(app, client, as_):
    paths = sorted({(address(rule), method) for rule, method, _view in doors(app)} - {("/sign-out", "POST")})
    paths += [(path, "GET") for path in ("/nowhere", "/api/v1/nowhere", "/ogc/nowhere", "/desk/x/y/z", "/.git/config", "/static/../wsgi.py")]
    return [
        (method, path, knock(browser, path, method, Accept=accept))
        for browser in (client, as_("chipo"))
        for accept in ("text/html", "application/json")
        for path, method in paths
    ]


def test_every_answer_carries_exactly_the_headers_of_the_house(every_answer):
    assert len(every_answer) > 200
    for method, path, found in every_answer:
        names = set(found.headers.keys())
        assert names - SELDOM == set(HEADERS), (method, path, sorted(names ^ set(HEADERS)))
        for name, value in HEADERS.items():
            is_open = name == "Cross-Origin-Resource-Policy" and path.startswith(OPEN_DATA)
            assert found.headers[name] == ("cross-origin" if is_open else value), (method, path, name)
        assert "Cache-Control" in names, (method, path)
        assert ("Access-Control-Allow-Origin" in names) == path.startswith(OPEN_DATA), (method, path)
        assert "Access-Control-Allow-Credentials" not in names
        if found.status_code >= 400:
            assert found.headers["Cache-Control"] == "no-store", (method, path)


def test_every_refusal_has_the_one_shape(every_answer):
    refusals = 0
    for method, path, found in every_answer:
        if found.status_code < 400:
            continue
        refusals += 1
        if found.mimetype == "text/html":
            assert "<h1" in found.text, (method, path)
            continue
        assert found.mimetype == "application/problem+json", (method, path, found.mimetype)
        assert set(found.json) == SHAPE, (method, path)
        assert found.json["code"] in PROBLEMS, (method, path)
        assert (found.json["status"], found.json["type"]) == (found.status_code, f"/problems/{found.json['code']}")
        assert all(set(error) == {"field", "code", "message"} for error in found.json["errors"]), (method, path)
    assert refusals > 50


def test_a_refusal_of_the_programs_doors_is_never_a_page(every_answer):
    for method, path, found in every_answer:
        if path.startswith(("/api/", "/ogc", "/health")) and found.status_code >= 400:
            assert found.mimetype == "application/problem+json", (method, path)


def test_no_answer_loads_from_another_host_or_shows_our_innards(every_answer):
    for method, path, found in every_answer:
        if found.mimetype in ("text/html", "application/problem+json"):
            said = found.get_data(as_text=True)
            assert not INNARDS.search(said), (method, path, INNARDS.search(said))
            assert not LOADED.search(said), (method, path, LOADED.search(said))
            assert "http://localhost" not in said or found.status_code < 400, (method, path)
        assert "Server" not in found.headers or "Python" not in found.headers["Server"]


def test_no_page_holds_a_script_or_a_style_of_its_own(every_answer):
    inline = re.compile(r"<script(?![^>]*\bsrc=)(?![^>]*type=\"application/(?:ld\+)?json\")|<style|\sstyle=|\son[a-z]+=|javascript:", re.IGNORECASE)
    for method, path, found in every_answer:
        if found.mimetype == "text/html":
            assert not inline.search(found.text), (method, path, inline.search(found.text))


def test_strangers_get_no_cookie_at_any_door(app, client):
    for rule, method, _view in doors(app):
        found = knock(client, address(rule), method)
        cookies = [value for value in found.headers.getlist("Set-Cookie") if not value.startswith("lang=")]
        assert cookies == [], (method, rule.rule)


def test_a_bug_is_answered_with_one_sentence_and_nothing_of_the_bug(app, client, monkeypatch):
    def broken(*_args, **_kwargs):
        raise RuntimeError("SELECT secret FROM reports -- /server/core/database.py line 7")

    monkeypatch.setitem(app.config, "PROPAGATE_BUGS", not app.testing)
    monkeypatch.setitem(app.view_functions, "publication.show_data", broken)
    for accept in ("text/html", "application/json"):
        found = client.get("/data", headers={"Accept": accept})
        assert found.status_code == 500
        assert not INNARDS.search(found.text)
        assert "secret" not in found.text
        assert set(found.headers.keys()) - SELDOM == set(HEADERS)


def test_the_searches_of_this_file_find_what_they_look_for():
    assert INNARDS.search('File "/srv/server/app.py", line 3')
    assert LOADED.search('<script src="https://cdn.example.org/x.js">')
    assert LOADED.search('<link rel="stylesheet" href="//cdn.example.org/x.css">')
    assert not LOADED.search('<a href="https://creativecommons.org/">')
