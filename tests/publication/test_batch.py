"""The batch: what it writes to the public copy, what it leaves, what it takes out, and what it remembers for ever."""

from datetime import timedelta
from uuid import uuid4

import h3
import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import OperationalError

from server.accounts.policy import Actor
from server.core.database import session
from server.core.ledger import LedgerEntry
from server.core.problems import Problem
from server.matching.links import by_public_id
from server.places.models import BaselineSite
from server.publication import service
from server.publication.approving import Agreements
from server.publication.models import Disclosure, PublishedArea, PublishedBatch, PublishedCell, PublishedIncident
from server.publication.service import publish_batch
from server.publication.takedown import put_back_into_public, withdraw_from_public
from server.vocabulary import Certainty, Decision, GeometryLevel, SiteGroup, SiteType, WorkflowState
from tests.people import PEOPLE


def acting(name):
    """Somebody of tests/people.py with their roles, without an account."""
    return Actor(person_id=uuid4(), roles=frozenset(PEOPLE[name][0]))


def rows():
    return list(session.scalars(select(PublishedIncident)))


def only_row():
    [row] = rows()
    return row


def test_a_decided_record_in_conflict_becomes_one_row_with_a_cell_a_day_and_no_point(norway, publish):
    norway.said("CONFLICT_ACTIVE")
    made = norway.incident()
    batch = publish()
    row = only_row()
    assert (batch.new, row.geo_level, row.h3_cell) == (1, GeometryLevel.H3_8, h3.cell_to_parent(made.h3_r9, 8))
    assert (row.lat, row.lon, row.site_name, row.functional_status, row.weapon_type) == (None,) * 5
    assert (row.adm1_pcode, row.adm1_name, row.country_iso3) == ("NO90", "Nordmark", "NOR")
    assert (row.damage_best, row.summary) == (3, "Apartment block: severe damage; confirmed")
    assert row.date_start == norway.STRUCK_AT.date()


def test_the_public_number_is_unrelated_to_the_number_on_the_desk(norway, publish):
    made = norway.incident()
    publish()
    assert only_row().incident_id.startswith("INC-")
    assert only_row().incident_id != made.public_id
    assert str(made.id) not in repr(vars(only_row()))


def test_a_reporter_who_names_a_public_record_names_the_record_behind_it(norway, publish):
    made = norway.incident()
    publish()
    assert by_public_id(only_row().incident_id.lower()) == made.id
    assert by_public_id(made.public_id) == made.id
    assert by_public_id("INC-00000000") is None


@pytest.mark.parametrize(
    "changes",
    [
        {"certainty": Certainty.POSSIBLE},
        {"certainty": Certainty.RUMOUR},
        {"certainty": Certainty.REFUTED},
        {"workflow": WorkflowState.NEW},
        {"workflow": WorkflowState.QUARANTINED},
        {"workflow": WorkflowState.WITHDRAWN},
        {"evidence_received_at": None, "event_latest": None, "event_earliest": None},
    ],
    ids=lambda changes: next(iter(f"{k}={v}" for k, v in changes.items())),
)
def test_what_is_not_decided_and_probable_stays_out(norway, publish, changes):
    norway.incident(**changes)
    assert publish().new == 0
    assert rows() == []


def test_a_strike_of_last_month_reported_today_is_not_in_tonights_batch(norway, publish):
    norway.said("CONFLICT_ACTIVE")
    norway.incident(evidence_received_at=norway.NOW - timedelta(hours=1))
    assert publish().new == 0
    assert publish(norway.NOW + timedelta(hours=73)).new == 1


def test_a_hospital_in_an_earthquake_is_a_point_with_its_function(norway, publish):
    norway.said("DISASTER")
    norway.incident(SiteType.HEA_HOSP, functional_status="F2")
    publish()
    row = only_row()
    assert (row.geo_level, row.functional_status, row.site_type) == (GeometryLevel.POINT, "F2", SiteType.HEA_HOSP)
    assert (round(row.lon, 3), round(row.lat, 3)) == (10.2, 59.12)
    assert session.scalar(select(PublishedArea)) is None


def test_where_few_such_places_exist_the_row_names_a_district(norway, publish):
    norway.said("CONFLICT_ACTIVE")
    norway.incident(lon=10.4, lat=59.05)
    publish()
    row = only_row()
    assert (row.geo_level, row.adm2_pcode, row.h3_cell, row.adm3_pcode) == (GeometryLevel.ADM2, "NO9001", None, None)


