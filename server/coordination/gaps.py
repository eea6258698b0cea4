"""Where help is short and where it is doubled: needs and organisations at work, by area and sector, counted exactly.

The counts of needs come from ``need_counts`` and the log of what changed since (a trigger writes it, ``fold`` gathers it), so a
matrix over a million needs costs what the districts and sectors cost. Activities are counted as they are.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import text

from server.coordination.need_flow import Mark, mark_of
from server.core.database import session
from server.vocabulary import Sector

NOWHERE = ""  # an area nobody knows

_NEEDS = """
SELECT {area} AS area, sector, sum(n) FILTER (WHERE status = 'OPEN') AS untaken,
       sum(n) FILTER (WHERE status IN ('OPEN','REFERRED','IN_PROGRESS','PARTIALLY_MET')) AS live,
       sum(n) FILTER (WHERE status IN ('OPEN','REFERRED','IN_PROGRESS','PARTIALLY_MET') AND urgency = 'U1') AS pressing,
       sum(n) FILTER (WHERE status = 'MET') AS met
FROM (
  SELECT adm1_pcode, adm2_pcode, sector, urgency, status, n FROM need_counts
  UNION ALL SELECT adm1_pcode, adm2_pcode, sector, urgency, status, step FROM need_changes
) AS parts WHERE CAST(:within AS text) IS NULL OR adm1_pcode = :within
GROUP BY 1, 2
"""
_AT_WORK = """
SELECT coalesce({area}, '') AS area, sector, organisation_id, sum(activities)::int AS activities, sum(reached)::bigint AS reached FROM (
  SELECT adm1_pcode, adm2_pcode, sector, organisation_id, 1 AS activities, CASE WHEN unit = 'PERSON' THEN coalesce(reached, 0) ELSE 0 END AS reached
  FROM activities WHERE status IN ('PLANNED', 'ONGOING')
  UNION ALL
  SELECT n.adm1_pcode, n.adm2_pcode, n.sector, c.organisation_id, 0, 0
  FROM need_claims c JOIN needs n ON n.id = c.need_id WHERE c.ended_at IS NULL
) AS parts WHERE CAST(:within AS text) IS NULL OR adm1_pcode = :within
GROUP BY 1, 2, 3
"""
_COLUMNS = {1: "adm1_pcode", 2: "adm2_pcode"}
_NEEDS_BY = {level: text(_NEEDS.format(area=column)) for level, column in _COLUMNS.items()}
_AT_WORK_BY = {level: text(_AT_WORK.format(area=column)) for level, column in _COLUMNS.items()}


@dataclass
class Cell:
    """One area in one sector: needs nobody took on, those not met yet, life-saving ones among them, met ones; who is at work."""

    untaken: int = 0
    live: int = 0
    pressing: int = 0
    met: int = 0
    activities: int = 0
    reached: int = 0
    organisations: set[UUID] = field(default_factory=set)

    @property
    def mark(self) -> Mark:
        """Gap, short, overlap, covered or quiet."""
        return mark_of(self.untaken, self.organisations)

    def add(self, other: "Cell") -> None:
        """Take another cell's numbers in; an organisation counts once."""
        for name in ("untaken", "live", "pressing", "met", "activities", "reached"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.organisations |= other.organisations


@dataclass(frozen=True)
class Matrix:
    """Cells by area and sector, the sum of each area, of each sector and of all."""

    cells: Mapping[str, Mapping[Sector, Cell]]
    areas: Mapping[str, Cell]
    sectors: Mapping[Sector, Cell]
    total: Cell


def matrix(*, within: str | None = None, sectors: Iterable[Sector] = (), level: int = 0) -> Matrix:
    """The matrix of all regions, or of the districts ``within`` one (a P-code); of all sectors in which there is anything.

    ``level`` asks for all regions (1) or all districts (2) of the response.
    """
    level, wanted = level or (2 if within else 1), set(sectors)
    cells: dict[str, dict[Sector, Cell]] = defaultdict(dict)
    for row in session.execute(_NEEDS_BY[level], {"within": within}):
        if any((row.untaken, row.live, row.met)):
            cell = cells[row.area].setdefault(Sector(row.sector), Cell())
            cell.add(Cell(untaken=row.untaken or 0, live=row.live or 0, pressing=row.pressing or 0, met=row.met or 0))
    for row in session.execute(_AT_WORK_BY[level], {"within": within}):
        cell = cells[row.area].setdefault(Sector(row.sector), Cell())
        cell.add(Cell(activities=row.activities, reached=row.reached, organisations={row.organisation_id}))
    kept = {area: {sector: cell for sector, cell in row.items() if not wanted or sector in wanted} for area, row in cells.items()}
    return _summed({area: row for area, row in kept.items() if row})


def _summed(cells: Mapping[str, Mapping[Sector, Cell]]) -> Matrix:
    areas: dict[str, Cell] = {area: Cell() for area in cells}
    sectors: dict[Sector, Cell] = {sector: Cell() for sector in Sector if any(sector in row for row in cells.values())}
    total = Cell()
    for area, row in cells.items():
        for sector, cell in row.items():
            for into in (areas[area], sectors[sector], total):
                into.add(cell)
    return Matrix(cells, areas, sectors, total)


_FOLD = text("""
WITH taken AS (
  DELETE FROM need_changes WHERE ctid = ANY (ARRAY(SELECT ctid FROM need_changes LIMIT :most FOR UPDATE SKIP LOCKED))
  RETURNING adm1_pcode, adm2_pcode, sector, urgency, status, step
), folded AS (
  INSERT INTO need_counts AS kept (adm1_pcode, adm2_pcode, sector, urgency, status, n)
  SELECT adm1_pcode, adm2_pcode, sector, urgency, status, sum(step) FROM taken GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5
  ON CONFLICT (adm1_pcode, adm2_pcode, sector, urgency, status) DO UPDATE SET n = kept.n + excluded.n
)
SELECT count(*) FROM taken
""")
_ONE_FOLDER = text("SELECT pg_try_advisory_xact_lock(727223)")


def fold(most: int = 100_000) -> int:
    """Gather the oldest changes into the counts; returns how many. Two at once would lock one another: one gives way."""
    if not session.scalar(_ONE_FOLDER):
        return 0
    return session.scalar(_FOLD, {"most": most}) or 0
