"""How the desk puts a damage record into words: facts for the panel, reasons as sentences, acts as a history."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from itertools import accumulate
from typing import Any

from flask_babel import format_datetime, gettext, ngettext

from server.core.choices import N_
from server.core.i18n import utc, words
from server.core.response import this_response
from server.matching.consensus import Consensus
from server.matching.models import Incident
from server.matching.reasons import REASON_WORDS
from server.vocabulary import DamageGrade, EventPrecision

ACTS = {
    "attach": N_("A report was laid here"),
    "detach": N_("A report was taken off"),
    "merge": N_("Two damage records were laid together"),
    "split": N_("Reports were taken apart"),
    "keep_apart": N_("Ruled to be different damage"),
    "second_strike": N_("Marked as a later strike on the same place"),
    "proposed": N_("Proposed. The other organisation, or a coordinator, must agree"),
    "set_aside": N_("Reports were set aside as made up"),
    "edit": N_("Facts were changed"),
    "move": N_("The state of work was changed"),
}

DAY, CLOCK = "d MMM y", "HH:mm"
WITHOUT_CLOCK = {EventPrecision.DAY, EventPrecision.WEEK, EventPrecision.MONTH}


def grade(number: int | None) -> DamageGrade:
    """The grade of a number 0–4; None is DU."""
    return DamageGrade.DU if number is None else DamageGrade(f"D{number}")


def reason(found: Mapping[str, Any]) -> str:
    """A stored reason as a sentence in the reader's language."""
    return gettext(REASON_WORDS.get(found["code"], found["code"]), **found.get("params", {}))


ANSWERS = {"same": N_("the same damage"), "apart": N_("different damage"), "second_strike": N_("a new event at the same place")}


def answer(word: str) -> str:
    """An answer to a pair in words."""
    return gettext(ANSWERS.get(word, word))


AGREED = {
    "site_type": N_("Type of place"), "damage": N_("Damage"), "event": N_("When"), "functional_status": N_("Does it still work?"),
    "cause_group": N_("Cause"), "in_use_as": N_("In use as"), "hazards": N_("Hazards"), "needs": N_("Needs"),
    "access_constraints": N_("Access"), "people_trapped": N_("People may be trapped"),
}  # fmt: skip


def agreed(found: Consensus) -> list[dict[str, Any]]:
    """The consensus of a record in words: each field, what holds, how many witnesses say so, by which rule, and what others say."""
    return [
        {
            "label": gettext(AGREED[name]),
            "value": _agreed_value(name, field.value),
            "witnesses": field.witnesses,
            "rule": gettext(field.rule),
            "otherwise": [(_agreed_value(name, value), count) for value, count in field.otherwise],
            "is_disputed": field.is_disputed,
        }
        for name, field in found.fields.items()
    ]


def _agreed_value(name: str, value: Any) -> str:
    if name == "damage":
        return words(grade(value[2] if value[1] is None else value[1]).label)
    if name == "event":
        return interval(*value)
    if name == "people_trapped":
        return gettext("Yes")
    if isinstance(value, list):
        return ", ".join(words(code.label) for code in members(Incident, name, value))
    return words(value.label)


def waterfall(reasons: Iterable[Mapping[str, Any]], score: float | None) -> list[dict[str, Any]]:
    """The reasons as steps from nothing to the score: words, weight, and where each bar begins and how wide it is, in per cent.

    The last step stands for all that adds too little to be named. Nothing where nothing was weighed.
    """
    steps = [(reason(found), float(found.get("contribution") or 0.0)) for found in reasons]
    if score is None or not steps:
        return [{"said": said, "weight": weight, "start": 0, "width": 0} for said, weight in steps]
    rest = score - sum(weight for _said, weight in steps)
    if abs(rest) >= 0.05:
        steps.append((gettext("all else, taken together"), rest))
    ends = list(accumulate(weight for _said, weight in steps))
    starts = [0.0, *ends[:-1]]
    low, high = min(0.0, *ends), max(0.0, *ends)
    scale = 100 / ((high - low) or 1.0)
    rows = [
        {"said": said, "weight": weight, "start": (min(start, end) - low) * scale, "width": max(0.6, abs(weight) * scale)}
        for (said, weight), start, end in zip(steps, starts, ends, strict=True)
    ]
    return [{**row, "zero": -low * scale} for row in rows]


def act(kind: str) -> str:
    """An act on a record in words."""
    return gettext(ACTS.get(kind, kind))


