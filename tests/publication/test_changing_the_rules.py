"""Changing the rules in force: one person tightens at once, two loosen and only for a time; everybody reads what holds."""

from datetime import timedelta

import pytest

from server.core.clock import now
from server.core.database import session
from server.core.problems import Problem
from server.publication import changing, proposals
from server.publication.policy import as_published, policy, read
from server.publication.service import publish_batch
from server.vocabulary import ContextMode, GeometryLevel, SensitivityClass, Tier
from tests.people import actor

DAY = timedelta(days=1)
S3_WAR = (Tier.PUBLIC, ContextMode.CONFLICT_ACTIVE, SensitivityClass.S3)


@pytest.fixture
def signers(people):
    return actor(people["sana"]), actor(people["pilar"])


def change(
    who, field, value, *, days=None, reason="agreed by the working group", context="CONFLICT_ACTIVE", sensitivity="S3"
):
    asked = {"context": context, "sensitivity": sensitivity, "field": field, "value": value}
    return changing.propose_change(who, asked, reason=reason, until=now() + days * DAY if days else None)


def row(at=None):
    return changing.in_force(at or now()).rows[S3_WAR]


def refusal(act, *args, **named):
    with pytest.raises(Problem) as refused:
        act(*args, **named)
    return refused.value.code


@pytest.mark.parametrize(("field", "value"), [("delay_h", 500), ("geom", "ADM1"), ("time", "MONTH"), ("k", 9)])
def test_one_person_tightens_a_rule_and_it_holds_at_once(signers, field, value):
    assert change(signers[0], field, value).agreed_at is not None
    assert changing.in_force(now()).version.startswith(f"{policy().version}+")


@pytest.mark.parametrize(("field", "value"), [("delay_h", 24), ("geom", "H3_7"), ("time", "DAY"), ("k", 1)])
def test_loosening_waits_for_a_second_person_and_ends_by_itself(signers, field, value):
    before = row()
    made = change(signers[0], field, value, days=30)
    assert (made.agreed_at, row()) == (None, before)
    proposals.agree(signers[1], made.id)
    assert row() != before
    assert row(now() + 31 * DAY) == before


def test_a_loosened_place_keeps_the_coarser_steps_to_fall_back_on(signers):
    proposals.agree(signers[1], change(signers[0], "geom", "H3_7", days=5).id)
    assert row().ladder == (GeometryLevel.H3_7, GeometryLevel.ADM2, GeometryLevel.ADM1)


@pytest.mark.parametrize("days", [None, 91])
def test_loosening_without_an_end_or_for_too_long_is_refused(signers, days):
    assert refusal(change, signers[0], "delay_h", 24, days=days) == "invalid_input"


def test_a_tightening_is_not_ended_by_one_person(signers):
    made = change(signers[0], "delay_h", 900)
    assert refusal(changing.end_change, signers[1], made) == "second_person_needed"
    assert row().delay == timedelta(hours=900)


def test_one_person_ends_a_loosening(signers):
    made = change(signers[0], "delay_h", 24, days=9)
    proposals.agree(signers[1], made.id)
    changing.end_change(signers[0], made)
    assert row().delay == timedelta(hours=336)


@pytest.mark.parametrize(
    "changes",
    [
        {"field": "media"},
        {"context": "MIXED"},
        {"sensitivity": "S9"},
        {"value": "soon"},
        {"field": "geom", "value": "NONE"},
        {"value": "-1"},
        {"reason": " "},
    ],
    ids=str,
)
def test_a_change_that_is_none_is_refused(signers, changes):
    asked = {"context": "CONFLICT_ACTIVE", "sensitivity": "S3", "field": "delay_h", "value": "900", **changes}
    assert refusal(changing.propose_change, signers[0], asked, reason=changes.get("reason", "x")) == "invalid_input"


@pytest.mark.parametrize("name", ["chipo", "bohdan", "ada", "eve"])
def test_nobody_else_changes_a_rule(people, name):
    assert refusal(change, actor(people[name]), "delay_h", 900) == "not_allowed"


@pytest.mark.pure
@pytest.mark.parametrize(
    ("field", "value", "looser"),
    [
        ("delay_h", 335, True),
        ("delay_h", 337, False),
        ("geom", "H3_8", True),
        ("geom", "ADM1", False),
        ("time", "DAY", True),
        ("time", "MONTH", False),
        ("k", 2, True),
        ("k", 4, False),
    ],
)
def test_what_loosens_is_told_from_what_tightens(field, value, looser):
    raw = as_published()
    asked = {"context": "CONFLICT_ACTIVE", "sensitivity": "S3", "field": field, "value": value}
    assert changing.loosens(read(raw), read(changing.amended(raw, asked))) is looser


def test_everybody_reads_the_rules_in_force_after_the_next_batch(signers, client, norway):
    change(signers[0], "delay_h", 900)
    assert client.get("/api/v1/public/policy").get_json()["policy_version"] == policy().version
    publish_batch(now())
    session.commit()
    told = client.get("/api/v1/public/policy").get_json()
    assert told["PUBLIC"]["CONFLICT_ACTIVE"]["S3"]["delay_h"] == 900
    assert [(item["field"], item["value"]) for item in told["changes_in_force"]] == [("delay_h", 900)]
    page = client.get("/data/rules").get_data(as_text=True)
    assert told["policy_version"] in page
    assert "after 38 days" in page


def test_the_commands_propose_and_agree(people, app):
    run = app.test_cli_runner().invoke
    session.commit()
    words = [
        "publication",
        "change",
        "sana@example.org",
        "--context",
        "CONFLICT_ACTIVE",
        "--sensitivity",
        "S3",
        "--field",
        "delay_h",
    ]
    said = run(args=[*words, "--value", "24", "--days", "9", "--reason", "agreed"]).output
    assert "waits for a second person" in said
    assert "holds from now on" in run(args=["publication", "agree", "pilar@example.org", said.partition(":")[0]]).output
    assert row().delay == timedelta(hours=24)
