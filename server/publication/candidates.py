"""Damage records as the rules may know them: read in one query, never with a reporter's words, name or device."""

import hashlib
import hmac
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache, partial
from itertools import islice
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, Uuid, any_, literal, select
from sqlalchemy.dialects.postgresql import ARRAY

from server.core.database import session
from server.core.response import this_response
from server.core.settings import settings
from server.matching.models import Incident
from server.places.models import AreaContext, Event, Site
from server.publication import holding
from server.publication.cases import AreaMode, Candidate, Surroundings
from server.publication.coarsening import CELLS, Disclosure, Whereabouts
from server.publication.counting import Neighbourhood
from server.publication.models import Disclosure as DisclosedRow
from server.vocabulary import GeometryLevel, LegalProfile

TOGETHER = 2_000


@dataclass(frozen=True, kw_only=True)
class Case:
    """One record with all the rules need, what else its row will say, and its public number if it has one."""

    candidate: Candidate
    surroundings: Surroundings
    facts: Row[tuple[object, ...]]
    published_id: str | None
    last_disclosed: dict[str, object] | None


def cases(ids: Iterable[UUID], *, now: datetime) -> Iterator[Case]:
    """Cases for some records, in runs of neighbours so that their surroundings are counted once."""
    modes, around, held, left = _modes(), Neighbourhood(), holding.held(now), iter(ids)
    while some := list(islice(left, TOGETHER)):
        yield from _cases(some, now=now, modes=modes, around=around, held=held)


def _cases(
    ids: Sequence[UUID],
    *,
    now: datetime,
    modes: dict[str, list[AreaMode]],
    around: Neighbourhood,
    held: Mapping[str, datetime],
) -> Iterator[Case]:
    found = session.execute(_facts().where(Incident.id == any_(literal(list(ids), ARRAY(Uuid))))).all()
    places = {row.id: _place(row) for row in found}
    around.reach(places.values())
    history = _history(ids)
    profile, key = LegalProfile(this_response().legal_profile), holdback_key()
    for row in found:
        candidate, told = _candidate(row, places[row.id], held), history[row.id]
        present = [item for item in told if item.ended_at is None]
        yield Case(
            candidate=candidate,
            surroundings=Surroundings(
                now=now,
                contexts=tuple(mode for pcode in candidate.place.pcodes for mode in modes.get(pcode or "", ())),
                k=around.around(candidate.place),
                of_class=partial(around.of_class, candidate.place),
                disclosed=tuple(_disclosure(item) for item in told),
                legal_profile=profile,
                holdback_key=key,
            ),
            facts=row,
            published_id=present[-1].published_id if present else None,
            last_disclosed=present[-1].fields if present else None,
        )


def holdback_key() -> bytes:
    """The key of the secret waits, derived from the installation's own."""
    return hmac.new(settings().secret_key.encode(), b"publication holdback", hashlib.sha256).digest()


def _facts() -> Select[tuple[object, ...]]:
    lon, lat = Incident.point.ST_X().label("lon"), Incident.point.ST_Y().label("lat")
    own = [column for column in Incident.__table__.c if column.key not in ("point", "fixed_fields", "needs", "hazards")]
    more = [Site.name.label("site_name"), Event.glide.label("glide"), Event.public_id.label("event_public_id")]
    joined = Incident.__table__.outerjoin(Site, Site.id == Incident.site_id).outerjoin(
        Event, Event.id == Incident.event_id
    )
    return select(*own, lon, lat, *more).select_from(joined)


def _place(row: Row[tuple[object, ...]]) -> Whereabouts:
    pcodes = (row.adm1_pcode, row.adm2_pcode, row.adm3_pcode)
    return Whereabouts(h3_r9=row.h3_r9, pcodes=pcodes, accuracy_m=row.accuracy_m)


def _candidate(row: Row[tuple[object, ...]], place: Whereabouts, held: Mapping[str, datetime]) -> Candidate:
    raised = row.s_class if row.s_class > row.site_type.sensitivity else None
    return Candidate(
        id=row.id,
        certainty=row.certainty,
        workflow=row.workflow,
        site_type=row.site_type,
        place=place,
        evidence_received_at={"values": row.evidence_received_at} if row.evidence_received_at else {},
        in_use_as=row.in_use_as,
        raised_to=raised,
        event_earliest=row.event_earliest,
        event_latest=row.event_latest,
        event_precision=row.event_precision,
        time_zone=this_response().time_zone,
        lon=row.lon,
        lat=row.lat,
        is_withdrawn=row.merged_into is not None,
        is_killed=row.killed_at is not None,
        embargo_until=row.embargo_until,
        area_held_until=max((held[pcode] for pcode in place.pcodes if pcode and pcode in held), default=None),
        has_words=row.report_count > 0,
        has_photos=row.photo_count > 0,
        damage_min=row.damage_min,
        damage_max=row.damage_max,
        damage_best=row.damage_best,
        cause_group=row.cause_group,
    )


def _modes() -> dict[str, list[AreaMode]]:
    """What was ever said of each area; the rules see what holds and what has expired."""
    said: dict[str, list[AreaMode]] = defaultdict(list)
    for row in session.scalars(select(AreaContext)):
        said[row.pcode].append(AreaMode(mode=row.mode, from_at=row.from_at, until_at=row.until_at))
    return said


def _history(ids: Sequence[UUID]) -> dict[UUID, list[Row[Any]]]:
    """What was said of some records, by column and not by model: the ORM would make an object of each."""
    told: dict[UUID, list[Row[Any]]] = defaultdict(list)
    among = DisclosedRow.incident_id == any_(literal(list(ids), ARRAY(Uuid)))
    columns = [column for column in DisclosedRow.__table__.c if column.key != "release_id"]
    for row in session.execute(select(*columns).where(among).order_by(DisclosedRow.first_at, DisclosedRow.id)):
        told[row.incident_id].append(row)
    return told


def _disclosure(row: Row[Any]) -> Disclosure:
    told = row.fields.get
    cell = row.area_code if row.geo_level in CELLS or row.geo_level is GeometryLevel.POINT else None
    return _once(row.geo_level, cell, (told("adm1_pcode"), told("adm2_pcode"), told("adm3_pcode")))


@lru_cache(maxsize=100_000)
def _once(level: GeometryLevel, cell: str | None, pcodes: tuple[str | None, str | None, str | None]) -> Disclosure:
    return Disclosure(level=level, cell=cell, pcodes=pcodes)
