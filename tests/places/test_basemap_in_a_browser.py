"""The base map in a real browser, under the strict policy: drawn from our server alone, in any language, light and dark."""

import threading

import pytest
from flask import Flask, render_template_string
from werkzeug.serving import make_server

from server.core import assets
from server.core.requests import HEADERS
from server.places import basemap

pytestmark = [pytest.mark.browser, pytest.mark.pure]

PAGE = """<!doctype html><html lang="{{ lang }}" dir="{{ dir }}"><meta charset="utf-8"><title>Map</title>
<link rel="icon" href="data:,"><link rel="stylesheet" href="{{ asset('vendor/leaflet/leaflet.css') }}">
<link rel="stylesheet" href="{{ asset('css/tokens.css') }}"><link rel="stylesheet" href="/size.css">
<div id="map" data-url="{{ ground.url }}" data-attribution="{{ ground.attribution }}"></div>
{% for name in ("vendor/leaflet/leaflet.js", "js/vector-tile.js", "js/basemap.js") %}
<script src="{{ asset(name) }}"></script>{% endfor %}<script src="/start.js"></script>"""
START = """const [lang, z, lat, lon] = [document.documentElement.lang, ...location.hash.slice(1).split('/').map(Number)];
const { url, attribution } = document.getElementById('map').dataset;
window.map = L.map('map').setView([lat, lon], z);
window.ground = L.baseMap({ url, attribution, language: lang, isRightToLeft: document.documentElement.dir === 'rtl' });
ground.on('load', () => document.body.setAttribute('data-drawn', '')).addTo(map);"""


@pytest.fixture(scope="module")
def address():
    app = Flask("server", static_folder=None)
    app.register_blueprint(basemap.blueprint)
    assets.init_app(app)
    ground = basemap.base_map()

    def page(lang):
        shown = {"lang": lang, "dir": "rtl" if lang == "ar" else "ltr", "ground": ground}
        return render_template_string(PAGE, **shown)

    app.add_url_rule("/in/<lang>", "page", page)
    app.add_url_rule("/start.js", "start", lambda: (START, {"Content-Type": "text/javascript"}))
    app.add_url_rule("/size.css", "size", lambda: ("html,body,#map{height:100%;margin:0}", {"Content-Type": "text/css"}))
    app.after_request(lambda response: (response.headers.extend(HEADERS), response)[1])
    server = make_server("127.0.0.1", 0, app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture
def look(chromium, address):
    """``look("ar", "6/34/37")``: a page that has drawn. At the end: no error was logged and no stranger was asked."""
    contexts, wrong = [], []

    def opened(lang, view, **options):
        contexts.append(chromium.new_context(viewport={"width": 800, "height": 600}, **options))
        page = contexts[-1].new_page()
        page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("request", lambda sent: None if sent.url.startswith((address, "data:")) else wrong.append(sent.url))
        page.goto(f"{address}/in/{lang}#{view}")
        page.locator("body[data-drawn]").wait_for(state="attached")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert wrong == []


def names(page):
    return page.locator(".leaflet-basemap-names-pane > span").all_inner_texts()


def colour(page, x, y):
    """The colour that was drawn at a point of the page."""
    found = page.evaluate(
        """([x, y]) => { for (const c of document.querySelectorAll('canvas.leaflet-tile')) { const b = c.getBoundingClientRect();
          if (x >= b.left && x < b.right && y >= b.top && y < b.bottom) {
            const k = c.width / b.width; return [...c.getContext('2d').getImageData((x - b.left) * k, (y - b.top) * k, 1, 1).data]; } } }""",
        [x, y],
    )
    return tuple(found[:3])


@pytest.mark.parametrize(
    ("lang", "name"), [("en", "Kharkiv"), ("uk", "Харків"), ("ru", "Харьков"), ("ar", "خاركوف"), ("fr", "Kharkiv")]
)
def test_names_are_in_the_language_of_the_page(look, lang, name):
    assert name in names(look(lang, "8/49.98/36.25"))


def test_no_name_lies_over_another(look):
    for lang, view in (("en", "6/48.5/33"), ("ar", "6/34/37"), ("en", "3/30/35")):
        page = look(lang, view)
        boxes = [name.bounding_box() for name in page.locator(".leaflet-basemap-names-pane > span > span[dir]").all()]
        assert len(boxes) > 20
        crowded = [
            (a, b)
            for number, a in enumerate(boxes)
            for b in boxes[number + 1 :]
            if a["x"] < b["x"] + b["width"] and b["x"] < a["x"] + a["width"]
            and a["y"] + 3 < b["y"] + b["height"] and b["y"] + 3 < a["y"] + a["height"]
        ]  # fmt: skip
        assert crowded == []


def test_few_names_at_each_zoom_and_towns_where_one_looks_close(look):
    assert 20 < len(names(look("en", "6/48.5/33"))) <= 120
    assert {"Merefa", "Derhachi"} <= set(names(look("en", "10/49.95/36.2")))


def test_land_and_sea_have_the_colours_of_the_page_and_follow_the_dark(look):
    page = look("en", "6/45.5/31", color_scheme="light")
    land, sea = colour(page, 300, 60), colour(page, 400, 450)
    assert (land, sea) == ((247, 244, 236), (214, 227, 234))
    page.emulate_media(color_scheme="dark")
    page.wait_for_timeout(600)
    assert (colour(page, 300, 60), colour(page, 400, 450)) == ((36, 50, 60), (15, 26, 34))


def test_beyond_its_deepest_tiles_the_map_is_enlarged_and_not_empty(look):
    page = look("en", "14/46.48/30.745")
    assert len({colour(page, x, 300) for x in range(10, 800, 40)}) >= 2


def test_the_credit_is_text_and_no_flag_stands_before_it(look):
    page = look("en", "6/48.5/33")
    assert page.locator(".leaflet-control-attribution").inner_text() == "Natural Earth; GeoNames (CC BY 4.0)"
    assert page.locator(".leaflet-attribution-flag").count() == 0


def test_a_map_taken_away_leaves_no_names_behind(look):
    page = look("en", "6/48.5/33")
    page.evaluate("ground.remove()")
    assert names(page) == []


def test_the_scripts_are_small():
    assert sum(len(assets._found(f"js/{name}.js").squeezed) for name in ("basemap", "vector-tile")) < 6_000
