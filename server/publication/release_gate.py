"""The gate of a dated data set: tests that stop it before anybody is asked to sign, after design and standards §4.4.

Each looks at the frozen rows, or at the files themselves, with other eyes than those that wrote them. A test gives what it
found, in words and numbers of rows; nothing found is passed.
"""

import csv
import re
import sqlite3
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import Row, TextClause, select, text

from server.core.cells import escape_cell
from server.core.choices import N_
from server.core.clock import now
from server.core.database import session
from server.core.schemas import csv_header
from server.places.models import BaselineSite, Site
from server.publication import changing, five_w_files, five_w_gate
from server.publication.candidates import cases
from server.publication.gate import findings, names_for_gate
from server.publication.release_models import ReleaseDraft
from server.publication.rows import WORDS, still_fits
from server.publication.rules import judge
from server.publication.schemas import PublicIncident
from server.vocabulary import Certainty, DamageGrade, Decision, SensitivityClass, SiteGroup, SiteType, Tier

MOST = 20  # numbers of rows that are named; the first few lead to the fault
TESTS: dict[str, str] = {
    "columns": N_("Only the columns that may be public are in the files."),
    "places": N_("No place is more exact than its level says, and nothing outlines a point that is an area."),
    "rules": N_("The rules would still show every row as it is: its wait, its area, its neighbours."),
    "words": N_("No telephone number, address, link, number plate or known name is in any words."),
    "activities": N_("Who does what where names nobody who did not agree, no place and no small number."),
    "cells": N_("No cell of a table starts a formula."),
    "files": N_("Every file opens, and holds as many rows as the data set."),
}

_MISPLACED = text(r"""
SELECT incident_id FROM pg_temp.frozen_incidents row LEFT JOIN pg_temp.frozen_areas area ON area.code = row.area_code
WHERE (row.geo_level <> 'POINT' AND (row.lat IS NOT NULL OR row.lon IS NOT NULL OR area.code IS NULL))
   OR (row.geo_level = 'POINT' AND (row.lat IS NULL OR row.lon IS NULL
       OR row.lat <> round(row.lat::numeric, 5)::float OR row.lon <> round(row.lon::numeric, 5)::float))
   OR (row.geo_level NOT LIKE 'H3%' AND row.geo_level <> 'POINT' AND row.h3_cell IS NOT NULL
       AND row.h3_cell IS DISTINCT FROM row.area_code)
   OR (row.geo_level <> 'POINT' AND area.geo_level <> row.geo_level)
ORDER BY 1
""")
_WORDS = text(f"SELECT incident_id, {', '.join(WORDS)} FROM pg_temp.frozen_incidents")  # noqa: S608 - names of our columns
_BEHIND = text("""
SELECT behind.id FROM incidents behind WHERE behind.id IN (
  SELECT told.incident_id FROM disclosures told
  JOIN pg_temp.frozen_incidents row ON row.incident_id = told.published_id WHERE told.ended_at IS NULL
) ORDER BY behind.h3_r9, behind.id
""")
_POINTS = text(
    "SELECT incident_id FROM pg_temp.frozen_incidents WHERE geo_level = 'POINT' AND incident_id = ANY(:among)"
)


def examine(
    draft: ReleaseDraft, folder: Path, *, heard: Callable[[int], None] = lambda _done: None
) -> dict[str, list[str]]:
    """What each test found, by its name; an empty list is passed. The edition is laid out, and its files are in `folder`."""
    paths = sorted(folder.iterdir())
    tests: dict[str, Callable[[], Iterator[str]]] = {
        "columns": lambda: _columns(paths),
        "places": _places,
        "rules": lambda: iter(()) if draft.remakes else _rules(),
        "words": _words,
        "activities": lambda: _activities(draft, paths),
        "cells": lambda: _cells(paths),
        "files": lambda: _files(paths, rows=draft.rows_total),
    }
    found = {}
    for done, (name, look) in enumerate(tests.items(), start=1):
        found[name] = sorted(set(look()))[:MOST]
        heard(done)
    return found


def _columns(paths: list[Path]) -> Iterator[str]:
    allowed = csv_header(PublicIncident)
    for path in _tables(paths):
        with path.open(encoding="utf-8-sig", newline="") as file:
            if next(csv.reader(file)) != allowed:
                yield path.name


def _places() -> Iterator[str]:
    yield from session.scalars(_MISPLACED)


