"""docs/reference/codes.md: every code list and damage crosswalk, written from the vocabulary itself."""

from collections.abc import Iterable, Sequence

from server.core.choices import Choice
from server.vocabulary import CROSSWALKS, DamageInterval, DamageScale, SiteType, WeaponType, code_lists

INTRODUCTION = """\
# Codes

Written by `make docs` from `server/vocabulary.py`; do not edit. Codes are never reused and never change their meaning.
The words are shown in the language of the reader. `UNK` (not known), `OTH` (other) and an empty field (not asked) are
three different things.
"""
SITE_COLUMNS = ("Group", "Sector", "Sensitivity", "OpenStreetMap tags (any)")
WEAPON_COLUMNS = ("Cause group", "Launch", "ACLED", "AOAV / Insecurity Insight", "HRMMU")
CROSSWALK_COLUMNS = ("Value", "Least", "Most", "Best", "Other axes")


def codes_page() -> str:
    """Return the page as Markdown, ending in one line feed; the same vocabulary always gives the same bytes."""
    lists = "\n".join(_section(kind) for kind in code_lists())
    scales = "\n".join(f"### {scale.label}\n\n{_crosswalk(scale)}" for scale in DamageScale)
    return f"{INTRODUCTION}\n## Code lists\n\n{lists}\n## Crosswalks of damage scales\n\n{scales}"


def _section(kind: type[Choice]) -> str:
    facts = SITE_COLUMNS if kind is SiteType else WEAPON_COLUMNS if kind is WeaponType else ()
    rows = [(f"`{member}`", member.label, *_facts(member)) for member in kind]
    return f"### {kind.__name__}\n\n{_first_line(kind)}\n\n{_table(('Code', 'Words', *facts), rows)}"


def _facts(member: Choice) -> tuple[str, ...]:
    if isinstance(member, SiteType):
        return (member.group, member.sector, member.sensitivity, _codes(member.osm))
    if isinstance(member, WeaponType):
        return (member.cause_group, _codes(member.launch), member.acled, member.aoav, member.hrmmu)
    return ()


def _crosswalk(scale: DamageScale) -> str:
    rows = [(value, *_bounds(interval), _others(interval)) for value, interval in CROSSWALKS[scale].items()]
    return _table(CROSSWALK_COLUMNS, rows)


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


def _codes(values: Iterable[str]) -> str:
    return ", ".join(f"`{value}`" for value in values)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(str(cell).replace('|', chr(92) + '|') for cell in line)} |\n" for line in lines)
