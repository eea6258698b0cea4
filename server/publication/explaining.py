"""What the open-data page says of the data, derived from the passports of the columns and from the policy in force."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from babel.units import format_unit
from flask_babel import get_locale, ngettext
from flask_babel import gettext as _

from server.core.choices import Choice
from server.core.i18n import words
from server.publication import wording
from server.publication.models import PublishedIncident
from server.publication.policy import MODES, Policy, PolicyRow, policy
from server.publication.schemas import PublicIncident
from server.vocabulary import (
    Certainty,
    ContextMode,
    GeometryLevel,
    SensitivityClass,
    SiteGroup,
    SiteType,
    Tier,
    TimeLevel,
)


@dataclass(frozen=True)
class Column:
    """One line of the data dictionary; words are message ids."""

    name: str
    label: str
    hint: str
    hxl: str
    codes: type[Choice] | None


@dataclass(frozen=True)
class Delay:
    """How one class of places is shown in one situation, in words."""

    mode: ContextMode
    after: str
    place: GeometryLevel
    time: TimeLevel


def reading_words() -> dict[str, Any]:
    """What the public templates need to read codes."""
    return {"damage_grade": wording.grade, "coded_words": coded_words, "sentence_of": sentence_of, "list_name": list_name, "size": size}


def columns() -> list[Column]:
    """The public columns in the order of the files."""
    table = PublishedIncident.__table__.c
    return [
        Column(name, table[name].info["label"], table[name].info["hint"], table[name].info["hxl"], _codes(name))
        for name in PublicIncident.Meta.fields
    ]


def delays(rules: Policy | None = None) -> list[tuple[SensitivityClass, list[SiteType], list[Delay]]]:
    """For each class of places: the places in it, and how late and coarse they are shown in each situation."""
    rows = (rules or policy()).rows
    return [
        (
            kind,
            [site for site in SiteType if site.sensitivity is kind],
            [_delay(rows[Tier.PUBLIC, mode, kind]) for mode in MODES],
        )
        for kind in SensitivityClass
    ]


def sentence_of(row: Mapping[str, Any]) -> str:
    """The sentence of a public row in the language of the page; in the files it stays English."""
    kind = next((one for one in SiteType if one.value == row.get("site_type")), None)
    group = next((one for one in SiteGroup if one.value == row.get("site_group")), None)
    return wording.sentence(
        site_type=kind, site_group=group, damage=row.get("damage_best"), certainty=Certainty(row["certainty"]), said=words,
    )  # fmt: skip


def size(count: int) -> str:
    """How large a file is, as the language of the page says it."""
    for unit, least in (("gigabyte", 1e9), ("megabyte", 1e6), ("kilobyte", 1e3)):
        if count >= least:
            return format_unit(round(count / least, 1), f"digital-{unit}", length="short", locale=get_locale())
    return format_unit(count, "digital-byte", length="short", locale=get_locale())


def coded_words(kind: type[Choice], code: str) -> str:
    """The words of a code of a list, in the language spoken now; the code itself where the list has it no more."""
    return next((_(choice.label) for choice in kind if choice.value == code), code)


def list_name(kind: type[Choice]) -> str:
    """The name of a code list in addresses: ``DamageGrade`` is ``damage-grade``."""
    return "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in kind.__name__).lstrip("-")


def _delay(row: PolicyRow) -> Delay:
    return Delay(row.context, _wait(row), row.ladder[0], max(row.time, TimeLevel.DAY))  # the columns hold days


def _wait(row: PolicyRow) -> str:
    if not row.delay:
        return _("with the next hourly update") if row.hourly else _("with the next daily update")
    return ngettext("after %(num)s day", "after %(num)s days", round(row.delay / timedelta(days=1)))


def _codes(name: str) -> type[Choice] | None:
    column = PublishedIncident.__table__.c[name]
    return column.info.get("choice") or getattr(column.type, "enum_class", None)
