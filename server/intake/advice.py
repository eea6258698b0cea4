"""What a person should know after they reported: their own safety first, then what was read into their words."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext

from server.core.choices import N_
from server.core.settings import settings
from server.intake.answers import WITHHELD
from server.reports.draft import Draft
from server.reports.rows import place_flags_of
from server.vocabulary import Hazard, SensitivityClass, effective_class

EXPLOSIVE = frozenset({Hazard.HZ_UXO, Hazard.HZ_MINE, Hazard.HZ_SUBMUN})
DO_NOT_TOUCH = N_(
    "A suspicious item? Do not touch it. Do not photograph it from close by. Stay at least 100 metres away. Leave the way you came. Call %(number)s."
)
MINOR = N_(
    "Under 18? Stay where you are safe and never go back to look. Tell a grown-up whom you trust, or an aid worker."
)
NO_HELP = N_("Someone in danger? Call %(number)s first: this form sends no help.")
GAS = N_("Smell of gas? Switch nothing on or off, light nothing, leave at once. Call from outside.")
WIRES = N_("Wires on the ground? Stay at least 10 metres away, with both feet close together. Touch nothing wet.")
COLLAPSE = N_("Stay out of a building that may fall, and away from its walls.")
WATER = N_("Do not drink this water and do not walk through it: holes and wires are hidden under it.")
FUMES = N_("Smoke or strange smells? Go upwind and uphill, and cover mouth and nose with a wet cloth.")
PLACE_WITHHELD = N_("For the safety of the people there, the point of this place was not kept, only your words.")
REFUGE = N_("Where people seek safety or help is never shown to the public.")
OUT_OF_AREA = N_(
    "The place lies outside the area of this response. It is kept, but people here may not be able to look at it."
)
BY_HAZARD = (
    ("mine", EXPLOSIVE, DO_NOT_TOUCH),
    ("warning-error", frozenset({Hazard.HZ_GAS}), GAS),
    ("power-electricity", frozenset({Hazard.HZ_POWER}), WIRES),
    ("building-facility-destroyed", frozenset({Hazard.HZ_COLLAPSE}), COLLAPSE),
    ("flood", frozenset({Hazard.HZ_WATER}), WATER),
    ("fire", frozenset({Hazard.HZ_FIRE, Hazard.HZ_CHEM}), FUMES),
)
"""What keeps a person alive, by what they saw: the pictogram, the hazards, the sentence."""

_PLACE_FLAGS = {
    "out_of_area": OUT_OF_AREA,
    "maybe_swapped": N_("Latitude and longitude may have changed places."),
    "null_island": N_("The point lies at zero degrees, in the sea. Is that right?"),
    "low_precision": N_("Only the wider area of the place is known. If you can say more, send another report."),
}


@dataclass(frozen=True, kw_only=True)
class Advice:
    """A sentence of safety in the language spoken now, its pictogram, and the hazards (codes) it belongs to."""

    icon: str
    hazards: tuple[str, ...]
    sentence: str


def by_hazard() -> list[Advice]:
    """All advice of the form, the deadliest first."""
    return [
        Advice(icon=icon, hazards=tuple(sorted(kinds)), sentence=_said(sentence))
        for icon, kinds, sentence in BY_HAZARD
    ]


def urgent(draft: Draft) -> list[str]:
    """What keeps a person alive at a place with the hazards they reported, in the language spoken now."""
    return urgent_for(draft.values)


def urgent_for(values: Mapping[str, Any]) -> list[str]:
    """The same from the columns of a report: `hazards`, `people_trapped`, `is_minor`."""
    hazards = set(values.get("hazards") or ())
    told = [_said(NO_HELP)] if values.get("people_trapped") else []
    told += [advice.sentence for advice in by_hazard() if hazards & set(advice.hazards)]
    return told + ([_said(MINOR)] if values.get("is_minor") else [])


def _said(sentence: str) -> str:
    number = settings().emergency_number or gettext("your emergency number")
    return gettext(sentence, number=number) if "%(number)s" in sentence else gettext(sentence)


def of_the_place(draft: Draft) -> list[str]:
    """What a person should know of the place they gave, in the language spoken now."""
    return [gettext(sentence) for sentence in _of_the_place(draft)]


def _of_the_place(draft: Draft) -> list[str]:
    if WITHHELD in draft.flags:
        return [PLACE_WITHHELD]
    site_type, in_use_as = draft.values.get("site_type"), draft.values.get("in_use_as")
    refuge = [REFUGE] if site_type and effective_class(site_type, in_use_as) is SensitivityClass.S4 else []
    return refuge + [_PLACE_FLAGS[flag] for flag in place_flags_of(draft.values) if flag in _PLACE_FLAGS]
