"""Who has agreed to what goes out: the standing approval of the routine, and signatures under single rows.

In a conflict the routine classes go out under an approval that two people gave for some days. What is more sensitive, and
what the gate warns of, is signed row by row: the signature is under a hash of the row, so that a row that changes is read again.
"""

import hashlib
import json
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select

from server.accounts.policy import Actor
from server.core.clock import now as present
from server.core.database import session
from server.core.problems import Problem
from server.places.models import AreaContext
from server.publication import proposals
from server.publication.five_w_models import PublishedActivity
from server.publication.models import PublishedIncident
from server.publication.policy import Approval, policy
from server.publication.rule_models import Judgement, Proposal
from server.vocabulary import ContextMode

SIGNED_FOR = timedelta(days=60)
CALM = (ContextMode.DISASTER, ContextMode.POST_CONFLICT)


@dataclass(frozen=True, kw_only=True)
class Agreements:
    """What two people have agreed to, as one batch knows it."""

    standing: bool = False
    signed: Container[str] = frozenset()

    def cover(self, needed: Approval, fingerprint: str) -> bool:
        """Whether a row may go out that needs an approval."""
        if needed is Approval.NONE or fingerprint in self.signed:
            return True
        return needed is Approval.STANDING and self.standing


def agreements(now: datetime) -> Agreements:
    """What holds now."""
    signed = (item for item in proposals.in_force("rows", now) if item.agreed_at and item.agreed_at > now - SIGNED_FOR)
    return Agreements(
        standing=bool(proposals.in_force("standing", now)),
        signed=frozenset(name for item in signed for name in item.body["rows"]),
    )


def fingerprint(incident_id: UUID, row: Mapping[str, Any]) -> str:
    """The hash of a record's row as it would be public: another value, another hash."""
    told = json.dumps([str(incident_id), row], sort_keys=True, default=str)
    return hashlib.sha256(told.encode()).hexdigest()


def approve_routine(actor: Actor, *, days: int) -> Proposal:
    """Propose that the routine classes may go out for some days without being read one by one."""
    until = present() + timedelta(days=days)
    return proposals.propose(actor, kind="standing", body={"days": days}, until=until)


def sign_rows(actor: Actor, fingerprints: Sequence[str]) -> Proposal:
    """Put the first signature under some of the rows that wait; Problem when one of them waits no more or has changed."""
    waiting = select(Judgement.fingerprint).where(Judgement.waits_for != "", Judgement.fingerprint.in_(fingerprints))
    found = set(session.scalars(waiting))
    if not fingerprints or found != set(fingerprints):
        raise Problem("changed_meanwhile")
    return proposals.propose(actor, kind="rows", body={"rows": sorted(found)})


def waiting_fingerprints() -> Select[str]:
    """The hashes of the rows that wait for signatures and may be signed."""
    return select(Judgement.fingerprint).where(Judgement.waits_for.in_(("SIGNATURES", "GATE")))


def needs_two_people(now: datetime) -> bool:
    """Whether any public row lies in an area in conflict now; where nothing is said, or it has expired, it is conflict."""
    holds = AreaContext.from_at <= now, AreaContext.until_at > now, AreaContext.from_at > now - policy().context_lasts
    calm = set(session.scalars(select(AreaContext.pcode).where(AreaContext.mode.in_(CALM), *holds)))
    war = set(session.scalars(select(AreaContext.pcode).where(AreaContext.mode.not_in(CALM), *holds)))
    row, aid = PublishedIncident, PublishedActivity
    damage = session.execute(select(row.adm1_pcode, row.adm2_pcode, row.adm3_pcode).distinct()).all()
    help_given = session.execute(select(aid.adm1_pcode, aid.adm2_pcode).distinct()).all()
    return any(not set(codes) & calm or set(codes) & war for codes in (*damage, *help_given))