def test_a_region_stands_for_a_sparse_district_only_where_several_sparse_ones_hide_the_place(norway, publish):
    norway.said("CONFLICT_ACTIVE")
    hospital = {"lon": 10.8, "lat": 59.2}
    norway.baseline(SiteType.HEA_HOSP, **hospital, n=1)
    norway.incident(SiteType.HEA_HOSP, **hospital)
    publish()
    assert rows() == [], "in the region only one place is in a district that hides too few"
    norway.baseline(SiteType.HEA_CLINIC, 10.2, 59.12, n=2)
    session.execute(update(BaselineSite).where(BaselineSite.site_type == SiteType.HEA_CLINIC).values(adm2_pcode="NO9003"))
    publish(norway.NOW + timedelta(days=1))
    row = only_row()
    assert (row.geo_level, row.site_type, row.site_group) == (GeometryLevel.ADM1, None, SiteGroup.HEA)


def test_a_cell_on_the_border_of_two_districts_names_neither(norway, publish):
    norway.said("CONFLICT_ACTIVE")
    lon, lat = 10.4995, 59.12
    norway.baseline(SiteType.RES_APT, lon, lat)
    norway.incident(lon=lon, lat=lat)
    publish()
    row = only_row()
    assert row.geo_level is GeometryLevel.H3_8
    assert (row.adm1_pcode, row.adm2_pcode, row.adm3_pcode) == ("NO90", None, None)


def test_the_border_is_named_where_both_sides_hide_enough_places(norway, publish):
    norway.said("CONFLICT_ACTIVE")
    children = h3.cell_to_children(h3.latlng_to_cell(59.12, 10.5, 8), 9)
    (_, west_lat, west), *_, (_, east_lat, east) = sorted(
        (lon, lat, lon) for lat, lon in map(h3.cell_to_latlng, children)
    )
    norway.baseline(SiteType.RES_APT, west, west_lat)
    norway.baseline(SiteType.RES_APT, east, east_lat)
    norway.incident(lon=west, lat=west_lat)
    publish()
    assert west < 10.5 < east
    assert only_row().adm2_pcode == "NO9001"


def test_without_a_baseline_nothing_but_roads_is_shown(database, publish):
    from tests.publication import town

    town.areas()
    town.incident()
    town.incident(SiteType.TRA_ROAD)
    batch = publish()
    assert [row.site_type for row in rows()] == [SiteType.TRA_ROAD]
    assert batch.withheld == {"AGGREGATE_ONLY": 1}


def test_a_second_batch_changes_nothing_that_has_not_changed(norway, publish):
    norway.incident()
    publish()
    before = only_row().incident_id, only_row().release_id, only_row().position
    second = publish_batch(norway.NOW + timedelta(days=1), agreed=norway.AGREED, anew=True)
    assert (second.new, second.updated, second.unchanged) == (0, 0, 1)
    assert before == (only_row().incident_id, only_row().release_id, only_row().position)


def test_an_edited_value_waits_for_its_evidence_while_the_row_stays_as_it_was(norway, publish):
    made = norway.incident()
    publish()
    made.damage_best = made.damage_max = 4
    made.evidence_received_at = norway.NOW
    session.flush()
    publish(norway.NOW + timedelta(hours=1))
    assert only_row().damage_best == 3
    later = publish(norway.NOW + timedelta(hours=73))
    assert (later.updated, only_row().damage_best, only_row().record_status) == (1, 4, "updated")


def test_a_reopened_record_keeps_its_row_until_somebody_decides(norway, publish):
    made = norway.incident()
    publish()
    made.workflow = WorkflowState.REOPENED
    session.flush()
    assert publish(norway.NOW + timedelta(days=1)).removed == []
    assert len(rows()) == 1


@pytest.mark.parametrize("state", [WorkflowState.WITHDRAWN, WorkflowState.MERGED_INTO, WorkflowState.QUARANTINED])
def test_removals_and_merges_share_one_word_without_a_reason(norway, publish, state):
    made = norway.incident()
    publish()
    number = only_row().incident_id
    made.workflow = state
    session.flush()
    batch = publish(norway.NOW + timedelta(days=1))
    assert (rows(), batch.removed) == ([], [number])
    told = session.get(PublishedBatch, batch.release_id)
    assert told.revoked == [number]
    assert {column.key for column in PublishedBatch.__table__.c} == {
        "release_id", "published_on", "policy_version", "rows_total", "revoked", "is_exercise",
    }  # fmt: skip


