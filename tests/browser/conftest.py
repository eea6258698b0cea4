"""A real browser (Debian's chromium) before a small site made of our own pages, styles and modules, under our own policy."""

import json
import threading
from math import asinh, floor, pi, radians, tan

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask, Response, jsonify, render_template_string, request
from werkzeug.serving import make_server

from server import vocabulary
from server.core import assets, forms, i18n, map_words
from server.core.maps import Layer, Map, script_response
from server.core.requests import HEADERS
from server.core.response import this_response
from server.core.settings import Settings
from tests.browser.live import visitors

GRADES = ("D0", "D1", "D2", "D3", "D4", "DU")
MAP_PAGE = """{% set audience = "desk" %}{% extends "base.html" %}
{% from "macros/map.html" import map_links, map_scripts, map_frame with context %}
{% block title %}Map{% endblock %}
{% block head %}<link rel="stylesheet" href="{{ asset('css/desk.css') }}">{{ map_links(page) }}{% endblock %}
{% set width = "flush" %}
{% block main %}<h1 class="visually-hidden">Map</h1>
<form data-map-filters><label class="label" for="damage">Damage</label>
<select id="damage" name="damage"><option value="">Any</option><option>D4</option></select></form>
{{ map_frame(page) }}{% endblock %}
{% block scripts %}{{ map_scripts(page, "/the-map.js") }}{% endblock %}"""


class Site:
    """The small site: `rows` are the damage records its tiles answer with."""

    def __init__(self):
        self.rows, self.areas, self.asked, self.facts = [], {}, [], []
        self.app = Flask("server", static_folder=None)
        self.app.jinja_env.trim_blocks = self.app.jinja_env.lstrip_blocks = True
        chosen = Settings.from_env()
        self.app.context_processor(lambda: {"settings": lambda: chosen, "this_response": this_response})
        i18n.init_app(self.app)
        forms.init_app(self.app)
        assets.init_app(self.app)
        map_words.init_app(
            self.app,
            {"damage": vocabulary.DamageGrade, "certainty": vocabulary.Certainty, "sites": vocabulary.SiteType},
        )
        self._add_pages()
        self.server = make_server("127.0.0.1", 0, self.app, threaded=True)
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def _add_pages(self):
        self.app.after_request(self._under_policy)
        for address, view, methods in (
            ("/the-map", self.map_page, ["GET"]),
            ("/the-map.js", lambda: script_response(self.map()), ["GET"]),
            ("/tiles/<int:z>/<int:x>/<int:y>", self.tile, ["GET"]),
            ("/areas/<level>/<code>", self.outline, ["GET"]),
            ("/facts/<name>", lambda **_name: jsonify(facts=self.facts), ["GET"]),
        ):
            self.app.add_url_rule(address, f"{methods[0]} {address}", view, methods=methods)

    def _under_policy(self, response: Response) -> Response:
        response.headers.extend(HEADERS)
        return response

    def map(self):
        drawn = Map("desk", location=(10.0, 20.0), zoom=6)
        drawn.add_child(
            Layer(
                "incidents",
                tiles="/tiles/{z}/{x}/{y}",
                areas="/areas/{level}/{code}",
                record="/records/{id}",
                peek="/facts/{id}",
                list="/the-list",
            )
        )
        return drawn

    def map_page(self):
        return render_template_string(MAP_PAGE, page=self.map().page)

    def tile(self, z, x, y):
        wanted = request.args.get("damage")
        self.asked.append(request.full_path)
        inside = [row for row in self.rows if _tile_of(row, z) == (x, y) and (not wanted or row[3] == wanted)]
        found = {"incidents": inside} if z >= 11 else {"cells": _cells(inside, z)}
        found["areas"] = [["ADM2", code, *counts] for code, (counts, middle) in self.areas.items() if _tile_of(middle, z) == (x, y)]
        answer = jsonify(found)
        answer.add_etag()
        answer.headers["Cache-Control"] = "private, no-cache"
        return answer.make_conditional(request)

    def outline(self, level, code):
        lon, lat = self.areas[code][1]
        ring = [[lon - 1, lat - 1], [lon + 1, lat - 1], [lon + 1, lat + 1], [lon - 1, lat + 1], [lon - 1, lat - 1]]
        return jsonify(type="Feature", properties={"name": "<i>North</i>"}, geometry={"type": "Polygon", "coordinates": [ring]})


def _cells(rows, z):
    cells = {}
    for row in rows:
        cells.setdefault(_tile_of(row, z + 5), []).append(row)
    return [
        [members[0][0], members[0][1], len(members), *(sum(row[3] == grade for row in members) for grade in GRADES)]
        for members in cells.values()
    ]


def _tile_of(row, z):
    side = 2**z
    return floor((row[0] + 180) / 360 * side), floor((1 - asinh(tan(radians(row[1]))) / pi) / 2 * side)


@pytest.fixture
def site():
    made = Site()
    yield made
    made.server.shutdown()


@pytest.fixture
def visit(chromium, site):
    """``visit(path, …)``: a page in a context of its own. At the end: no error was logged and no stranger was asked."""
    contexts, wrong = [], []

    def opened(path, *, width=1280, height=800, **options):
        context = chromium.new_context(viewport={"width": width, "height": height}, reduced_motion="reduce", **options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("request", lambda sent: None if sent.url.startswith((site.address, "data:", "blob:")) else wrong.append(sent.url))
        page.goto(site.address + path)
        page.wait_for_load_state("networkidle")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert wrong == []


@pytest.fixture
def visitor(chromium, response):
    """``visitor("chipo")``: a person before the `response` of a test's file; without a name a stranger."""
    with visitors(chromium, response.address) as come:
        yield come


@pytest.fixture
def violations():
    """``violations(page)``: what axe finds wrong, as sentences."""

    def found(page):
        answer = Axe().run(page).response["violations"]
        return [f"{each['id']}: {json.dumps([node['html'][:120] for node in each['nodes'][:3]])}" for each in answer]

    return found
