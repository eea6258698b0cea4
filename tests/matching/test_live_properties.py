"""What holds of the live service whatever happens: the order of arrival, who acts and what is undone do not matter to the truth."""

import random

import pytest
from sqlalchemy import text

from server.core.database import session
from server.core.problems import Problem
from server.matching import service
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
