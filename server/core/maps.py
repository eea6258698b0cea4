"""Maps composed by folium and drawn by our own modules, under a policy that allows no inline script and no other host.

folium decides the view, the controls and the layers; each layer becomes one call ``tessera.layer(map, {…})`` whose
options are numbers, codes and addresses of ours. Text from people never enters a map script, because folium's pop-ups
and tooltips execute it even when it was escaped; it reaches the page by fetch and is set as text.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import folium
from branca.element import MacroElement
from flask import Response, request
from folium.template import Template

from server.core.assets import asset

Plain = int | float | bool | str | None | Sequence[int | float | bool | str]

MIN_ZOOM, MAX_ZOOM = 2, 18

_NAME = re.compile(r"[a-z][a-z0-9_]{0,31}")
_CODE = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
_ADDRESS = re.compile(r"/(?!/)[A-Za-z0-9/_.{}?=&%:-]*")


class NotForMaps(ValueError):
    """Something that is no number, code or address of ours was about to enter a map script."""


@dataclass(frozen=True)
class MapPage:
    """What a template needs for one map: addresses of stylesheets and scripts, the element, and the script itself."""

    css: tuple[str, ...]
    js: tuple[str, ...]
    modules: tuple[str, ...]
    html: str
    script: str


class Map(folium.Map):
    """A Leaflet map without tiles of strangers. Its links are computed for each map, never kept in folium's lists."""

    def __init__(
        self, name: str, *, location: tuple[float, float], zoom: int, modules: Sequence[str] = ("js/map.js",)
    ) -> None:
        """Make the map `map_<name>` looking at `location` (latitude, longitude, as Leaflet counts) from `zoom`."""
        super().__init__(
            location=[float(location[0]), float(location[1])],
            zoom_start=int(zoom),
            tiles=None,
            zoom_control=False,
            world_copy_jump=True,
        )
        self.options.update(min_zoom=MIN_ZOOM, max_zoom=MAX_ZOOM)  # folium keeps its arguments of that name for its tiles
        self._id = _named(name)
        self._modules = tuple(modules)

    @property
    def default_js(self) -> list[tuple[str, str]]:  # type: ignore[override]  # for reading only, on purpose
        """Leaflet from our own address, in a list nobody else shares (folium's is mutable and common to all maps)."""
        scripts = {"leaflet_js": "vendor/leaflet/leaflet.js", "tile_js": "js/vector-tile.js", "basemap_js": "js/basemap.js"}
        return [(name, asset(path)) for name, path in scripts.items()]

    @property
    def default_css(self) -> list[tuple[str, str]]:  # type: ignore[override]  # as above
        """Stylesheets, under names that do not shadow the script of the same library."""
        return [("leaflet_css", asset("vendor/leaflet/leaflet.css")), ("map_css", asset("css/map.css"))]

    def get_name(self) -> str:
        """The same at every rendering, so that the script has a stable ETag."""
        return f"map_{self._id}"

    @cached_property
    def page(self) -> MapPage:
        """Compose once. folium's own header (inline script and style, a viewport that forbids zooming) is left out."""
        figure: Any = self.get_root()
        figure.render()
        return MapPage(
            css=tuple(url for _name, url in self.default_css),
            js=tuple(url for _name, url in self.default_js),
            modules=tuple(asset(module) for module in self._modules),
            html=figure.html.render(),
            script=figure.script.render(),
        )


class Layer(MacroElement):
    """One layer, drawn by the module that registered `kind` (static/js/layers.js)."""

    _template = Template(
        "{% macro script(this, kwargs) %}tessera.layer({{ this._parent.get_name() }}, {{ this.drawn|tojson }});{% endmacro %}"
    )

    def __init__(self, kind: str, **options: Plain) -> None:
        """Take `options` that are numbers, codes or addresses on this server; raise NotForMaps for anything else."""
        super().__init__()
        self._name = self._id = _named(kind)
        self.drawn = {"kind": kind, **{name: _plain(value) for name, value in options.items() if value is not None}}

    def get_name(self) -> str:
        """The same at every rendering."""
        return f"layer_{self._id}"


def script_response(composed: Map) -> Response:
    """The script of a map as a file of its own, so that the policy needs no exception; 304 when nothing changed."""
    script = composed.page.script
    response = Response(script, mimetype="text/javascript")
    response.set_etag(hashlib.sha256(script.encode()).hexdigest()[:16])
    response.headers["Cache-Control"] = "private, no-cache"
    response.make_conditional(request)
    return response


def _named(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise NotForMaps(name)
    return name


def _plain(value: Plain) -> Plain:
    if isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        if _CODE.fullmatch(value) or _ADDRESS.fullmatch(value):
            return str(value)
        raise NotForMaps(value)
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]  # type: ignore[misc]
    raise NotForMaps(repr(value))
