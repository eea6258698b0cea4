"""Areas as limits: who works in one district reads the records of all, and decides about its own."""

import pytest
from sqlalchemy import text

from server.accounts.policy import SYSTEM, Actor, acts_for, acts_in

REPORT = {"site_type": "RES.APT", "damage": "D3", "text": "the roof is gone", "point": {"type": "Point", "coordinates": [-56.16, -34.9]}}


@pytest.fixture
def record(client, work, database):
    """A damage record in district NO9001 by one report; gives its address on the desk."""
    from uuid import uuid4

    assert client.put(f"/api/v1/reports/{uuid4()}", json=REPORT).status_code == 201
    work()
    database.execute(text("UPDATE incidents SET adm1_pcode = 'NO90', adm2_pcode = 'NO9001'"))
    return "/desk/incidents/" + database.execute(text("SELECT public_id FROM incidents")).scalar()


def limit(as_, people, name, areas):
    roles = [role.name for role in people[name].roles]
    assert as_("ada").post(f"/desk/people/{people[name].id}", data={"roles": roles, "areas": areas}).status_code == 303


@pytest.mark.parametrize(("areas", "status"), [("", 303), ("NO90", 303), ("NO9001 NO9002", 303), ("NO9002", 403), ("XX", 403)])
def test_somebody_decides_where_they_work_and_reads_everywhere(as_, people, record, areas, status, database):
    limit(as_, people, "chipo", areas)
    chipo = as_("chipo")
    assert chipo.get(record).status_code == 200
    version = database.scalar(text("SELECT version FROM incidents"))
    assert chipo.post(f"{record}/workflow", data={"to": "TRIAGE", "version": version}).status_code == status


@pytest.mark.parametrize(("areas", "changed"), [("NO9001", True), ("NO9002", False)])
def test_no_other_door_leads_around_the_limit(as_, people, record, database, areas, changed):
    """Many at once, a known place, an attack: each changes what lies where one works, and nothing else."""
    limit(as_, people, "chipo", areas)
    chipo, number = as_("chipo"), record.rpartition("/")[2]
    chipo.post("/desk/events", data={"name": "Night", "cause_group": "CONFLICT", "began_at": "2026-01-01T00:00"})
    event = database.scalar(text("SELECT public_id FROM events"))
    looked = chipo.post("/desk/bulk", data={"change": "site_type:EDU.SCHOOL", "which": "ticked", "ids": number})
    chipo.post(f"{looked.location}/begin")
    chipo.post(f"/desk/sites/incidents/{number}", data={"name": "The old mill"})
    chipo.post(f"/desk/events/{event}/incidents", data={"incident": number})
    now = database.execute(text("SELECT site_type = 'EDU.SCHOOL', site_id IS NOT NULL, event_id IS NOT NULL FROM incidents")).one()
    assert tuple(now) == (changed, changed, changed)


def test_merging_takes_both_records_to_lie_where_one_works(as_, people, record, client, work, database):
    from uuid import uuid4

    far = {**REPORT, "point": {"type": "Point", "coordinates": [-55.5, -34.5]}}
    assert client.put(f"/api/v1/reports/{uuid4()}", json=far).status_code == 201
    work()
    other = database.execute(text("UPDATE incidents SET adm2_pcode = 'NO9002' WHERE adm2_pcode IS DISTINCT FROM 'NO9001' RETURNING public_id")).scalar()
    limit(as_, people, "chipo", "NO9001")
    assert as_("chipo").post(f"{record}/merge", data={"other": other, "reason": "one house"}).status_code == 403
    limit(as_, people, "chipo", "NO9001 NO9002")
    assert as_("chipo").post(f"{record}/merge", data={"other": other, "reason": "one house"}).status_code == 303


@pytest.mark.pure
def test_a_record_whose_area_is_not_known_is_everybody_s():
    somebody = Actor(areas=frozenset({"NO90"}), sectors=frozenset({"WSH"}))
    assert acts_in(somebody, (None, None))
    assert not acts_in(somebody, ("NO91", None))
    assert acts_for(somebody, ())
    assert acts_for(somebody, ("WSH", "HEA"))
    assert not acts_for(somebody, ("HEA",))
    assert acts_in(SYSTEM, ("NO91",))
