"""Who does what where (5W) in public: the vectors of its rules, who may be named, and what a person can do about it over HTTP."""

import csv
import io
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import duckdb
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text

from server.coordination.activity_models import Activity
from server.core.database import session
from server.core.problems import Problem
from server.publication import five_w, naming, proposals, takedown
from server.publication.five_w_rules import UNNAMED, Around, House, Memory, Values, Work, look, strictest, table
from server.publication.policy import policy
from server.vocabulary import ActivityStatus, ContextMode, GeometryLevel, NeedType, NeedUnit
from tests.people import actor
from tests.publication import town

WAR, CALM = ContextMode.CONFLICT_ACTIVE, ContextMode.DISASTER
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
OPEN_HANDS = {"o1": House(name="Open Hands", acronym="OH", kind="437")}


def work(starts_on=date(2026, 10, 3), **changes):
    usual = Values(
        organisation="o1",
        sector="WSH",
        status="ONGOING",
        month=f"{starts_on:%Y-%m}",
        adm1="NO90",
        adm2="NO9001",
        planned=400,
        reached=123,
    )
    return Work(account=replace(usual, **changes), starts_on=starts_on)


def around(mode=WAR, now=NOW, **changes):
    return replace(Around(now=now, modes={"NO90": mode}, nameless=9, standing=True), **changes)


def lived(work_of, days, *, mode=WAR, memory=None, **changes):
    """What is remembered after a batch on each of some days; `work_of` gives the activity as it stands on a day."""
    memory = memory or Memory()
    for day in days:
        memory = look(work_of(day), memory, around=around(mode, day, **changes), rules=policy().activities)
    return memory


def rows(*told, mode=WAR, **changes):
    return list(table(told, around=around(mode, **changes), rules=policy().activities, small=policy().small_cells))


def each_day(first, last):
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


@pytest.mark.pure
def test_in_a_conflict_the_values_of_the_turn_of_the_month_are_told_two_weeks_later_by_region_alone():
    turn = datetime(2026, 11, 1, 10, tzinfo=UTC)

    def edited(day):
        return work(
            reached=123 if day < turn + timedelta(days=2) else 999,
            status="ONGOING" if day < turn + timedelta(days=2) else "COMPLETED",
        )

    assert lived(edited, each_day(turn, turn + timedelta(days=13))).told is None
    told = lived(edited, each_day(turn, turn + timedelta(days=14))).told
    assert (told.status, told.reached, told.adm2) == ("ONGOING", 123, None), "as it stood at the turn of the month"
    [row] = rows(told)
    assert (row["adm1_pcode"], row["adm2_pcode"], row["geo_level"], row["start"]) == ("NO90", None, "ADM1", "2026-10")
    assert (row["beneficiaries_planned"], row["beneficiaries_reached"], row["activities"]) == (None, 125, None)
    assert set(row["redaction"].split()) >= {
        "ADM1",
        "MONTH",
        "-adm2_pcode",
        "-org_name",
        "-activities",
        "-beneficiaries_planned",
    }


@pytest.mark.pure
def test_what_began_this_month_or_became_another_activity_since_the_turn_waits_for_the_next():
    turn = datetime(2026, 11, 1, 10, tzinfo=UTC)
    assert lived(lambda _day: work(date(2026, 11, 2)), each_day(turn, turn + timedelta(days=25))).told is None
    moved = lived(lambda day: work(adm1="NO90" if day == turn else "NO91"), each_day(turn, turn + timedelta(days=20)))
    assert moved.told is None
    assert moved.pending is None


@pytest.mark.pure
@pytest.mark.parametrize("why", [{"held": frozenset({"NO90"})}, {"standing": False}])
def test_a_held_area_and_a_missing_approval_leave_what_was_told_as_it_is(why):
    turn = datetime(2026, 12, 1, 10, tzinfo=UTC)
    before = work(reached=50).account
    kept = lived(lambda _day: work(), each_day(turn, turn + timedelta(days=20)), memory=Memory(told=before), **why)
    assert kept.told == before


@pytest.mark.pure
def test_in_a_disaster_today_is_told_by_district_and_plans_and_days_ahead_never_are():
    told = lived(lambda _day: work(date(2026, 11, 19)), [NOW], mode=CALM).told
    [row] = rows(told, mode=CALM)
    assert (row["adm2_pcode"], row["start"], row["beneficiaries_planned"]) == ("NO9001", "2026-11", 400)
    assert lived(lambda _day: work(date(2026, 11, 21)), [NOW], mode=CALM).told is None
    assert lived(lambda _day: work(status="PLANNED"), [NOW], mode=CALM).told is None


