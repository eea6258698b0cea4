"""What a coordinator does with damage records, and that taking it back leaves everything as it was."""

from uuid import uuid4

import pytest
from sqlalchemy import func, select

from server.core.database import session
from server.core.ledger import history
from server.core.problems import Problem
from server.matching import service
from server.matching.models import Attachment, Incident, IncidentChange, PairRuling, Suggestion
from server.vocabulary import WorkflowState

# What may differ after an act was taken back: when it changed, how often, and the numbers of rows.
BOOKKEEPING = {"version", "changed_at", "point"}


@pytest.fixture
def chipo(staff):
    return staff["chipo"]


@pytest.fixture
def street(report, work, lies_on):
    """Two houses of one street, two reports each: ``(twelve, fourteen)`` as lists of report numbers."""
    text = "Missile hit apartment block"
    twelve = [report(text=text, place="Soborna street 12"), report(east=5, text=text, place="Soborna street 12")]
    fourteen = [report(east=32, text=text, place="Soborna street 14"), report(east=36, text=text, place="Soborna street 14")]
    work()
    assert lies_on(twelve[0]).id == lies_on(twelve[1]).id != lies_on(fourteen[0]).id == lies_on(fourteen[1]).id
    return twelve, fourteen


def state():
    """Everything that is true of incidents, links, rulings and questions, without bookkeeping."""
    session.expire_all()
    incidents = {
        one.id: {c.name: getattr(one, c.name) for c in Incident.__table__.columns if c.name not in BOOKKEEPING}
        | {"point": session.scalar(select(func.ST_AsText(Incident.point)).where(Incident.id == one.id))}
        for one in session.scalars(select(Incident))
    }
    links = sorted(
        (str(a.report_id), str(a.incident_id), a.score, a.reasons, a.weights_version, str(a.person_id))
        for a in session.scalars(select(Attachment).where(Attachment.ended_at.is_(None)))
    )
    rulings = sorted((str(r.report_a), str(r.report_b)) for r in session.scalars(select(PairRuling).where(PairRuling.ended_at.is_(None))))
    asked = sorted((str(s.incident_id), str(s.other_id), s.score, s.outcome or "") for s in session.scalars(select(Suggestion)))
    return incidents, links, rulings, asked


def test_merging_lays_all_reports_on_one_record_and_the_other_number_lives_on(street, lies_on, chipo):
    (a, *_), (c, *_) = street
    keep, gone = lies_on(a), lies_on(c)
    service.merge(keep.id, gone.id, actor=chipo, reason="Seen on the photo")
    session.commit()
    kept, left = session.get(Incident, keep.id), session.get(Incident, gone.id)
    assert kept.report_count == 4
    assert (left.merged_into, left.workflow, left.on_map) == (keep.id, WorkflowState.MERGED_INTO, False)
    from server.matching.links import by_public_id

    assert by_public_id(left.public_id) == keep.id
    assert "kept_together" in {reason["code"] for reason in lies_on_link(c).reasons}


def lies_on_link(number):
    return session.scalar(select(Attachment).where(Attachment.report_id == number, Attachment.ended_at.is_(None)))


@pytest.mark.parametrize("act", ["merge", "split", "attach", "detach", "keep_apart", "second_strike"])
def test_undo_restores_exactly(act, street, lies_on, chipo):
    (a, b), (c, _) = street
    one, other = lies_on(a).id, lies_on(c).id
    before = state()
    acts = {
        "merge": lambda: service.merge(one, other, actor=chipo, reason="r"),
        "split": lambda: service.split(one, [b], actor=chipo, reason="r"),
        "attach": lambda: service.attach(b, other, actor=chipo, reason="r"),
        "detach": lambda: service.detach(b, actor=chipo, reason="r"),
        "keep_apart": lambda: service.keep_apart(one, other, actor=chipo, reason="r"),
        "second_strike": lambda: service.link_second_strike(one, other, actor=chipo, reason="r"),
    }
    change = acts[act]()
    session.commit()
    assert state() != before
    service.undo(change.id, actor=chipo)
    session.commit()
    after = state()
    opened = set(after[0]) - set(before[0])
    assert all(after[0][number]["merged_into"] for number in opened)
    assert ({number: row for number, row in after[0].items() if number not in opened}, *after[1:]) == before


def test_acts_are_taken_back_in_reverse_order_only(street, lies_on, chipo):
    (a, b), (c, _) = street
    one, other = lies_on(a).id, lies_on(c).id
    before = state()
    merged = service.merge(one, other, actor=chipo, reason="r")
    parted = service.split(one, [b], actor=chipo, reason="r")
    with pytest.raises(Problem, match="changed_meanwhile"):
        service.undo(merged.id, actor=chipo)
    service.undo(parted.id, actor=chipo)
    service.undo(merged.id, actor=chipo)
    session.commit()
    assert state()[1] == before[1]
    with pytest.raises(Problem, match="already_done"):
        service.undo(merged.id, actor=chipo)


