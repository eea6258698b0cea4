"""A flood of strangers holds up no worker: the real server, several processes, and everything goes through one gate."""

import pytest
from sqlalchemy import text

from server.accounts import service
from server.accounts.policy import SYSTEM
from server.core.database import see_as, session, settled
from tests.bench import flood
from tests.intake import broken_lines

SECONDS, STRANGERS = 4.0, 4


@pytest.fixture
def server(live_database, storage_folder, live_app):
    url = live_database.render_as_string(hide_password=False)
    chosen = {"DATABASE_URL": url, "PUBLIC_DATABASE_URL": url, "STORAGE_URL": storage_folder.as_uri(), "WEB_WORKERS": "2", "PUBLIC_REPORTS_PER_MINUTE": "60"}
    made = broken_lines.Server(chosen)
    made.start()
    yield made
    made.stop()


@pytest.mark.committed
@pytest.mark.slow
def test_in_a_flood_every_worker_s_report_is_received_and_nearly_no_stranger_s(server):
    with settled():
        key = service.add_key(service.ensure_organisation("Relief Works").id, "phones", actor=SYSTEM)
    session.remove()
    took, refused, sent = flood.beside(("127.0.0.1", server.port), key, strangers=STRANGERS, seconds=SECONDS)
    assert len(took) >= 4
    assert refused == 0
    assert sent > 20
    with settled():
        see_as("all")
        received = session.execute(text("SELECT count(*) FILTER (WHERE organisation_id IS NULL), count(*) FROM reports")).one()
    assert received[1] - received[0] == len(took)
    assert received[0] <= 6, "one network sends six reports before it is asked, however many processes there are"