def test_a_context_that_turns_to_conflict_takes_a_point_out_at_the_next_batch(norway, publish):
    quake = norway.said("DISASTER")
    norway.incident(
        SiteType.EDU_SCHOOL,
        event_latest=norway.NOW - timedelta(days=1),
        evidence_received_at=norway.NOW - timedelta(days=1),
    )
    publish()
    assert only_row().geo_level is GeometryLevel.POINT
    quake.mode = "CONFLICT_ACTIVE"
    session.flush()
    publish(norway.NOW + timedelta(hours=2))
    assert rows() == []


def test_what_was_disclosed_is_never_forgotten_and_limits_what_comes_after(norway, publish):
    norway.said("CONFLICT_ACTIVE")
    made = norway.incident()
    publish()
    made.h3_r9 = h3.latlng_to_cell(59.2, 10.8, 9)
    made.adm2_pcode, made.adm3_pcode = "NO9002", "NO900201"
    session.flush()
    norway.baseline(SiteType.RES_APT, 10.8, 59.2)
    publish(norway.NOW + timedelta(days=1))
    assert [row.geo_level for row in rows()] == [GeometryLevel.ADM1]
    told = list(session.scalars(select(Disclosure).order_by(Disclosure.first_at)))
    assert [item.geo_level for item in told] == [GeometryLevel.H3_8, GeometryLevel.ADM1]
    assert told[0].fields["h3_cell"] == told[0].area_code


def test_public_numbers_are_never_used_again(norway, publish):
    made = norway.incident()
    publish()
    first = only_row().incident_id
    made.certainty = Certainty.POSSIBLE
    session.flush()
    publish(norway.NOW + timedelta(days=1))
    made.certainty = Certainty.CONFIRMED
    session.flush()
    publish(norway.NOW + timedelta(days=2))
    assert only_row().incident_id != first


def test_shapes_are_copied_for_the_rows_there_are_and_for_no_others(norway, publish):
    norway.said("CONFLICT_ACTIVE")
    made = norway.incident()
    norway.incident(lon=10.4, lat=59.05)
    publish()
    assert {area.code for area in session.scalars(select(PublishedArea))} == {
        h3.cell_to_parent(made.h3_r9, 8),
        "NO9001",
    }
    made.workflow = WorkflowState.WITHDRAWN
    session.flush()
    publish(norway.NOW + timedelta(days=1))
    assert [area.code for area in session.scalars(select(PublishedArea))] == ["NO9001"]


def test_every_row_is_counted_in_the_grid_only_while_the_grid_is_coarser_than_its_area(norway, publish):
    norway.said("CONFLICT_ACTIVE")
    norway.incident()
    norway.incident(lon=10.4, lat=59.05)
    norway.incident(SiteType.TRA_ROAD, damage_best=None)
    publish()
    count = {
        level: sum(cell.n for cell in session.scalars(select(PublishedCell).where(PublishedCell.level == level)))
        for level in range(3, 18)
    }
    assert (count[3], count[8], count[9], count[13], count[14]) == (3, 3, 2, 2, 0)
    coarse = session.scalars(select(PublishedCell).where(PublishedCell.level == 3)).one()
    assert (coarse.n, coarse.d3, coarse.du) == (3, 2, 1)


def test_a_batch_is_in_the_ledger_with_counts_and_no_ids(norway, publish):
    norway.incident()
    norway.incident(certainty=Certainty.POSSIBLE)
    batch = publish()
    entry = session.scalars(select(LedgerEntry).where(LedgerEntry.event == "batch.published")).one()
    assert entry.details["rows"]["new"] == 1
    assert entry.details["release"] == batch.release_id == f"{norway.NOW.date()}.1"


def test_the_daily_batch_is_made_once_and_made_up_for_when_missed(norway):
    morning = norway.NOW.replace(hour=9)
    assert service.publish_due(morning) is None
    session.execute(text("ALTER TABLE ledger DISABLE TRIGGER append_only"))
    late = service.publish_due(norway.NOW)
    assert late is not None
    session.execute(text("UPDATE ledger SET at = :at WHERE event = 'batch.published'"), {"at": norway.NOW})
    assert service.publish_due(norway.NOW + timedelta(hours=3)) is None
    assert service.publish_due(norway.NOW + timedelta(days=1)) is not None


def test_the_gate_stops_a_row_whose_words_name_a_known_place(norway, publish, monkeypatch):
    norway.baseline(SiteType.EDU_SCHOOL, 10.2, 59.12, n=1, name="Fjord Academy")
    norway.incident(SiteType.EDU_SCHOOL)
    monkeypatch.setattr("server.publication.rows.sentence", lambda **_: "Fjord Academy 0: severe damage")
    batch = publish(agreed=Agreements(standing=True))
    assert (rows(), batch.withheld["GATE"]) == ([], 1)
    assert publish(agreed=norway.AGREED).new == 1  # two people read it: the likeness is chance


