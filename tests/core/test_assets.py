"""What a browser fetches besides pages: lasting addresses, small bytes, nothing that is not meant to be served."""

import gzip
import re
from os.path import normpath
from pathlib import Path, PurePosixPath
from xml.etree import ElementTree as ET

import pytest

from server import vocabulary
from server.core import assets, icons

ROOT = Path(__file__).resolve().parents[2]
STATIC = ROOT / "static"


def test_a_file_under_its_present_hash_may_be_kept_for_ever(client):
    answer = client.get(assets.asset("css/base.css"))
    assert answer.status_code == 200
    assert answer.mimetype == "text/css"
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert b".button" in answer.data


def test_comments_stay_in_the_repository_and_all_else_is_sent(client):
    for name in ("css/base.css", "js/report.js", "js/basemap.js"):
        source, sent = (STATIC / name).read_text(), client.get(assets.asset(name)).text
        assert "/*" in source
        assert "/*" not in sent
        code = [line.strip() for line in source.splitlines() if line.strip() and not line.strip().startswith(("/*", "*", "//"))]
        assert all(line.partition("'./")[0] in sent for line in code if "/*" not in line)
    assert "Leaflet 1.9.4" in client.get(assets.asset("vendor/leaflet/leaflet.js")).text[:200]  # its licence stays


