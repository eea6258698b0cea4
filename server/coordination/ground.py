"""Our own base map as plain numbers, for maps that are drawn on paper: land, borders and towns near a box, out of the tiles we serve.

Reads Mapbox Vector Tile 2.1 as far as our own tiles use it, as ``static/js/vector-tile.js`` does in the browser.
"""

import gzip
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from math import floor

from server.core.geography import mercator
from server.places.basemap import OWN_FILE, Archive

Ring = tuple[tuple[float, float], ...]
Box = tuple[float, float, float, float]
Nested = range | int

EXTENT = 4096
DEEPEST = 6
MOST_TILES = 12
LAYER, NAME, FEATURE, KEY, VALUE = 3, 1, 2, 3, 4  # numbers of fields in the protocol's messages
TAGS, GEOMETRY = 2, 4
MOVE, CLOSE = 1, 7
BYTES, VARINT, LONG = 2, 0, 1


@dataclass(frozen=True)
class Town:
    """A name on the ground: where (x, y in web Mercator fractions of the world), how many people, and what it is called."""

    x: float
    y: float
    people: int
    names: dict[str, str]

    def called(self, language: str) -> str:
        """Its name in a language, else its usual one."""
        return self.names.get(f"name_{language}") or self.names.get("name", "")


@dataclass
class Ground:
    """What lies under a map: rings of land, lines of borders, towns. Points are (x, y), web Mercator fractions, y southward."""

    land: list[Ring] = field(default_factory=list)
    border: list[Ring] = field(default_factory=list)
    towns: list[Town] = field(default_factory=list)


@lru_cache(maxsize=1)
def _archive() -> Archive:
    return Archive(OWN_FILE)


def shapes(box: Box) -> Ground:
    """The ground near ``box`` (west, south, east, north in degrees)."""
    found = Ground()
    for zoom, column, row in _tiles(box):
        tile = _decoded(zoom, column, row)
        found.land += tile.land
        found.border += tile.border
        found.towns += tile.towns
    return found


def _tiles(box: Box) -> Iterator[tuple[int, int, int]]:
    """The tiles of the deepest zoom at which a dozen cover the box."""
    west, north = mercator(box[0], box[3])
    east, south = mercator(box[2], box[1])
    for zoom in range(DEEPEST, -1, -1):
        columns = range(floor(west * 2**zoom), floor(east * 2**zoom) + 1)
        rows = range(floor(north * 2**zoom), floor(south * 2**zoom) + 1)
        if len(columns) * len(rows) <= MOST_TILES:
            return ((zoom, column, row) for column in columns for row in rows)
    return iter(())


@lru_cache(maxsize=64)
def _decoded(zoom: int, column: int, row: int) -> Ground:
    found, packed, side = Ground(), _archive().tile(zoom, column, row), 2**zoom
    if packed is None:
        return found
    data = gzip.decompress(packed)
    for number, where in _fields(data, 0, len(data)):
        if number != LAYER or not isinstance(where, range):
            continue
        name, features = _layer(data, where)
        for tags, paths in features:
            placed = [tuple(((column + x / EXTENT) / side, (row + y / EXTENT) / side) for x, y in path) for path in paths]
            _keep(found, name, tags, placed)
    return found


def _keep(found: Ground, layer: str, tags: dict[str, str | int], placed: list[Ring]) -> None:
    if layer == "land":
        found.land += placed
    elif layer == "border":
        found.border += placed
    elif layer == "places":
        names = {key: value for key, value in tags.items() if isinstance(value, str)}
        found.towns.append(Town(*placed[0][0], int(tags.get("pop", 0)), names))


def _layer(data: bytes, where: range) -> tuple[str, list[tuple[dict[str, str | int], list[list[tuple[int, int]]]]]]:
    """The name of a layer and its features: their tags by name, and their paths."""
    parts = [(number, found) for number, found in _fields(data, where.start, where.stop) if isinstance(found, range)]
    keys = [_text(data, found) for number, found in parts if number == KEY]
    values = [_value(data, found) for number, found in parts if number == VALUE]
    name = next((_text(data, found) for number, found in parts if number == NAME), "")
    return name, [_feature(data, found, keys, values) for number, found in parts if number == FEATURE]


def _feature(
    data: bytes, where: range, keys: list[str], values: list[str | int]
) -> tuple[dict[str, str | int], list[list[tuple[int, int]]]]:
    parts = {number: found for number, found in _fields(data, where.start, where.stop) if isinstance(found, range)}
    numbers = list(_numbers(data, parts[TAGS])) if TAGS in parts else []
    tags = {keys[key]: values[value] for key, value in zip(numbers[::2], numbers[1::2], strict=True)}
    return tags, _paths(data, parts[GEOMETRY]) if GEOMETRY in parts else []


def _text(data: bytes, where: range) -> str:
    return data[where.start : where.stop].decode()


def _value(data: bytes, where: range) -> str | int:
    """A text or a whole number: our tiles hold no other values."""
    found = next((one for _number, one in _fields(data, where.start, where.stop)), 0)
    return _text(data, found) if isinstance(found, range) else found


def _numbers(data: bytes, where: range) -> Iterator[int]:
    at = where.start
    while at < where.stop:
        number, at = _varint(data, at)
        yield number


def _fields(data: bytes, at: int, end: int) -> Iterator[tuple[int, Nested]]:
    """The fields of a message: a range of bytes for what is nested, a number for what is one."""
    while at < end:
        key, at = _varint(data, at)
        wire = key & 7
        if wire == BYTES:
            length, at = _varint(data, at)
            yield key >> 3, range(at, at + length)
            at += length
        elif wire == VARINT:
            value, at = _varint(data, at)
            yield key >> 3, value
        else:
            at += 8 if wire == LONG else 4


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value, at


def _paths(data: bytes, where: range) -> list[list[tuple[int, int]]]:
    paths: list[list[tuple[int, int]]] = []
    x, y, at = 0, 0, where.start
    while at < where.stop:
        command, at = _varint(data, at)
        for _ in range(command >> 3):
            if command & 7 == CLOSE:
                paths[-1].append(paths[-1][0])
                continue
            along, at = _varint(data, at)
            down, at = _varint(data, at)
            x, y = x + _signed(along), y + _signed(down)
            if command & 7 == MOVE:
                paths.append([])
            paths[-1].append((x, y))
    return paths


def _signed(number: int) -> int:
    return (number >> 1) ^ -(number & 1)
