"""What can be said of a report at the moment it arrives: flags, never refusals. Pure."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from server.vocabulary import DamageGrade, EventPrecision, FunctionalStatus, Hazard, HintAnswer, SiteType

AHEAD = timedelta(minutes=10)  # a phone's clock may be a little fast
LONG_AGO = timedelta(days=730)
VAGUE_M = 1_000.0

GRADE_NUMBERS = {grade: int(grade.value[1]) for grade in DamageGrade if grade.value[1].isdigit()}


def place_flags(
    lon: float | None, lat: float | None, accuracy_m: float | None, area: tuple[float, float, float, float] | None
) -> list[str]:
    """Flags of a place: none, null island, swapped, outside the operating area, vague. Degrees, longitude first."""
    if lon is None or lat is None:
        return ["no_point"]
    flags = []
    if abs(lon) < 1e-6 and abs(lat) < 1e-6:
        flags.append("null_island")
    elif area and not _inside(lon, lat, area):
        flags.append("maybe_swapped" if _inside(lat, lon, area) else "out_of_area")
    if accuracy_m is not None and accuracy_m > VAGUE_M:
        flags.append("low_precision")
    return flags


def _inside(lon: float, lat: float, area: tuple[float, float, float, float]) -> bool:
    west, south, east, north = area
    return west <= lon <= east and south <= lat <= north


def read_time(values: Mapping[str, Any], received_at: datetime) -> tuple[dict[str, Any], list[str]]:
    """The event's interval with what is impossible clamped to the moment of receipt, and the flags that say so."""
    first, last = values.get("event_earliest"), values.get("event_latest")
    precision = values.get("event_precision", EventPrecision.UNK)
    flags = []
    if any(moment and moment > received_at + AHEAD for moment in (first, last)):
        flags.append("future_event")
    first, last = (min(moment, received_at) if moment else None for moment in (first, last))
    if first and first < received_at - LONG_AGO:
        flags.append("old_event")
    if first is None and last is None:
        flags.append("no_time")
        precision = EventPrecision.UNK
    return {"event_earliest": first or last, "event_latest": last or first, "event_precision": precision}, flags


def read_damage(values: Mapping[str, Any]) -> dict[str, Any]:
    """Damage as an interval of grades 0–4: from the grade chosen, or as the source's scale was laid over ours."""
    grade, low, high = values.get("damage"), values.get("damage_min"), values.get("damage_max")
    if low is None and high is None and grade in GRADE_NUMBERS:
        low = high = GRADE_NUMBERS[grade]
    return {
        "damage": grade,
        "damage_min": low if low is not None else high,
        "damage_max": high if high is not None else low,
    }


def read_answer(values: Mapping[str, Any]) -> dict[str, Any]:
    """What was answered to what is known nearby. "Same damage" and the number of a known record are one fact, told either way."""
    kind, about, same = values.get("answer_kind"), values.get("answer_about"), values.get("same_damage_as")
    if same and kind in (None, HintAnswer.SAME_DAMAGE):
        kind, about = HintAnswer.SAME_DAMAGE, about or same
    if kind == HintAnswer.SAME_DAMAGE:
        same = about
    return {"answer_kind": kind, "answer_about": about, "same_damage_as": same}


def contradictions(values: Mapping[str, Any]) -> list[str]:
    """Things that hardly go together; a person looks, nothing is refused."""
    flags = []
    if values.get("damage") == DamageGrade.D4 and values.get("functional_status") == FunctionalStatus.F4:
        flags.append("destroyed_but_working")
    if values.get("damage") == DamageGrade.D0 and (values.get("casualties") or values.get("people_trapped")):
        flags.append("undamaged_but_casualties")
    if values.get("site_type") in (None, SiteType.UNK) and not values.get("text"):
        flags.append("no_type")
    if Hazard.HZ_NONE in values.get("hazards", ()) and len(values["hazards"]) > 1:
        flags.append("hazards_disagree")
    return flags
