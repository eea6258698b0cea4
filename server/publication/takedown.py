"""The kill switch: pulled by one person at once, put back by two. What was downloaded cannot be called back.

The rows go, the map and the files with them, and the next release lists their numbers as gone without a reason. The
records stay where they are on the desk.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID, uuid4

import h3
from sqlalchemy import ColumnElement, false, or_, select, text, true, update

from server.accounts.policy import Actor, may
from server.core.clock import now as present
from server.core.database import session
from server.core.ledger import record
from server.core.problems import Problem
from server.matching.models import Incident
from server.publication import changing, five_w, proposals
from server.publication.counting import run_of
from server.publication.models import Disclosure
from server.publication.releases import numbers_of, withdraw_holding, withdraw_set
from server.publication.rule_models import Proposal
from server.publication.service import ONE_WRITER, close_batch, next_release, published_ids_of, take_out, take_time
from server.vocabulary import SensitivityClass, SiteGroup, SiteType

# The kill switch waits for nobody: a batch that is under way is stopped, and the queue makes it again afterwards.
_STOP_BATCH = text("""
SELECT pg_terminate_backend(pid) FROM pg_locks
WHERE locktype = 'advisory' AND objid = 727203 AND granted AND pid <> pg_backend_pid()
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
""")

Kind = Literal["record", "public_row", "area", "site_group", "sensitivity", "activities", "release", "everything"]
WITH_ACTIVITIES = ("area", "activities", "everything")


def withdraw_from_public(actor: Actor, *, kind: Kind, code: str = "") -> int:
    """Take everything in a scope out of the public copy, at once; returns how many public rows went.

    `code` is the desk's number of a record, the number of a public row, a P-code or H3 cell, a group of sites or a
    class. Records of the scope that are not public yet stay out as well. Of who does what where (5W), an area goes with the
    area, everything with everything; "activities" takes out that table alone, or a P-code of it. "release"
    withdraws the dated data set of a number, and leaves the current copy as it is.
    """
    if not may(actor, "take_out_of_public"):
        raise Problem("not_allowed")
    session.execute(_STOP_BATCH)
    session.execute(ONE_WRITER)
    take_time()
    now = present()
    if kind == "release":
        return withdraw_set(actor, code)
    mark = (
        update(Incident)
        .where(_scope(kind, code), Incident.killed_at.is_(None))
        .values(killed_at=now)
        .returning(Incident.id)
    )
    killed = list(session.scalars(mark, execution_options={"synchronize_session": False}))
    gone = published_ids_of(killed)
    take_out(gone, now=now)
    rows, editions = five_w.stop(code or five_w.EVERYTHING, now=now) if kind in WITH_ACTIVITIES else ([], [])
    close_batch(next_release(now), now=now, revoked=[*gone, *rows], version=changing.in_force(now).version)
    withdraw_holding(numbers_of(killed), now=now, editions=editions)
    subject = killed[0] if kind in ("record", "public_row") and killed else uuid4()
    record(
        "publication.withdrawn",
        subject,
        actor_id=actor.person_id,
        scope=kind,
        code=code,
        records=len(killed),
        rows=len(gone) + len(rows),
    )
    return len(gone) + len(rows)


def put_back_into_public(actor: Actor, second: Actor, *, public_ids: Sequence[str]) -> int:
    """Let the rules judge some records again; two people must agree. They wait for the next batch like new rows."""
    if not (may(actor, "put_back_into_public") and may(second, "put_back_into_public")):
        raise Problem("not_allowed")
    if actor.person_id is None or actor.person_id == second.person_id:
        raise Problem("second_person_needed")
    back = update(Incident).where(Incident.public_id.in_(public_ids), Incident.killed_at.is_not(None))
    found = list(
        session.scalars(
            back.values(killed_at=None).returning(Incident.id), execution_options={"synchronize_session": False}
        )
    )
    for incident in found:
        record("publication.put_back", incident, actor_id=actor.person_id, second=str(second.person_id))
    return len(found)


def propose_put_back(
    actor: Actor, public_ids: Sequence[str], *, reason: str, activities: Sequence[str] = ()
) -> Proposal:
    """Ask a second person to let the rules judge some records again, and the 5W of some areas (or all of it)."""
    if not may(actor, "put_back_into_public"):
        raise Problem("not_allowed")
    known = select(Incident.public_id).where(Incident.public_id.in_(public_ids), Incident.killed_at.is_not(None))
    found = sorted(session.scalars(known))
    stops = sorted(set(activities) & set(five_w.stops()))
    if not found and not stops:
        raise Problem("incident_not_found")
    return proposals.propose(actor, kind="put_back", body={"records": found, "activities": stops}, reason=reason)


def agree_put_back(actor: Actor, proposal_id: UUID) -> int:
    """The second person's word: the records are judged again at the next batch. Returns how many."""
    agreed = proposals.agree(actor, proposal_id)
    first = proposals.proposer(agreed)
    back = put_back_into_public(first, actor, public_ids=agreed.body["records"])
    let_go = five_w.let_go(agreed.body.get("activities", []), now=present())
    if let_go:
        record(
            "publication.put_back", agreed.id, actor_id=actor.person_id, second=str(first.person_id), activities=let_go
        )
    return back + len(let_go)


def taken_out(most: int = 200) -> list[tuple[str, datetime]]:
    """Records that the kill switch holds back: the desk's number and since when, the latest first."""
    killed = select(Incident.public_id, Incident.killed_at).where(Incident.killed_at.is_not(None))
    found = session.execute(killed.order_by(Incident.killed_at.desc(), Incident.public_id).limit(most))
    return [(row.public_id, row.killed_at) for row in found]


def _scope(kind: Kind, code: str) -> ColumnElement[bool]:
    if kind in ("everything", "activities"):
        return true() if kind == "everything" else false()
    if kind == "record":
        return Incident.public_id == code
    if kind == "public_row":
        return Incident.id.in_(select(Disclosure.incident_id).where(Disclosure.published_id == code))
    if kind == "area":
        return _in_area(code)
    if kind == "site_group":
        return Incident.site_type.in_([site for site in SiteType if site.group is SiteGroup(code)])
    return Incident.s_class == SensitivityClass(code)


def _in_area(code: str) -> ColumnElement[bool]:
    if h3.is_valid_cell(code):
        low, high = run_of(code)
        return Incident.h3_r9.between(low, high)
    return or_(Incident.adm1_pcode == code, Incident.adm2_pcode == code, Incident.adm3_pcode == code)
