"""How many places of a kind exist around a record: counted from the dated baseline, for many records at once.

A record is hidden among places that EXIST, not among those that are damaged. Two lists may name one hospital twice, so lists
are never added up: of any kind there are as many as the list that knows most of it says. Cells are made by the chain of H3 parents
from the stored cell of resolution 9, for records and for places alike, so that both always fall into the same cell.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any

import h3
from shapely.geometry import Polygon
from sqlalchemy import func, select, text

from server.core.database import session
from server.places.models import BaselineSite
from server.publication.coarsening import CELLS, Counts, Whereabouts, cell_at, parent
from server.vocabulary import GeometryLevel, SiteType

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

    def add(self, source: str, kinds: tuple[str, ...], n: int) -> None:
        """Count `n` places of one type, under all its kinds."""
        counter = self._by_list[source]
        for kind in kinds:
            counter[kind] += n

    def __getitem__(self, kind: str) -> int:
        """What the list says that knows most of the kind."""
        return max((counter[kind] for counter in self._by_list.values()), default=0)


class Neighbourhood:
    """The sites that exist around some places, and which areas share each cell. One serves a whole batch of records."""

    def __init__(self) -> None:
        self._in_area = _count_areas()
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
        """How many sites of a kind exist in an area of a place: "H3_8", "ADM2" or a pair such as "H3_8&ADM3"."""
        level, _, beside = area.partition("&ADM")
        if not level.startswith("H3_"):
            pcode = place.pcodes[int(level.removeprefix("ADM")) - 1] if level.startswith("ADM") else None
            return self._in_area[pcode][kind] if pcode in self._in_area else 0
        cell = cell_at(place, GeometryLevel(level))
        if cell is None or cell not in self._in_cell:
            return 0
        return self._smallest_piece(cell, int(beside), place, kind) if beside else self._in_cell[cell][kind]

    def _smallest_piece(self, cell: str, depth: int, place: Whereabouts, kind: str) -> int:
        """The fewest sites of the kind in any piece of the cell: a blank beside its neighbours' names tells as much."""
        pieces = self._in_piece.get((cell, depth), {})
        return min(sites[kind] for sites in pieces.values()) if place.pcodes[depth - 1] in pieces else 0

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
    """The names under which a site of a type is counted: its class, its group and its type."""
    site = next(kind for kind in SiteType if kind == site_type)
    return (site.sensitivity.value, site.group.value, *((site.value,) if site.value != site.group.value else ()))


def cell_shape(cell: str) -> Polygon:
    """The outline of an H3 cell in longitude and latitude."""
    return Polygon([(lon, lat) for lat, lon in h3.cell_to_boundary(cell)])


def _count_areas() -> dict[str, Tally]:
    """How many sites of each kind there are in every region and district."""
    found: dict[str, Tally] = defaultdict(Tally)
    for column in (BaselineSite.adm1_pcode, BaselineSite.adm2_pcode):
        by = BaselineSite.source, BaselineSite.site_type, column.label("pcode")
        counted = select(*by, func.count().label("n")).where(column.is_not(None)).group_by(*by[:2], column)
        for row in session.execute(counted):
            found[row.pcode].add(row.source, kinds_of(row.site_type), row.n)
    return found


def run_of(cell: str) -> tuple[str, str]:
    """The first and last possible number of a descendant at resolution 9, as H3 writes them."""
    low = h3.str_to_int(h3.cell_to_center_child(cell, CELLS[GeometryLevel.H3_9]))
    deeper = CELLS[GeometryLevel.H3_9] - h3.get_resolution(cell)
    widest = ((1 << 3 * deeper) - 1) << (3 * (15 - CELLS[GeometryLevel.H3_9]))
    return h3.int_to_str(low), h3.int_to_str(low | widest)
