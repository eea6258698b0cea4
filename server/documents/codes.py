"""docs/reference/codes.md: every code list and damage crosswalk, written from the vocabulary itself and from the columns."""

from functools import cache
from pathlib import Path

from babel.messages.pofile import read_po

from server.core.choices import Choice
from server.documents.dictionary import lists_of_columns
from server.documents.markdown import codes, page, table
from server.vocabulary import CROSSWALKS, DamageInterval, DamageScale, SiteType, WeaponType, code_lists

TRANSLATIONS = Path(__file__).resolve().parents[1] / "translations"
OTHERS = {"uk": "Українська", "ar": "العربية", "fr": "Français", "es": "Español", "ru": "Русский"}
INTRODUCTION = """\
Codes are never reused and never change their meaning. The words are shown in the language of the reader. `UNK` (not
known), `OTH` (other) and an empty field (not asked) are three different things. A program gets one list, in one
language, at `/api/v1/public/codelists/<name>?lang=uk`.
"""
WITHIN = """\
Each belongs to one room and stands in its tables, never in the public data; it is not offered at the address above.
"""
SITE_COLUMNS = ("Group", "Sector", "Sensitivity", "OpenStreetMap tags (any)")
WEAPON_COLUMNS = ("Cause group", "Launch", "ACLED", "AOAV / Insecurity Insight", "HRMMU")
CROSSWALK_COLUMNS = ("Value", "Least", "Most", "Best", "Other axes")


def codes_page() -> str:
    """Return the page as Markdown, ending in one line feed; the same vocabulary and catalogues always give the same bytes."""
    lists = "\n".join(_section(kind) for kind in code_lists())
    others = "\n".join(_section(kind) for kind in lists_of_columns() if kind not in code_lists())
    scales = "\n".join(f"### {scale.label}\n\n{_crosswalk(scale)}" for scale in DamageScale)
    head = page("Codes", "`server/vocabulary.py`, the tables' own lists and `server/translations/`", INTRODUCTION)
    return f"{head}\n## Code lists\n\n{lists}\n## Code lists of single rooms\n\n{WITHIN}\n{others}\n## Crosswalks of damage scales\n\n{scales}"


@cache
def _catalogue(language: str) -> dict[str, str]:
    """English words and how one language says them, read from the catalogue as it is written, not as it is compiled."""
    with (TRANSLATIONS / language / "LC_MESSAGES" / "messages.po").open("rb") as file:
        return {message.id: str(message.string) for message in read_po(file) if isinstance(message.id, str)}


def _section(kind: type[Choice]) -> str:
    facts = SITE_COLUMNS if kind is SiteType else WEAPON_COLUMNS if kind is WeaponType else ()
    head = ("Code", "English", *OTHERS.values(), *facts)
    rows = [(f"`{member}`", member.label, *_translated(member), *_facts(member)) for member in kind]
    return f"### {kind.__name__}\n\n{_first_line(kind)}\n\n{table(head, rows)}"


def _translated(member: Choice) -> list[str]:
    return [_catalogue(language).get(member.label, "") for language in OTHERS]


def _facts(member: Choice) -> tuple[str, ...]:
    if isinstance(member, SiteType):
        return (member.group, member.sector, member.sensitivity, codes(member.osm))
    if isinstance(member, WeaponType):
        return (member.cause_group, codes(member.launch), member.acled, member.aoav, member.hrmmu)
    return ()


def _crosswalk(scale: DamageScale) -> str:
    rows = [(value, *_bounds(interval), _others(interval)) for value, interval in CROSSWALKS[scale].items()]
    return table(CROSSWALK_COLUMNS, rows)


def _bounds(interval: DamageInterval) -> tuple[str, str, str]:
    return (interval.min or "", interval.max or "", interval.best)


def _others(interval: DamageInterval) -> str:
    axes = {
        "certainty": interval.certainty,
        "safety tag": interval.safety_tag,
        "official category": interval.official_category,
    }
    said = [f"{name} {value}" for name, value in axes.items() if value]
    return "; ".join([*said, *([interval.note] if interval.note else [])])


def _first_line(kind: type[Choice]) -> str:
    return (kind.__doc__ or "").strip().splitlines()[0]
