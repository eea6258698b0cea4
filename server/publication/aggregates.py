"""Small numbers in public tables: hidden, hidden twice where the totals would give one away, and rounded. Pure.

A table is ``{row: {column: count}}``. A hidden count is shown as "<5"; a second count that is hidden only to protect
the first is shown as "…" whatever it is.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from server.publication.policy import SmallCells

HIDDEN = "…"
Shown = int | str


@dataclass(frozen=True, kw_only=True)
class SafeTable:
    """A table that may be shown: cells, and totals that cannot be used to work a hidden cell out."""

    cells: dict[str, dict[str, Shown]]
    row_totals: dict[str, Shown]
    column_totals: dict[str, Shown]
    total: Shown


@dataclass
class _Lines:
    """The counts, and which of them are hidden, while the table is made safe."""

    counts: Mapping[str, Mapping[str, int]]
    columns: list[str]
    small: set[tuple[str, str]] = field(default_factory=set)
    hidden: set[tuple[str, str]] = field(default_factory=set)

    def all(self) -> list[list[tuple[str, str]]]:
        """Every row and every column, as the cells in it."""
        rows = [[(row, column) for column in self.columns] for row in self.counts]
        return rows + [[(row, column) for row in self.counts] for column in self.columns]

    def at(self, cell: tuple[str, str]) -> int:
        return self.counts[cell[0]].get(cell[1], 0)


def small_cells(
    table: Mapping[str, Mapping[str, int]], *, rule: SmallCells, rounded: frozenset[str] = frozenset()
) -> SafeTable:
    """Make a table safe to show. Columns named in `rounded` (classes S3 and S4), and all totals, are rounded."""
    columns = sorted({column for row in table.values() for column in row})
    lines = _Lines(table, columns)
    lines.small = {cell for line in lines.all() for cell in line if 0 < lines.at(cell) < rule.min_count}
    lines.hidden = set(lines.small)
    if rule.complementary:
        _hide_complements(lines)
    step = rule.round_to
    return SafeTable(
        cells={row: {column: _shown(lines, (row, column), rule, rounded) for column in columns} for row in table},
        row_totals={row: _total(sum(cells.values()), rule) for row, cells in table.items()},
        column_totals={column: _total(sum(row.get(column, 0) for row in table.values()), rule) for column in columns},
        total=_round(sum(sum(row.values()) for row in table.values()), step),
    )


def _hide_complements(lines: _Lines) -> None:
    """Where a row or a column hides exactly one cell, hide the smallest of the others too, until none is left alone."""
    changed = True
    while changed:
        changed = False
        for line in lines.all():
            open_cells = [cell for cell in line if cell not in lines.hidden]
            if len(line) - len(open_cells) == 1 and open_cells:
                lines.hidden.add(min(open_cells, key=lambda cell: (lines.at(cell) == 0, lines.at(cell), cell)))
                changed = True


def _shown(lines: _Lines, cell: tuple[str, str], rule: SmallCells, rounded: frozenset[str]) -> Shown:
    if cell in lines.small:
        return f"<{rule.min_count}"
    if cell in lines.hidden:
        return HIDDEN
    return _round(lines.at(cell), rule.round_to) if cell[1] in rounded else lines.at(cell)


def _total(count: int, rule: SmallCells) -> Shown:
    return f"<{rule.min_count}" if 0 < count < rule.min_count else _round(count, rule.round_to)


def _round(count: int, step: int) -> int:
    """To the nearest multiple, a half up."""
    return (count + step // 2) // step * step
