"""Attacks and disasters: naming one, and putting damage records with it, many at once, with the way back."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, func, select, tuple_, update

from server.accounts.limits import check_limits
from server.accounts.policy import Actor
from server.coordination.need_flow import LIVE
from server.coordination.need_models import Need
from server.core import ledger, paging
from server.core.clock import now
from server.core.database import session
from server.core.problems import Problem
from server.matching.models import Incident
from server.places.models import Event
from server.vocabulary import Certainty, NeedStatus, Sector, WorkflowState

LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
KEPT = ("name", "glide", "cause_group", "began_at", "ended_at")
MOST, PAGE = 500, 50
PRESENT = Incident.merged_into.is_(None), Incident.workflow != WorkflowState.WITHDRAWN


def add(values: Mapping[str, Any], *, actor: Actor) -> Event:
    """Name an attack or disaster; ``values`` are those of ``EventForm``."""
    number = "EVT-" + "".join(secrets.choice(LETTERS) for _ in range(8))
    made = Event(id=uuid4(), public_id=number, **{name: values[name] for name in KEPT})
    session.add(made)
    session.flush()
    ledger.record("event.added", made.id, actor_id=actor.person_id)
    return made


def change(event: Event, values: Mapping[str, Any], *, actor: Actor) -> None:
    """Set what is known of it anew."""
    for name in KEPT:
        setattr(event, name, values[name])
    ledger.record("event.changed", event.id, actor_id=actor.person_id)


def by_public_id(public_id: str) -> Event:
    """The event of a public number; Problem ``not_found``."""
    found = session.scalar(select(Event).where(Event.public_id == public_id.upper()))
    if found is None:
        raise Problem("not_found")
    return found


def all_events() -> list[tuple[Event, int]]:
    """Every event with the number of its damage records, the latest first."""
    numbers = select(Incident.event_id, func.count().label("n")).where(*PRESENT).group_by(Incident.event_id).subquery()
    query = select(Event, func.coalesce(numbers.c.n, 0)).outerjoin(numbers, numbers.c.event_id == Event.id)
    return [(event, count) for event, count in session.execute(query.order_by(Event.began_at.desc(), Event.id))]


def candidates(event: Event, *, adm: str = "") -> Sequence[Incident]:
    """Records of its time (and of an area, where one is given) that belong to no event yet, at most ``MOST``, in the order of time."""
    until = event.ended_at or now()
    wanted: list[ColumnElement[bool]] = [
        *PRESENT, Incident.event_id.is_(None), Incident.event_latest >= event.began_at, Incident.event_earliest <= until,
    ]  # fmt: skip
    if adm:
        wanted.append((Incident.adm1_pcode == adm) | (Incident.adm2_pcode == adm))
    return session.scalars(select(Incident).where(*wanted).order_by(Incident.event_earliest, Incident.id).limit(MOST)).all()


def put(event: Event | None, public_ids: Sequence[str], *, actor: Actor, out_of: Event | None = None) -> int:
    """Put records with an event, or with none (``event`` None, those ``out_of`` one); returns how many changed.

    A record that is with another event is left there: nothing is moved unawares.
    """
    if len(public_ids) > MOST:
        raise Problem("too_large")
    here = Incident.event_id == out_of.id if out_of else Incident.event_id.is_(None)
    wanted = (Incident.public_id.in_([number.strip().upper() for number in public_ids]), here, *PRESENT)
    check_limits(actor, *session.scalars(select(Incident).where(*wanted)))
    found = session.scalars(
        update(Incident)
        .where(*wanted)
        .values(event_id=event.id if event else None, version=Incident.version + 1, changed_at=now())
        .returning(Incident.id)
        .execution_options(synchronize_session=False)
    ).all()
    for incident_id in found:
        ledger.record("incident.grouped", incident_id, actor_id=actor.person_id, attack=str(event.id) if event else None)
    session.expire_all()
    return len(found)


@dataclass(frozen=True)
class Numbers:
    """What an event did: records in all, those where people may be trapped, by grade and by certainty; needs by sector."""

    total: int
    trapped: int
    grades: dict[int | None, int]
    certainties: dict[Certainty, int]
    needs: dict[Sector, tuple[int, int]]


def numbers(event: Event) -> Numbers:
    """The numbers of an event; needs are ``{sector: (not met yet, met)}``."""
    here = (Incident.event_id == event.id, *PRESENT)
    rows = session.execute(
        select(Incident.damage_best, Incident.certainty, func.count(), func.count().filter(Incident.people_trapped))
        .where(*here).group_by(Incident.damage_best, Incident.certainty)
    ).all()  # fmt: skip
    grades: dict[int | None, int] = {}
    certainties: dict[Certainty, int] = {}
    for grade, certainty, count, _trapped in rows:
        grades[grade] = grades.get(grade, 0) + count
        certainties[certainty] = certainties.get(certainty, 0) + count
    return Numbers(sum(grades.values()), sum(row[3] for row in rows), grades, certainties, _needs(here))


def _needs(here: tuple[ColumnElement[bool], ...]) -> dict[Sector, tuple[int, int]]:
    live, met = (func.count().filter(Need.status.in_(states)) for states in (LIVE, (NeedStatus.MET,)))
    query = select(Need.sector, live, met).join(Incident, Incident.id == Need.incident_id).where(*here).group_by(Need.sector)
    return {sector: (open_, done) for sector, open_, done in session.execute(query) if open_ or done}


def page_of(event: Event, cursor: str | None) -> tuple[list[Incident], str | None]:
    """Its records, the worst first, and where to go on."""
    order = func.coalesce(Incident.damage_best, -1)
    query = select(Incident).where(Incident.event_id == event.id, *PRESENT).order_by(order.desc(), Incident.id.desc()).limit(PAGE + 1)
    if after := paging.decode_cursor(cursor, int, str):
        query = query.where(tuple_(order, Incident.id) < (after[0], _number(after[1])))
    rows = list(session.scalars(query))
    if len(rows) <= PAGE:
        return rows, None
    last = rows[PAGE - 1]
    return rows[:PAGE], paging.encode_cursor(-1 if last.damage_best is None else last.damage_best, last.id)


def _number(word: str) -> UUID:
    try:
        return UUID(word)
    except ValueError:
        raise Problem("bad_request") from None