def when(incident: Any) -> str:
    """The interval of an event, as exact as it is known and no more."""
    return interval(incident.event_earliest, incident.event_latest, incident.event_precision)


def interval(first: datetime | None, last: datetime | None, precision: EventPrecision) -> str:
    """A time between two moments, as exact as it is known and no more."""
    if first is None or last is None:
        return gettext("Time not known")
    pattern = DAY if precision in WITHOUT_CLOCK else f"{DAY}, {CLOCK}"
    start, end = format_datetime(first, pattern), format_datetime(last, pattern)
    if start == end:
        return start
    if format_datetime(first, DAY) == format_datetime(last, DAY):
        return f"{start}–{format_datetime(last, CLOCK)}"
    return gettext("between %(start)s and %(end)s", start=start, end=end)


def in_utc(found: Any) -> str:
    """The interval of an event in UTC, "2026-10-27 16:25–17:13"; "" where that says the same, or no hour is known: a day here is no day there."""
    first, last = found.event_earliest, found.event_latest
    if first is None or last is None or found.event_precision in WITHOUT_CLOCK or this_response().time_zone == "UTC":
        return ""
    start, end = utc(first), utc(last)
    if start[:10] == end[:10]:
        return start if start == end else f"{start}–{end[11:]}"
    return f"{start} – {end}"


def day(moment: datetime | None) -> str:
    """The day of a moment, and no more."""
    return format_datetime(moment, DAY) if moment else gettext("Time not known")


def facts(incident: Incident) -> list[list[str]]:
    """What the panel beside the map adds to what the map shows: ``[[label, value], …]``."""
    rows = [
        [gettext("When"), when(incident)],
        *([["UTC", in_utc(incident)]] if in_utc(incident) else []),
        [gettext("Reports"), ngettext("%(num)s report", "%(num)s reports", incident.report_count)],
        [gettext("State of work"), words(incident.workflow.label)],
    ]
    if incident.people_trapped:
        rows.insert(0, [gettext("Urgent"), gettext("People may be trapped")])
    if incident.needs:
        rows.append([gettext("Needs"), listed(incident, "needs")])
    if incident.hazards:
        rows.append([gettext("Hazards"), listed(incident, "hazards")])
    return rows


def listed(incident: Any, name: str) -> str:
    """The codes of a list column as words."""
    return ", ".join(words(code.label) for code in members(type(incident), name, getattr(incident, name)))


def members(model: Any, name: str, codes: Iterable[str]) -> list[Any]:
    """The codes of a list column as members of its code list, which know their words and pictograms."""
    choice = model.__table__.c[name].info["choice"]
    return [choice(code) for code in codes]


FLAGS = {
    "contact_erased": N_("the contact was erased after 90 days"),
    "no_point": N_("no point given"),
    "not_understood": N_("something in it was not understood and is kept unread"),
    "phone_clock": N_("the clock of the phone stood wrong"),
    "spoke_again": N_("the reporter said more since"),
    "null_island": N_("the point is zero, zero"),
    "maybe_swapped": N_("latitude and longitude may be swapped"),
    "out_of_area": N_("outside the operating area"),
    "low_precision": N_("place very inexact"),
    "future_event": N_("time lay in the future"),
    "old_event": N_("more than two years ago"),
    "time_of_report": N_("the time is that of the report, not of the damage"),
    "no_time": N_("time not given"),
    "destroyed_but_working": N_("destroyed, yet fully working?"),
    "undamaged_but_casualties": N_("no damage, yet people hurt?"),
    "no_type": N_("type of place not given"),
    "hazards_disagree": N_("hazards contradict one another"),
    "claimed_source": N_("claims to be an organisation, not signed in"),
    "phone_in_text": N_("a telephone number in the words"),
    "mail_in_text": N_("an e-mail address in the words"),
    "plate_in_text": N_("a number plate in the words"),
    "placed_by_hand": N_("place found by a person"),
    "campaign": N_("looks made after one pattern with others"),
    "recycled_media": N_("photo seen before elsewhere"),
    "photo_far_from_pin": N_("photo taken elsewhere"),
    "photo_time_differs": N_("photo taken at another time"),
    "photo_damaged": N_("photo damaged in our keeping"),
}


def flag(code: str) -> str:
    """A flag of a report or photo in words; one that has none yet as its code, readable."""
    return gettext(FLAGS[code]) if code in FLAGS else code.replace("_", " ")
