"""The page of the ledger: who did what can be read, narrowed and taken along by those who answer for it, and tampering shows."""

import csv
import io

import pytest
from sqlalchemy import text

from server.core import ledger
from server.core.database import session
from tests.people import PASSWORD


@pytest.fixture
def acted(as_, people, database):
    """Ada let Eve be a coordinator; it is sealed. An entry of a transaction that is open, as the test's own is, waits: they are aged."""
    as_("ada").post(f"/desk/people/{people['eve'].id}", data={"roles": ["COORD"]})
    database.execute(text("ALTER TABLE ledger DISABLE TRIGGER USER"))
    database.execute(text("UPDATE ledger SET transaction = 1"))
    database.execute(text("ALTER TABLE ledger ENABLE TRIGGER USER"))
    assert ledger.seal() > 0
    session.commit()


def test_a_coordinator_reads_who_did_what_by_alias_and_the_seals_fit(as_, acted):
    page = as_("chipo").get("/desk/ledger?event=person.roles").text
    assert "<bdi>Ada</bdi>" in page
    assert "person.roles_changed" in page
    assert "person.added" not in page
    assert "were checked just now, and fit" in page


def test_a_changed_entry_shows_on_the_page(as_, acted, database):
    database.execute(text("ALTER TABLE ledger DISABLE TRIGGER USER"))
    database.execute(text("UPDATE ledger SET actor_id = NULL WHERE event = 'person.roles_changed'"))
    assert "no longer fit" in as_("chipo").get("/desk/ledger").text


def test_acts_are_narrowed_by_person_by_number_and_by_day(as_, acted, people):
    chipo = as_("chipo")
    assert "person.roles_changed" in chipo.get(f"/desk/ledger?person={people['ada'].id}").text
    assert "person.roles_changed" not in chipo.get(f"/desk/ledger?person={people['sana'].id}").text
    assert "person.roles_changed" in chipo.get(f"/desk/ledger?subject={people['eve'].id}").text
    assert "No act fits" in chipo.get("/desk/ledger?until=2001-01-01").text


@pytest.mark.parametrize("query", ["person=x", "since=yesterday", "subject=1", "until=9999-12-31", f"before={'9' * 5000}"])
def test_a_filter_that_cannot_be_read_is_refused(as_, query):
    assert as_("chipo").get(f"/desk/ledger?{query}").status_code == 400


def test_taking_the_acts_along_is_itself_an_act(as_, acted):
    chipo = as_("chipo")
    taken = chipo.get("/desk/ledger/acts.csv?event=person.roles")
    rows = list(csv.DictReader(io.StringIO(taken.text)))
    assert [row["event"] for row in rows] == ["person.roles_changed"]
    assert "ledger.taken_along" in chipo.get("/desk/ledger").text


def test_who_signed_in_long_ago_gives_the_password_before_taking_acts_along(as_, acted, database):
    chipo = as_("chipo")
    database.execute(text("UPDATE sign_ins SET contents = contents || '{\"fs_paa\": 1}'"))
    led = chipo.get("/desk/ledger/acts.csv")
    assert led.status_code == 302
    assert led.location.startswith("/account/confirm?next=")
    done = chipo.post(led.location, data={"password": PASSWORD})
    assert done.location.endswith("/desk/ledger/acts.csv")


@pytest.mark.parametrize("name", ["amal", "bohdan", "dario", "ada", "eve"])
def test_the_ledger_is_closed_to_who_does_not_answer_for_it(as_, name):
    browser = as_(name)
    assert browser.get("/desk/ledger").status_code == 403
    assert browser.get("/desk/ledger/acts.csv").status_code == 403
