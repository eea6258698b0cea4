"""Public rows as Features of GeoJSON, put together from pieces of which each different one is written once."""

from collections.abc import Callable, Iterator, Mapping
from itertools import groupby
from typing import Any, Final

import orjson
import pyarrow as pa

from server.publication.formats.runs import AREA_CODE, IDENTITY, SPELT, Columns, columns, group_of
from server.publication.source import COLUMNS, Source

TOGETHER: Final = 16_000
NOWHERE: Final = b"null"
LISTS: Final = frozenset({"access_constraints"})
STRETCHES: Final = [tuple(names) for _group, names in groupby((name for name in COLUMNS if name != IDENTITY), group_of)]
"""Neighbouring columns that belong to one group, in the order of the columns."""


def features(source: Source) -> Iterator[Iterator[bytes]]:
    """The Features of some thousand rows at a time."""
    outlines = source.outlines()
    for rows in source.rows(SPELT, together=TOGETHER):
        yield _features(columns(rows), outlines)


def _features(read: Columns, outlines: Mapping[bytes, bytes]) -> Iterator[bytes]:
    begun = map(
        b'{"type":"Feature","id":"%b","properties":{"incident_id":"%b"'.__mod__, ((n, n) for n in _numbers(read))
    )
    return map(b"".join, zip(begun, *_properties(read), _places(read, outlines), strict=True))


def _numbers(read: Columns) -> list[bytes]:
    return list(map(str.encode, read.identity.to_pylist()))


def _places(read: Columns, outlines: Mapping[bytes, bytes]) -> Iterator[bytes]:
    """The end of every feature: its point if it has one, else the outline of its area, else null."""
    areas, points = read.group(AREA_CODE), read.group("lon")
    drawn = [_closed(outlines.get(code.encode(), NOWHERE)) for code in areas.different[AREA_CODE].to_pylist()]
    spots = zip(points.different["lon"].to_pylist(), points.different["lat"].to_pylist(), strict=True)
    exact = [
        _closed(b'{"type":"Point","coordinates":%b}' % orjson.dumps(spot)) if None not in spot else b""
        for spot in spots
    ]
    return (spot or area for spot, area in zip(_each(points.which, exact), _each(areas.which, drawn), strict=True))


def _closed(place: bytes) -> bytes:
    return b'},"geometry":' + place + b"}"


def _properties(read: Columns) -> Iterator[Iterator[bytes]]:
    """For each stretch of columns what every row says in it, as ``,"name":value`` and so on."""
    for names in STRETCHES:
        group = read.group(names[0])
        yield _each(group.which, _told(group.different.select(list(names))))


def _each(which: pa.Array, different: list[bytes]) -> Iterator[bytes]:
    """For each row the piece that it points at."""
    return map(different.__getitem__, which.to_pylist())


def _told(table: pa.Table) -> list[bytes]:
    columns = [list(map(_teller(name), table[name].to_pylist())) for name in table.column_names]
    return [b"".join(values) for values in zip(*columns, strict=True)]


def _teller(name: str) -> Callable[[Any], bytes]:
    begun = b"," + orjson.dumps(name) + b":"
    if name in LISTS:
        return lambda value: begun + orjson.dumps(value and value.split(" "))
    return lambda value: begun + orjson.dumps(value)
