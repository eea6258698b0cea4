"""What a batch looks at again, and when: the record, the clock, the area, the rules and the baseline each call it back."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from server.core.database import session
from server.places.models import Event
from server.publication import changing, remembering
from server.publication.models import PublishedBatch, PublishedIncident
from server.publication.rule_models import Judgement
from server.publication.service import publish_batch, publish_due, publish_hour
from server.vocabulary import SiteType

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def touched(at):
    session.flush()
    rules = changing.in_force(at)
    return list(remembering.touched(at, here=remembering.world(rules, now=at), policy=rules))


def numbers():
    session.expire_all()
    return sorted(session.scalars(select(PublishedIncident.incident_id)))


def test_a_batch_passes_over_what_cannot_have_changed(norway, publish):
    for _ in range(3):
        norway.incident()
    assert len(touched(norway.NOW)) == 3
    publish()
    assert touched(norway.NOW + DAY) == []
    assert len(numbers()) == 3


def test_a_record_that_changes_is_looked_at_again_alone(norway, publish):
    made = norway.incident()
    norway.incident()
    publish()
    made.damage_best = 1
    assert touched(norway.NOW + DAY) == [made.id]


def test_a_record_whose_wait_ends_is_looked_at_again(norway, publish):
    norway.said("CONFLICT_ACTIVE")
    made = norway.incident(evidence_received_at=norway.NOW)
    publish()
    assert touched(norway.NOW + DAY) == []
    assert touched(norway.NOW + 4 * DAY) == [made.id]


def test_a_record_whose_area_changes_its_mode_is_looked_at_again(norway, publish):
    here, there = norway.incident(), norway.incident(lon=10.8)
    publish()
    norway.said("DISASTER", pcode=norway.DISTRICTS[1])
    assert touched(norway.NOW + HOUR) == [there.id]
    assert here.id not in touched(norway.NOW + HOUR)


def test_a_new_list_of_what_exists_calls_every_record_back(norway, publish):
    for _ in range(2):
        norway.incident()
    publish()
    norway.baseline(SiteType.CUL_RELIG, 10.3, 59.1)
    assert len(touched(norway.NOW + HOUR)) == 2


def test_the_name_of_the_disaster_is_part_of_the_record(norway, publish):
    quake = Event(public_id="EVT-1", name="Quake", glide="", cause_group="NATURAL", began_at=norway.STRUCK_AT)
    session.add(quake)
    session.flush()
    made = norway.incident(event_id=quake.id)
    publish()
    quake.glide = "EQ-2026-000001-NOR"
    assert touched(norway.NOW + HOUR) == [made.id]


def test_what_a_partial_batch_writes_is_what_a_whole_one_would(norway, publish):
    norway.said("CONFLICT_ACTIVE")
    made = [norway.incident(), norway.incident(lon=10.4, lat=59.05), norway.incident(SiteType.TRA_ROAD)]
    publish()
    made[0].damage_best, made[1].certainty = 1, "POSSIBLE"
    session.flush()
    publish(norway.NOW + DAY)
    partial = numbers()
    whole = publish_batch(norway.NOW + DAY, agreed=norway.AGREED, anew=True)
    assert (whole.new, whole.updated, whole.removed) == (0, 0, [])
    assert (partial, len(partial)) == (numbers(), 2)


# ── By the hour ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_in_a_disaster_a_record_appears_at_the_next_hour(norway):
    norway.said("DISASTER", pcode=norway.DISTRICTS[0])
    norway.incident(SiteType.HEA_HOSP, event_latest=norway.NOW - HOUR, evidence_received_at=norway.NOW - HOUR)
    assert publish_hour(norway.NOW).new == 1
    assert len(numbers()) == 1


def test_the_hourly_batch_touches_nothing_in_a_conflict_however_long_it_waits(norway):
    norway.said("DISASTER", pcode=norway.DISTRICTS[1])
    norway.said("CONFLICT_ACTIVE", pcode=norway.DISTRICTS[0])
    norway.incident()
    norway.said("CONFLICT_ACTIVE", pcode=norway.REGION)
    norway.incident(SiteType.TRA_ROAD, lon=10.8, lat=59.2)
    assert publish_hour(norway.NOW, agreed=norway.AGREED) is None
    assert numbers() == []
    assert session.scalar(select(PublishedBatch)) is None


def test_an_hour_in_which_nothing_changes_leaves_no_trace_in_public(norway):
    norway.said("DISASTER")
    assert publish_hour(norway.NOW) is None
    norway.incident()
    first = publish_hour(norway.NOW)
    assert publish_hour(norway.NOW + HOUR) is None
    assert [batch.release_id for batch in session.scalars(select(PublishedBatch))] == [first.release_id]


def test_the_clock_asks_for_the_hourly_batch_before_the_daily_hour(norway):
    norway.said("DISASTER")
    norway.incident()
    batch = publish_due(norway.NOW.replace(hour=8))
    assert (batch.hourly, batch.new) == (True, 1)


# ── What is remembered ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("changes", "decision"),
    [({}, "PUBLISH"), ({"certainty": "POSSIBLE"}, None), ({"lon": 10.4, "lat": 59.05}, "PUBLISH")],
)
def test_the_last_verdict_is_kept_for_whoever_measures(norway, publish, changes, decision):
    norway.said("CONFLICT_ACTIVE")
    made = norway.incident(**changes)
    publish()
    kept = session.get(Judgement, made.id)
    assert (kept and kept.decision) == decision
