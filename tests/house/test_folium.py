"""folium composes maps and never sees text: what people wrote would run in the coordinator's browser."""

import re
from pathlib import Path

import pytest

from server.core.maps import Layer, Map, NotForMaps

SERVER = Path(__file__).resolve().parents[2] / "server"
UNSAFE = re.compile(r"folium\.(?:map\.|features\.)?(Popup|Tooltip|GeoJsonPopup|GeoJsonTooltip|Marker)\b|import .*\b(GeoJson)?(Popup|Tooltip)\b")


def composed(**options: object) -> Map:
    """A map like that of the desk, with one layer."""
    drawn = Map("desk", location=(48.5, 35.0), zoom=7)
    drawn.add_child(Layer("incidents", tiles="/api/v1/desk/map/{z}/{x}/{y}", clusters_below=12, **options))
    return drawn


def test_no_file_of_the_server_uses_the_parts_of_folium_that_execute_text():
    files = sorted(SERVER.rglob("*.py"))
    assert len(files) > 20
    assert [path.name for path in files if UNSAFE.search(path.read_text(encoding="utf-8"))] == []


def test_the_search_for_unsafe_parts_finds_them():
    assert UNSAFE.search("folium.Popup(words)")
    assert UNSAFE.search("folium.features.GeoJsonTooltip(['name'])")
    assert UNSAFE.search("from folium import Tooltip")


def test_a_map_names_no_other_host():
    page = composed().page
    everything = page.html + page.script + "".join((*page.css, *page.js, *page.modules))
    assert "//" not in everything
    assert "tessera.layer(map_desk, {" in page.script


def test_a_map_has_no_inline_style_or_script_in_its_element():
    assert re.search(r"<script|<style|style=|\son\w+=", composed().page.html) is None


def test_the_same_map_gives_the_same_script_every_time():
    assert composed().page.script == composed().page.script


def test_one_map_does_not_change_the_links_of_the_next():
    first = composed()
    first.add_js_link("leaflet_js", "/elsewhere.js")
    assert all("elsewhere" not in url for url in composed().page.js)


@pytest.mark.parametrize(
    "hostile",
    [
        "<img src=x onerror=alert(1)>",
        "${alert(1)}",
        "`;alert(1);`",
        "</script><script>alert(1)</script>",
        "https://tiles.example.org/{z}/{x}/{y}.png",
        "//tiles.example.org/x",
        "javascript:alert(1)//",
        {"nested": "text"},
        ["ok", "not ok!"],
        "Street name 5",
    ],
)
def test_text_and_foreign_addresses_are_refused_before_they_reach_a_script(hostile):
    with pytest.raises(NotForMaps):
        composed(anything=hostile)


def test_numbers_codes_and_own_addresses_pass():
    script = composed(record="/desk/incidents/{id}", levels=["D0", "D4"], every_s=15, public=True).page.script
    assert '"every_s": 15' in script
    assert "/desk/incidents/{id}" in script
