"""Alerts: who is told what, once. A rule says where, in which sectors and of which kinds; what holds of a record is compared with it.

Everything follows from the state of a record, not from the order of events: a job may run twice and tells nobody twice.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID, uuid4, uuid5

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.dialects.postgresql import insert

from server.accounts.models import Person
from server.accounts.policy import Actor, may
from server.accounts.service import actor_of
from server.coordination import webhooks
from server.coordination.activity_models import Referral
from server.coordination.need_models import Need
from server.coordination.telling_models import AlertKind, AlertRule, Mailing, Notice, Webhook
from server.core import ledger
from server.core.clock import now
from server.core.database import session
from server.core.ledger import LedgerEntry
from server.core.problems import Problem
from server.matching.models import Attachment, Incident
from server.places.models import AdminArea
from server.vocabulary import (
    Certainty,
    FunctionalStatus,
    Hazard,
    NeedType,
    Sector,
    SensitivityClass,
    SiteGroup,
    SiteType,
    WorkflowState,
)

GONE: Final = frozenset({WorkflowState.WITHDRAWN, WorkflowState.MERGED_INTO, WorkflowState.QUARANTINED})
NO_DANGER: Final = frozenset({Hazard.HZ_NONE.value, Hazard.HZ_UNK.value})
OUT_OF_WORK: Final = frozenset({FunctionalStatus.F1, FunctionalStatus.F2})
LADDER: Final = (Certainty.RUMOUR, Certainty.POSSIBLE, Certainty.PROBABLE, Certainty.CONFIRMED)
OF_RECORDS: Final = (AlertKind.NEW, AlertKind.TRAPPED, AlertKind.HOSPITAL, AlertKind.HAZARD, AlertKind.CERTAINTY, AlertKind.COUNT)
A_DAY: Final = timedelta(days=1)
MOST_RULES: Final = 50


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a new rule is to say."""

    kinds: Sequence[AlertKind]
    name: str = ""
    adm: str = ""
    sectors: Sequence[Sector] = ()
    certainty: Certainty | None = None
    threshold: int | None = None
    mailing: Mailing = Mailing.NONE
    webhook_id: UUID | None = None
    for_organisation: bool = False


def rules_of(actor: Actor) -> list[AlertRule]:
    """The rules of a person and of their organisation, by name."""
    ways = AlertRule.person_id == actor.person_id
    if actor.organisation_id:
        ways = ways | (AlertRule.organisation_id == actor.organisation_id)
    return list(session.scalars(select(AlertRule).where(ways, AlertRule.ended_at.is_(None)).order_by(AlertRule.name, AlertRule.id)))


def add_rule(actor: Actor, wanted: Wanted) -> AlertRule:
    """A new rule; Problem ``invalid_input`` for one that could never tell anything, or too many of them."""
    if missing := _missing(actor, wanted):
        raise Problem("invalid_input", errors=[{"field": missing, "code": "required", "message": ""}])
    hook = webhooks.get_hook(actor, wanted.webhook_id) if wanted.webhook_id else None
    rule = AlertRule(
        person_id=actor.person_id, organisation_id=actor.organisation_id if wanted.for_organisation else None,
        name="".join(letter for letter in " ".join(wanted.name.split()) if letter.isprintable())[:100],
        kinds=sorted({kind.value for kind in wanted.kinds}), adm=wanted.adm.strip().upper()[:32],
        sectors=sorted({sector.value for sector in wanted.sectors}), certainty=wanted.certainty, threshold=wanted.threshold,
        mailing=wanted.mailing, webhook_id=hook.id if hook else None,
    )  # fmt: skip
    session.add(rule)
    session.flush()
    ledger.record("alert.added", rule.id, actor_id=actor.person_id, kinds=rule.kinds)
    return rule


