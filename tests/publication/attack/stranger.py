"""A stranger with a program: what they can ask of the public side, and what they know before they ask.

They know the maps of the world (administrative areas, H3), a list of the places that exist, and the policy. They have no
account, no database and no code of ours. `get` is any function from an address to an answer over HTTP.
"""

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from typing import Any

import h3
from shapely import unary_union
from shapely.geometry import Polygon, shape
from shapely.geometry.base import BaseGeometry

PUBLIC = "/api/v1/public"
DELAYS = {"DAY": timedelta(hours=48), "WEEK": timedelta(hours=336), "MONTH": timedelta(hours=720)}


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")


@dataclass(frozen=True, kw_only=True)
class KnownSite:
    """A place that exists, as any map shows it: longitude, latitude, type, name."""

    lon: float
    lat: float
    kind: str
    name: str = ""


@dataclass(frozen=True, kw_only=True)
class Claim:
    """What a way of attack says it found out. `row` is "" where it cannot say of which row."""

    way: str
    row: str = ""
    area: BaseGeometry | None = None
    days: tuple[date, date] | None = None
    kind: str = ""
    secret: str = ""
    order: tuple[str, ...] = ()


@dataclass(kw_only=True)
class Snapshot:
    """The whole public table on one day, and what the batches said."""

    on: date
    rows: dict[str, dict[str, Any]]
    revoked: set[str] = field(default_factory=set)


class Stranger:
    """Asks, keeps what was answered, and remembers every day's copy."""

    def __init__(
        self, get: Callable[[str], Answer], *, areas: dict[str, BaseGeometry], sites: Iterable[KnownSite]
    ) -> None:
        self._get, self.areas, self.sites = get, areas, list(sites)
        self.asked: dict[str, Answer] = {}
        self.days: list[Snapshot] = []
        self.work: list[tuple[date, list[dict[str, Any]]]] = []

    def get(self, address: str) -> Answer:
        """Ask, or remember what was answered before."""
        if address not in self.asked:
            self.asked[address] = self._get(address)
        return self.asked[address]

    def again(self, address: str) -> Answer:
        """Ask anew."""
        return self._get(address)

    def json(self, address: str) -> Any:
        answer = self.get(address)
        return json.loads(answer.body) if answer.status == 200 else {}

    def rows_of(self, query: str = "") -> dict[str, dict[str, Any]]:
        """Every public row under a filter, by its number."""
        found, address = {}, f"{PUBLIC}/incidents?limit=1000{query}"
        while address:
            page = self.json(address)
            found |= {row["incident_id"]: row for row in page.get("items", [])}
            address = page.get("next")
        return found

    @cached_property
    def rows(self) -> dict[str, dict[str, Any]]:
        """Today's rows."""
        return self.rows_of()

    def watch(self, on: date) -> None:
        """Keep the copy of a day."""
        self.asked.clear()
        self.__dict__.pop("rows", None)
        gone = {number for batch in self.json(f"{PUBLIC}/batches").get("items", []) for number in batch["revoked"]}
        self.days.append(Snapshot(on=on, rows=self.rows, revoked=gone))
        self.work.append((on, self.json(f"{PUBLIC}/activities?limit=1000").get("items", [])))

    def shown(self, row: dict[str, Any]) -> BaseGeometry:
        """The area that a row names: its cell, cut by every district it names."""
        named = [row.get(f"adm{level}_pcode") for level in (1, 2, 3)]
        parts = [self.areas[code] for code in named if code in self.areas]
        if row.get("h3_cell"):
            parts.append(outline(row["h3_cell"]))
        area = parts[0] if parts else unary_union(list(self.areas.values()))
        for part in parts[1:]:
            area = area.intersection(part)
        return area

    def everything_public(self) -> list[str]:
        """Every address that the contract, the pages and the catalogue name, as far as it needs no number."""
        contract = self.json("/api/v1/openapi.json").get("paths", {})
        plain = [path for path, doors in contract.items() if "get" in doors and "{" not in path and "/public" in path]
        pages = ["/", "/map", "/map.js", "/map/table", "/data", "/bulletin", "/ogc", "/ogc/collections/incidents/items?limit=1000"]
        linked = {link for page in ("/data", "/ogc", "/map") for link in _links(self.get(page).text)}
        return sorted({*plain, *pages, *linked, f"{PUBLIC}/incidents.csv", f"{PUBLIC}/incidents.geojson"})


def outline(cell: str) -> Polygon:
    """An H3 cell in longitude and latitude."""
    return Polygon([(lon, lat) for lat, lon in h3.cell_to_boundary(cell)])


def around(lon: float, lat: float, metres: float = 50) -> BaseGeometry:
    """A small square round a point: "it is here"."""
    east, north = metres / 57_000, metres / 111_000
    return Polygon(
        [(lon - east, lat - north), (lon + east, lat - north), (lon + east, lat + north), (lon - east, lat + north)]
    )


def geometry(value: dict[str, Any]) -> BaseGeometry:
    """A GeoJSON geometry."""
    return shape(value)


def _links(page: str) -> set[str]:
    found = re.findall(r'(?:href|src)="(/(?:api/v1/public|ogc|data|map)[^"#]*)"', page)
    return {link.replace("&amp;", "&") for link in found}
