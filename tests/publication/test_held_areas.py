"""An area held back: nothing new of it is published, what is public stays, one person holds and two let go."""

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select, update

from server.core import ledger
from server.core.database import session
from server.matching.models import Incident
from server.places.models import Event
from server.publication import holding, situations
from server.publication.models import PublishedIncident
from server.vocabulary import CauseGroup, SiteType
from tests.publication import town

DESK = "/desk/publication"
DAY = timedelta(days=1)


@pytest.fixture
def calm(norway):
    """The town after a disaster, in which rows may go out at every hour."""
    norway.said("DISASTER", pcode=town.REGION)
    norway.baseline(SiteType.RES_APT, 10.75, town.SOUTH + 0.12)
    return norway


def shown():
    return set(session.scalars(select(PublishedIncident.summary)))


def hold(browser, pcode=town.DISTRICTS[0], hours="24", reason="rescuers are there"):
    return browser.post(f"{DESK}/situations/hold", data={"pcode": pcode, "hours": hours, "reason": reason})


def held_by_someone(pcode=town.DISTRICTS[0], *, at=town.NOW, hours=24):
    session.add(
        holding.HeldArea(id=uuid4(), pcode=pcode, held_at=at, until_at=at + timedelta(hours=hours), reason="rescuers")
    )
    session.flush()


def attack(record, *, cause=CauseGroup.CONFLICT, named_at=town.NOW):
    """Name an attack at a moment, and say that a record is of it."""
    event = Event(id=uuid4(), public_id="EVT-TESTTEST", name="Night", cause_group=cause, began_at=town.STRUCK_AT)
    session.add(event)
    session.add(ledger.LedgerEntry(event="event.added", subject_id=event.id, at=named_at))
    session.flush()
    session.execute(update(Incident).where(Incident.id == record.id).values(event_id=event.id))
    session.expire_all()


def test_nothing_new_of_a_held_area_goes_out_until_it_ends_and_its_neighbour_is_not_held(calm, publish):
    held_by_someone()
    calm.incident()
    calm.incident(lon=10.75)
    assert (publish().new, len(shown())) == (1, 1)
    assert publish(town.NOW + DAY + timedelta(minutes=1)).new == 1


def test_what_is_public_of_an_area_stays_as_it_was_while_it_is_held(calm, publish):
    record = calm.incident()
    publish()
    before = shown()
    held_by_someone(at=town.NOW + timedelta(hours=1))
    session.execute(update(Incident).where(Incident.id == record.id).values(damage_best=1, damage_min=1))
    session.expire_all()
    later = publish(town.NOW + timedelta(hours=2))
    assert (later.removed, shown()) == ([], before)
    publish(town.NOW + 2 * DAY)
    assert shown() != before


@pytest.mark.parametrize(
    ("cause", "ago", "new"),
    [
        (CauseGroup.CONFLICT, timedelta(hours=1), 0),
        (CauseGroup.CONFLICT, timedelta(hours=25), 1),
        (CauseGroup.NATURAL, timedelta(hours=1), 1),
    ],
)
def test_where_an_attack_was_named_its_district_is_held_for_a_day_by_itself(calm, publish, cause, ago, new):
    attack(calm.incident(), cause=cause, named_at=town.NOW - ago)
    calm.incident(lon=10.26)
    assert bool(publish().new) == bool(new)


def test_one_person_holds_an_area_at_once_and_two_let_it_go(as_, calm):
    pilar, sana = as_("pilar"), as_("sana")
    assert hold(pilar).headers["Location"].endswith("held")
    [one] = session.scalars(select(holding.HeldArea))
    assert "rescuers are there" in pilar.get(f"{DESK}/situations").text
    pilar.post(f"{DESK}/situations/let-go/{one.id}", data={"reason": "they left"})
    session.expire_all()
    assert one.lifted_at is None
    [asked] = session.scalars(select(holding.Proposal))
    assert pilar.post(f"{DESK}/agree/{asked.id}").status_code == 422
    assert town.DISTRICTS[0] in sana.get(DESK).text
    assert sana.post(f"{DESK}/agree/{asked.id}").status_code == 303
    session.expire_all()
    assert one.lifted_at is not None
    assert "rescuers are there" not in pilar.get(f"{DESK}/situations").text


@pytest.mark.parametrize("name", ["sana", "chipo", "dario"])
def test_who_may_not_speak_for_protection_holds_nothing(as_, calm, name):
    assert hold(as_(name)).status_code == 403


@pytest.mark.parametrize("wrong", [{"pcode": "XX"}, {"hours": "0"}, {"hours": "400"}, {"reason": " "}], ids=str)
def test_a_hold_of_nowhere_for_too_long_or_without_a_reason_is_refused(as_, calm, wrong):
    assert hold(as_("pilar"), **wrong).status_code == 422


# ── On the command line ──────────────────────────────────────────────────────────────────────────────────────────────


def test_the_command_line_loosens_with_two_people_only(app, calm, people):
    run = app.test_cli_runner().invoke
    asked = ["--days", "3", "--reason", "agreed"]
    for mode in ("DISASTER", "POST_CONFLICT", "CONFLICT_LOW", "MIXED"):
        refused = run(args=["places", "context", town.DISTRICTS[0], mode, *asked])
        assert refused.exit_code == 1
        assert "two people" in refused.output
    assert run(args=["places", "context", town.DISTRICTS[0], "CONFLICT_ACTIVE", *asked]).exit_code == 0


def test_two_people_loosen_on_the_command_line_as_they_do_on_the_desk(app, calm, people):
    run, pcode = app.test_cli_runner().invoke, town.DISTRICTS[0]
    pilar, sana = people["pilar"].email, people["sana"].email
    asked = ["--days", "3", "--reason", "agreed"]
    assert "holds for 3 days" in run(args=["publication", "situation", pilar, pcode, "CONFLICT_ACTIVE", *asked]).output
    told = run(args=["publication", "situation", pilar, pcode, "DISASTER", *asked]).output
    assert "waits for a second person" in told
    number = told.rsplit(maxsplit=1)[1].rstrip(".")
    assert run(args=["publication", "agree", pilar, number]).exit_code == 1
    assert {one.mode.value for one in situations.said_now() if one.pcode == pcode} == {"CONFLICT_ACTIVE"}
    assert run(args=["publication", "agree", sana, number]).exit_code == 0
    assert {one.mode.value for one in situations.said_now() if one.pcode == pcode} == {"DISASTER"}