def _missing(actor: Actor, wanted: Wanted) -> str:
    """The field without which a rule would tell nothing; "" where it has all it needs."""
    gaps = {
        "kinds": not wanted.kinds or len(rules_of(actor)) >= MOST_RULES,
        "certainty": AlertKind.CERTAINTY in wanted.kinds and wanted.certainty is None,
        "threshold": AlertKind.COUNT in wanted.kinds and not wanted.threshold,
        "adm": bool(wanted.adm.strip()) and not _is_an_area(wanted.adm.strip().upper()),
        "for_organisation": wanted.for_organisation and actor.organisation_id is None,
    }
    return next((name for name, is_missing in gaps.items() if is_missing), "")


def _is_an_area(pcode: str) -> bool:
    """Whether a P-code is one of the land's: an alert for a slip of the pen would wait for ever, and nobody would know."""
    return session.scalar(select(AdminArea.id).where(AdminArea.pcode == pcode).limit(1)) is not None


def end_rule(actor: Actor, rule_id: UUID) -> None:
    """End one of one's own rules, or one of the organisation's; what it told stays in the inbox."""
    rule = next((one for one in rules_of(actor) if one.id == rule_id), None)
    if rule is None:
        raise Problem("not_found")
    rule.ended_at = now()
    ledger.record("alert.ended", rule.id, actor_id=actor.person_id)


def weigh(incident_id: UUID) -> None:
    """A record is new or changed: tell whoever asked to be told of what holds of it now; a record that is gone is buried."""
    incident = session.get(Incident, incident_id)
    if incident is None:
        return
    if incident.merged_into or incident.workflow in GONE:
        webhooks.bury(incident.id, incident.public_id)
        return
    for rule in _rules(OF_RECORDS):
        if _fits(rule, incident):
            for kind in _holding(rule, incident):
                _tell(rule, kind, subject=incident.id, incident=incident)
            _tell_of_many(rule)


def weigh_need(need_id: UUID) -> None:
    """A need was opened."""
    need = session.get(Need, need_id)
    incident = session.get(Incident, need.incident_id) if need else None
    if need is None or incident is None:
        return
    for rule in _rules((AlertKind.NEED,)):
        if _is_there(rule, incident) and (not rule.sectors or need.sector in rule.sectors):
            _tell(rule, AlertKind.NEED, subject=need.id, incident=incident)


def weigh_referral(referral_id: UUID) -> None:
    """Something was referred: the rules of the people of that organisation hear of it, and of no other."""
    referral = session.get(Referral, referral_id)
    need = session.get(Need, referral.need_id) if referral else None
    incident = session.get(Incident, need.incident_id) if need else None
    if referral is None or incident is None:
        return
    for rule in _rules((AlertKind.REFERRAL,)):
        if _organisation_of(rule) == referral.organisation_id:
            _tell(rule, AlertKind.REFERRAL, subject=referral.id, incident=incident)


def weigh_answer(report_id: UUID) -> None:
    """A reporter answered a question, or said more: told once for each time."""
    said = select(LedgerEntry.id).where(LedgerEntry.subject_id == report_id, LedgerEntry.event.in_(("report.answered", "report.amended")))
    latest = session.scalar(said.order_by(LedgerEntry.id.desc()).limit(1))
    where = select(Attachment.incident_id).where(Attachment.report_id == report_id, Attachment.ended_at.is_(None))
    incident = session.get(Incident, session.scalar(where)) if latest else None
    if incident is None:
        return
    for rule in _rules((AlertKind.ANSWER,)):
        if _fits(rule, incident):
            _tell(rule, AlertKind.ANSWER, subject=uuid5(report_id, str(latest)), incident=incident)


def _rules(kinds: Iterable[AlertKind]) -> list[AlertRule]:
    wanted = AlertRule.kinds.overlap([kind.value for kind in kinds])
    return list(session.scalars(select(AlertRule).where(AlertRule.ended_at.is_(None), wanted).order_by(AlertRule.id)))


def _fits(rule: AlertRule, incident: Incident) -> bool:
    """Whether a record lies in the area of a rule, and its kind of place or a need in one of its sectors."""
    sectors = {incident.site_type.sector.value, *(need.sector.value for need in NeedType if need.value in incident.needs)}
    return _is_there(rule, incident) and (not rule.sectors or bool(sectors & set(rule.sectors)))