@pytest.mark.parametrize("address", ["/static/css/base.css", "/static/css/base.css?v=0123456789ab"])
def test_a_file_without_or_under_an_old_hash_is_served_but_asked_for_again(client, address):
    answer = client.get(address)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "public, no-cache"
    again = client.get(address, headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304
    assert again.data == b""


def test_a_browser_that_takes_gzip_gets_it_and_caches_tell_the_two_apart(client):
    plain = client.get(assets.asset("js/report.js"))
    squeezed = client.get(assets.asset("js/report.js"), headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in plain.headers
    assert squeezed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(squeezed.data) == plain.data
    assert squeezed.headers["ETag"] != plain.headers["ETag"]
    assert "Accept-Encoding" in squeezed.headers["Vary"]


@pytest.mark.parametrize(
    "address",
    [
        "/static/nothing.css",
        "/static/../server/app.py",
        "/static/%2e%2e/server/app.py",
        "/static/basemap/world.pmtiles",
        "/static/css/",
        "/vendor/leaflet/leaflet-src.js",
        "/vendor/leaflet/../../../flask/app.py",
        "/vendor/leaflet/images/marker-shadow.png",
        "/vendor/icons/000000000000.svg",
    ],
)
def test_what_is_not_meant_to_be_served_is_not_there(client, address):
    assert client.get(address).status_code == 404


def test_a_stranger_gets_pages_gzipped_but_a_page_with_secrets_in_it_is_never_compressed(app, client):
    page, zipped = "/no-such-page", {"Accept-Encoding": "gzip", "Accept": "text/html"}
    answer = client.get(page, headers=zipped)
    assert answer.headers["Content-Encoding"] == "gzip"
    assert b"<html" in gzip.decompress(answer.data)
    assert "Content-Encoding" not in client.get(page, headers={"Accept": "text/html"}).headers
    assert "Content-Encoding" not in client.post(page, headers=zipped).headers
    client.set_cookie("session", "somebody")
    assert "Content-Encoding" not in client.get(page, headers=zipped).headers


def test_leaflet_comes_from_us(client):
    script = client.get(assets.asset("vendor/leaflet/leaflet.js"))
    assert script.status_code == 200
    assert b"Leaflet 1.9.4" in script.data[:200]
    assert client.get("/vendor/leaflet/images/layers.png").data[:4] == b"\x89PNG"


def test_every_import_of_a_module_names_the_hash_of_what_it_imports(client):
    modules = [name for name in assets.library() if name.startswith("js/")]
    found = 0
    for name in modules:
        for target in re.findall(r"""(?:from|import)\s*\(?['"](\.{1,2}/[^'"]+)['"]""", assets.library()[name].body.decode()):
            found += 1
            path, _, tag = target.partition("?v=")
            assert tag == assets.library()[normpath(f"{PurePosixPath(name).parent}/{path}")].tag, (name, target)
    assert found >= 8


@pytest.mark.pure
def test_a_change_in_a_module_changes_the_address_of_all_that_import_it():
    def tag_of_top(leaf: bytes) -> str:
        sources = {"js/top.js": b"import './middle.js';", "js/middle.js": b"import { x } from './leaf.js';", "js/leaf.js": leaf}
        return assets._prepare("js/top.js", sources, {}, ()).tag

    assert tag_of_top(b"export const x = 1;") == tag_of_top(b"export const x = 1;")
    assert tag_of_top(b"export const x = 1;") != tag_of_top(b"export const x = 2;")


@pytest.mark.pure
def test_modules_that_import_one_another_in_a_circle_are_refused():
    circle = {"js/a.js": b"import './b.js';", "js/b.js": b"import './a.js';"}
    with pytest.raises(assets.UnknownAsset, match="circle"):
        assets._prepare("js/a.js", circle, {}, ())


def test_a_page_that_names_a_file_we_do_not_have_fails_where_it_is_written(app):
    with pytest.raises(assets.UnknownAsset):
        assets.asset("css/imaginary.css")


def test_every_pictogram_a_code_list_or_a_page_asks_for_was_drawn(app):
    assert icons.missing() == set()


def test_both_sprites_are_sound_and_hold_what_they_should(client):
    for name, wanted in (("all", icons.wanted()), ("form", set(icons.FORM))):
        address = assets.icon_url("house", name).partition("#")[0]
        sprite = client.get(address)
        assert sprite.mimetype == "image/svg+xml"
        symbols = {symbol.get("id"): symbol for symbol in ET.fromstring(sprite.data)}  # noqa: S314 - our own drawing
        assert set(symbols) == wanted
        assert all(len(symbol) and symbol.get("viewBox") for symbol in symbols.values())


@pytest.mark.pure
def test_the_small_sprite_of_the_report_page_has_every_answer_it_offers_first():
    offered = (
        *vocabulary.CITIZEN_SITES, *vocabulary.CITIZEN_NEEDS, *vocabulary.CITIZEN_HAZARDS, *vocabulary.DamageGrade,
    )  # fmt: skip
    assert {choice.icon for choice in offered} <= set(icons.FORM)


@pytest.mark.pure
@pytest.mark.parametrize("number", ["1.004", "0.996", "0.5", "-0.004", "12.3456", "1.001.75", "-.81.98v2", "0 0 1-.5.5"])
def test_shortened_numbers_of_a_drawing_keep_their_value_and_stay_apart(number):
    numbers = re.compile(r"-?(?:\d+\.\d*|\.\d+|\d+)")
    short = icons._lean(number)
    before = [float(n) for n in numbers.findall(number)]
    after = [float(n) for n in numbers.findall(short)]
    assert len(before) == len(after)
    assert all(abs(a - b) <= 0.051 for a, b in zip(before, after, strict=True))


def test_a_pictogram_nobody_drew_becomes_a_question_mark_and_markup_stays_markup(app):
    assert assets.icon_url("no-such-drawing").endswith("#help")
    assert 'aria-label="&lt;b&gt;"' in assets.icon("house", "<b>")
    assert 'aria-hidden="true"' in assets.icon("house")


def test_the_manifest_is_served_and_its_pictures_exist(client):
    manifest = client.get("/manifest.webmanifest")
    assert manifest.mimetype == "application/manifest+json"
    assert [client.get(picture["src"]).status_code for picture in manifest.get_json(force=True)["icons"]] == [200, 200, 200]


@pytest.mark.pure
def test_no_style_script_or_template_names_another_host():
    written = {".css", ".js", ".html", ".svg", ".webmanifest"}
    folders = (STATIC, ROOT / "server/templates")
    sources = [path for folder in folders for path in folder.rglob("*") if path.suffix in written]
    assert len(sources) > 20
    foreign = re.compile(r"""(?:https?:)?//[a-z0-9-]+\.[a-z]""", re.IGNORECASE)
    allowed = "http://www.w3.org/2000/svg"  # a name, never fetched
    assert [p.name for p in sources if foreign.search(p.read_text(encoding="utf-8").replace(allowed, ""))] == []


@pytest.mark.pure
def test_stylesheets_take_every_colour_from_the_tokens():
    colour = re.compile(r"#[0-9a-f]{3,8}\b|\brgba?\(", re.IGNORECASE)
    # focus on the blue bar, signs on coloured discs, paper, and EXERCISE on paper
    kept = {"#ffbf00", "#14202b", "#fff", "#000", "#0007", "#6b2fa0"}
    for sheet in STATIC.glob("css/*.css"):
        if sheet.name != "tokens.css":
            assert set(colour.findall(sheet.read_text())) <= kept, sheet.name


@pytest.mark.pure
def test_stylesheets_know_start_and_end_but_not_left_and_right():
    physical = re.compile(r"(?:margin|padding|border|inset)-(?:left|right)|(?<![-\w])(?:left|right)\s*:|text-align:\s*(?:left|right)|(?:float|clear):\s*(?:left|right)")
    assert [sheet.name for sheet in STATIC.glob("css/*.css") if physical.search(sheet.read_text())] == []
