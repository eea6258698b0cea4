"""What keeps a person alive near damage, by what they saw: said on the form, after a report, and with every receipt."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext

from server.core.choices import N_
from server.core.response import this_response
from server.vocabulary import Hazard

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
BY_HAZARD = (
    ("mine", EXPLOSIVE, DO_NOT_TOUCH),
    ("warning-error", frozenset({Hazard.HZ_GAS}), GAS),
    ("power-electricity", frozenset({Hazard.HZ_POWER}), WIRES),
    ("building-facility-destroyed", frozenset({Hazard.HZ_COLLAPSE}), COLLAPSE),
    ("flood", frozenset({Hazard.HZ_WATER}), WATER),
    ("fire", frozenset({Hazard.HZ_FIRE, Hazard.HZ_CHEM}), FUMES),
)
"""What keeps a person alive, by what they saw: the pictogram, the hazards, the sentence."""


@dataclass(frozen=True, kw_only=True)
class Advice:
    """A sentence of safety in the language spoken now, its pictogram, and the hazards (codes) it belongs to."""

    icon: str
    hazards: tuple[str, ...]
    sentence: str


def by_hazard() -> list[Advice]:
    """All advice of the form, the deadliest first."""
    return [
        Advice(icon=icon, hazards=tuple(sorted(kinds)), sentence=_said(sentence)) for icon, kinds, sentence in BY_HAZARD
    ]


def urgent_for(values: Mapping[str, Any]) -> list[str]:
    """What somebody must know who reported this, in the language spoken now; reads `hazards`, `people_trapped`, `is_minor`."""
    hazards = set(values.get("hazards") or ())
    told = [_said(NO_HELP)] if values.get("people_trapped") else []
    told += [advice.sentence for advice in by_hazard() if hazards & set(advice.hazards)]
    return told + ([_said(MINOR)] if values.get("is_minor") else [])


def _said(sentence: str) -> str:
    number = this_response().emergency_number or gettext("your emergency number")
    return gettext(sentence, number=number) if "%(number)s" in sentence else gettext(sentence)