def _is_there(rule: AlertRule, incident: Incident) -> bool:
    """A municipality tells nobody of the most protected."""
    smallest = None if incident.s_class is SensitivityClass.S4 else incident.adm3_pcode
    return not rule.adm or rule.adm in (incident.adm1_pcode, incident.adm2_pcode, smallest)


def _holding(rule: AlertRule, incident: Incident) -> Iterator[AlertKind]:
    """What a rule asks for and what holds of a record."""
    holds = {
        AlertKind.NEW: incident.opened_at >= rule.created_at,
        AlertKind.TRAPPED: incident.people_trapped,
        AlertKind.HOSPITAL: incident.site_type.group is SiteGroup.HEA and incident.functional_status in OUT_OF_WORK,
        AlertKind.HAZARD: bool(set(incident.hazards) - NO_DANGER),
        AlertKind.CERTAINTY: _has_reached(incident.certainty, rule.certainty),
    }
    return (kind for kind, is_so in holds.items() if is_so and kind.value in rule.kinds)


def _has_reached(found: Certainty, wanted: Certainty | None) -> bool:
    """REFUTED is not the top of the ladder: it is reached only where it was asked for."""
    if wanted is None or found not in LADDER or wanted not in LADDER:
        return found is wanted
    return LADDER.index(found) >= LADDER.index(wanted)


def _tell_of_many(rule: AlertRule) -> None:
    """When as many records were opened within a day as a rule names; told once a day."""
    if AlertKind.COUNT.value not in rule.kinds or not rule.threshold:
        return
    since = max(rule.created_at, now() - A_DAY)
    fitting = [Incident.opened_at >= since, Incident.merged_into.is_(None), Incident.workflow.not_in(GONE), *_conditions(rule)]
    count = session.scalar(select(func.count()).select_from(Incident).where(*fitting)) or 0
    if count >= rule.threshold:
        _tell(rule, AlertKind.COUNT, subject=uuid5(rule.id, now().date().isoformat()), incident=None, count=count)


def _conditions(rule: AlertRule) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if rule.adm:
        smallest = and_(Incident.adm3_pcode == rule.adm, Incident.s_class != SensitivityClass.S4)
        found.append(or_(Incident.adm1_pcode == rule.adm, Incident.adm2_pcode == rule.adm, smallest))
    if rule.sectors:
        types = [kind for kind in SiteType if kind.sector.value in rule.sectors]
        needs = [need.value for need in NeedType if need.sector.value in rule.sectors]
        found.append(or_(Incident.site_type.in_(types), Incident.needs.overlap(needs)))
    return found


def _tell(rule: AlertRule, kind: AlertKind, *, subject: UUID, incident: Incident | None, count: int = 1) -> None:
    incident_id = incident.id if incident else None
    told = {"rule_id": rule.id, "kind": kind, "subject_id": subject, "incident_id": incident_id, "count": count}
    for person_id in _readers(rule):
        session.execute(insert(Notice).values({**told, "id": uuid4(), "person_id": person_id}).on_conflict_do_nothing())
    hook = session.get(Webhook, rule.webhook_id) if rule.webhook_id else None
    if hook and hook.ended_at is None:
        number = incident.public_id if incident else None
        webhooks.enqueue(hook.id, kind, subject=subject, incident_id=incident_id, public_id=number, count=count)


def _readers(rule: AlertRule) -> list[UUID]:
    """Who hears of a rule's news: its owner, or everybody of its organisation; who may not see the desk hears nothing."""
    whose = Person.organisation_id == rule.organisation_id if rule.organisation_id else Person.id == rule.person_id
    people = session.scalars(select(Person).where(whose, Person.active).order_by(Person.id))
    return [person.id for person in people if may(actor_of(person.email), "be_alerted")]


def _organisation_of(rule: AlertRule) -> UUID | None:
    return rule.organisation_id or session.scalar(select(Person.organisation_id).where(Person.id == rule.person_id))
