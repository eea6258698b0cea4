"""What holds of the live service whatever happens: the order of arrival, who acts and what is undone do not matter to the truth."""

import random
from uuid import uuid4

import pytest
from sqlalchemy import select, text

from server.accounts.policy import ANONYMOUS, SYSTEM
from server.coordination import edits
from server.core.database import session
from server.core.problems import Problem
from server.matching import rebuilding, service
from server.matching.models import IncidentChange
from server.matching.weights import default_weights
from server.reports import access
from server.reports.service import supersede, withdraw
from server.vocabulary import SiteType
from tests.matching.pairs import told
from tests.matching.test_acts_and_undo import state

FAR = 60_000.0  # metres between two runs of one story, so that they never meet


def story(seed):
    """Reports of one night as settings for ``told``: houses with numbers, a school, people who miss, people who say little."""
    dice = random.Random(seed)
    school = {"site_type": SiteType.EDU_SCHOOL}
    houses = [
        {"east": 90.0 * house + dice.gauss(0, 6), "north": dice.gauss(0, 6), "text": "Missile hit apartment block",
         "place": f"Soborna street {12 + 2 * house}" if dice.random() < 0.7 else ""}
        for house in range(4)
        for _ in range(dice.randrange(1, 4))
    ]  # fmt: skip
    pupils = [
        {"east": 700 + dice.gauss(0, 9), "north": dice.gauss(0, 9), "text": "School hit by a rocket", "place": "School No. 17", **school}
        for _ in range(3)
    ]
    return [*houses, *pupils, {"east": 2300.0, "text": "The school was hit", "place": "школа №17", **school}]


def partition(numbers):
    """Which of the numbered reports lie together, as sets of their places in the story."""
    session.expire_all()
    lying = {}
    for place, number in numbers.items():
        lying.setdefault(service.incident_of(number).id, set()).add(place)
    return {frozenset(places) for places in lying.values()}


def live_through(rows, order, work, *, north):
    """Let the reports arrive one by one in this order, each matched before the next."""
    numbers = {}
    for place in order:
        numbers[place] = told(**{**rows[place], "north": rows[place].get("north", 0.0) + north})
        session.commit()
        work()
    return numbers


@pytest.mark.parametrize("seed", [1, 2])
def test_the_order_of_arrival_does_not_decide_what_lies_together(seed, app, work):
    rows, found = story(seed), []
    for run in range(3):
        order = list(range(len(rows)))
        random.Random(100 * seed + run).shuffle(order)
        found.append(partition(live_through(rows, order, work, north=FAR * run)))
    assert found[0] == found[1] == found[2]


def test_the_same_night_twice_gives_the_same_scores_and_reasons(app, work):
    rows, told_twice = story(4), []
    for run in range(2):
        numbers = live_through(rows, range(len(rows)), work, north=FAR * run)
        told_twice.append([links_of(number) for number in numbers.values()])
    assert told_twice[0] == told_twice[1]


def links_of(number):
    row = session.execute(text("SELECT score, reasons FROM attachments WHERE report_id = :r AND ended_at IS NULL"), {"r": number}).one()
    return row.score and round(row.score, 1), sorted(reason["code"] for reason in row.reasons)


def any_act(dice, numbers, actor):
    """Something a person might do now, or None where it was refused."""
    one, other = dice.sample(numbers, 2)
    here, there = service.incident_of(one).id, service.incident_of(other).id
    acts = (
        lambda: service.merge(here, there, actor=actor, reason=""),
        lambda: service.detach(one, actor=actor, reason=""),
        lambda: service.attach(one, there, actor=actor, reason=""),
        lambda: service.keep_apart(here, there, actor=actor, reason=""),
        lambda: service.link_second_strike(here, there, actor=actor, reason=""),
    )
    try:
        with session.begin_nested():
            return dice.choice(acts)().id
    except Problem:
        return None


@pytest.mark.parametrize("seed", [7])
def test_whatever_people_do_undoing_all_of_it_in_reverse_restores_exactly(seed, app, work, staff):
    numbers = list(live_through(story(seed), range(len(story(seed))), work, north=0.0).values())
    before, dice, done = state(), random.Random(seed), []
    for _ in range(14):
        done += [change] if (change := any_act(dice, numbers, staff["chipo"])) else []
        session.commit()
    assert len(done) >= 6
    assert state()[1] != before[1]
    for change in reversed(done):
        service.undo(change, actor=staff["chipo"])
        session.commit()
    after = state()
    opened = set(after[0]) - set(before[0])
    assert all(after[0][one]["merged_into"] for one in opened), "what an act opened leads on to where its reports went back"
    assert ({one: row for one, row in after[0].items() if one not in opened}, *after[1:]) == before


CROSSED = text("""
SELECT count(*) FROM pair_rulings p
JOIN attachments a ON a.report_id = p.report_a AND a.ended_at IS NULL JOIN attachments b ON b.report_id = p.report_b AND b.ended_at IS NULL
WHERE p.ruling = 'cannot' AND p.ended_at IS NULL AND a.incident_id = b.incident_id""")
TORN = text("""
SELECT count(*) FROM pair_rulings p
JOIN attachments a ON a.report_id = p.report_a AND a.ended_at IS NULL JOIN attachments b ON b.report_id = p.report_b AND b.ended_at IS NULL
WHERE p.ruling = 'must' AND p.ended_at IS NULL AND a.incident_id <> b.incident_id""")


