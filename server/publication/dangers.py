"""Warnings about a danger to life: at once, by the authority whose danger it is, with no link to a site, damage or record.

In a conflict a warning of gas, power lines or chemicals could give a plant away: it covers a municipality or more, hides
among at least k places of the kinds that have such dangers, says only that there is danger, and is said by the response: the
gas works' name would say the rest.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

import h3
import shapely
from sqlalchemy import Row, delete, func, select

from server.accounts.models import Organisation
from server.accounts.policy import Actor, may
from server.core.choices import N_
from server.core.clock import now as present
from server.core.database import session
from server.core.ledger import record
from server.core.problems import Problem
from server.places.areas import assign_areas_many
from server.places.models import AdminArea, AreaContext, BaselineSite
from server.publication import changing
from server.publication.cases import AreaMode, Surroundings
from server.publication.counting import cell_shape
from server.publication.policy import policy
from server.publication.rule_models import DangerWarning, PublishedWarning
from server.publication.rules import CONFLICT, situation
from server.vocabulary import Hazard, SensitivityClass, SiteType

GENERAL = "GENERAL"
_UNKNOWN_ITEMS = N_("Touch nothing you do not know. Stay on roads that are in use. Tell the rescue service.")
SAY: Mapping[str, tuple[str, str]] = {
    GENERAL: (
        N_("Danger to life in this area"),
        N_("Stay away from damaged places. Make no fire. Leave if you notice anything unusual."),
    ),
    "HZ.UXO": (N_("Unexploded items in this area"), _UNKNOWN_ITEMS),
    "HZ.MINE": (
        N_("Mines in this area"),
        N_("Stay on roads that are in use. Do not enter fields or ruins. Tell the rescue service."),
    ),
    "HZ.SUBMUN": (N_("Small bombs may lie in this area"), _UNKNOWN_ITEMS),
    "HZ.GAS": (N_("Gas in this area"), N_("Make no fire and touch no switch. Leave against the wind.")),
    "HZ.POWER": (
        N_("Live power lines in this area"),
        N_("Keep away from lines that hang or lie on the ground, and from water near them."),
    ),
    "HZ.CHEM": (N_("Chemicals in this area"), N_("Stay indoors with windows shut, or leave across the wind.")),
    "HZ.RAD": (N_("Radiation in this area"), N_("Stay indoors with windows shut and listen to the authorities.")),
    "HZ.FIRE": (N_("Fire in this area"), N_("Leave across the wind. Keep roads free for rescuers.")),
    "HZ.WATER": (N_("Flood or unsafe water in this area"), N_("Do not drink the water. Keep to high ground.")),
}
LEVELS = {1: "ADM1", 2: "ADM2", 3: "ADM3"}
HOUR = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True)
class Ground:
    """The area of a warning: its level, name, outline as GeoJSON, and the codes of all areas it lies in, touches or holds."""

    level: str
    name: str
    outline: str
    pcodes: tuple[str, ...]


def issue(actor: Actor, *, hazard: Hazard, area_code: str, hours: int) -> DangerWarning:
    """Warn the public of a danger in an area (a P-code or an H3 cell of resolution 8). Problem when the rules refuse it."""
    if not may(actor, "issue_warning") or actor.person_id is None:
        raise Problem("not_allowed")
    now, rule = present(), changing.in_force(present()).warnings
    if hazard.value not in SAY or not timedelta(0) < timedelta(hours=hours) <= rule.lasts:
        raise _invalid("hazard" if hazard.value not in SAY else "hours")
    ground = _ground(area_code)
    is_generic = hazard in rule.telling and _in_conflict(ground, now)
    if is_generic and (ground.level not in rule.telling_levels or _plants(ground, area_code) < rule.k):
        raise Problem("warning_too_exact")
    made = DangerWarning(
        id=uuid4(), public_id=f"WRN-{secrets.token_hex(4).upper()}", hazard=hazard, geo_level=ground.level,
        area_code=area_code, is_generic=is_generic, issued_by=actor.person_id, issued_at=now,
        expires_at=_end(now, timedelta(hours=hours), longest=rule.lasts),
    )  # fmt: skip
    session.add(made)
    session.add(_published(made, ground, actor))
    session.flush()
    record("warning.issued", made.id, actor_id=actor.person_id, hazard=hazard.value, area=area_code, hours=hours)
    return made


def end(actor: Actor, public_id: str) -> None:
    """End a warning before its time; it is gone from the public at once."""
    if not may(actor, "issue_warning"):
        raise Problem("not_allowed")
    found = session.scalar(
        select(DangerWarning).where(DangerWarning.public_id == public_id, DangerWarning.ended_at.is_(None))
    )
    if found is None:
        raise Problem("not_found")
    found.ended_at = present()
    session.execute(delete(PublishedWarning).where(PublishedWarning.warning_id == public_id))
    record("warning.ended", found.id, actor_id=actor.person_id)


def issued(most: int = 50) -> list[DangerWarning]:
    """The latest warnings, the newest first."""
    return list(session.scalars(select(DangerWarning).order_by(DangerWarning.issued_at.desc()).limit(most)))


def forget_expired(now: datetime) -> None:
    """Remove what is over from the public copy."""
    session.execute(delete(PublishedWarning).where(PublishedWarning.expires_at <= now))


def _published(made: DangerWarning, ground: Ground, actor: Actor) -> PublishedWarning:
    """The public row: in general words, by nobody named, where the danger would tell; times to the hour, so that nothing is timed by them."""
    known = select(Organisation.name).where(Organisation.id == actor.organisation_id)
    issuer = None if made.is_generic else session.scalar(known)
    return PublishedWarning(
        warning_id=made.public_id, danger=GENERAL if made.is_generic else made.hazard.value, issuer=issuer or "",
        geo_level=ground.level, area_code=made.area_code, area_name=ground.name, shape=ground.outline,
        issued_at=_hour(made.issued_at), expires_at=made.expires_at,
    )  # fmt: skip


def _end(now: datetime, lasting: timedelta, *, longest: timedelta) -> datetime:
    """The end at a full hour: the minute of the end would tell the minute of the danger. Never later than `longest` from now."""
    return min(_hour(now + lasting) + HOUR, _hour(now + longest))


def _hour(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)


def _ground(area_code: str) -> Ground:
    if h3.is_valid_cell(area_code):
        return _cell(area_code)
    outline = func.ST_AsGeoJSON(func.ST_ForcePolygonCCW(func.ST_SimplifyPreserveTopology(AdminArea.shape, 0.001)), 5)
    wanted = select(AdminArea.level, AdminArea.name, AdminArea.parent_pcode, outline.label("outline")).where(
        AdminArea.pcode == area_code, AdminArea.level.in_(LEVELS)
    )
    found = session.execute(
        wanted.order_by(AdminArea.valid_on.desc().nulls_last(), AdminArea.cod_version.desc())
    ).first()
    if found is None:
        raise _invalid("area_code")
    return Ground(
        level=LEVELS[found.level], name=found.name, outline=found.outline,
        pcodes=(area_code, *_parents(found), *_within(area_code)),
    )  # fmt: skip


def _parents(found: Row[tuple[int, str, str | None, str]]) -> tuple[str, ...]:
    above = found.parent_pcode
    grand = session.scalar(select(AdminArea.parent_pcode).where(AdminArea.pcode == above)) if above else None
    return tuple(code for code in (above, grand) if code)


def _within(pcode: str) -> tuple[str, ...]:
    """The areas that an area holds, down to municipalities: a war in one of its districts is a war in a region."""
    below = select(AdminArea.pcode).where(AdminArea.parent_pcode == pcode, AdminArea.level.in_(LEVELS)).distinct()
    lower = list(session.scalars(below))
    deeper = select(AdminArea.pcode).where(AdminArea.parent_pcode.in_(lower), AdminArea.level.in_(LEVELS)).distinct()
    return (*lower, *session.scalars(deeper))


def _cell(code: str) -> Ground:
    if h3.get_resolution(code) != 8:
        raise _invalid("area_code")
    corners = [(lon, lat) for lat, lon in (h3.cell_to_latlng(code), *h3.cell_to_boundary(code))]
    codes = {pcode for at in assign_areas_many(corners) for pcode in (at.adm1, at.adm2, at.adm3) if pcode}
    return Ground(level="H3_8", name="", outline=shapely.to_geojson(cell_shape(code)), pcodes=tuple(sorted(codes)))


def _in_conflict(ground: Ground, now: datetime) -> bool:
    said = session.scalars(select(AreaContext).where(AreaContext.pcode.in_(ground.pcodes)))
    modes = tuple(AreaMode(mode=row.mode, from_at=row.from_at, until_at=row.until_at) for row in said)
    return bool(situation(Surroundings(now=now, contexts=modes), policy())[0] & CONFLICT)


def _plants(ground: Ground, area_code: str) -> int:
    """How many plants with such dangers exist in an administrative area, by the list that knows most; a power line is no plant."""
    column = {"ADM1": BaselineSite.adm1_pcode, "ADM2": BaselineSite.adm2_pcode, "ADM3": BaselineSite.adm3_pcode}
    groups = policy().warnings.telling_groups
    kinds = [kind for kind in SiteType if kind.group in groups and kind.sensitivity >= SensitivityClass.S3]
    counted = select(func.count()).where(column[ground.level] == area_code, BaselineSite.site_type.in_(kinds))
    return max(session.scalars(counted.group_by(BaselineSite.source)), default=0)


def _invalid(field: str) -> Problem:
    return Problem("invalid_input", errors=[{"field": field, "code": "invalid", "message": ""}])
