"""Areas and sectors as limits: who works elsewhere, or on something else, reads the record and decides nothing about it."""

import pytest
from sqlalchemy import text

from server.core.database import session

ITEM = {
    "kind": "PHOTO", "address": "https://example.org/1", "platform": "a channel", "claim": "The roof is gone", "found_on": "2026-11-10",
    "source_grade": "C", "item_grade": "3", "stance": "SUPPORTS", "names_nobody": "1",
}  # fmt: skip


@pytest.fixture
def flat(report, records, database):
    """A damaged block of flats (shelter) in district NO9001: the number of its report and of its record."""
    number = report()
    [public_id] = records()
    database.execute(
        text("UPDATE incidents SET adm1_pcode = 'NO90', adm2_pcode = 'NO9001', adm3_pcode = 'NO900101', needs = '{}'")
    )
    session.expire_all()
    return number, public_id


def limit(as_, people, name, *, areas="", sectors=()):
    roles = [role.name for role in people[name].roles]
    answer = as_("ada").post(
        f"/desk/people/{people[name].id}", data={"roles": roles, "areas": areas, "sectors": list(sectors)}
    )
    assert answer.status_code == 303


def acts(flat, people, database):
    """Every address that decides something about a record or a report on it, with what is sent there."""
    report, record = flat
    on, about, work = f"/desk/incidents/{record}", f"/desk/reports/{report}", f"/desk/work/records/{record}"
    house = database.scalar(text("SELECT id FROM organisations WHERE name = 'Open Hands'"))
    version = database.scalar(text("SELECT version FROM incidents"))
    return {
        f"{on}/certainty": {
            "to": "REFUTED",
            "rationale": "It is another house, as two photos show.",
            "version": version,
        },
        f"{on}/reports/{report}/assess": {"source_grade": "C", "item_grade": "3", "stance": "SUPPORTS"},
        f"{on}/split": {"reports": str(report)},
        f"{on}/evidence/items": ITEM,
        f"{on}/evidence/correction": {"kind": "PLACE"},
        f"/desk/aid/incidents/{record}/needs": {"need_type": "SHELTER", "urgency": "U2"},
        f"/desk/aid/incidents/{record}/assignments": {"organisation": house, "days": 7},
        f"{work}/assign": {"to": people["chipo"].id},
        f"{about}/handling": {"state": "READ"},
        f"{about}/questions": {"question": "WATER_OFF"},
        f"/desk/sites/incidents/{record}": {"name": "The old mill"},
        f"{on}/workflow": {"to": "TRIAGE", "version": version},
    }


@pytest.mark.parametrize(
    ("areas", "sectors", "theirs"),
    [
        ("NO9002", (), False),
        ("NO900102", (), False),
        ("", ("HEA",), False),
        ("NO9001", ("HEA",), False),
        ("NO900101", ("SHL", "WSH"), True),
        ("", (), True),
    ],
)
def test_every_act_on_a_record_is_bound_to_areas_and_sectors(as_, people, flat, database, areas, sectors, theirs):
    limit(as_, people, "chipo", areas=areas, sectors=sectors)
    chipo = as_("chipo")
    page = chipo.get(f"/desk/incidents/{flat[1]}").text
    assert ("others decide about it" in page) is not theirs
    assert ('name="rationale"' in page) is theirs
    assert (chipo.get("/desk/work/next").status_code == 200) is theirs, "the queue holds what one may act on"
    assert chipo.get("/desk/work/counts").json["all"] == int(theirs)
    looked_at = chipo.get(f"/desk/work?record={flat[1]}").text
    assert ('data-key="t"' in looked_at) is theirs, "no step is offered that would be refused"
    assert ("others decide about it" in looked_at) is not theirs
    answers = {
        address: chipo.post(address, data=sent).status_code for address, sent in acts(flat, people, database).items()
    }
    if theirs:
        assert 403 not in answers.values(), answers
    else:
        assert set(answers.values()) == {403}, answers
        assert database.scalar(text("SELECT count(*) FROM assessments")) == 0


def test_a_need_opens_a_record_to_those_of_its_sector(as_, people, flat, database):
    limit(as_, people, "chipo", sectors=["WSH"])
    assert as_("chipo").get("/desk/work/next").status_code == 204
    database.execute(text("UPDATE incidents SET needs = '{WATER}'"))
    session.expire_all()
    assert as_("chipo").get("/desk/work/next").status_code == 200


def test_nothing_is_given_to_somebody_who_works_elsewhere(as_, people, flat, database):
    limit(as_, people, "bohdan", areas="NO9002")
    chipo, work = as_("chipo"), f"/desk/work/records/{flat[1]}/assign"
    assert str(people["bohdan"].id) not in chipo.get(f"/desk/incidents/{flat[1]}").text
    assert str(people["berta"].id) in chipo.get(f"/desk/incidents/{flat[1]}").text
    assert chipo.post(work, data={"to": people["bohdan"].id}).status_code == 422
    assert chipo.post("/desk/work/hand-over", data={"queue": "all", "to": people["bohdan"].id}).status_code == 409
    assert chipo.post("/desk/work/hand-over", data={"queue": "all", "to": people["berta"].id}).status_code == 303