def _rules() -> Iterator[str]:
    """Rows that the rules would not show now as they stand, and points of places that are never shown as points."""
    never_points = []
    rules = changing.in_force(now())
    for case in cases((row.id for row in _streamed(_BEHIND)), now=now()):
        verdict = judge(case.candidate, surroundings=case.surroundings, tier=Tier.PUBLIC, policy=rules)
        shown = verdict.decision in (Decision.PUBLISH, Decision.HOLD_UNTIL) and case.last_disclosed is not None
        if not (shown and still_fits(case.last_disclosed or {}, verdict=verdict)):
            yield str(case.published_id)
        if verdict.sensitivity is SensitivityClass.S4:
            never_points.append(case.published_id)
    yield from session.scalars(_POINTS, {"among": never_points})


def _words() -> Iterator[str]:
    known = _known_names()
    for row in _streamed(_WORDS):
        if findings(row.summary or "", names=known) or findings(row.site_name or ""):
            yield row.incident_id


def _known_names() -> frozenset[str]:
    names = select(Site.name).where(Site.name != "").union(select(BaselineSite.name).where(BaselineSite.name != ""))
    harmless = [choice.label for choice in (*SiteType, *SiteGroup, *DamageGrade, *Certainty)]
    return names_for_gate(session.scalars(names), harmless=harmless)


def _activities(draft: ReleaseDraft, paths: list[Path]) -> Iterator[str]:
    yield from five_w_gate.faults(draft, names=_known_names())
    for path in (
        path
        for path in paths
        if path.suffix == ".csv" and path.name.startswith("5w-") and path.name != "5w-columns.csv"
    ):
        with path.open(encoding="utf-8-sig", newline="") as file:
            if next(csv.reader(file)) != list(five_w_files.COLUMNS):
                yield path.name


def _streamed(query: TextClause) -> Iterator[Row[Any]]:
    """The rows of a query, some thousand at a time: a data set may have a million."""
    yield from session.execute(query, execution_options={"yield_per": 5_000})


def _cells(paths: list[Path]) -> Iterator[str]:
    for path in (path for path in paths if path.suffix == ".csv"):
        with path.open(encoding="utf-8-sig", newline="") as file:
            for number, row in enumerate(csv.reader(file), start=1):
                if any(_starts_a_formula(cell) for cell in row):
                    yield f"{path.name}:{number}"


def _starts_a_formula(cell: str) -> bool:
    """Whether a spreadsheet might run it; most cells begin with a letter or a digit, and none of them is looked at closer."""
    return bool(cell) and not (cell[0].isalnum() or cell[0] == "'") and escape_cell(cell).startswith("'")


def _files(paths: list[Path], *, rows: int) -> Iterator[str]:
    for path in paths:
        count = _COUNTS.get(path.suffix)
        try:
            found = count(path) if count else None
        except (OSError, ValueError, sqlite3.Error, zipfile.BadZipFile):
            yield path.name
            continue
        if path.stat().st_size == 0 or (found is not None and path.name.startswith("tessera-") and found != rows):
            yield path.name


def _csv_rows(path: Path) -> int:
    with path.open(encoding="utf-8-sig", newline="") as file:
        heads = 2 if path.name.endswith(".hxl.csv") else 1
        return sum(1 for _row in csv.reader(file)) - heads


def _geojson_rows(path: Path) -> int:
    with path.open("rb") as file:
        return sum(len(re.findall(rb'"type": ?"Feature"', line)) for line in file)


def _geopackage_rows(path: Path) -> int:
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as opened:
        found = opened.execute("SELECT table_name FROM gpkg_contents WHERE data_type = 'features'").fetchall()
        return sum(opened.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for (name,) in found)  # noqa: S608 - its own names


def _zip_opens(path: Path) -> None:
    with zipfile.ZipFile(path) as opened:
        if opened.testzip() is not None:
            raise zipfile.BadZipFile(path.name)


def _json_opens(path: Path) -> None:
    orjson.loads(path.read_bytes())


def _tables(paths: list[Path]) -> list[Path]:
    return [path for path in paths if path.suffix == ".csv" and path.name.startswith("tessera-")]


_COUNTS: dict[str, Callable[[Path], int | None]] = {
    ".csv": _csv_rows,
    ".geojson": _geojson_rows,
    ".gpkg": _geopackage_rows,
    ".xlsx": _zip_opens,
    ".zip": _zip_opens,
    ".json": _json_opens,
}
