"""How many places of a kind exist around a record: counted from the dated baseline, for many records at once.

A record is hidden among places that EXIST, not among those that are damaged. Two lists may name one hospital twice, so lists
are never added up: of any kind there are as many as the list that knows most of it says. Cells are made by the chain of H3 parents
from the stored cell of resolution 9, for records and for places alike, so that both always fall into the same cell.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cache
from typing import Any

import h3
from shapely.geometry import Polygon
from sqlalchemy import func, select, text

from server.core.database import session
from server.places.models import BaselineSite
from server.publication.coarsening import CELLS, Counts, Whereabouts, cell_at, parent
from server.publication.kinds import OF_CLASS
from server.vocabulary import GeometryLevel, SensitivityClass, SiteType

COARSEST = 6
DEPTHS = (1, 2, 3)

# All sites in some cells of resolution 6: the numbers of a cell's descendants are one unbroken run.
_SITES_IN_CELLS = text("""
SELECT source, site_type, h3_r9, adm1_pcode, adm2_pcode, adm3_pcode, count(*) AS n
FROM unnest(CAST(:lows AS text[]), CAST(:highs AS text[])) AS wanted (low, high)
JOIN baseline_sites ON h3_r9 BETWEEN wanted.low AND wanted.high
GROUP BY 1, 2, 3, 4, 5, 6
""")

_AREAS_OF_CELLS = text("""
SELECT wanted.cell, area.level, area.pcode
FROM unnest(CAST(:cells AS text[]), CAST(:shapes AS text[])) AS wanted (cell, shape)
JOIN admin_areas AS area ON area.level IN (1, 2, 3) AND ST_Intersects(area.shape, ST_GeomFromText(wanted.shape, 4326))
""")


class Tally:
    """How many places of each kind there are, list by list."""

    def __init__(self) -> None:
        self._by_list: dict[str, Counter[str]] = defaultdict(Counter)
        self._of_class: dict[SensitivityClass, tuple[int, ...]] = {}

    def add(self, source: str, kinds: tuple[str, ...], n: int) -> None:
        """Count `n` places of one type, under all its kinds."""
        counter = self._by_list[source]
        for kind in kinds:
            counter[kind] += n
        self._of_class.clear()

    def take_in(self, other: "Tally") -> None:
        """Count what another tally counted as well, list by list."""
        for source, counter in other._by_list.items():  # noqa: SLF001 - of its own class
            self._by_list[source].update(counter)
        self._of_class.clear()

    def of_class(self, kind: SensitivityClass) -> tuple[int, ...]:
        """How many there are of each type of a class, in the order of the types."""
        if kind not in self._of_class:
            self._of_class[kind] = tuple(self[site.value] for site in OF_CLASS[kind])
        return self._of_class[kind]

    def __getitem__(self, kind: str) -> int:
        """What the list says that knows most of the kind."""
        return max((counter[kind] for counter in self._by_list.values()), default=0)


class Neighbourhood:
    """The sites that exist around some places, and which areas share each cell. One serves a whole batch of records."""

    def __init__(self) -> None:
        self._in_area, self._districts = _count_areas()
        self._left_over: dict[tuple[str | None, str], Tally] = {}
        self._in_cell: dict[str, Tally] = defaultdict(Tally)
        self._in_piece: dict[tuple[str, int], dict[str | None, Tally]] = defaultdict(lambda: defaultdict(Tally))
        self._known: set[str] = set()
        self._around: dict[tuple[str | None, tuple[str | None, ...]], _Around] = {}

    def reach(self, places: Iterable[Whereabouts]) -> None:
        """Count what exists around some more places; cells that are known already cost nothing."""
        fine = {place.h3_r9 for place in places if place.h3_r9}
        cells = {parent(cell, resolution) for cell in fine for resolution in CELLS.values()}
        new = sorted(cells - self._known)
        self._known.update(new)
        self._count_sites([cell for cell in new if h3.get_resolution(cell) == COARSEST])
        self._add_pieces_without_sites(new)

    def around(self, place: Whereabouts) -> Counts:
        """How many sites of each kind exist in every area the place could be shown as, counted when asked."""
        return self._around.setdefault((place.h3_r9, place.pcodes), _Around(self, place))

    def count(self, place: Whereabouts, kind: str, area: str) -> int:
        """How many sites of a kind exist in an area of a place: "H3_8", "ADM2", a pair such as "H3_8&ADM3", or what is left over."""
        return min((sites[kind] for sites in self._tallies(place, area)), default=0)

    def of_class(self, place: Whereabouts, kind: SensitivityClass, area: str) -> tuple[int, ...]:
        """The same for all types of a class at once, in the order of the types."""
        found = [sites.of_class(kind) for sites in self._tallies(place, area)]
        if len(found) == 1:
            return found[0]
        return tuple(map(min, zip(*found, strict=True))) if found else (0,) * len(OF_CLASS[kind])

    def _tallies(self, place: Whereabouts, area: str) -> Collection[Tally]:
        """The sites in an area of a place; of a pair those of each piece of the cell, for a blank beside names tells as much."""
        level, _, beside = area.partition("&ADM")
        if level.startswith("ADM1-ADM2:"):
            return (self._beside_full_districts(place, level),)
        if not level.startswith("H3_"):
            pcode = place.pcodes[int(level.removeprefix("ADM")) - 1] if level.startswith("ADM") else None
            return (self._in_area[pcode],) if pcode in self._in_area else ()
        cell = cell_at(place, GeometryLevel(level))
        if beside:
            pieces = self._in_piece.get((cell or "", int(beside)), {})
            return pieces.values() if place.pcodes[int(beside) - 1] in pieces else ()
        return (self._in_cell[cell],) if cell is not None and cell in self._in_cell else ()

    def _beside_full_districts(self, place: Whereabouts, area: str) -> Tally:
        """The sites of a region in districts with fewer than k of a class ("ADM1-ADM2:S3<3"); of all of it where the place's has k."""
        region, district, _ = place.pcodes
        kind, _, k = area.removeprefix("ADM1-ADM2:").partition("<")
        if district is None or self._has(district, kind) >= int(k):
            return self._in_area.get(region or "", Tally())
        if (region, area) not in self._left_over:
            found = self._left_over[region, area] = Tally()
            for code in self._districts.get(region or "", ()):
                if self._has(code, kind) < int(k):
                    found.take_in(self._in_area[code])
        return self._left_over[region, area]

    def _has(self, pcode: str, kind: str) -> int:
        return self._in_area[pcode][kind] if pcode in self._in_area else 0

    def _count_sites(self, coarsest: list[str]) -> None:
        runs = [run_of(cell) for cell in coarsest]
        found = session.execute(
            _SITES_IN_CELLS, {"lows": [low for low, _ in runs], "highs": [high for _, high in runs]}
        )
        for site in found:
            kinds = kinds_of(site.site_type)
            for resolution in CELLS.values():
                cell = parent(site.h3_r9, resolution)
                self._in_cell[cell].add(site.source, kinds, site.n)
                for depth, pcode in enumerate((site.adm1_pcode, site.adm2_pcode, site.adm3_pcode), start=1):
                    self._in_piece[cell, depth][pcode].add(site.source, kinds, site.n)

    def _add_pieces_without_sites(self, cells: list[str]) -> None:
        shapes = [cell_shape(cell).wkt for cell in cells]
        for found in session.execute(_AREAS_OF_CELLS, {"cells": cells, "shapes": shapes}):
            self._in_piece[found.cell, found.level].setdefault(found.pcode, Tally())


