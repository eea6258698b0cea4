"""The columns of the house and their passports: a fact is declared once, with its words, and everything else is derived.

From a passport come the marshmallow field, the OpenAPI property, the HTML form, the CSV header, the HXL tag, the data
dictionary and the census that decides what may be public (``core/schemas.py``, ``tests/house/test_census.py``).
"""

import struct
from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID, uuid4

from geoalchemy2 import Geometry, WKBElement
from sqlalchemy import CheckConstraint, DateTime, Enum, String, func, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import MappedColumn, mapped_column

from server.core.choices import Choice
from server.vocabulary import Audience

PIN_DECIMALS = 7  # about a centimetre: more is false precision and a covert channel
_EWKB_POINT, _POINT_WITH_SRID = struct.Struct("<BIIdd"), 0x20000001

uuid_pk = Annotated[UUID, mapped_column(primary_key=True, default=uuid4)]
stamped = Annotated[datetime, mapped_column(DateTime(timezone=True), server_default=func.now())]


def passport(
    label: str, *, audience: Audience, hint: str = "", hxl: str = "", widget: str = "", group: str = ""
) -> dict[str, Any]:
    """What a column says of itself: its words (English msgids), its HXL tag and the widest audience that may see it."""
    return {"label": label, "hint": hint, "hxl": hxl, "audience": audience, "widget": widget, "group": group}


def coded(choice: type[Choice], *, check: str = "", **column: Any) -> MappedColumn[Any]:
    """A column that holds one code of a list, as text with a CHECK, readable in a dump.

    ``check`` names the CHECK where a table has two columns of one list.
    """
    return mapped_column(
        Enum(
            choice,
            values_callable=lambda members: [member.value for member in members],
            native_enum=False,
            create_constraint=True,
            length=32,
            name=check or _snake(choice.__name__),
        ),
        **column,
    )


def coded_list(choice: type[Choice], **column: Any) -> MappedColumn[Any]:
    """A column that holds several codes of a list, as an array of text. ``listed`` gives the CHECK that goes with it."""
    info = {**column.pop("info", {}), "choice": choice}
    return mapped_column(ARRAY(String(32)), server_default=text("'{}'"), info=info, **column)


def listed(column: str, choice: type[Choice]) -> CheckConstraint:
    """The CHECK that an array column holds only codes of its list."""
    codes = ",".join(f"'{code.value}'" for code in choice)
    return CheckConstraint(f"{column} <@ ARRAY[{codes}]::varchar[]", name=f"{column}_listed")


def point(**column: Any) -> MappedColumn[Any]:
    """A place as a PostGIS point, longitude first, WGS 84, with a GiST index."""
    return mapped_column(Geometry("POINT", srid=4326, spatial_index=column.pop("spatial_index", True)), **column)


def pin(lon: float, lat: float) -> WKBElement:
    """A point as the database takes it (EWKB, little-endian, WGS 84), no finer than anybody can mean."""
    packed = _EWKB_POINT.pack(1, _POINT_WITH_SRID, 4326, round(lon, PIN_DECIMALS), round(lat, PIN_DECIMALS))
    return WKBElement(packed, srid=4326, extended=True)


def lon_lat(place: WKBElement) -> tuple[float, float]:
    """Longitude and latitude of a stored point."""
    data = bytes.fromhex(place.data) if isinstance(place.data, str) else bytes(place.data)
    order = "<" if data[0] == 1 else ">"
    lon, lat = struct.unpack_from(f"{order}dd", data, len(data) - 16)
    return lon, lat


def words(limit: int, **column: Any) -> MappedColumn[Any]:
    """Text of at most ``limit`` characters."""
    return mapped_column(String(limit), **column)


def one_of(column: str, values: Iterable[str]) -> CheckConstraint:
    """The CHECK that a text column holds one of a few words that are not a code list."""
    quoted = ",".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({quoted})", name=f"{column}_known")


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")