@pytest.mark.pure
def test_what_was_told_by_region_is_never_told_by_district_and_a_war_takes_the_districts_away():
    told = lived(lambda _day: work(), [NOW], mode=CALM, memory=Memory(told=work(adm2=None).account)).told
    assert told.adm2 is None
    assert [row["adm2_pcode"] for row in rows(work().account, mode=WAR)] == [None]


@pytest.mark.pure
def test_a_region_is_as_strict_as_its_strictest_district_and_nothing_said_is_war():
    assert strictest([CALM, ContextMode.CONFLICT_LOW, ContextMode.POST_CONFLICT]) is ContextMode.CONFLICT_LOW
    assert strictest([CALM, ContextMode.MIXED]) is ContextMode.MIXED
    assert strictest([]) is WAR
    assert [row["geo_level"] for row in rows(work().account, modes={})] == ["ADM1"]


@pytest.mark.pure
def test_an_organisation_is_named_only_where_it_agreed_and_never_told_without_its_name_after_taking_that_back():
    told = lived(lambda _day: work(), [NOW], mode=CALM, houses=OPEN_HANDS).told
    [row] = rows(told, mode=CALM, houses=OPEN_HANDS)
    assert (row["org_name"], row["org_acronym"], row["org_type"]) == ("Open Hands", "OH", "437")
    assert [row["org_name"] for row in rows(work().account, mode=CALM)] == [UNNAMED]
    assert rows(told, mode=CALM) == [], "it was known by name: without the name it would be known again"


@pytest.mark.pure
def test_the_last_nameless_organisations_are_not_told_for_that_would_name_them():
    assert rows(work().account, mode=CALM, nameless=2) == []
    assert len(rows(work().account, mode=CALM, nameless=3)) == 1


@pytest.mark.pure
def test_few_people_and_few_activities_are_hidden_and_the_rest_is_rounded():
    [few] = rows(*[work(reached=2).account] * 2, mode=CALM)
    assert (few["activities"], few["beneficiaries_reached"]) == (None, None)
    [many] = rows(*[work(reached=11).account] * 6, mode=CALM)
    assert (many["activities"], many["beneficiaries_reached"], many["beneficiaries_planned"]) == (6, 65, 2400)
    [nobody_counted] = rows(work(reached=None).account, mode=CALM)
    assert nobody_counted["beneficiaries_reached"] is None
    assert "-beneficiaries_reached" not in nobody_counted["redaction"]


@pytest.mark.pure
def test_a_stopped_district_takes_the_sums_of_its_region_with_it():
    here, there = work().account, work(adm2="NO9002").account
    stop = {"stopped": frozenset({"NO9001"}), "stopped_within": frozenset({"NO90"})}
    assert [row["adm2_pcode"] for row in rows(here, there, mode=CALM, **stop)] == ["NO9002"]
    assert rows(here, there, mode=WAR, **stop) == []
    assert rows(here, mode=CALM, everything_stopped=True) == []


DAYS = st.integers(0, 120).map(lambda n: datetime(2026, 9, 1, 10, tzinfo=UTC) + timedelta(days=n))
STATES = st.fixed_dictionaries({
    "status": st.sampled_from([state.value for state in ActivityStatus]), "adm2": st.sampled_from(["NO9001", "NO9002", None]),
    "reached": st.none() | st.integers(0, 30), "planned": st.none() | st.integers(0, 30), "organisation": st.sampled_from(["o1", "o2"]),
})  # fmt: skip
LIVES = st.lists(st.tuples(DAYS, st.sampled_from(list(ContextMode)), STATES, st.booleans()), min_size=1, max_size=8)


@pytest.mark.pure
@given(LIVES, st.dates(date(2026, 9, 1), date(2026, 12, 1)))
def test_whatever_an_activity_goes_through_nothing_in_a_conflict_is_finer_or_fresher_and_no_number_small(lives, begins):
    memory, rules, small = Memory(), policy().activities, policy().small_cells
    for day, mode, state, agreed in sorted(lives, key=lambda one: one[0]):
        here = around(mode, day, houses=OPEN_HANDS if agreed else {})
        before = memory.told
        memory = look(work(begins, **state), memory, around=here, rules=rules)
        shown = list(table([memory.told] if memory.told else [], around=here, rules=rules, small=small))
        for row in shown:
            known = [
                row[name] for name in ("activities", "beneficiaries_planned", "beneficiaries_reached") if row[name]
            ]
            assert min(known, default=5) >= small.min_count
            assert row["org_name"] == UNNAMED or agreed
            assert row["status"] != "PLANNED"
            assert begins <= day.date()
            if rules.by_mode[mode].level is GeometryLevel.ADM1:
                assert (row["adm2_pcode"], row["beneficiaries_planned"]) == (None, None)
        fresh = memory.told is not None and (
            before is None or replace(before, is_named=True) != replace(memory.told, is_named=True)
        )
        if fresh and rules.by_mode[mode].after_the_month:
            assert memory.told.month < f"{day:%Y-%m}"
            assert day >= memory.taken_at + rules.by_mode[mode].delay


