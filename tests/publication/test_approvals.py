"""Who must agree before a row is public in a conflict: two people, beforehand for the routine, row by row for the rest."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from server.core.clock import now
from server.core.database import session
from server.core.ledger import LedgerEntry
from server.core.problems import Problem
from server.publication import approving, proposals
from server.publication.models import PublishedIncident
from server.publication.rule_models import Judgement
from server.publication.service import publish_batch
from server.vocabulary import SiteType
from tests.people import actor

DAY = timedelta(days=1)


@pytest.fixture
def signers(people):
    """Sana is data steward, Pilar protection focal point."""
    return actor(people["sana"]), actor(people["pilar"])


@pytest.fixture
def war(norway, people):
    """A home and a hospital struck three weeks ago in an active conflict, both due."""
    norway.said("CONFLICT_ACTIVE", since=now() - DAY, until=now() + 20 * DAY)
    long_ago = now() - 40 * DAY
    dated = {"event_earliest": long_ago, "event_latest": long_ago, "evidence_received_at": long_ago}
    return norway.incident(**dated), norway.incident(SiteType.HEA_HOSP, **dated)


def batch(at=None):
    made = publish_batch(at or now())
    session.flush()
    session.expire_all()
    return made


def kinds():
    return sorted(str(row.site_group) for row in session.scalars(select(PublishedIncident)))


def waiting():
    return {
        row.waits_for: row.fingerprint for row in session.scalars(select(Judgement).where(Judgement.waits_for != ""))
    }


def refusal(act, *args, **named):
    with pytest.raises(Problem) as refused:
        act(*args, **named)
    return refused.value.code


def test_in_a_conflict_nothing_goes_out_that_nobody_agreed_to(war):
    assert batch().withheld == {"STANDING": 1, "SIGNATURES": 1}
    assert kinds() == []


def test_the_standing_approval_lets_the_routine_out_and_not_the_hospital(war, signers):
    first, second = signers
    proposals.agree(second, approving.approve_routine(first, days=7).id)
    assert batch().withheld == {"SIGNATURES": 1}
    assert kinds() == ["RES"]


def test_one_person_alone_approves_nothing(war, signers):
    first, _second = signers
    proposed = approving.approve_routine(first, days=7)
    assert refusal(proposals.agree, first, proposed.id) == "second_person_needed"
    assert batch().new == 0


def test_a_standing_approval_lasts_seven_days_at_most(war, signers):
    assert refusal(approving.approve_routine, signers[0], days=8) == "invalid_input"
    proposals.agree(signers[1], approving.approve_routine(signers[0], days=7).id)
    assert not approving.agreements(now() + 7 * DAY + timedelta(minutes=1)).standing


def test_anybody_who_may_sign_ends_an_approval_alone(war, signers):
    proposed = approving.approve_routine(signers[0], days=3)
    proposals.agree(signers[1], proposed.id)
    proposals.end(signers[1], proposed.id)
    assert batch().new == 0


def test_a_hospital_goes_out_when_steward_and_protection_have_signed_its_row(war, signers):
    batch()
    signed = approving.sign_rows(signers[0], [waiting()["SIGNATURES"]])
    assert batch().new == 0
    proposals.agree(signers[1], signed.id)
    assert (batch().new, kinds()) == (1, ["HEA"])


def test_two_stewards_are_not_enough_for_a_hospital(war, signers, people):
    batch()
    sana, pilar = people["sana"], people["pilar"]
    pilar.roles[:] = sana.roles
    session.merge(pilar)
    session.flush()
    signed = approving.sign_rows(signers[0], [waiting()["SIGNATURES"]])
    assert refusal(proposals.agree, actor(pilar), signed.id) == "not_allowed"


def test_a_row_that_changes_after_it_was_signed_is_read_again(war, signers):
    batch()
    proposals.agree(signers[1], approving.sign_rows(signers[0], [waiting()["SIGNATURES"]]).id)
    war[1].damage_best = war[1].damage_max = 4
    session.flush()
    assert batch().withheld["SIGNATURES"] == 1
    assert kinds() == []


def test_nobody_signs_what_waits_no_more(war, signers):
    batch()
    mark = waiting()["SIGNATURES"]
    war[1].damage_best = 1
    session.flush()
    batch()
    assert refusal(approving.sign_rows, signers[0], [mark]) == "changed_meanwhile"
    assert refusal(approving.sign_rows, signers[0], []) == "changed_meanwhile"


@pytest.mark.parametrize("name", ["chipo", "bohdan", "amal", "dario", "ada", "eve"])
def test_nobody_else_may_propose_or_agree(war, signers, people, name):
    proposed = approving.approve_routine(signers[0], days=2)
    assert refusal(approving.approve_routine, actor(people[name]), days=2) == "not_allowed"
    assert refusal(proposals.agree, actor(people[name]), proposed.id) == "not_allowed"


def test_agreeing_twice_or_to_nothing_is_refused(war, signers):
    proposed = approving.approve_routine(signers[0], days=2)
    proposals.agree(signers[1], proposed.id)
    assert refusal(proposals.agree, signers[1], proposed.id) == "already_done"
    assert refusal(proposals.agree, signers[1], UUID(int=7)) == "not_found"


def test_in_a_disaster_nobody_need_agree(norway):
    norway.said("DISASTER", since=now() - DAY, until=now() + DAY)
    norway.incident(SiteType.HEA_HOSP)
    assert batch().new == 1
    assert approving.needs_two_people(now()) is False


def test_unknown_and_expired_areas_need_two_people(norway):
    norway.said("DISASTER", since=now() - DAY, until=now() + DAY)
    norway.incident(SiteType.HEA_HOSP)
    batch()
    assert approving.needs_two_people(now() + 3 * DAY) is True


def test_every_word_is_in_the_ledger_with_its_author(war, signers):
    proposed = approving.approve_routine(signers[0], days=2)
    proposals.agree(signers[1], proposed.id)
    told = session.scalars(select(LedgerEntry).where(LedgerEntry.subject_id == proposed.id).order_by(LedgerEntry.id))
    assert [(entry.event, entry.actor_id) for entry in told] == [
        ("agreement.proposed", signers[0].person_id),
        ("agreement.made", signers[1].person_id),
    ]
