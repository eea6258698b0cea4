"""Corrections of what was public: what the world was told too much of, and what kind of mistake it was.

The public side says "changed" or "removed" at the next batch and never why (``publication/merges.py``, ``frozen.py``); the kind of
mistake stays here, so that the desk learns from it.
"""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from server.accounts.limits import check_limits
from server.accounts.policy import Actor, may
from server.core import ledger
from server.core.choices import N_, Choice
from server.core.database import session
from server.core.problems import Problem
from server.matching.models import Incident
from server.publication.models import Disclosure
from server.verification.item_models import Correction
from server.verification.lines import laid_together
from server.vocabulary import Certainty

PUBLIC = {Certainty.PROBABLE, Certainty.CONFIRMED}


class Mistake(Choice):
    """What was wrong with something public."""

    MADE_UP = "MADE_UP", N_("It did not happen")
    PLACE = "PLACE", N_("It was somewhere else")
    TIME = "TIME", N_("It was at another time")
    GRADE = "GRADE", N_("It is less damaged")
    TWICE = "TWICE", N_("It was counted twice")
    OTHER = "OTHER", N_("Something else")


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What of a damage record is or was public: its public numbers, what the next batch does to it, and what was noted."""

    numbers: tuple[str, ...]
    is_out: bool
    will_be: str
    noted: tuple[Correction, ...]

    @property
    def is_told(self) -> bool:
        """Whether any of it was ever public."""
        return bool(self.numbers)


def standing(incident: Incident) -> Standing:
    """How a damage record stands with the public. ``will_be`` is "removed", "changed" or nothing."""
    line = laid_together(incident.id)
    told = list(session.scalars(select(Disclosure).where(Disclosure.incident_id.in_(line)).order_by(Disclosure.first_at)))
    out = [one for one in told if one.ended_at is None]
    noted = session.scalars(select(Correction).where(Correction.incident_id.in_(line)).order_by(Correction.at))
    return Standing(
        numbers=tuple(dict.fromkeys(one.published_id for one in told)),
        is_out=bool(out),
        will_be=_will_be(incident, out[-1]) if out else "",
        noted=tuple(noted),
    )


def _will_be(incident: Incident, told: Disclosure) -> str:
    if incident.certainty not in PUBLIC:
        return "removed"
    before, now = told.fields.get("damage_best"), incident.damage_best
    return "changed" if isinstance(before, int) and (now is None or now < before) else ""


def note(incident: Incident, kind: str, *, actor: Actor) -> Correction:
    """Say what kind of mistake something public was. Problem ``not_found`` for what was never public."""
    if not may(actor, "decide_certainty") or actor.person_id is None:
        raise Problem("not_allowed")
    check_limits(actor, incident)
    if kind not in Mistake.codes():
        raise Problem("invalid_input", errors=[{"field": "kind", "code": "unknown", "message": "kind"}])
    found = standing(incident)
    if not found.is_told:
        raise Problem("not_found")
    made = Correction(incident_id=incident.id, kind=kind, before=_before(incident.id), after=incident.certainty.value, person_id=actor.person_id)
    session.add(made)
    session.flush()
    ledger.record("correction.noted", incident.id, actor_id=actor.person_id, item=str(made.id), kind=kind)
    return made


def _before(incident_id: UUID) -> str:
    """The certainty the public was last told."""
    last = select(Disclosure.fields).where(Disclosure.incident_id.in_(laid_together(incident_id))).order_by(Disclosure.first_at.desc()).limit(1)
    return str((session.scalar(last) or {}).get("certainty", ""))[:32]