class _Around(Mapping[tuple[str, str], int]):
    """The counts around one place as the rules ask for them: of the hundred there are, a judgement needs a handful."""

    def __init__(self, neighbourhood: Neighbourhood, place: Whereabouts) -> None:
        self._neighbourhood, self._place = neighbourhood, place
        self._counted: dict[tuple[str, str], int] = {}

    def __getitem__(self, asked: tuple[str, str]) -> int:
        if asked not in self._counted:
            self._counted[asked] = self._neighbourhood.count(self._place, *asked)
        return self._counted[asked]

    def get(self, asked: tuple[str, str], default: Any = 0) -> Any:
        """How many there are."""
        return self[asked]

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(())

    def __len__(self) -> int:
        return 0


@cache
def kinds_of(site_type: str) -> tuple[str, ...]:
    """The names under which a site of a type is counted: its class and its type."""
    site = next(kind for kind in SiteType if kind == site_type)
    return site.sensitivity.value, site.value


def cell_shape(cell: str) -> Polygon:
    """The outline of an H3 cell in longitude and latitude."""
    return Polygon([(lon, lat) for lat, lon in h3.cell_to_boundary(cell)])


def _count_areas() -> tuple[dict[str, Tally], dict[str, set[str]]]:
    """How many sites of each kind there are in every region and district, and the districts of each region."""
    found: dict[str, Tally] = defaultdict(Tally)
    districts: dict[str, set[str]] = defaultdict(set)
    by = BaselineSite.source, BaselineSite.site_type, BaselineSite.adm1_pcode, BaselineSite.adm2_pcode
    for row in session.execute(select(*by, func.count().label("n")).group_by(*by)):
        for pcode in (code for code in (row.adm1_pcode, row.adm2_pcode) if code):
            found[pcode].add(row.source, kinds_of(row.site_type), row.n)
        if row.adm1_pcode and row.adm2_pcode:
            districts[row.adm1_pcode].add(row.adm2_pcode)
    return found, districts


def run_of(cell: str) -> tuple[str, str]:
    """The first and last possible number of a descendant at resolution 9, as H3 writes them."""
    low = h3.str_to_int(h3.cell_to_center_child(cell, CELLS[GeometryLevel.H3_9]))
    deeper = CELLS[GeometryLevel.H3_9] - h3.get_resolution(cell)
    widest = ((1 << 3 * deeper) - 1) << (3 * (15 - CELLS[GeometryLevel.H3_9]))
    return h3.int_to_str(low), h3.int_to_str(low | widest)
