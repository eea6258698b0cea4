"""What the next people must know: who holds the keys, who works here, what is open, how backups and drills stand."""

from dataclasses import dataclass

from sqlalchemy import Text, func, select, text

from server.accounts.models import Invitation, Organisation, Person
from server.accounts.people import everybody
from server.accounts.policy import SYSTEM
from server.core.choices import N_
from server.core.clock import now
from server.core.database import see_as, session
from server.core.response import ThisResponse, facts_as_said
from server.keeping import watching
from server.keeping.watching import Finding
from server.matching.models import Incident
from server.matching.queries import count_suggestions
from server.publication import proposals, releases, situations
from server.publication.rule_models import Judgement
from server.publication.situations import Said
from server.reports.queries import counts_waiting
from server.response import checklist, closing, key_holding
from server.response.checklist import Item, Standing
from server.response.key_holding import HeldKey
from server.response.models import Closing
from server.vocabulary import Certainty, WorkflowState

TOLD = ("backup", "drill", "worker", "ledger", "disk")
OPEN_NEEDS = text("SELECT count(*) FROM needs WHERE status IN ('OPEN', 'REFERRED', 'IN_PROGRESS', 'PARTIALLY_MET')")


@dataclass(frozen=True, kw_only=True)
class Handover:
    """Everything on the page and on paper. ``open_work`` is (words as msgid, how many, address of its page)."""

    facts: ThisResponse
    keys: list[HeldKey]
    people: list[Person]
    invited: int
    open_work: list[tuple[str, int, str]]
    missing: list[Item]
    situations: list[Said]
    house: list[Finding]
    closing: Closing | None


def gather() -> Handover:
    """All of it, as of now."""
    see_as("all")
    waiting = select(func.count()).select_from(Invitation).where(
        Invitation.used_at.is_(None), Invitation.revoked_at.is_(None), Invitation.expires_at > now()
    )  # fmt: skip
    return Handover(
        facts=facts_as_said(),
        keys=key_holding.all_keys(),
        people=[person for person in everybody() if person.active],
        invited=session.scalar(waiting) or 0,
        open_work=open_work(),
        missing=[item for item in checklist.checklist() if item.standing is not Standing.DONE],
        situations=situations.said_now(),
        house=[finding for finding in watching.look() if finding.code in TOLD],
        closing=closing.under_way(),
    )


def open_work() -> list[tuple[str, int, str]]:
    """What somebody must take on: words, how many, and where."""
    reports = counts_waiting(SYSTEM)
    draft = releases.under_way()
    return [
        (N_("Reports without a place"), reports["no_place"], "/desk/reports?why=no_place"),
        (N_("Reports held back"), reports["held_back"], "/desk/reports?why=held_back"),
        (N_("Reports with a flag"), reports["flagged"], "/desk/reports?why=flagged"),
        (N_("Doubtful pairs"), count_suggestions(), "/desk/review"),
        (N_("Damage records that nobody has verified"), _count_unverified(), "/desk"),
        (N_("Needs that nobody has met"), session.scalar(OPEN_NEEDS) or 0, "/desk/aid"),
        (N_("Things that wait for a second person"), len(proposals.waiting(now())), "/desk/publication"),
        (N_("Rows that wait for signatures"), _count_rows_waiting(), "/desk/publication"),
        (N_("Dated data sets that wait for signatures"), int(draft is not None), "/desk/releases"),
    ]


def _count_unverified() -> int:
    is_open = Incident.workflow.not_in(
        [WorkflowState.CLOSED, WorkflowState.WITHDRAWN, WorkflowState.QUARANTINED, WorkflowState.MERGED_INTO]
    )
    unsure = Incident.certainty.in_([Certainty.RUMOUR, Certainty.POSSIBLE])
    found = select(func.count()).select_from(Incident).where(Incident.merged_into.is_(None), is_open, unsure)
    return session.scalar(found) or 0


def _count_rows_waiting() -> int:
    return session.scalar(select(func.count()).select_from(Judgement).where(Judgement.waits_for != "")) or 0


def organisations() -> dict[str, int]:
    """How many people of each organisation may sign in: {name: people}."""
    counted = select(Organisation.name, func.count(Person.id)).join(Person).where(Person.active).group_by(Organisation.name)
    return dict(session.execute(counted.order_by(Organisation.name.cast(Text))).all())  # type: ignore[arg-type]
