"""Workers side by side: one damage, one incident, one link for each report."""

import random
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select

from server.core import jobs
from server.core.database import make_engine, session
from server.matching.models import Attachment, Incident

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


def test_many_workers_open_one_incident_for_one_damage(database, report):
    numbers = [report(east=step % 3, north=step // 3, text="Missile hit apartment block", place="Soborna street 12") for step in range(9)]
    session.remove()
    tasks = random.Random(7).sample(numbers * 3, 27)

    def match(number):
        try:
            jobs.JOBS["matching.match_report"](subject=str(number))
        finally:
            session.remove()

    with ThreadPoolExecutor(6) as workers:
        list(workers.map(match, tasks))
    assert session.scalar(select(func.count()).select_from(Incident)) == 1
    assert session.scalar(select(func.count()).select_from(Attachment)) == 9
    assert session.scalar(select(Incident.report_count)) == 9
