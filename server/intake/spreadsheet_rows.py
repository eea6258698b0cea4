"""One row of a stranger's table, read into the values of a report.

Only what would put the damage in a wrong place is refused, and an impossible value of a code. What cannot be read is kept
as unread words, and a flag says so.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta, tzinfo
from functools import partial
from typing import Any
from uuid import UUID, uuid4

from server.core.problems import Problem
from server.intake import cells
from server.intake.drafts import draft_of
from server.intake.spreadsheet_places import pinned, read_where
from server.intake.tables import ADDED, Row
from server.reports.draft import Draft
from server.reports.models import TEXT_LIMIT
from server.vocabulary import Channel, DamageScale, EventPrecision, SiteType, SourceType, UnknownGrade, crosswalk

KEY_LIMIT, GRADE_LIMIT = 128, 64


@dataclass(frozen=True, kw_only=True)
class Frame:
    """How the rows of one table are read: ``mapping`` is ``{heading: target}``, ``words`` ``{field: {word: code}}``."""

    mapping: Mapping[str, str]
    words: Mapping[str, Mapping[str, str]]
    kinds: Mapping[str, str]
    zone: tzinfo
    limits: Mapping[str, int] = field(default_factory=dict)
    day_first: bool = True
    scale: DamageScale | None = None
    source_type: SourceType = SourceType.PARTNER_DB
    lang: str = "und"


@dataclass(frozen=True, kw_only=True)
class ReadRow:
    """What came of a row: a draft, or the columns and sentences for which it is refused. ``key`` is the sender's, or ""."""

    number: int
    key: str = ""
    draft: Draft | None = None
    refusals: tuple[tuple[str, str], ...] = ()


def read_row(row: Row, headings: tuple[str, ...], frame: Frame, *, import_id: UUID) -> ReadRow:
    """Read one row of a table."""
    if row.refusal:
        return ReadRow(number=row.number, refusals=(("", row.refusal),))
    reading = _Reading(row, dict(zip(headings, row.cells, strict=True)), frame)
    reading.read()
    key = reading.key()
    if reading.refusals:
        return ReadRow(number=row.number, key=key, refusals=tuple(reading.refusals))
    body = json.dumps(
        {"given": reading.given, "unread": reading.unread}, ensure_ascii=False, sort_keys=True, separators=(",", ":")
    ).encode()
    make = partial(draft_of, number=uuid4(), channel=Channel.BULK, body=body, import_id=import_id)
    try:
        draft = make(reading.given, unread=reading.unread, flags=tuple(dict.fromkeys(reading.flags)))
    except Problem as problem:
        return ReadRow(
            number=row.number,
            key=key,
            refusals=tuple((reading.heading_of(e["field"]), e["message"]) for e in problem.errors),
        )
    return ReadRow(number=row.number, key=key, draft=draft)


