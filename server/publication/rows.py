"""From a verdict to a public row: every column is filled only where the verdict lets it be. Pure.

The columns are an allowlist: what is not written here by name is in no public row.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

from server.publication.cases import Verdict
from server.publication.coarsening import POINT
from server.publication.wording import sentence
from server.vocabulary import (
    CauseGroup,
    Certainty,
    EventPrecision,
    FunctionalStatus,
    GeometryLevel,
    SiteType,
    TimeLevel,
    WeaponType,
)

DECIMALS = 5  # about a metre; more would be false precision, and a channel for hidden marks
WORDS = ("summary", "site_name")  # the columns with words, which the last gate reads
_PLAIN = frozenset({str, int, float, list})
OWN_TO_A_BATCH = frozenset({"incident_id", "release_id", "record_status", "position"})

_KNOWN = {
    EventPrecision.WEEK: TimeLevel.WEEK,
    EventPrecision.MONTH: TimeLevel.MONTH,
    EventPrecision.UNK: TimeLevel.MONTH,
}


class Facts(Protocol):
    """What a row may take from a damage record besides its place and time."""

    certainty: Certainty
    site_type: SiteType
    site_name: str | None
    damage_best: int | None
    damage_min: int | None
    damage_max: int | None
    cause_group: CauseGroup
    weapon_type: WeaponType | None
    functional_status: FunctionalStatus | None
    access_constraints: list[str]
    event_precision: EventPrecision
    glide: str | None
    event_public_id: str | None
    h3_r9: str | None
    lon: float | None
    lat: float | None
    adm1_pcode: str | None
    adm2_pcode: str | None
    adm3_pcode: str | None


@dataclass(frozen=True)
class AreaName:
    """What the public copy says of an administrative area."""

    name: str
    country: str


def public_row(facts: Facts, *, verdict: Verdict, areas: Mapping[str, AreaName]) -> dict[str, Any]:
    """The columns of one public row, less its number, order and release. None is what the verdict withholds."""
    kind = facts.site_type
    kept = {
        **_place(facts, verdict, areas),
        "site_type": kind,
        "site_group": kind.group,
        "sector": kind.sector,
        "site_name": facts.site_name or None,
        "weapon_type": facts.weapon_type,
        "functional_status": facts.functional_status,
        "access_constraints": facts.access_constraints or None,
        "event_ref": (facts.glide or facts.event_public_id) if verdict.time_level <= TimeLevel.DAY else None,
        "affected_band": None,
    }
    row = {name: None if name in verdict.field_mask else value for name, value in kept.items()}
    return {
        **row,
        "certainty": facts.certainty,
        "date_start": verdict.date_start,
        "date_end": verdict.date_end,
        "date_precision": max(verdict.time_level, TimeLevel.DAY, _KNOWN.get(facts.event_precision, TimeLevel.DAY)),
        "geo_level": verdict.geometry_level,
        "damage_best": facts.damage_best,
        "damage_min": facts.damage_min,
        "damage_max": facts.damage_max,
        "cause_group": facts.cause_group,
        "summary": sentence(
            site_type=row["site_type"],
            site_group=row["site_group"],
            damage=facts.damage_best,
            certainty=facts.certainty,
        ),
        "policy_version": verdict.policy_version,
        "redaction": _redaction(verdict),
        "area_code": facts.h3_r9 if verdict.geometry_level is POINT else verdict.cell_or_pcode,
    }


def still_fits(disclosed: Mapping[str, Any], *, verdict: Verdict) -> bool:
    """Whether a row that is out already shows nothing more exactly than a new verdict, which still waits, would."""
    place, day = GeometryLevel(disclosed["geo_level"]), TimeLevel(disclosed["date_precision"])
    sharper = place < verdict.geometry_level or day < max(verdict.time_level, TimeLevel.DAY)
    return not sharper and all(disclosed.get(name) is None for name in verdict.field_mask)


def as_disclosed(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row as the ledger of disclosures keeps it: plain values, without what belongs to one batch."""
    return {name: _plain(value) for name, value in row.items() if name not in OWN_TO_A_BATCH}


def _place(facts: Facts, verdict: Verdict, areas: Mapping[str, AreaName]) -> dict[str, Any]:
    pcodes = (facts.adm1_pcode, facts.adm2_pcode, facts.adm3_pcode)
    named = {
        f"adm{at}_name": areas[code].name if code and code in areas else None for at, code in enumerate(pcodes, start=1)
    }
    exact, region = verdict.geometry_level is POINT, facts.adm1_pcode
    return {
        **{f"adm{at}_pcode": code for at, code in enumerate(pcodes, start=1)},
        **named,
        "country_iso3": areas[region].country if region and region in areas else None,
        "h3_cell": facts.h3_r9 if exact else verdict.cell_or_pcode,
        "lon": round(facts.lon, DECIMALS) if exact and facts.lon is not None else None,
        "lat": round(facts.lat, DECIMALS) if exact and facts.lat is not None else None,
    }


def _redaction(verdict: Verdict) -> str:
    """What was withheld, in codes: place and time as shown, then the kind (a sector goes with its group) and the areas left out."""
    kind = ("site_type", "site_group") if "site_group" in verdict.field_mask else ("site_type", "sector")
    left_out = [name for name in (*kind, "adm2_pcode", "adm3_pcode") if name in verdict.field_mask]
    return " ".join([verdict.geometry_level.value, verdict.time_level.value, *(f"-{name}" for name in left_out)])


def _plain(value: Any) -> Any:
    if value is None or type(value) in _PLAIN:
        return value
    if isinstance(value, date):
        return value.isoformat()
    return getattr(value, "value", value)
