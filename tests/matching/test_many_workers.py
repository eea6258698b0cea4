"""Workers side by side, and a rebuild beside them: one damage, one incident, one link for each report."""

import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select

from server.core import jobs
from server.core.database import make_engine, session
from server.matching import rebuilding, service
from server.matching.models import Attachment, Incident
from server.matching.weights import default_weights

pytestmark = pytest.mark.committed


@pytest.fixture
def database(live_database):
    """Every connection sees this one; what is committed stays until the test ends."""
    before = dict(session.session_factory.kw)
    engine = make_engine(live_database.render_as_string(hide_password=False), pool_size=8)
    session.remove()
    session.configure(bind=engine)
    yield live_database
    session.remove()
    engine.dispose()
    session.session_factory.kw.clear()
    session.session_factory.kw.update(before)


def match(number):
    try:
        jobs.JOBS["matching.match_report"](subject=str(number))
    finally:
        session.remove()


def test_many_workers_open_one_incident_for_one_damage(database, report):
    numbers = [report(east=step % 3, north=step // 3, text="Missile hit apartment block", place="Soborna street 12") for step in range(9)]
    session.remove()
    tasks = random.Random(7).sample(numbers * 3, 27)

    with ThreadPoolExecutor(6) as workers:
        list(workers.map(match, tasks))
    assert session.scalar(select(func.count()).select_from(Incident)) == 1
    assert session.scalar(select(func.count()).select_from(Attachment)) == 9
    assert session.scalar(select(Incident.report_count)) == 9


def of_house(report, house):
    return report(east=1500 * house + random.Random(house).gauss(0, 3), text="Missile hit apartment block", place=f"Soborna street {12 + house}")


@pytest.fixture
def apart(database, report):
    """Four houses of three reports each, every report wrongly on a record of its own; as ``{house: reports}``."""
    houses = {house: [of_house(report, house) for _ in range(3)] for house in range(4)}
    for number in [number for numbers in houses.values() for number in numbers]:
        match(number)
        if service.incident_of(number).report_count > 1:
            service.split(service.incident_of(number).id, [number], actor=rebuilding.SYSTEM, reason="")
        session.commit()
    assert session.scalar(select(func.count()).select_from(Incident)) == 12
    return houses


def test_reports_that_arrive_while_a_rebuild_runs_is_killed_and_goes_on_are_neither_lost_nor_double(apart, report, tmp_path):
    def arrive(house):
        arrived = [of_house(report, house) for _ in range(2)]
        apart.setdefault(house, []).extend(arrived)
        session.remove()
        with ThreadPoolExecutor(3) as workers:
            list(workers.map(match, arrived * 2))

    made = rebuilding.make_plan(default_weights(), lambda _more: arrive(9))
    assert len(made.steps) == 4
    path, houses = tmp_path / "plan.jsonl", [3, 9, 0]
    rebuilding.keep_plan(made, path)

    def killed_after_two(_steps):
        arrive(houses.pop(0))
        if not houses:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rebuilding.apply_plan(path, killed_after_two)
    path.with_suffix(".done").write_text("1")  # as if it was killed between a step and the note that it was done
    with ThreadPoolExecutor(1) as beside:
        meanwhile = beside.submit(arrive, 2)
        _batch, done, passed = rebuilding.apply_plan(path, lambda _steps: None)
        meanwhile.result()
    assert done >= 1
    assert done + passed == 3
    laid = session.execute(select(Attachment.report_id, Attachment.incident_id).where(Attachment.ended_at.is_(None))).all()
    assert sorted(number for numbers in apart.values() for number in numbers) == sorted(row.report_id for row in laid), "each lies once"
    where = {row.report_id: row.incident_id for row in laid}
    for numbers in apart.values():
        assert len({where[number] for number in numbers[:3]}) == 1, "what was scattered lies together"
    standing = session.execute(select(Incident.id, Incident.report_count).where(Incident.merged_into.is_(None)))
    assert {row.id: row.report_count for row in standing} == Counter(where.values()), "every record counts what lies on it"
