"""Why two reports are held to be one damage or two: coded reasons, and the sentences they stand for in the reader's language.

Pure. A reason holds numbers and codes, never a name or a sentence of a report, so that erasing a report leaves nothing here.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from server.core.choices import N_
from server.matching.accounts import Floats
from server.matching.pairs import Pairs

FEW_NATS = 0.05
NEAR_KIND, OTHER_KIND = 0.1, 0.8
SAME_BITS, LIKE_BITS = 6, 12

REASON_WORDS = {
    "start": N_("most reports that lie near each other tell of different damage"),
    "distance": N_("%(metres)s m apart"),
    "distance_stated": N_("%(metres)s m apart where together they claim %(stated)s m"),
    "hours": N_("%(hours)s h apart"),
    "days": N_("%(days)s days apart"),
    "same_day": N_("the times they give overlap"),
    "kind_same": N_("the same type of place"),
    "kind_near": N_("similar types of place"),
    "kind_differs": N_("different types of place"),
    "mentioned_same": N_("the words speak of the same type of place"),
    "mentioned_near": N_("the words speak of similar types of place"),
    "mentioned_differs": N_("the words speak of different types of place"),
    "words": N_("%(percent)s %% of the telling words are shared"),
    "spelling": N_("the wording is %(percent)s %% alike"),
    "numbers_same": N_("the same number: %(left)s"),
    "numbers_differ": N_("numbers differ: %(left)s and %(right)s"),
    "address_same": N_("both name the same numbered place"),
    "address_differs": N_("the same street, other numbers"),
    "name_same": N_("both places are called after the same thing"),
    "name_differs": N_("the places are called after other things"),
    "photo_same": N_("the same photo"),
    "photo_near": N_("photos that look alike"),
    "photo_differs": N_("photos that show something else"),
    "damage_same": N_("the damage they see agrees"),
    "damage_differs": N_("the damage they see is %(grades)s grades apart"),
    "one_list": N_("both stand in one list that counts them as two"),
    "two_lists": N_("they come from two different lists"),
    "crowd": N_("%(others)s other reports near by"),
    "rest": N_("everything else together"),
    "says_same": N_("the person says it is the same damage"),
    "says_new": N_("the person says the place was struck anew"),
    "first": N_("the first report of this damage"),
    "by_hand": N_("a person laid it here"),
    "kept_together": N_("a person laid the two records together"),
    "solved_together": N_("all reports were judged together anew"),
    "taken_apart": N_("a person took the records apart"),
}


@dataclass(frozen=True, slots=True)
class Reason:
    """One piece of evidence: a code of ``REASON_WORDS``, what fills its sentence, and the log-odds it adds (negative: against)."""

    code: str
    params: dict[str, Any]
    contribution: float

    def as_json(self) -> dict[str, Any]:
        """The reason as it is stored and sent."""
        return {"code": self.code, "params": self.params, "contribution": self.contribution}


_OF_KIND_AND_GRADE = {
    "start", "kind_same", "kind_near", "kind_differs", "damage_same", "damage_differs", "same_day", "first", "by_hand", "kept_together",
    "solved_together", "taken_apart",
}  # fmt: skip


def masked(reasons: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Stored reasons as one reads them who sees of a report its cell, day, kind and grade alone: the rest is one sum without words.

    Metres, hours, numbers and likenesses would tell more of the other report than its reader may know.
    """
    told, kept = 0.0, []
    for reason in reasons:
        if reason["code"] in _OF_KIND_AND_GRADE:
            kept.append(dict(reason))
        else:
            told += float(reason.get("contribution") or 0.0)
    return [*kept, Reason("rest", {}, round(told, 2)).as_json()] if abs(told) >= FEW_NATS else kept


def reasons_of(
    pairs: Pairs, values: dict[str, Floats], contributions: dict[str, Floats], row: int, *, unweighed: tuple[str, ...] = ()
) -> tuple[Reason, ...]:
    """What speaks for and against in one pair, the weightiest first; what adds next to nothing is left out.

    Measures that look at one thing from several sides (the words, the crowd) are said in one sentence and add up. ``unweighed``
    names measures that are said and count nothing.
    """
    summed: dict[str, float] = {}
    for name, worth in contributions.items():
        said = SAID_AS.get(name, name)
        said = _SPOKEN_INSTEAD[said] if said in _SPOKEN_INSTEAD and np.isnan(values[said][row]) else said
        summed[said] = summed.get(said, 0.0) + (0.0 if name in unweighed else float(worth[row]))
    found = [
        Reason(*_WORDING[name](float(values[name][row]), pairs, row), round(worth, 2))
        for name, worth in summed.items()
        if name in _WORDING and name in values and not np.isnan(values[name][row])
        if name in unweighed or abs(round(worth, 2)) >= FEW_NATS
    ]
    rest = round(sum(summed.values()) - sum(reason.contribution for reason in found), 2)
    if abs(rest) >= FEW_NATS:
        found.append(Reason("rest", {}, rest))
    return tuple(sorted(found, key=lambda reason: (-abs(reason.contribution), reason.code)))


