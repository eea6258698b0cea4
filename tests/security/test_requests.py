"""Requests that are not what they say: from other sites, packed, endless, doubled, under a foreign name. And how we refuse."""

import gzip
import io
import json
from dataclasses import replace
from urllib.parse import urljoin, urlsplit
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from server.core.requests import UNSAFE
from server.core.settings import settings
from tests.house.test_doors import address, doors

SHAPE = {"type", "title", "status", "code", "detail", "errors"}
GOOD = {"site_type": "RES.APT", "damage": "D3", "point": {"type": "Point", "coordinates": [-56.1645, -34.9011]}, "text": "Roof gone."}


def count(database):
    database.execute(text("SELECT set_config('tessera.scope', 'all', true)"))
    return database.scalar(text("SELECT count(*) FROM reports"))


def put(client, body=None, **options):
    data = json.dumps(GOOD).encode() if body is None else body
    options.setdefault("content_type", "application/json")
    return client.put(f"/api/v1/reports/{uuid4()}", data=data, **options)


def refused(answer, status, code):
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json"), answer.text
    assert set(answer.json) == SHAPE
    assert answer.json["code"] == code


# ── From another site (94) ───────────────────────────────────────────────────────────────────────────────────────────

FOREIGN = (
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"},
    {"Sec-Fetch-Site": "unheard-of"},
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://localhost.evil.example"},
    {"Origin": "https://localhost"},
    {"Origin": "http://localhost:8080"},
)


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_no_write_from_another_site_passes_any_door(app, as_, headers):
    chipo = as_("chipo")
    unsafe = [(address(rule), method) for rule, method, _view in doors(app) if method in UNSAFE]
    assert len(unsafe) > 15
    for path, method in unsafe:
        answer = chipo.open(path, method=method, headers={**headers, "Accept": "application/json"})
        refused(answer, 403, "cross_site")


def test_the_same_write_from_our_own_page_or_a_program_passes(client, database):
    for number, headers in enumerate(({"Sec-Fetch-Site": "same-origin"}, {"Origin": "http://localhost"}, {}, {"Sec-Fetch-Site": "none"}), start=1):
        assert put(client, headers=headers).status_code == 201
        assert count(database) == number


def test_reading_from_another_site_is_answered_without_leave_to_use_the_answer(as_):
    answer = as_("chipo").get("/desk", headers={"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"})
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"


def test_a_preflight_from_another_site_gets_no_leave(client):
    asked = {"Origin": "https://evil.example", "Access-Control-Request-Method": "PUT"}
    for path in (f"/api/v1/reports/{uuid4()}", "/desk", "/receipt"):
        answer = client.options(path, headers=asked)
        assert not [name for name in dict(answer.headers) if name.startswith("Access-Control-Allow")]


# ── Content types and encodings (11–13) ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "kind",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/xml", "", "application/json; charset=utf-16",
     "application/json; charset=windows-1251", "application/ld+json", "text/json"],
)  # fmt: skip
def test_a_report_that_does_not_call_itself_json_is_refused(client, database, kind):
    refused(put(client, content_type=kind), 415, "unsupported_type")
    assert count(database) == 0


@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate", "zstd", "gzip, gzip", "identity, gzip", "x-unknown"])
def test_packed_bodies_are_refused_unread_at_every_door(app, client, database, encoding):
    bomb = gzip.compress(b"0" * 10_000_000)
    refused(put(client, bomb, headers={"Content-Encoding": encoding}), 415, "unsupported_type")
    for path in ("/report", "/receipt", "/sign-in"):
        assert client.post(path, data=bomb, headers={"Content-Encoding": encoding, "Accept": "application/json"}).status_code == 415
    assert count(database) == 0


@pytest.mark.parametrize("body", ["utf-16", "utf-16-le", "utf-32", "cp1251"])
def test_other_alphabets_of_bytes_are_refused_and_a_mark_in_front_too(client, database, body):
    words = json.dumps({**GOOD, "text": "дах"}, ensure_ascii=False)
    refused(put(client, words.encode(body)), 422, "unreadable_json")
    refused(put(client, b"\xef\xbb\xbf" + words.encode()), 422, "unreadable_json")
    assert count(database) == 0


# ── Lengths (16, 17, 78, 79) ─────────────────────────────────────────────────────────────────────────────────────────