# ── in a running house ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def working(norway, people):
    """Three organisations at work in one district and one in the other; where it is calm."""

    def enter(name, n=1, *, district=town.DISTRICTS[0], starts_on=date(2026, 11, 2), **more):
        usual = {
            "need_type": NeedType.WATER, "sector": NeedType.WATER.sector, "what": "Water", "status": ActivityStatus.ONGOING,
            "unit": NeedUnit.PERSON, "reached": 31, "adm1_pcode": town.REGION, "adm2_pcode": district, "starts_on": starts_on,
        }  # fmt: skip
        house = people[name].organisation_id
        session.add_all(Activity(organisation_id=house, **{**usual, **more}) for _ in range(n))
        session.flush()

    for name in ("amal", "dario", "walid"):
        enter(name, 2)
    norway.said("DISASTER")
    return enter


def public(client, **asked):
    return client.get("/api/v1/public/activities", query_string=asked).get_json()


def test_the_public_table_names_nobody_until_an_organisation_agrees_on_its_own_page(
    client, working, publish, as_, database
):
    publish()
    [row] = public(client)["items"]
    assert (row["org_name"], row["adm2_pcode"], row["activities"], row["beneficiaries_reached"]) == (
        UNNAMED,
        "NO9001",
        6,
        185,
    )
    dario = as_("dario")
    assert "not named" in dario.get("/desk/organisation").text
    refused = dario.post("/desk/organisation/named", data={"name": "Open hand"})
    assert refused.status_code == 422
    assert "That is not the name" in refused.text
    assert dario.post("/desk/organisation/named", data={"name": " Open  Hands "}).status_code == 303
    assert [row["org_name"] for row in public(client)["items"]] == [UNNAMED], "nothing changes before the update"
    working("berta", starts_on=date(2026, 11, 3))
    database.execute(text("INSERT INTO organisations (id, name, kind) VALUES (gen_random_uuid(), 'A third', 'UN')"))
    third, first = (f"(SELECT id FROM organisations WHERE name = '{name}')" for name in ("A third", "Relief Works"))
    one = f"(SELECT id FROM activities WHERE organisation_id = {first} LIMIT 1)"
    database.execute(text(f"UPDATE activities SET organisation_id = {third} WHERE id = {one}"))
    publish()
    assert sorted(row["org_name"] for row in public(client)["items"]) == ["Open Hands", UNNAMED]
    events = set(session.scalars(text("SELECT event FROM ledger WHERE event LIKE 'organisation.naming%'")))
    assert events == {"organisation.naming_agreed"}
    assert dario.post("/desk/organisation/unnamed").status_code == 303
    publish()
    [left] = public(client)["items"]
    assert left["org_name"] == UNNAMED
    gone = client.get("/api/v1/public/batches").get_json()["items"][0]["revoked"]
    assert len(gone) == 1
    assert gone[0].startswith("ACT-")
    assert gone[0] in client.get("/api/v1/public/revocations").get_json()["items"]


@pytest.mark.parametrize("name", ["amal", "bohdan", "sana", "pilar", "eve"])
def test_only_those_who_speak_for_an_organisation_may_let_it_be_named(as_, name):
    browser = as_(name)
    assert browser.get("/desk/organisation").status_code == 403
    assert browser.post("/desk/organisation/named", data={"name": "Relief Works"}).status_code == 403


def test_an_organisation_called_like_a_known_place_stays_nameless(working, publish, people, database, norway):
    database.execute(text("UPDATE organisations SET name = 'Hospital of Nordmark' WHERE name = 'Open Hands'"))
    norway.baseline(town.SiteType.HEA_HOSP, *town.MIDDLE, n=1, name="Hospital of")
    database.execute(text("UPDATE baseline_sites SET name = 'Hospital of Nordmark' WHERE name LIKE 'Hospital of%'"))
    naming.agree(actor(people["dario"]), name="Hospital of Nordmark")
    publish()
    assert set(session.scalars(text("SELECT org_name FROM pub.activities"))) <= {UNNAMED}