class _Reading:
    """A row while it is read: what is given, what stays unread, what is flagged, what is refused."""

    def __init__(self, row: Row, cells_by_heading: dict[str, str], frame: Frame) -> None:
        self.row, self.cells, self.frame = row, cells_by_heading, frame
        self.given: dict[str, Any] = {"source_type": frame.source_type.value, "lang": frame.lang}
        told = {*frame.mapping, *ADDED}
        self.unread = {heading: cell for heading, cell in cells_by_heading.items() if cell and heading not in told}
        self.flags = list(row.flags)
        self.refusals: list[tuple[str, str]] = []

    def read(self) -> None:
        self._read_place()
        self._read_time()
        self._read_damage()
        for target in dict.fromkeys(self.frame.mapping.values()):
            if kind := self.frame.kinds.get(target):
                getattr(self, f"_read_{kind}")(target)
        self._read_words()

    def key(self) -> str:
        """The sender's own number of the row; a very long one by its hash."""
        key = self._cell("row_key")
        return key if len(key) <= KEY_LIMIT else hashlib.sha256(key.encode()).hexdigest()

    def heading_of(self, name: str) -> str:
        """The column that told a field, as the sender calls it; the field itself if no column did."""
        told = {target: heading for heading, target in reversed(list(self.frame.mapping.items()))}
        return told.get(name) or (told.get("lat") or told.get("place") or name if name == "point" else name)

    def _cell(self, target: str) -> str:
        """The first filled cell of a target; "" where nothing is said."""
        return next((cell for _heading, cell in self._cells(target)), "")

    def _cells(self, target: str) -> list[tuple[str, str]]:
        return [
            (heading, self.cells[heading]) for heading, told in self.frame.mapping.items()
            if told == target and not cells.is_nothing(self.cells[heading])
        ]  # fmt: skip

    def _keep(self, target: str, flag: str = "") -> None:
        """Keep a target's words unread, and say so."""
        self.unread.update(self._cells(target))
        if flag and self._cells(target):
            self.flags.append(flag)

    # where

    def _read_place(self) -> None:
        told = {target: self._cell(target) for target in ("lat", "lon", "place")}
        found = (self.row.point and pinned(*self.row.point)) or read_where(**told)
        self.given.update(found.given)
        self.flags += found.flags
        if found.refusal:
            self.refusals.append((self.heading_of("lat" if told["lat"] else "lon"), found.refusal))
        for target in found.unused:
            self._keep(target)

    # when

    def _read_time(self) -> None:
        if self._cell("event_date"):
            clock = self._cell("event_time")
            self._span(self._moment("event_date", clock), "event_date")
            self._keep("reported_at")
        elif self._cell("event_earliest") or self._cell("event_latest"):
            self._read_interval()
            self._keep("reported_at")
        elif self._cell("reported_at"):
            self._read_report_time()

    def _moment(self, target: str, clock: str = "") -> cells.Interval | None:
        read = partial(cells.read_moment, zone=self.frame.zone, day_first=self.frame.day_first)
        day = self._cell(target)
        return (read(f"{day} {clock}") if clock else None) or read(day)

    def _span(self, interval: cells.Interval | None, target: str) -> None:
        if interval is None:
            self._keep(target, "time_unread")
            return
        self.given.update(
            event_earliest=interval[0].isoformat(),
            event_latest=interval[1].isoformat(),
            event_precision=interval[2].value,
        )

    def _read_interval(self) -> None:
        first, last = self._moment("event_earliest"), self._moment("event_latest")
        for target, moment in (("event_earliest", first), ("event_latest", last)):
            if moment is None:
                self._keep(target, "time_unread")
        first, last = first or last, last or first
        if first and last:
            self._span((first[0], last[1], _precision(last[1] - first[0])), "event_earliest")

    def _read_report_time(self) -> None:
        """A report tells of what happened before it: that day, or the day up to its hour."""
        moment = self._moment("reported_at")
        if moment and moment[2] is EventPrecision.EXACT_MIN:
            moment = (moment[0] - timedelta(days=1), moment[1], EventPrecision.DAY)
        self._span(moment, "reported_at")
        if moment:
            self.flags.append("time_of_report")

    # how badly

    def _read_damage(self) -> None:
        best = cells.read_number(self._cell("damage_best")) if self._cell("damage_best") else None
        grade = self._cell("damage") or (f"D{best:.0f}" if best is not None and best in range(5) else "")
        scale = self._scale(self._cell("source_scale")) or self.frame.scale
        if not grade:
            self._keep("damage_best")
        elif scale is not None:
            self._cross(scale, grade)
        elif code := cells.read_code(grade, self.frame.words["damage"]):
            self.given["damage"] = code
        else:
            self._keep_grade(grade)

    def _scale(self, word: str) -> DamageScale | None:
        return DamageScale(word.upper()) if word.upper() in DamageScale.codes() else None

    def _cross(self, scale: DamageScale, grade: str) -> None:
        self.given.update(source_scale=scale.value, source_grade=grade[:GRADE_LIMIT])
        try:
            interval = crosswalk(scale, grade)
        except UnknownGrade:
            self._keep_grade(grade)
            return
        self.given["damage"] = interval.best.value
        if interval.min is not None and interval.max is not None:
            self.given.update(damage_min=interval.min.level, damage_max=interval.max.level)
        if interval.certainty is not None:
            self.flags.append("possible_only")

    def _keep_grade(self, grade: str) -> None:
        """A grade of no scale we know is kept as the source's own; it is never guessed."""
        self.given["source_grade"] = grade[:GRADE_LIMIT]
        self.flags.append("grade_unread")
        if len(grade) > GRADE_LIMIT:
            self._keep("damage")

    # the other columns, by the kind of their field

    def _read_code(self, target: str) -> None:
        if not (word := self._cell(target)):
            return
        if code := cells.read_code(word, self.frame.words[target]):
            self.given[target] = code
        else:
            self._keep(target)
            if target == "site_type":
                self.given[target] = SiteType.UNK.value

    def _read_codes(self, target: str) -> None:
        words = self.frame.words[target]
        for heading, cell in self._cells(target):
            parts = cells.split_list(cell)
            codes = [cells.read_code(part, words) for part in parts]
            self.given.setdefault(target, []).extend(code for code in codes if code)
            if unknown := [part for part, code in zip(parts, codes, strict=True) if not code]:
                self.unread[heading] = "; ".join(unknown)

    def _read_number(self, target: str) -> None:
        if (number := cells.read_number(self._cell(target))) is None:
            self._keep(target)
        else:
            self.given[target] = number

    def _read_whole(self, target: str) -> None:
        number = cells.read_number(self._cell(target))
        if number is None or not number.is_integer():
            self._keep(target)
        else:
            self.given[target] = int(number)

    def _read_truth(self, target: str) -> None:
        if (answer := cells.read_truth(self._cell(target))) is None:
            self._keep(target)
        else:
            self.given[target] = answer

    def _read_word(self, target: str) -> None:
        word = self._cell(target)
        if word and len(word) <= self.frame.limits.get(target, KEY_LIMIT):
            self.given[target] = word
        else:
            self._keep(target)

    def _read_words(self) -> None:
        """Words of several columns together; what is longer than a report holds is kept whole beside it."""
        places = [self.given.get("place_text", ""), *(cell for _heading, cell in self._cells("place_text"))]
        kind = self._cell("site_type") if self.given.get("site_type") == SiteType.UNK else ""
        said = [cell for _heading, cell in self._cells("text")] or [kind]
        self._put("place_text", ", ".join(place for place in places if place))
        self._put("text", "\n".join(said))

    def _put(self, target: str, words: str) -> None:
        limit = self.frame.limits.get(target, TEXT_LIMIT)
        if len(words) > limit:
            self._keep(target, "words_shortened")
        if words:
            self.given[target] = words[:limit]


def _precision(span: timedelta) -> EventPrecision:
    """How exactly an interval tells the time."""
    bounds = (
        (timedelta(hours=1), EventPrecision.HOUR),
        (timedelta(days=1), EventPrecision.DAY),
        (timedelta(days=7), EventPrecision.WEEK),
    )
    known = next((precision for longest, precision in bounds if span <= longest), None)
    return known or (EventPrecision.MONTH if span <= timedelta(days=31) else EventPrecision.UNK)
