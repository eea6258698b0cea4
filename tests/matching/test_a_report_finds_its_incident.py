"""What becomes of reports, told as a night of strikes: the job runs, PostGIS looks, the pure judgement decides."""

from datetime import timedelta

from sqlalchemy import select

from server.accounts.policy import ANONYMOUS
from server.core.database import session
from server.matching import service
from server.matching.models import Attachment, Incident
from server.reports.models import Report
from server.reports.service import withdraw
from server.vocabulary import DamageGrade, EventPrecision, SiteType, SourceType
from tests.matching.conftest import LAST_NIGHT


def test_two_neighbours_reporting_one_house_become_one_incident(report, work, lies_on):
    first = report(text="Missile hit apartment block, upper floors destroyed", place="Soborna street 12")
    second = report(east=9, at=LAST_NIGHT + timedelta(minutes=4), text="Upper floors of the block destroyed by a missile", place="12 Soborna street")
    work()
    assert lies_on(first).id == lies_on(second).id
    assert lies_on(first).report_count == 2


def test_one_house_told_in_two_languages_becomes_one_incident(report, work, lies_on):
    first = report(text="Влучання у багатоповерхівку, зруйновано верхні поверхи", place="вул. Соборна 12")
    second = report(east=-7, text="Apartment block hit, windows out", place="Soborna St 12")
    work()
    assert lies_on(first).id == lies_on(second).id


def test_neighbouring_houses_hit_in_one_night_stay_two(report, work, lies_on, open_questions):
    first = report(text="Missile hit apartment block", place="Soborna street 12")
    second = report(east=30, at=LAST_NIGHT + timedelta(minutes=3), text="Missile hit apartment block", place="Soborna street 14")
    work()
    assert lies_on(first).id != lies_on(second).id


def test_neighbours_without_numbers_are_asked_about_and_not_joined(report, work, lies_on, open_questions):
    first = report(text="Missile hit apartment block")
    second = report(east=35, text="Missile hit apartment block")
    work()
    assert lies_on(first).id != lies_on(second).id
    assert [{q.incident_id, q.other_id} for q in open_questions()] == [{lies_on(first).id, lies_on(second).id}]


def test_nothing_joins_on_distance_alone(report, work, lies_on):
    first = report(site_type=None, damage=None, event_earliest=None, event_latest=None, event_precision=EventPrecision.UNK)
    second = report(site_type=None, damage=None, event_earliest=None, event_latest=None, event_precision=EventPrecision.UNK)
    work()
    assert lies_on(first).id != lies_on(second).id


def test_a_second_strike_opens_a_new_incident_linked_to_the_first(report, work, lies_on):
    first = report(at=LAST_NIGHT - timedelta(days=9), text="School hit by a rocket", place="School No. 17", site_type=SiteType.EDU_SCHOOL)
    work()
    second = report(east=4, text="The school was hit again", place="School No. 17", site_type=SiteType.EDU_SCHOOL)
    work()
    assert lies_on(second).id != lies_on(first).id
    assert lies_on(second).prior_incident_id == lies_on(first).id


def test_a_second_strike_reported_before_the_first_still_points_backwards(report, work, lies_on):
    later = report(east=4, text="The school was hit again", place="School No. 17", site_type=SiteType.EDU_SCHOOL)
    work()
    earlier = report(at=LAST_NIGHT - timedelta(days=9), text="School hit", place="School No. 17", site_type=SiteType.EDU_SCHOOL)
    work()
    assert lies_on(later).prior_incident_id == lies_on(earlier).id
    assert lies_on(earlier).prior_incident_id is None


def test_a_wrong_pin_is_found_by_the_numbered_place_and_asked_about(report, work, lies_on, open_questions):
    first = report(text="Rocket hit the school", place="School No. 17", site_type=SiteType.EDU_SCHOOL)
    second = report(east=1800, text="School hit by a rocket", place="школа №17", site_type=SiteType.EDU_SCHOOL)
    work()
    assert lies_on(first).id != lies_on(second).id
    assert any({q.incident_id, q.other_id} == {lies_on(first).id, lies_on(second).id} for q in open_questions())


def test_every_attachment_says_why(report, work):
    report(text="Missile hit apartment block", place="Soborna street 12")
    report(east=8, text="Missile hit apartment block", place="Soborna street 12")
    work()
    laid = list(session.scalars(select(Attachment).order_by(Attachment.begun_at, Attachment.score.nulls_first())))
    assert len(laid) == 2
    assert [reason["code"] for reason in laid[0].reasons] == ["first"]
    codes = {reason["code"] for reason in laid[1].reasons}
    assert {"distance", "numbers_same", "kind_same"} <= codes
    assert laid[1].score >= 4
    assert all(laid_one.weights_version for laid_one in laid)


def test_a_report_without_a_point_waits_flagged_and_is_not_dropped(report, work, lies_on):
    number = report(placed=False, text="Somewhere in the north of the town a house burns")
    work()
    assert lies_on(number) is None
    assert "no_point" in session.get(Report, number).flags


def test_matching_again_changes_nothing(report, work, lies_on):
    number = report(text="House hit")
    work()
    before = lies_on(number)
    assert service.match_report(number) == before.id
    session.commit()
    assert session.query(Attachment).count() == 1


def test_a_withdrawn_report_leaves_its_incident_and_an_empty_one_leaves_the_map(report, work, lies_on):
    number = report(text="House hit", place="Soborna 12")
    work()
    opened = lies_on(number)
    assert opened.on_map
    opened_id = opened.id
    withdraw(number, actor=ANONYMOUS)
    session.commit()
    work()
    assert lies_on(number) is None
    left = session.get(Incident, opened_id)
    assert left.report_count == 0
    assert not left.on_map


def test_the_incident_takes_the_grade_of_the_better_source_and_adds_up_needs(report, work, lies_on):
    report(text="Block hit", place="Soborna street 12", damage=DamageGrade.D4)
    number = report(
        east=5, text="Block hit", place="Soborna street 12", damage=DamageGrade.D3, source_type=SourceType.EMERGENCY_SVC
    )
    work()
    incident = lies_on(number)
    assert incident.report_count == 2
    assert (incident.damage_min, incident.damage_best, incident.damage_max) == (3, 3, 3)


def test_the_person_who_points_at_a_record_is_believed_where_nothing_contradicts(report, work, lies_on):
    first = report(text="Block hit")
    work()
    second = report(east=28, text="", same_damage_as=lies_on(first).public_id)
    third = report(east=28, text="", site_type=SiteType.TRA_BRIDGE, same_damage_as=lies_on(first).public_id)
    work()
    assert lies_on(second).id == lies_on(first).id
    assert lies_on(third).id != lies_on(first).id
