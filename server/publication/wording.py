"""The one sentence of a public row, made from its codes: nobody's own words are ever published. Pure."""

from collections.abc import Callable
from operator import attrgetter

from server.core.choices import Choice
from server.vocabulary import Certainty, DamageGrade, SiteGroup, SiteType


def grade(best: int | None) -> DamageGrade:
    """The grade for 0 to 4; None is "cannot tell"."""
    return DamageGrade.DU if best is None else DamageGrade[f"D{best}"]


def sentence(
    *,
    site_type: SiteType | None,
    site_group: SiteGroup | None,
    damage: int | None,
    certainty: Certainty,
    said: Callable[[Choice], str] = attrgetter("label"),
) -> str:
    """Such as "School: moderate damage; probable". What was left out of the row is left out of the sentence.

    `said` gives the words of a code: English as in the files, or those of a reader's language.
    """
    kind, what, how_sure = site_type or site_group, said(grade(damage)), _lower(said(certainty))
    return f"{said(kind)}: {_lower(what)}; {how_sure}" if kind else f"{what}; {how_sure}"


def _lower(label: str) -> str:
    return label[:1].lower() + label[1:]
