"""What a person should know after they reported: their own safety first, then what was read into their words."""

from flask_babel import gettext

from server.core.choices import N_
from server.intake.answers import WITHHELD
from server.reports import safety
from server.reports.draft import Draft
from server.reports.rows import place_flags_of
from server.vocabulary import SensitivityClass, effective_class

PLACE_WITHHELD = N_("For the safety of the people there, the point of this place was not kept, only your words.")
REFUGE = N_("Where people seek safety or help is never shown to the public.")
OUT_OF_AREA = N_(
    "The place lies outside the area of this response. It is kept, but people here may not be able to look at it."
)
_PLACE_FLAGS = {
    "out_of_area": OUT_OF_AREA,
    "maybe_swapped": N_("Latitude and longitude may have changed places."),
    "null_island": N_("The point lies at zero degrees, in the sea. Is that right?"),
    "low_precision": N_("Only the wider area of the place is known. If you can say more, send another report."),
}


def urgent(draft: Draft) -> list[str]:
    """What keeps a person alive at a place with the hazards they reported, in the language spoken now."""
    return safety.urgent_for(draft.values)


def of_the_place(draft: Draft) -> list[str]:
    """What a person should know of the place they gave, in the language spoken now."""
    return [gettext(sentence) for sentence in _of_the_place(draft)]


def _of_the_place(draft: Draft) -> list[str]:
    if WITHHELD in draft.flags:
        return [PLACE_WITHHELD]
    site_type, in_use_as = draft.values.get("site_type"), draft.values.get("in_use_as")
    refuge = [REFUGE] if site_type and effective_class(site_type, in_use_as) is SensitivityClass.S4 else []
    return refuge + [_PLACE_FLAGS[flag] for flag in place_flags_of(draft.values) if flag in _PLACE_FLAGS]
