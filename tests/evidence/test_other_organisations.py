"""Every door to a report or a photo × every person × whose report it is: made from the doors themselves, so that a new one is tried too."""

import pytest

from server.accounts.policy import may, reach
from tests.people import PEOPLE, actor

OURS = {"report_id", "photo_id"}
FROM_HERE = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def sent(phone_of, work):
    """``sent("amal")``: the numbers of a report of that person's organisation, with a clean photo."""

    def send(name):
        report_id, photo_id = phone_of(name).send(lon=-56.16, lat=-34.9)
        work()
        return {"report_id": report_id, "photo_id": photo_id}

    return send


def doors(app):
    """Every (rule, method, action) that names a report or a photo, marked with what it needs, and nothing else but it."""
    return [
        (rule, method, app.view_functions[rule.endpoint].needs)
        for rule in app.url_map.iter_rules()
        if rule.arguments and rule.arguments <= OURS and getattr(app.view_functions[rule.endpoint], "needs", None)
        for method in rule.methods & {"GET", "POST"}
    ]


def reads(who, owner):
    return reach(who) == "all" or (reach(who) == "own" and who.organisation_id == owner)


def wrong_at(app, browser, who, owner, numbers):
    found = []
    for rule, method, needs in doors(app):
        path = rule.build(numbers, append_unknown=False)[1]
        status = browser.open(path, method=method, headers=FROM_HERE).status_code
        is_let_in = status not in (401, 403, 404)
        may_pass = may(who, needs) and reads(who, owner)
        if is_let_in and not may_pass:
            found.append((method, rule.rule, status))
        if method == "GET" and may_pass and status == 404:
            found.append((method, rule.rule, status))
    return found


def test_there_are_doors_to_walk_through(app):
    found = doors(app)
    assert {"/desk/reports/<uuid:report_id>", "/desk/photos/<uuid:photo_id>"} <= {rule.rule for rule, _method, _needs in found}
    assert len(found) > 8


@pytest.mark.parametrize("owner", ["amal", "dario"])
def test_nobody_passes_a_door_to_what_another_organisation_reported(app, as_, people, sent, owner):
    numbers, organisation = sent(owner), people[owner].organisation_id
    wrong = {name: wrong_at(app, as_(name), actor(people[name]), organisation, numbers) for name in PEOPLE}
    assert {name: found for name, found in wrong.items() if found} == {}


def test_the_walk_tells_organisations_apart(people):
    """A walk in which everybody reads everything would pass: these facts are written by hand."""
    amal, dario, chipo = (actor(people[name]) for name in ("amal", "dario", "chipo"))
    relief = amal.organisation_id
    assert [reads(who, relief) for who in (amal, dario, chipo)] == [True, False, True]
    assert [reads(who, None) for who in (amal, dario, chipo)] == [False, False, True]
