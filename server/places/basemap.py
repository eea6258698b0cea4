"""The base map, served by ourselves: a request to a stranger's tiles would tell them where somebody looks."""

import gzip
import json
import os
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, abort, request
from pmtiles.tile import (
    Compression,
    Entry,
    MagicNumberNotFound,
    SpecVersionUnsupported,
    TileType,
    deserialize_directory,
    deserialize_header,
    find_tile,
    zxy_to_tileid,
)

from server.core import maps
from server.core.settings import UnusableSettings, settings

OWN_FILE = Path(__file__).resolve().parents[2] / "static" / "basemap" / "world.pmtiles"
A_MONTH_S = 30 * 86_400
DEEPEST_LEAF = 3
HEADER_BYTES = 127
MIMETYPES = {
    TileType.MVT: "application/vnd.mapbox-vector-tile",
    TileType.PNG: "image/png",
    TileType.JPEG: "image/jpeg",
    TileType.WEBP: "image/webp",
}

blueprint = Blueprint("basemap", __name__, url_prefix="/basemap")


@dataclass(frozen=True, kw_only=True)
class BaseMap:
    """What a page needs to draw the base map; `kind` is vector or raster."""

    url: str
    kind: str
    max_zoom: int
    attribution: str

    @property
    def layer(self) -> maps.Layer:
        """The lowest layer of a map, under everything else."""
        return maps.Layer("basemap", tiles=self.url, form=self.kind, max_zoom=self.max_zoom)


class Archive:
    """A PMTiles file, held open; its directories are read once.

    Read by position and not mapped into memory: a file that somebody overwrites would kill a process that mapped it.
    """

    def __init__(self, path: Path) -> None:
        """Open the file; UnusableSettings says what is wrong with it."""
        try:
            self._file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            self.header: Any = deserialize_header(self._read(0, HEADER_BYTES))
        except (OSError, ValueError, KeyError, MagicNumberNotFound, SpecVersionUnsupported) as error:
            message = f"BASEMAP_FILE {path} cannot be read as a PMTiles file (version 3)."
            raise UnusableSettings(message) from error
        if self.header["tile_type"] not in MIMETYPES:
            message = f"BASEMAP_FILE {path} holds neither vector tiles nor images."
            raise UnusableSettings(message)
        self.tag = f"{path.stat().st_size:x}{int(path.stat().st_mtime):x}"
        self._directory = lru_cache(maxsize=256)(self._read_directory)

    def tile(self, zoom: int, column: int, row: int) -> bytes | None:
        """Return the tile as it is stored (see `is_gzipped`), or None where the archive has none."""
        number = zxy_to_tileid(zoom, column, row)
        offset, length = self.header["root_offset"], self.header["root_length"]
        for _leaf in range(DEEPEST_LEAF + 1):
            entry = find_tile(self._directory(offset, length), number)
            if entry is None:
                return None
            if entry.run_length:
                return self._read(self.header["tile_data_offset"] + entry.offset, entry.length)
            offset, length = self.header["leaf_directory_offset"] + entry.offset, entry.length
        return None

    def _read_directory(self, offset: int, length: int) -> list[Entry]:
        return list(deserialize_directory(self._read(offset, length)))

    def _read(self, offset: int, length: int) -> bytes:
        return os.pread(self._file, length, offset)

    @property
    def is_gzipped(self) -> bool:
        """True when the tiles are stored compressed."""
        return self.header["tile_compression"] == Compression.GZIP

    @property
    def mimetype(self) -> str:
        """The type of the tiles."""
        return MIMETYPES[self.header["tile_type"]]

    @property
    def attribution(self) -> str:
        """Whom the map is to be credited to, in plain words, as the archive says."""
        raw = self._read(self.header["metadata_offset"], self.header["metadata_length"])
        metadata = json.loads(gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw or b"{}")
        return str(metadata.get("attribution", ""))


@cache
def archive(path: str = "") -> Archive:
    """Return the operator's archive, or our own."""
    return Archive(Path(path) if path else OWN_FILE)


def base_map() -> BaseMap:
    """Return what a page needs to draw the base map; the address changes when the file does."""
    opened = archive(settings().basemap_file)
    is_vector = opened.header["tile_type"] == TileType.MVT
    return BaseMap(
        url=f"/basemap/{{z}}/{{x}}/{{y}}?v={opened.tag}",
        kind="vector" if is_vector else "raster",
        max_zoom=opened.header["max_zoom"],
        attribution=opened.attribution,
    )


@blueprint.get("/<int:zoom>/<int:column>/<int:row>")
def tile(zoom: int, column: int, row: int) -> Response:
    """Answer one tile; 204 where the map is empty, 404 for numbers that name no tile."""
    opened = archive(settings().basemap_file)
    if zoom > opened.header["max_zoom"] or column >= 2**zoom or row >= 2**zoom:
        abort(404)
    stored = opened.tile(zoom, column, row)
    response = Response(status=204) if stored is None else _answer(opened, stored)
    response.headers["Cache-Control"] = f"public, max-age={A_MONTH_S}"
    return response


def _answer(opened: Archive, stored: bytes) -> Response:
    """Send the tile as it is stored to whoever takes gzip, unpacked to others."""
    response = Response(stored, mimetype=opened.mimetype)
    if opened.is_gzipped:
        response.headers["Vary"] = "Accept-Encoding"
        if "gzip" in request.accept_encodings:
            response.headers["Content-Encoding"] = "gzip"
        else:
            response.set_data(gzip.decompress(stored))
    return response