def test_a_split_opens_a_record_and_rules_the_two_apart(street, lies_on, chipo, report, work):
    (a, b), _ = street
    change = service.split(lies_on(a).id, [b], actor=chipo, reason="Two entrances")
    session.commit()
    assert lies_on(b).id == change.other_id != lies_on(a).id
    assert session.scalar(select(func.count()).select_from(PairRuling)) == 1
    with pytest.raises(Problem, match="invalid_input"):
        service.attach(b, lies_on(a).id, actor=chipo, reason="r")


def test_reports_ruled_apart_are_not_asked_about_again(report, work, lies_on, open_questions, chipo):
    first, second = report(text="Missile hit apartment block"), report(east=35, text="Missile hit apartment block")
    work()
    assert len(open_questions()) == 1
    service.keep_apart(lies_on(first).id, lies_on(second).id, actor=chipo, reason="Two houses")
    session.commit()
    assert open_questions() == []
    service.reconsider_report(second)
    session.commit()
    assert open_questions() == []
    with pytest.raises(Problem, match="invalid_input"):
        service.merge(lies_on(first).id, lies_on(second).id, actor=chipo, reason="r")


def test_a_report_that_arrives_after_a_merge_does_not_hinder_its_undoing(street, lies_on, chipo, report, work):
    (a, _), (c, _) = street
    one, other = lies_on(a).id, lies_on(c).id
    change = service.merge(one, other, actor=chipo, reason="r").id
    session.commit()
    late = report(east=3, text="Missile hit apartment block", place="Soborna street 12")
    work()
    service.undo(change, actor=chipo)
    session.commit()
    assert lies_on(c).id == other
    assert lies_on(late).id == one


def test_the_machine_s_own_attachment_can_be_undone(street, lies_on, chipo):
    (_, b), _ = street
    change = session.scalar(select(IncidentChange).where(IncidentChange.kind == "attach").order_by(IncidentChange.at))
    was = lies_on(b).id
    service.undo(change.id, actor=chipo, reason="Another house")
    session.commit()
    assert lies_on(b).id != was
    assert lies_on(b).report_count == 1


@pytest.mark.parametrize("name", ["eve", "amal", "dario", "sana", "ada"])
def test_who_may_not_settle_duplicates_is_refused_and_nothing_changes(name, street, lies_on, staff):
    (a, b), (c, _) = street
    one, other, before = lies_on(a).id, lies_on(c).id, state()
    somebody = staff[name]
    for act in (
        lambda: service.merge(one, other, actor=somebody, reason="r"),
        lambda: service.split(one, [b], actor=somebody, reason="r"),
        lambda: service.attach(b, other, actor=somebody, reason="r"),
        lambda: service.detach(b, actor=somebody, reason="r"),
        lambda: service.keep_apart(one, other, actor=somebody, reason="r"),
        lambda: service.undo(uuid4(), actor=somebody),
    ):
        with pytest.raises(Problem, match="not_allowed"):
            act()
    from server.accounts.policy import SYSTEM
    from server.reports.access import enter

    enter(SYSTEM)
    assert state() == before


def test_what_cannot_be_done_is_refused(street, lies_on, chipo):
    (a, b), (c, _) = street
    one, other = lies_on(a).id, lies_on(c).id
    with pytest.raises(Problem, match="already_done"):
        service.merge(one, one, actor=chipo, reason="r")
    with pytest.raises(Problem, match="incident_not_found"):
        service.merge(one, uuid4(), actor=chipo, reason="r")
    with pytest.raises(Problem, match="invalid_input"):
        service.split(one, [a, b], actor=chipo, reason="all of them")
    with pytest.raises(Problem, match="invalid_input"):
        service.split(one, [c], actor=chipo, reason="one that lies elsewhere")
    with pytest.raises(Problem, match="already_done"):
        service.attach(a, one, actor=chipo, reason="r")
    with pytest.raises(Problem, match="invalid_input"):
        service.merge(one, other, actor=chipo, reason="x" * 501)
    service.merge(one, other, actor=chipo, reason="r")
    with pytest.raises(Problem, match="already_done"):
        service.merge(one, other, actor=chipo, reason="twice")


def test_the_ledger_tells_who_did_what_without_words(street, lies_on, chipo):
    (a, _), (c, _) = street
    one, other = lies_on(a).id, lies_on(c).id
    service.merge(one, other, actor=chipo, reason="The blue house")
    session.commit()
    told = {entry.event: entry for entry in history(one)}
    assert told["incident.merged"].actor_id == chipo.person_id
    assert "blue" not in str([entry.details for entry in history(one)])


def test_laying_the_last_report_elsewhere_leaves_a_number_that_points_on(report, work, lies_on, chipo):
    first, second = report(text="Block hit"), report(east=300, text="Bridge down")
    work()
    left = lies_on(second).id
    service.attach(second, lies_on(first).id, actor=chipo, reason="Wrong pin")
    session.commit()
    assert session.get(Incident, left).merged_into == lies_on(first).id
