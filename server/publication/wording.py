"""The one sentence of a public row, made from its codes: nobody's own words are ever published. Pure."""

from server.vocabulary import Certainty, DamageGrade, SiteGroup, SiteType


def grade(best: int | None) -> DamageGrade:
    """The grade for 0 to 4; None is "cannot tell"."""
    return DamageGrade.DU if best is None else DamageGrade[f"D{best}"]


def sentence(
    *, site_type: SiteType | None, site_group: SiteGroup | None, damage: int | None, certainty: Certainty
) -> str:
    """Such as "School: moderate damage; probable". What was left out of the row is left out of the sentence."""
    kind = site_type or site_group
    what = grade(damage).label
    return f"{kind.label}: {_lower(what)}; {_lower(certainty.label)}" if kind else f"{what}; {_lower(certainty.label)}"


def _lower(label: str) -> str:
    return label[:1].lower() + label[1:]