def test_no_column_of_the_public_table_holds_a_place_a_record_a_day_or_words(
    client, working, publish, norway, database
):
    incident = norway.incident()
    working(
        "amal",
        9,
        what="Water at the school",
        incident_id=incident.id,
        implementing_partner="Hands of Solheim",
        reached=3,
    )
    publish()
    bodies = [client.get(f"/api/v1/public/activities{end}").data for end in ("", ".csv", ".hxl.csv")]
    for secret in (
        incident.public_id,
        str(incident.id),
        "Solheim",
        "school",
        "2026-11-0",
        "Relief Works",
        "Open Hands",
    ):
        assert all(secret.encode() not in body for body in bodies), secret


def test_the_files_open_in_pandas_duckdb_and_a_workbook_and_say_the_same_as_the_pages(
    client, working, publish, tmp_path
):
    working("amal", 5, district=town.DISTRICTS[1], need_type=NeedType.SHELTER, sector=NeedType.SHELTER.sector)
    publish()
    pages, address = [], "/api/v1/public/activities?limit=1"
    while address:
        page = client.get(address).get_json()
        pages, address = [*pages, *page["items"]], page["next"]
    assert len(pages) == page["total"] == 2
    plain = client.get("/api/v1/public/activities.csv")
    assert plain.data.startswith(b"\xef\xbb\xbf")
    assert not client.get("/api/v1/public/activities.csv?bom=no").data.startswith(b"\xef\xbb\xbf")
    assert (
        client.get("/api/v1/public/activities.csv", headers={"If-None-Match": plain.headers["ETag"]}).status_code == 304
    )
    opened = pd.read_csv(io.BytesIO(plain.data), dtype={"org_type": str})
    assert list(opened.row_id) == [row["row_id"] for row in pages]
    tagged = list(csv.reader(io.StringIO(client.get("/api/v1/public/activities.hxl.csv").text.lstrip("\ufeff"))))
    assert tagged[1][2:8] == ["#org+name", "#org+acronym", "#org+type+code", "#sector+code", "#status", "#date+start"]
    (tmp_path / "5w.csv").write_bytes(plain.data)
    sums = duckdb.sql(f"SELECT sum(beneficiaries_reached) FROM read_csv('{tmp_path / '5w.csv'}')").fetchall()
    assert sums == [(opened.beneficiaries_reached.sum(),)]
    book = pd.read_excel(io.BytesIO(client.get("/api/v1/public/activities.xlsx").data), sheet_name=None, header=0)
    assert set(book) == {"5W", "readme"}
    assert list(book["5W"].row_id[1:]) == list(opened.row_id)
    assert [row["sector_code"] for row in public(client, sector="SHL")["items"]] == ["SHL"]
    assert public(client, adm=town.DISTRICTS[1])["total"] == 1
    assert public(client, since="2026-12")["total"] == 0
    assert client.get("/api/v1/public/activities?since=soon").status_code == 422


def test_one_person_takes_a_district_out_at_once_and_two_put_it_back(client, working, publish, people, as_):
    working("amal", 5, district=town.DISTRICTS[1])
    publish()
    assert public(client)["total"] == 2
    answer = as_("pilar").post("/desk/publication/take-out", data={"scope": "activities", "code": town.DISTRICTS[0]})
    assert answer.status_code == 303
    assert [row["adm2_pcode"] for row in public(client)["items"]] == [town.DISTRICTS[1]]
    publish()
    assert [row["adm2_pcode"] for row in public(client)["items"]] == [town.DISTRICTS[1]], (
        "the next update leaves it out"
    )
    sana, pilar = actor(people["sana"]), actor(people["pilar"])
    asked = takedown.propose_put_back(sana, [], reason="The danger is over", activities=[town.DISTRICTS[0]])
    with pytest.raises(Problem, match="second_person_needed"):
        takedown.agree_put_back(sana, asked.id)
    assert "5W NO9001" in as_("pilar").get("/desk/publication").text
    takedown.agree_put_back(pilar, asked.id)
    assert proposals.in_force("put_back", town.NOW) is not None
    publish()
    assert public(client)["total"] == 2


def test_everything_takes_the_whole_table(client, working, publish, as_):
    publish()
    as_("pilar").post("/desk/publication/take-out", data={"scope": "everything", "sure": "yes"})
    assert public(client)["total"] == 0
    assert five_w.stops() == ["*"]


def test_an_upgrade_tells_no_row_of_a_conflict_on_its_first_day(working, publish, database, norway):
    norway.said("CONFLICT_ACTIVE", since=town.NOW - timedelta(days=1))
    publish()
    assert session.scalar(text("SELECT count(*) FROM pub.activities")) == 0
    assert session.scalar(select(text("count(*)")).select_from(text("activity_memory WHERE taken_at IS NOT NULL"))) == 6