@pytest.mark.parametrize("seed", [11])
def test_no_cannot_link_is_ever_crossed_and_no_must_link_torn_whatever_arrives(seed, app, work, staff):
    rows, dice = story(seed), random.Random(seed)
    numbers = list(live_through(rows, range(len(rows)), work, north=0.0).values())
    for _ in range(10):
        any_act(dice, numbers, staff["chipo"])
        row = dice.choice(rows)
        numbers.append(told(**{**row, "east": row["east"] + dice.gauss(0, 4)}))
        session.commit()
        work()
        service.reconsider_report(dice.choice(numbers))
        session.commit()
        assert session.scalar(CROSSED) == 0
        assert session.scalar(TORN) == 0


def test_nobody_s_link_breaks_every_number_leads_to_where_its_reports_lie(app, work, staff):
    rows = story(5)
    numbers = list(live_through(rows, range(len(rows)), work, north=0.0).values())
    public = {number: service.incident_of(number).public_id for number in numbers}
    dice = random.Random(5)
    for _ in range(5):
        one, other = (service.incident_of(number).id for number in dice.sample(numbers, 2))
        if one != other:
            service.merge(one, other, actor=staff["chipo"], reason="")
            session.commit()
    from server.matching.links import by_public_id

    assert {number: by_public_id(public[number]) for number in numbers} == {number: service.incident_of(number).id for number in numbers}


BROKEN = text("""
SELECT
 (SELECT count(*) FROM reports r WHERE r.withdrawn_at IS NULL AND r.point IS NOT NULL AND NOT EXISTS (
   SELECT FROM attachments a JOIN incidents i ON i.id = a.incident_id WHERE a.report_id = r.id AND a.ended_at IS NULL AND i.on_map)) AS lost,
 (SELECT count(*) FROM reports r JOIN attachments a ON a.report_id = r.id AND a.ended_at IS NULL WHERE r.withdrawn_at IS NOT NULL) AS haunting,
 (SELECT count(*) FROM incidents i WHERE i.report_count <> (
   SELECT count(*) FROM attachments a WHERE a.incident_id = i.id AND a.ended_at IS NULL)) AS miscounted,
 (SELECT count(*) FROM incidents i WHERE i.on_map AND i.report_count = 0) AS empty,
 (SELECT count(*) FROM incidents i JOIN incidents o ON o.id = i.merged_into WHERE o.id = i.id OR o.merged_into = i.id) AS circles,
 (SELECT count(*) FROM incident_changes c WHERE c.person_id IS NOT NULL AND c.before ? 'states' AND NOT EXISTS (
   SELECT FROM ledger l WHERE l.details ->> 'change' = c.id::text)) AS untold""")


class Desk:
    """What may happen in a response, at random: reports come, go and come again; people act, change their minds, stop a rebuild."""

    def __init__(self, seed, work, actor, folder):
        self.dice, self.work, self.actor, self.folder = random.Random(seed), work, actor, folder
        self.rows = story(seed)
        self.reports = list(live_through(self.rows, range(len(self.rows)), work, north=0.0).values())

    def step(self):
        self.dice.choice((self.act, self.act, self.arrive, self.go, self.send_again, self.edit, self.take_back, self.take_back, self.rebuild))()
        session.commit()
        self.work()
        assert dict(session.execute(BROKEN).mappings().one()) == dict.fromkeys(("lost", "haunting", "miscounted", "empty", "circles", "untold"), 0)
        assert (session.scalar(CROSSED), session.scalar(TORN)) == (0, 0)

    def act(self):
        any_act(self.dice, self.reports, self.actor)

    def arrive(self):
        row = self.dice.choice(self.rows)
        self.reports.append(told(**{**row, "east": row["east"] + self.dice.gauss(0, 4)}))

    def go(self):
        if len(self.reports) > 6:
            withdraw(self.reports.pop(self.dice.randrange(len(self.reports))), actor=ANONYMOUS)

    def send_again(self):
        place, row = self.dice.randrange(len(self.reports)), self.dice.choice(self.rows)
        new = told(**{**row, "east": row["east"] + self.dice.gauss(0, 4)})
        access.see_as("all")
        supersede(self.reports[place], new, actor=SYSTEM)
        self.reports[place] = new

    def edit(self):
        incident, need = service.incident_of(self.dice.choice(self.reports)), self.dice.choice(("WATER", "FOOD"))
        edits.change("need", ("-" if need in incident.needs else "+") + need, incident, batch_id=uuid4(), actor=self.actor)

    def take_back(self):
        standing = session.scalars(select(IncidentChange.id).where(IncidentChange.undone_at.is_(None)).order_by(IncidentChange.at.desc())).all()
        if standing:
            self.undo(self.dice.choice(standing[:6]))

    def undo(self, change):
        try:
            with session.begin_nested():
                service.undo(change, actor=self.actor)
        except Problem as problem:
            if problem.code not in ("changed_meanwhile", "already_done"):
                raise

    def rebuild(self):
        path = self.folder / f"{uuid4()}.jsonl"
        rebuilding.keep_plan(rebuilding.make_plan(default_weights(), lambda _n: None), path)
        any_act(self.dice, self.reports, self.actor)
        session.commit()
        rebuilding.apply_plan(path, lambda _n: None)


@pytest.mark.parametrize("seed", [3, 23])
def test_whatever_happens_no_report_is_lost_none_haunts_and_every_ruling_holds(seed, app, work, staff, tmp_path):
    desk = Desk(seed, work, staff["chipo"], tmp_path)
    for _ in range(30):
        desk.step()
    people_s = select(IncidentChange.id).where(IncidentChange.undone_at.is_(None), IncidentChange.person_id.is_not(None))
    for change in session.scalars(people_s.order_by(IncidentChange.at.desc())).all():
        desk.undo(change)
        session.commit()
        assert dict(session.execute(BROKEN).mappings().one()) == dict.fromkeys(("lost", "haunting", "miscounted", "empty", "circles", "untold"), 0)
