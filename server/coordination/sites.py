"""Known places: made from a damage record by a person, never by a report; what happened to one over time."""

import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, time
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select

from server.accounts.limits import check_limits
from server.accounts.policy import Actor, may
from server.coordination.activity_models import Activity
from server.coordination.grouping import LETTERS, PRESENT
from server.coordination.need_models import Need
from server.coordination.site_course import Moment, Step, course
from server.coordination.site_models import SiteNote
from server.core import ledger
from server.core.clock import now
from server.core.database import session
from server.core.problems import Problem
from server.matching.models import Incident
from server.matching.summaries import touch
from server.places.models import Site


def by_public_id(public_id: str) -> Site:
    """The place of a public number; Problem ``not_found``."""
    found = session.scalar(select(Site).where(Site.public_id == public_id.upper()))
    if found is None:
        raise Problem("not_found")
    return found


def by_id(site_id: UUID | None) -> Site | None:
    """A place by its number inside, or None."""
    return session.get(Site, site_id) if site_id else None


def make(incident: Incident, name: str, *, actor: Actor) -> Site:
    """Make a known place of where a damage record lies, and put the record there. Problem ``invalid_input`` without a place."""
    if incident.point is None:
        raise Problem("invalid_input", errors=[{"field": "place", "code": "missing", "message": "place"}])
    number = "PLC-" + "".join(secrets.choice(LETTERS) for _ in range(8))
    made = Site(
        id=uuid4(), public_id=number, site_type=incident.site_type, name=name.strip()[:200], in_use_as=incident.in_use_as,
        point=incident.point, accuracy_m=incident.accuracy_m,
    )  # fmt: skip
    session.add(made)
    session.flush()
    ledger.record("site.added", made.id, actor_id=actor.person_id)
    put(incident, made, actor=actor)
    return made


def put(incident: Incident, site: Site | None, *, actor: Actor) -> None:
    """Say at which known place a record is; ``site`` None: at none. Problem ``outside_your_area``."""
    check_limits(actor, incident)
    incident.site_id = site.id if site else None
    touch(incident)
    ledger.record("incident.placed", incident.id, actor_id=actor.person_id, site=str(site.id) if site else None)


def note(site: Site, values: Mapping[str, Any], *, actor: Actor) -> SiteNote:
    """Keep what somebody saw there; ``values`` are those of ``SiteNoteForm``. Problem ``outside_your_area``."""
    check_limits(actor, *incidents_at(site)[:1])
    made = SiteNote(id=uuid4(), site_id=site.id, person_id=actor.person_id, organisation_id=actor.organisation_id, **values)
    session.add(made)
    session.flush()
    ledger.record("site.noted", site.id, actor_id=actor.person_id, note=str(made.id))
    return made


def take_back(note_id: UUID, *, actor: Actor) -> Site:
    """Take back a note that was wrong: of one's own organisation, or any for a coordinator."""
    found = session.scalar(select(SiteNote).where(SiteNote.id == note_id).with_for_update())
    if found is None:
        raise Problem("not_found")
    if found.organisation_id != actor.organisation_id and not may(actor, "coordinate_aid"):
        raise Problem("not_allowed")
    if found.undone_at:
        raise Problem("already_done")
    found.undone_at = now()
    ledger.record("site.note_undone", found.site_id, actor_id=actor.person_id, note=str(note_id))
    return session.get_one(Site, found.site_id)


def incidents_at(site: Site) -> Sequence[Incident]:
    """The damage records of a place, the latest first."""
    query = select(Incident).where(Incident.site_id == site.id, *PRESENT).order_by(Incident.event_latest.desc().nulls_last(), Incident.id)
    return session.scalars(query).all()


def notes_of(site: Site) -> dict[str, SiteNote]:
    """What was noted of a place and not taken back, by number."""
    query = select(SiteNote).where(SiteNote.site_id == site.id, SiteNote.undone_at.is_(None))
    return {str(found.id): found for found in session.scalars(query)}


def course_of(incidents: Sequence[Incident], notes: Mapping[str, SiteNote]) -> list[Step]:
    """What happened there in the order of time: each strike, repair and visit with the damage and service it left."""
    strikes = [
        Moment(at=one.event_latest, kind="strike", name=one.public_id, grade=one.damage_best, service=one.functional_status) for one in incidents
    ]
    return course([*strikes, *(_visit(number, seen) for number, seen in notes.items())])


def _visit(number: str, seen: SiteNote) -> Moment:
    at = datetime.combine(seen.seen_on, time(12), UTC)
    return Moment(at=at, kind="repair" if seen.is_repair else "visit", name=number, grade=seen.damage_left, service=seen.functional_status)


def needs_at(incidents: Sequence[Incident]) -> Sequence[Need]:
    """The needs of all records of a place, the most urgent first."""
    query = select(Need).where(Need.incident_id.in_([one.id for one in incidents]))
    return session.scalars(query.order_by(Need.urgency, Need.opened_at)).all()


def activities_at(site: Site, incidents: Sequence[Incident]) -> Sequence[Activity]:
    """What is done at a place, the latest first."""
    here = (Activity.site_id == site.id) | Activity.incident_id.in_([one.id for one in incidents])
    return session.scalars(select(Activity).where(here).order_by(Activity.starts_on.desc(), Activity.id)).all()
