"""What the page of a damage record shows of aid: needs and who has them in hand, activities, and to whom the record is given."""

from typing import Any

from server.accounts.limits import may_on
from server.accounts.policy import Actor, may
from server.coordination import aid_reading, assignments, sites
from server.coordination.activity_models import Assignment
from server.core.database import session
from server.matching.models import Incident
from server.places.models import Event
from server.vocabulary import NeedType, NeedUnit, OfferState, Urgency


def panel(incident: Incident, actor: Actor) -> dict[str, Any]:
    """The entry ``aid`` of the page's contents."""
    standing = assignments.standing(incident)
    return {
        "aid": {
            "needs": aid_reading.needs_of(incident),
            "activities": aid_reading.activities_of(incident),
            "standing": standing,
            "past": [one for one in assignments.of_incident(incident) if one not in standing],
            "organisations": aid_reading.organisations(),
            "may_assign": assignments.may_assign(actor, incident),
            "may_edit": may_on(actor, "edit_needs", incident),
            "may_give": may(actor, "give_aid") and actor.organisation_id is not None,
            "own": lambda assignment: is_own(assignment, actor),
            "site": sites.by_id(incident.site_id),
            "event": session.get(Event, incident.event_id) if incident.event_id else None,
            "days": assignments.DAYS,
            "lists": {"need": NeedType, "urgency": Urgency, "unit": NeedUnit},
            "accepted": OfferState.ACCEPTED,
        }
    }


def is_own(assignment: Assignment, actor: Actor) -> bool:
    """Whether an assignment is for the actor's organisation to answer."""
    return may(actor, "give_aid") and assignment.organisation_id == actor.organisation_id
