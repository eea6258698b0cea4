"""What the answers of the report page say, in the names of a new report. Pure; sentences are English msgids.

The page asks as a resident speaks ("yesterday, in the evening"); a report holds intervals and codes.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Any

from werkzeug.datastructures import MultiDict

from server.core.choices import N_
from server.intake.questions import DayPart, Exactness, When
from server.vocabulary import NEVER_FROM_CITIZENS, EventPrecision

ONE = ("site_type", "damage", "cause", "functional_status", "in_use_as", "witness_proximity", "same_damage_as", "answer_kind", "answer_about")
SEVERAL = ("needs", "hazards", "access_constraints", "consents")
WORDS = ("text", "place_text", "contact")
TICKS = ("people_trapped", "is_minor", "hint_seen")
ASKED_AROUND = ("place_choice", "pin_method", "device_accuracy_m", "exactness", "when", "when_date", "day_part")
HONEY = "website"
"""A field no person sees: whoever fills it in is a program. It is flagged, never refused."""

WITHHELD = "place_withheld"
PRIVATE = ("contact", "consents")
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")

NO_DAY = N_("Please say which day it was.")
NOT_A_DAY = N_("This is not a day we can read. Write it as year-month-day.")
NOT_YET = N_("This moment has not come yet.")

Form = MultiDict[str, str]  # the answers as a page sends them: several values under a name


@dataclass(kw_only=True)
class Answers:
    """What was understood: members of a new report, flags, and `(field, sentence)` for what needs a second look."""

    given: dict[str, Any] = field(default_factory=dict)
    flags: list[str] = field(default_factory=list)
    errors: list[tuple[str, str]] = field(default_factory=list)


def read_answers(form: Form, *, zone: tzinfo, now: datetime) -> Answers:
    """Everything but the place, which needs a gazetteer. `now` is aware; days and their parts are those of `zone`."""
    answers = Answers(given=_plain_answers(form))
    _read_when(form, answers, now.astimezone(zone))
    if answers.given.get("is_minor"):
        # Nothing that leads to a child is kept, whatever was ticked.
        for name in PRIVATE:
            answers.given.pop(name, None)
    if form.get(HONEY):
        answers.flags.append("honey")
    return answers


def _plain_answers(form: Form) -> dict[str, Any]:
    one = {name: clean(form.get(name, "")) for name in (*ONE, *WORDS)}
    several = {name: list(dict.fromkeys(filter(None, form.getlist(name)))) for name in SEVERAL}
    ticks = {name: True for name in TICKS if form.get(name)}
    return {name: value for name, value in {**one, **several, **ticks}.items() if value}


def clean(words: str) -> str:
    """Words as they are kept: line ends as one character, no control characters, no spaces around them."""
    return _CONTROLS.sub("", words.replace("\r\n", "\n").replace("\r", "\n")).strip()


def meaning(form: Form, photos: Iterable[bytes]) -> bytes:
    """The answers as canonical bytes: the same answers and photos (their SHA-256) give the same bytes, whenever they come.

    "Just now" stays "just now": a form that was sent again an hour later is still the same form.
    """
    names = (*ONE, *WORDS, *TICKS, *SEVERAL, *ASKED_AROUND)
    told = {name: values for name in names if (values := [clean(value) for value in form.getlist(name) if value])}
    content = {"answers": told, "photos": [digest.hex() for digest in photos]}
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


# when


def _read_when(form: Form, answers: Answers, now: datetime) -> None:
    when = form.get("when", "") or (When.DATE.value if form.get("when_date") else "")
    if when == When.NOW:
        _span(answers, now - timedelta(hours=1), now, EventPrecision.HOUR)
    elif when == When.TODAY:
        _read_day(form, answers, now.date(), now)
    elif when == When.YESTERDAY:
        _read_day(form, answers, now.date() - timedelta(days=1), now)
    elif when == When.DATE:
        _read_date(form, answers, now)


def _read_date(form: Form, answers: Answers, now: datetime) -> None:
    text = form.get("when_date", "").strip()
    try:
        day = date.fromisoformat(text) if text else None
    except ValueError:
        answers.errors.append(("event_precision", NOT_A_DAY))
        return
    if day is None:
        answers.errors.append(("event_precision", NO_DAY))
    elif day > now.date():
        answers.errors.append(("event_precision", NOT_YET))
    else:
        _read_day(form, answers, day, now)


def _read_day(form: Form, answers: Answers, day: date, now: datetime) -> None:
    """A day, or the part of it that was chosen, never reaching beyond the present moment."""
    part = next((part for part in DayPart if part.value == form.get("day_part", "")), None)
    first, last = part.hours if part else (0, 24)
    midnight = datetime.combine(day, time(), now.tzinfo)
    begin, end = (midnight + timedelta(hours=hours) for hours in (first, last))
    if begin > now:
        answers.errors.append(("event_precision", NOT_YET))
        return
    _span(answers, begin, min(end - timedelta(seconds=1), now), EventPrecision.DAYPART if part else EventPrecision.DAY)


def _span(answers: Answers, first: datetime, last: datetime, precision: EventPrecision) -> None:
    answers.given.update(
        event_earliest=first.isoformat(), event_latest=last.isoformat(), event_precision=precision.value
    )


# how exact


def exactness_m(form: Form) -> float | None:
    """The radius in metres that the person gave, or None."""
    return next((float(choice.metres) for choice in Exactness if choice.value == form.get("exactness", "")), None)


def device_accuracy_m(form: Form) -> float | None:
    """The accuracy that the device stated, in metres, or None for anything that is no such number."""
    text = form.get("device_accuracy_m", "")
    return float(text) if re.fullmatch(r"\d{1,7}", text) else None


def keep_off_the_map(answers: Answers) -> None:
    """Drop the point of a place that no resident's word may put on a map, and flag that."""
    if answers.given.get("site_type") in NEVER_FROM_CITIZENS:
        for name in ("point", "pin_method", "pin_accuracy_m"):
            answers.given.pop(name, None)
        answers.flags.append(WITHHELD)