def test_a_body_in_pieces_without_a_length_is_refused(client, database):
    pieces = {"wsgi.input": io.BytesIO(json.dumps(GOOD).encode()), "wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}
    options = {"environ_overrides": pieces, "content_type": "application/json"}
    answer = client.put(f"/api/v1/reports/{uuid4()}", **options)
    refused(answer, 411, "length_required")
    assert client.post("/receipt", environ_overrides=pieces, headers={"Accept": "application/json"}).status_code == 411
    assert count(database) == 0


@pytest.mark.parametrize("length", ["70001", "15000000000", str(2**63)])
def test_a_body_that_says_it_is_too_large_is_refused_before_it_is_read(client, length):
    refused(put(client, b"{}", environ_overrides={"CONTENT_LENGTH": length}), 413, "too_large")


@pytest.mark.parametrize("length", ["-1", "abc", "1, 2", "0x10", "1e3", ""])
def test_a_length_that_is_no_number_is_refused(client, length):
    answer = put(client, json.dumps(GOOD).encode(), environ_overrides={"CONTENT_LENGTH": length})
    assert answer.status_code in (400, 411)
    assert set(answer.json) == SHAPE


def post_parts(client, parts):
    """A form in parts, written byte by byte: the test client itself would need a file for a large one."""
    body = "".join(f'--frontier\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{words}\r\n' for name, words in parts.items())
    kind = "multipart/form-data; boundary=frontier"
    return client.post("/report", data=f"{body}--frontier--\r\n".encode(), content_type=kind, headers={"Accept": "application/json"})


def test_ten_megabytes_in_one_field_are_refused(client, database):
    refused(put(client, json.dumps({**GOOD, "text": "x" * 10_000_000}).encode()), 413, "too_large")
    refused(post_parts(client, {"id": str(uuid4()), "site_type": "RES.APT", "text": "x" * 600_000}), 413, "too_large")
    assert count(database) == 0


def test_a_thousand_and_one_parts_are_refused(client, database):
    refused(post_parts(client, {f"part{number}": "x" for number in range(1001)}), 413, "too_large")
    assert count(database) == 0


@pytest.mark.parametrize("body", [b"", b" ", b"{}", b"null", b"[]", b'"x"', b"1"])
def test_nothing_is_never_received(client, database, body):
    answer = put(client, body)
    assert answer.status_code in (400, 411, 422)
    assert set(answer.json) == SHAPE
    assert count(database) == 0


# ── Doubled, disguised, under another name (18, 102–104, 106, 113) ───────────────────────────────────────────────────


def test_a_parameter_given_twice_is_refused_where_one_is_meant(client, as_, database):
    refused(client.put(f"/api/v1/reports/{uuid4()}?a=1&a=2", json=GOOD), 400, "repeated_parameter")
    refused(client.get("/api/v1/places?q=a&q=b"), 400, "repeated_parameter")
    refused(client.get("/api/v1/public/nearby?lon=1&lon=2&lat=1"), 400, "repeated_parameter")
    refused(as_("chipo").get("/api/v1/desk/incidents/INC-1?x=1&x=2"), 400, "repeated_parameter")
    assert count(database) == 0


@pytest.mark.parametrize(
    "path",
    ["/desk/x.css", "/desk/list/x.css", "/desk;x.css", "/receipt/x.js", "/desk%2Fx.css", "/api/v1/desk/summary/x.png", "/desk/reports/x.css"],
)
def test_a_private_page_under_a_public_name_is_not_found_and_not_stored(as_, path):
    answer = as_("chipo").get(path)
    assert answer.status_code == 404
    assert answer.headers["Cache-Control"] == "no-store"


def test_nothing_private_may_lie_in_a_shared_cache(as_):
    chipo = as_("chipo")
    for path in ("/desk", "/desk/list", "/desk/review", "/desk/reports", "/api/v1/desk/summary", "/api/v1/desk/map/0/0/0", "/receipt", "/report"):
        kept = chipo.get(path).headers["Cache-Control"]
        assert "no-store" in kept or "private" in kept, (path, kept)
        assert "public" not in kept


def test_only_the_names_an_operator_trusts_are_answered(app, database):
    from server.app import create_app
    from server.core.database import public_session, session

    scopes = (session, public_session)
    before = [dict(scope.session_factory.kw) for scope in scopes]
    strict = create_app(replace(settings(), trusted_hosts=("reports.example.org",), testing=True))
    for scope, was in zip(scopes, before, strict=True):
        scope.session_factory.kw["bind"].dispose()
        scope.session_factory.kw.clear()
        scope.session_factory.kw.update(was)
    for host in ("evil.example", "reports.example.org.evil.example", "reports.example.org@evil.example", ""):
        answer = strict.test_client().get("/api/v1/public/policy", headers={"Host": host})
        assert answer.status_code == 400, host
        assert "evil" not in answer.text
    assert strict.test_client().get("/data", headers={"Host": "reports.example.org"}).status_code == 200


@pytest.mark.parametrize(
    "where",
    ["//evil.example", "/\\evil.example", "https:evil.example", "https://evil.example", "javascript:alert(1)", "/%0d%0aSet-Cookie:a=b",
     "///evil.example", "\\\\evil"],
)  # fmt: skip
def test_signing_in_leads_to_our_own_pages_only(client, people, where):
    from tests.people import PASSWORD

    for place in ("query", "form"):
        data = {"email": "chipo@example.org", "password": PASSWORD, **({"next": where} if place == "form" else {})}
        answer = client.post("/sign-in", data=data, query_string={"next": where} if place == "query" else {})
        assert answer.status_code in (200, 302)
        led = urljoin("http://localhost/sign-in", answer.headers.get("Location", "/").replace("\\", "/"))
        assert (urlsplit(led).scheme, urlsplit(led).netloc) == ("http", "localhost"), led
        assert "Set-Cookie: a" not in str(answer.headers)
        client.post("/sign-out")


def test_an_address_that_a_stranger_claims_is_not_believed(app, client):
    """X-Forwarded-For moves nobody to another lane while the operator names no proxy."""
    codes = {client.post("/receipt", data={"code": "X"}, headers={"X-Forwarded-For": f"10.0.{n}.1"}).status_code for n in range(30)}
    assert codes == {404, 429}


def test_a_byte_range_or_a_flood_of_tags_is_answered_simply(client):
    tags = ", ".join(f'"{n}"' for n in range(1000))
    for headers in ({"Range": "bytes=0-0,1-1,2-2" + ",3-3" * 500}, {"If-None-Match": tags}, {"Range": "bytes=-1"}):
        for path in ("/data", "/api/v1/public/incidents.csv", "/manifest.webmanifest"):
            assert client.get(path, headers=headers).status_code in (200, 206, 404, 416)


PLAIN = "5f3c1a52-9d3e-4b07-9a55-1b7f6c2d8e90"


@pytest.mark.parametrize(
    "number",
    [str(UUID(int=0)), PLAIN.upper(), f"{{{PLAIN}}}", f"urn:uuid:{PLAIN}", f"{PLAIN}0", PLAIN[:-1], PLAIN.replace("-", ""), "' OR 1=1 --", "%00"],
)
def test_a_number_that_is_no_plain_uuid_is_refused(client, database, number):
    refused(client.put(f"/api/v1/reports/{number}", json=GOOD), 400, "bad_identifier")
    assert count(database) == 0


# ── In the person's language ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("path", "method", "options"),
    [
        ("/nowhere", "GET", {}),
        ("/desk", "GET", {}),
        ("/receipt", "POST", {"headers": {"Sec-Fetch-Site": "cross-site"}}),
        ("/report", "DELETE", {}),
        (f"/api/v1/reports/{UUID(int=5)}", "PUT", {"json": {"damage": "D9", "point": {"type": "Point", "coordinates": [999, 1]}}}),
        (f"/api/v1/reports/{UUID(int=5)}", "PUT", {"data": b"{", "content_type": "application/json"}),
        ("/api/v1/public/incidents?certainty=SURE&since=x", "GET", {}),
    ],
)
@pytest.mark.parametrize("language", ["ar", "uk"])
def test_every_refusal_speaks_the_language_of_who_asks(client, language, path, method, options):
    headers = {**options.get("headers", {}), "Accept-Language": language, "Accept": "application/json"}
    answer = client.open(path, method=method, **{**options, "headers": headers})
    assert answer.status_code >= 400
    assert set(answer.json) == SHAPE
    letters = "\u0600-\u06ff" if language == "ar" else "\u0400-\u04ff"
    said = [answer.json["title"], *(error["message"] for error in answer.json["errors"])]
    assert all(any(letters[0] <= letter <= letters[2] for letter in words) for words in said), said
