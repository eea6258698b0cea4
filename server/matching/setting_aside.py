"""Carrying out what a person decided about a campaign: in small transactions, so that it may be cut short and go on."""

from uuid import UUID

from sqlalchemy import or_, select

from server.accounts.policy import Actor
from server.core.database import session, settled
from server.matching import acts, campaigns, links, undoing
from server.matching.models import Attachment, Campaign, CampaignReport, IncidentChange, Suggestion
from server.reports import access
from server.vocabulary import Role, WorkflowState

AT_ONCE = 50


def carry_out(campaign_id: UUID) -> None:
    """Set the reports of a campaign aside (made up), let them count (genuine), or bring them back (the decision was taken back)."""
    while _step(campaign_id):
        pass


def _step(campaign_id: UUID) -> bool:
    with settled():
        access.enter(_hand(None))
        campaign = session.scalar(select(Campaign).where(Campaign.id == campaign_id).with_for_update())
        if campaign is None:
            return False
        if campaign.outcome == "fake":
            return _set_some_aside(campaign)
        if campaign.outcome == "genuine":
            campaigns.flag(campaigns.members(campaign.id), on=False)
            return False
        return _bring_some_back(campaign)


def _set_some_aside(campaign: Campaign) -> bool:
    lying = (
        select(Attachment.incident_id)
        .join(CampaignReport, CampaignReport.report_id == Attachment.report_id)
        .where(CampaignReport.campaign_id == campaign.id, Attachment.ended_at.is_(None))
    )
    incidents = list(session.scalars(lying.distinct().order_by(Attachment.incident_id).limit(AT_ONCE)))
    wanted = set(campaigns.members(campaign.id))
    for incident_id in incidents:
        set_aside(incident_id, wanted, actor=_hand(campaign.settled_by), batch_id=campaign.batch_id)
    return len(incidents) == AT_ONCE


def set_aside(incident_id: UUID, report_ids: set[UUID], *, actor: Actor, batch_id: UUID | None) -> IncidentChange:
    """Take these reports off a record: they lie nowhere now. A record that is left empty leaves the map."""
    incidents = links.locked([incident_id])
    before = acts.Before(incidents.values())
    for laid in links.present_of(incident_id):
        if laid.report_id in report_ids:
            links.lift(laid)
            before.moved(laid.report_id, laid, None)
    if not links.present_of(incident_id):
        incidents[incident_id].workflow = WorkflowState.QUARANTINED
        before.settle(or_(Suggestion.incident_id == incident_id, Suggestion.other_id == incident_id), "set_aside", actor)
    return acts.finish("set_aside", incident_id, None, incidents, before, actor, "", batch_id=batch_id)


def _bring_some_back(campaign: Campaign) -> bool:
    """Undo what the decision did, the last first; then the reports are doubted together again."""
    done = select(IncidentChange.id).where(IncidentChange.batch_id == campaign.batch_id, IncidentChange.undone_at.is_(None))
    standing = list(session.scalars(done.order_by(IncidentChange.at.desc()).limit(AT_ONCE)))
    for change_id in standing:
        undoing.undo(change_id, actor=_hand(None))
    if standing:
        return True
    campaigns.flag(campaigns.members(campaign.id), on=True)
    return False


def _hand(person_id: UUID | None) -> Actor:
    """The house, doing what a person decided."""
    return Actor(person_id=person_id, roles=frozenset({Role.COORD}), is_system=True)
