"""Two people who act at one moment: who waited for the other sees what the other did, and no word counts that was taken back.

The other's act is written past the session of the one who waits, which has read the row before: so it lies in a second process.
"""

from uuid import uuid4

import pytest
from sqlalchemy import select, text

from server.core.clock import now
from server.core.database import session
from server.core.problems import Problem
from server.matching import campaigns, undoing
from server.matching.models import Incident, IncidentChange
from server.matching.review_models import Campaign
from server.publication import proposals, releases, takedown
from server.publication.release_models import ReleaseApproval, ReleaseDraft
from server.publication.rule_models import Proposal
from server.verification import service as verification
from server.verification.models import VerificationDecision
from server.vocabulary import Certainty
from tests.people import actor

BODY = {"site_type": "RES.APT", "damage": "D3", "point": {"type": "Point", "coordinates": [-56.1645, -34.9011]}, "text": "Roof gone."}
WHY = "Both photos show the same wall, from two sides."


def refusal(act, *args, **named):
    with pytest.raises(Problem) as refused:
        act(*args, **named)
    return refused.value.code


def elsewhere(database, words, **values):
    """Another process does something, after this one has read the row."""
    database.execute(text(words), values)


@pytest.fixture
def incident(client, work, people):
    assert client.put(f"/api/v1/reports/{uuid4()}", json=BODY).status_code == 201
    work()
    return session.scalars(select(Incident)).one()


@pytest.fixture
def decision(incident, people):
    """Bohdan's decision that waits for a second person."""
    row = VerificationDecision(
        incident_id=incident.id, incident_version=incident.version, from_certainty=incident.certainty, to_certainty=Certainty.RUMOUR,
        rule_id="R0", basis=[], rationale=WHY, decided_by=people["bohdan"].id, second_needed=True, in_force=False,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row


def test_a_decision_on_a_record_that_changed_while_it_was_waited_for_is_refused(incident, people, database):
    seen = incident.version
    elsewhere(database, "UPDATE incidents SET version = version + 1 WHERE id = :id", id=incident.id)
    said = {"version": seen, "actor": actor(people["bohdan"])}
    assert refusal(verification.decide, incident.id, Certainty.RUMOUR, WHY, **said) == "changed_meanwhile"


@pytest.mark.parametrize("other", ["undone_at = now()", "in_force = true"], ids=["taken back", "agreed"])
def test_a_decision_that_somebody_settled_meanwhile_is_not_agreed_to_again(decision, people, database, other):
    elsewhere(database, f"UPDATE verification_decisions SET {other} WHERE id = :id", id=decision.id)
    assert refusal(verification.agree, decision.id, actor=actor(people["berta"])) == "already_done"


def test_a_decision_is_taken_back_once(decision, people, database):
    elsewhere(database, "UPDATE verification_decisions SET undone_at = now() WHERE id = :id", id=decision.id)
    assert refusal(verification.undo, decision.id, actor=actor(people["berta"])) == "already_done"


def test_what_was_ended_while_a_second_person_waited_puts_nothing_back_into_public(incident, people, database):
    elsewhere(database, "UPDATE incidents SET killed_at = now() WHERE id = :id", id=incident.id)
    sana, pilar = actor(people["sana"]), actor(people["pilar"])
    proposal = takedown.propose_put_back(sana, [incident.public_id], reason="It was the wrong one.")
    assert session.get(Proposal, proposal.id) is proposal
    elsewhere(database, "UPDATE proposals SET ended_at = now() WHERE id = :id", id=proposal.id)
    assert refusal(takedown.agree_put_back, pilar, proposal.id) == "already_done"
    assert database.scalar(text("SELECT killed_at FROM incidents")) is not None


def test_nobody_is_the_second_to_somebody_whose_account_was_closed(people, database):
    sana, pilar = actor(people["sana"]), actor(people["pilar"])
    made = proposals.propose(sana, kind="let_go", body={"held": str(uuid4()), "pcode": "NO90"})
    elsewhere(database, "UPDATE people SET active = false WHERE id = :id", id=sana.person_id)
    assert refusal(proposals.agree, pilar, made.id) == "second_person_needed"
    elsewhere(database, "UPDATE people SET active = true WHERE id = :id", id=sana.person_id)
    assert proposals.agree(pilar, made.id).agreed_by == pilar.person_id


def test_an_act_is_undone_once(incident, people, database):
    change = IncidentChange(kind="edit", incident_id=incident.id, before={}, person_id=people["chipo"].id)
    session.add(change)
    session.flush()
    elsewhere(database, "UPDATE incident_changes SET undone_at = now() WHERE id = :id", id=change.id)
    assert refusal(undoing.undo, change.id, actor=actor(people["chipo"])) == "already_done"


def test_a_campaign_is_settled_once(people, database):
    campaign = Campaign(kind="burst")
    session.add(campaign)
    session.flush()
    elsewhere(database, "UPDATE campaigns SET settled_at = now(), outcome = 'fake' WHERE id = :id", id=campaign.id)
    assert refusal(campaigns.settle, campaign.id, "genuine", actor=actor(people["chipo"])) == "already_done"


def test_the_signature_of_a_closed_account_publishes_no_data_set(people, database):
    sana = people["sana"].id
    draft = ReleaseDraft(
        edition=1, number="R-1", state="WAITING", batch_id="B-1", policy_version="1", asked_by=sana, asked_at=now(), rows_total=1
    )
    session.add(draft)
    session.flush()
    session.add(ReleaseApproval(draft_id=draft.id, person_id=sana, approved_at=now(), roles=["STEWARD"]))
    session.flush()
    assert not releases.lacks(draft)
    elsewhere(database, "UPDATE people SET active = false WHERE id = :id", id=sana)
    assert releases.lacks(draft)