def test_no_signature_lets_a_telephone_number_through_the_gate(norway, publish, monkeypatch):
    norway.incident()
    monkeypatch.setattr("server.publication.rows.sentence", lambda **_: "House: call 067 123 45 67")
    assert (publish().withheld["GATE"], rows()) == (1, [])


# ── The preview ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_preview_shows_exactly_what_the_batch_then_publishes(norway, publish):
    norway.said("CONFLICT_ACTIVE", since=norway.NOW - timedelta(days=20), until=norway.NOW + timedelta(days=300))
    made = norway.incident()
    before = service.preview(acting("chipo"), made.public_id)
    publish()
    row = only_row()
    assert before.verdict.decision is Decision.PUBLISH
    assert {name: getattr(row, name) for name in before.row} == before.row
    assert service.preview(acting("chipo"), made.public_id).published_id == row.incident_id


def test_the_preview_of_a_rumour_has_no_row_and_says_why(norway):
    made = norway.incident(certainty=Certainty.RUMOUR)
    seen = service.preview(acting("chipo"), made.public_id)
    assert (seen.row, seen.verdict.decision, [reason.value for reason in seen.verdict.reasons]) == (
        None,
        Decision.SUPPRESS,
        ["CERTAINTY"],
    )


@pytest.mark.parametrize("name", ["amal", "dario", "eve", "ada"])
def test_nobody_else_may_preview(norway, name):
    made = norway.incident()
    with pytest.raises(Problem) as refused:
        service.preview(acting(name), made.public_id)
    assert refused.value.code == "not_allowed"


# ── The kill switch ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("kind", "code", "left"),
    [
        ("record", None, 1),
        ("area", "NO9001", 0),
        ("site_group", "RES", 1),
        ("sensitivity", "S1", 1),
        ("everything", "", 0),
    ],
)
def test_the_kill_switch_takes_its_scope_out_at_once_and_says_only_which_numbers(norway, publish, kind, code, left):
    made = norway.incident()
    norway.incident(SiteType.TRA_ROAD)
    publish()
    gone = withdraw_from_public(acting("pilar"), kind=kind, code=made.public_id if code is None else code)
    assert (len(rows()), gone) == (left, 2 - left)
    newest = session.scalars(select(PublishedBatch).order_by(PublishedBatch.release_id.desc())).first()
    assert len(newest.revoked) == gone
    assert sum(cell.n for cell in session.scalars(select(PublishedCell).where(PublishedCell.level == 3))) == left


def test_what_was_killed_stays_out_of_every_later_batch(norway, publish):
    made = norway.incident()
    publish()
    withdraw_from_public(acting("chipo"), kind="record", code=made.public_id)
    assert publish(norway.NOW + timedelta(days=1)).new == 0


def test_putting_back_needs_two_people_and_the_next_batch(norway, publish):
    made = norway.incident()
    publish()
    pilar, sana, chipo = (acting(name) for name in ("pilar", "sana", "chipo"))
    withdraw_from_public(pilar, kind="record", code=made.public_id)
    for pair, code in (((pilar, pilar), "second_person_needed"), ((pilar, chipo), "not_allowed")):
        with pytest.raises(Problem) as refused:
            put_back_into_public(*pair, public_ids=[made.public_id])
        assert refused.value.code == code
    assert put_back_into_public(pilar, sana, public_ids=[made.public_id]) == 1
    session.expire_all()
    assert rows() == []
    assert publish(norway.NOW + timedelta(days=1)).new == 1


def test_the_kill_switch_waits_for_no_batch_that_is_under_way(norway, engine):
    made = norway.incident()
    with engine.connect() as worker:
        for lock in (service.ONE_BATCH, service.ONE_WRITER):
            worker.execute(lock)
        withdraw_from_public(acting("pilar"), kind="record", code=made.public_id)
        session.refresh(made)
        assert made.killed_at is not None
        with pytest.raises(OperationalError):
            worker.execute(text("SELECT 1"))


@pytest.mark.parametrize("name", ["amal", "bohdan", "dario", "eve"])
def test_nobody_else_may_pull_the_kill_switch(norway, name):
    with pytest.raises(Problem):
        withdraw_from_public(acting(name), kind="everything")
