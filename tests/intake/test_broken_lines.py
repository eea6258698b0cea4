"""Lines that are cut and a server that is killed: every photo arrives whole, and little is sent twice."""

import random

import pytest

from server.core.database import session, settled
from server.reports import keys
from tests.evidence.pictures import encoded, four_corners
from tests.intake import broken_lines

PHOTOS, PHONES, KILLS, SEED = 8, 3, 2, 7


@pytest.fixture
def server(live_database, storage_folder, live_app):
    """The real server before a database of its own."""
    url = live_database.render_as_string(hide_password=False)
    with settled():
        keys.ensure_key()
    session.remove()
    made = broken_lines.Server({"DATABASE_URL": url, "PUBLIC_DATABASE_URL": url, "STORAGE_URL": storage_folder.as_uri(), "WEB_WORKERS": "2"})
    made.start()
    yield made
    made.stop()


@pytest.mark.committed
@pytest.mark.slow
def test_photos_over_dying_lines_to_a_server_that_is_killed_arrive_whole_with_little_sent_twice(server):
    jpeg, dice = encoded(four_corners()), random.Random(SEED)
    photos = [jpeg + dice.randbytes(dice.randrange(150_000, 600_000)) for _ in range(PHOTOS)]
    key, mast = keys.current()["public_key"], broken_lines.Mast(server.port, SEED)
    session.remove()
    outcome, wrong = broken_lines.run(server, mast, key, photos, phones=PHONES, seed=SEED, kills=KILLS)
    mast.close()
    assert wrong == []
    assert len(outcome) == PHOTOS
    for _place, photo, _number, media_id, envelope, kept in outcome:
        assert kept == {"id": str(media_id), "sha256": broken_lines.sha256(envelope).hexdigest(), "state": "RECEIVED"}
        assert broken_lines.stored(media_id) == photo
    assert mast.cuts > 0
    assert server.kills == KILLS
    assert mast.passed <= 1.5 * sum(len(envelope) for *_rest, envelope, _kept in outcome)