SAID_AS = {
    "accuracy_best": "distance", "accuracy_worst": "distance", "clock": "hours", "overlap": "words", "quoted": "words", "telling": "words",
    "diction": "words", "left_over_few": "words", "left_over_many": "words", "site_number": "numbers", "house_number": "numbers",
    "street": "address", "nearer_few": "crowd", "nearer_many": "crowd", "sooner_few": "crowd", "sooner_many": "crowd",
    "closer_few": "crowd", "closer_many": "crowd", "spot_few": "crowd", "spot_many": "crowd", "spot_day_few": "crowd",
    "spot_day_many": "crowd", "spot_week_few": "crowd", "spot_week_many": "crowd", "block_days_few": "crowd", "block_days_many": "crowd",
}  # fmt: skip
_SPOKEN_INSTEAD = {"hours": "days", "accuracy": "distance"}


Worded = tuple[str, dict[str, Any]]


def _distance(value: float, _pairs: Pairs, _row: int) -> Worded:
    return "distance", {"metres": round(value)}


def _accuracy(_value: float, pairs: Pairs, row: int) -> Worded:
    stated = pairs.columns.accuracy[pairs.left[row]] + pairs.columns.accuracy[pairs.right[row]]
    return "distance_stated", {"metres": round(float(pairs.metres[row])), "stated": round(float(stated))}


def _hours(value: float, _pairs: Pairs, _row: int) -> Worded:
    hours = round(value, 1)
    return "hours", {"hours": int(hours) if hours.is_integer() else hours}


def _days(value: float, _pairs: Pairs, _row: int) -> Worded:
    return ("days", {"days": round(value, 1)}) if value else ("same_day", {})


def _kind(prefix: str) -> Callable[[float, Pairs, int], Worded]:
    def word(value: float, _pairs: Pairs, _row: int) -> Worded:
        return f"{prefix}_{'same' if value < NEAR_KIND else 'near' if value < OTHER_KIND else 'differs'}", {}

    return word


def _words(value: float, _pairs: Pairs, _row: int) -> Worded:
    return "words", {"percent": round(100 * value)}


def _spelling(value: float, _pairs: Pairs, _row: int) -> Worded:
    return "spelling", {"percent": round(100 * value)}


def _numbers(value: float, pairs: Pairs, row: int) -> Worded:
    left = pairs.columns.readings[pairs.left[row]].numbers
    right = pairs.columns.readings[pairs.right[row]].numbers
    if value:
        return "numbers_differ", {"left": ", ".join(sorted(left)), "right": ", ".join(sorted(right))}
    return "numbers_same", {"left": ", ".join(sorted(left & right))}


def _address(value: float, _pairs: Pairs, _row: int) -> Worded:
    return ("address_differs" if value else "address_same"), {}


def _name(value: float, _pairs: Pairs, _row: int) -> Worded:
    return ("name_differs" if value else "name_same"), {}


def _photo(value: float, _pairs: Pairs, _row: int) -> Worded:
    return ("photo_same" if value <= SAME_BITS else "photo_near" if value <= LIKE_BITS else "photo_differs"), {}


def _damage(value: float, _pairs: Pairs, _row: int) -> Worded:
    return ("damage_differs", {"grades": round(value)}) if value else ("damage_same", {})


def _source(value: float, _pairs: Pairs, _row: int) -> Worded:
    return ("one_list" if value else "two_lists"), {}


def _crowd(value: float, _pairs: Pairs, _row: int) -> Worded:
    return "crowd", {"others": round(value)}


_WORDING: dict[str, Callable[[float, Pairs, int], Worded]] = {
    "distance": _distance,
    "accuracy": _accuracy,
    "hours": _hours,
    "days": _days,
    "kind": _kind("kind"),
    "mentioned": _kind("mentioned"),
    "words": _words,
    "spelling": _spelling,
    "numbers": _numbers,
    "address": _address,
    "name": _name,
    "photo": _photo,
    "damage": _damage,
    "source": _source,
    "crowd": _crowd,
}
