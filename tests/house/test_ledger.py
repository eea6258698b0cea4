"""The ledger: what was done stays done, and whoever gets past the database's refusal is found out by the seals."""

from uuid import uuid4

import pytest
from sqlalchemy import text

from server.core import ledger
from server.core.database import make_engine, session, settled

pytestmark = pytest.mark.committed

EVENTS = ("report.received", "incident.opened", "report.assessed", "publication.withdrawn")


@pytest.fixture(scope="module")
def sealed_engine(app):
    from tests.conftest import NAME, URL, _admin, clone, drop

    name = f"{NAME}_ledger"
    clone(name)
    engine = make_engine(URL.set(database=name).render_as_string(hide_password=False), pool_size=2)
    yield engine
    engine.dispose()
    with _admin() as admin:
        drop(admin, name)


@pytest.fixture
def sealed(sealed_engine):
    """Three seals over twelve entries, in a database whose owner can switch the refusal off."""
    before = dict(session.session_factory.kw)
    session.remove()
    session.configure(bind=sealed_engine)
    tamper("TRUNCATE ledger, ledger_seals, outbox RESTART IDENTITY")
    for _round in range(3):
        with settled():
            for event in EVENTS:
                ledger.record(event, uuid4(), state="OPEN")
        assert seal() == len(EVENTS)
    yield
    session.remove()
    session.session_factory.kw.clear()
    session.session_factory.kw.update(before)


def seal():
    """Seal what is unsealed. A transaction open in any database of the cluster would make new entries wait: they are aged."""
    tamper("UPDATE ledger SET transaction = 3")
    with settled():
        return ledger.seal()


def tamper(*statements):
    """What an intruder with the owner's password does: switch the triggers off, change, switch them on again."""
    with settled():
        for table in ("ledger", "ledger_seals"):
            session.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
        for statement in statements:
            assert session.execute(text(statement)).rowcount != 0, statement
        for table in ("ledger", "ledger_seals"):
            session.execute(text(f"ALTER TABLE {table} ENABLE TRIGGER USER"))


def broken():
    with settled():
        return ledger.broken_seals()


def test_a_ledger_that_nobody_touched_has_no_broken_seal(sealed):
    assert broken() == []
    with settled():
        assert session.scalar(text("SELECT count(*) FROM ledger_seals")) == 3


@pytest.mark.parametrize(
    "change",
    [
        "event = 'incident.closed'",
        "subject_id = gen_random_uuid()",
        "actor_id = gen_random_uuid()",
        "at = at - interval '1 second'",
        "details = '{\"state\": \"CLOSED\"}'",
        "details = '{}'",
    ],
)
def test_an_edited_entry_breaks_its_seal(sealed, change):
    tamper(f"UPDATE ledger SET {change} WHERE id = 6")
    assert broken() == [2]


def test_a_removed_entry_breaks_its_seal(sealed):
    tamper("DELETE FROM ledger WHERE id = 7")
    assert broken() == [2]


def test_two_swapped_entries_break_their_seals(sealed):
    tamper(
        "UPDATE ledger SET id = -1 WHERE id = 2",
        "UPDATE ledger SET id = 2 WHERE id = 10",
        "UPDATE ledger SET id = 10 WHERE id = -1",
    )
    assert broken() == [1, 3]


def test_an_entry_put_back_under_its_number_with_other_words_breaks_its_seal(sealed):
    tamper(
        "DELETE FROM ledger WHERE id = 7",
        "INSERT INTO ledger (id, event, subject_id) OVERRIDING SYSTEM VALUE VALUES (7, 'report.assessed', gen_random_uuid())",
    )
    assert broken() == [2]


def test_a_truncated_ledger_breaks_every_seal(sealed):
    tamper("TRUNCATE ledger")
    assert broken() == [1, 2, 3]


def test_a_seal_taken_out_of_the_middle_breaks_the_next(sealed):
    tamper("DELETE FROM ledger WHERE id BETWEEN 5 AND 8", "DELETE FROM ledger_seals WHERE id = 2")
    assert 3 in broken()


def test_a_first_seal_taken_away_breaks_the_next(sealed):
    tamper("DELETE FROM ledger WHERE id <= 4", "DELETE FROM ledger_seals WHERE id = 1")
    assert 2 in broken()


def test_a_seal_of_other_entries_does_not_fit(sealed):
    tamper("UPDATE ledger_seals SET entry_ids = '[5, 6, 7]' WHERE id = 2")
    assert broken() == [2]


def test_entries_that_come_later_are_sealed_once_and_break_nothing(sealed):
    with settled():
        ledger.record("report.received", uuid4())
    assert seal() == 1
    assert seal() == 0
    assert broken() == []


def test_entries_wait_while_a_transaction_that_began_before_them_is_open(sealed, sealed_engine):
    """It may still bring entries with smaller numbers, which a seal would leave out for good."""
    with sealed_engine.connect() as slow:
        slow.execute(text("INSERT INTO ledger (event, subject_id) VALUES ('report.received', gen_random_uuid())"))
        with settled():
            ledger.record("report.received", uuid4())
        with settled():
            assert ledger.seal() == 0
        slow.commit()
    assert seal() == 2
    assert broken() == []
