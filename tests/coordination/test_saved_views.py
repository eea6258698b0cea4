"""Saved views: a name over the desk's filters, shared or not, with a news feed under a personal key."""

import re
from datetime import timedelta
from urllib.parse import urlencode
from uuid import UUID, uuid4

import pytest
from defusedxml import ElementTree
from sqlalchemy import text

from server.accounts.models import Person
from server.accounts.policy import SYSTEM
from server.accounts.service import close_account
from server.core.clock import now
from server.core.database import session
from tests.publication import town
from tests.security.pages import PAYLOADS, dangers, isolates

ATOM = "{http://www.w3.org/2005/Atom}"


def save(browser, name="Night shift", query="certainty=CONFIRMED&lang=ar&cursor=x", sharing="OWN"):
    answer = browser.post("/desk/views", data={"name": name, "query": query, "sharing": sharing})
    assert answer.status_code == 303, answer.text
    return UUID(re.search(r"view=([0-9a-f-]{36})", answer.location)[1]), answer.location


def test_a_view_opens_the_desk_with_its_filters_and_is_listed_there(as_):
    chipo = as_("chipo")
    number, address = save(chipo)
    assert address == f"/desk?view={number}&certainty=CONFIRMED"
    page = chipo.get(address).text
    assert 'value="CONFIRMED" selected' in page
    assert isolates(page, "Night shift")


def test_a_view_is_seen_by_those_it_is_shared_with_and_by_nobody_else(as_):
    chipo, amal, dario, eve = (as_(name) for name in ("chipo", "amal", "dario", "eve"))
    for sharing in ("OWN", "ORGANISATION", "RESPONSE"):
        save(chipo, name=f"view for {sharing}", sharing=sharing)
    own, colleague, partner = (set(re.findall(r"view for (\w+)", one.get("/desk/views").text)) for one in (chipo, amal, dario))
    assert own == {"OWN", "ORGANISATION", "RESPONSE"}
    assert colleague == {"ORGANISATION", "RESPONSE"}
    assert partner == {"RESPONSE"}
    assert eve.get("/desk/views").status_code == 403


def test_a_view_of_somebody_else_cannot_be_opened_changed_or_deleted(as_):
    chipo, dario = as_("chipo"), as_("dario")
    hidden, _ = save(chipo)
    shared, _ = save(chipo, sharing="RESPONSE")
    for path in (f"/desk/situation?view={hidden}", f"/desk/situation?view={uuid4()}"):
        assert dario.get(path).status_code == 404
    assert dario.post(f"/desk/views/{hidden}/delete").status_code == 404
    assert dario.post(f"/desk/views/{hidden}/key").status_code == 404
    assert dario.post(f"/desk/views/{shared}/delete").status_code == 403
    assert dario.post(f"/desk/views/{shared}", data={"name": "mine now"}).status_code == 403
    assert "mine now" not in chipo.get("/desk/views").text


def test_a_view_is_renamed_and_deleted_by_its_owner_and_a_nameless_one_is_refused_in_words(as_):
    chipo = as_("chipo")
    number, _ = save(chipo)
    assert chipo.post(f"/desk/views/{number}", data={"name": "Day shift", "sharing": "RESPONSE"}).status_code == 303
    assert isolates(chipo.get("/desk/views").text, "Day shift")
    refused = chipo.post("/desk/views", data={"name": " \u202e\x01 ", "query": ""})
    assert refused.status_code == 422
    assert "Give it a name." in refused.text
    assert chipo.post(f"/desk/views/{number}/delete").status_code == 303
    assert "Day shift" not in chipo.get("/desk/views").text


def test_a_filter_that_no_longer_exists_is_named_on_every_page_and_hides_nothing(as_, database, people):
    chipo = as_("chipo")
    town.incident()
    number, _ = save(chipo, query="certainty=CONFIRMED&moon=full&damage=9")
    for path in ("/desk/views", f"/desk?view={number}", f"/desk/situation?view={number}"):
        page = chipo.get(path).text
        assert "<code>moon</code>" in page, path
        assert "<code>damage</code>" in page, path
    assert ">1<" in chipo.get(f"/desk/situation?view={number}").text


def test_a_name_that_is_code_is_shown_as_text(as_):
    chipo = as_("chipo")
    for payload in PAYLOADS.values():
        number, address = save(chipo, name=payload, query=urlencode({"adm": payload, payload: "x"}))
    for path in ("/desk/views", address, f"/desk/situation?view={number}", "/desk"):
        assert dangers(chipo.get(path).text) == [], path


@pytest.fixture
def feed(as_):
    """A record, a view of it, and the address of the view's feed as it was shown once."""
    chipo = as_("chipo")
    record = town.incident()
    number, _ = save(chipo, sharing="RESPONSE")
    page = chipo.post(f"/desk/views/{number}/key").text
    return chipo, number, record, re.search(r"(/feeds/[\w-]+\.atom)", page)[1]


def test_the_feed_carries_counts_numbers_and_links_to_whoever_holds_the_key_and_nothing_else(client, feed):
    _chipo, _number, record, address = feed
    answer = client.get(address)
    root = ElementTree.fromstring(answer.data)
    assert answer.mimetype == "application/atom+xml"
    assert root.findtext(f"{ATOM}title") == "Night shift"
    assert root.findtext(f"{ATOM}subtitle") == "1 damage record · 0 open"
    (entry,) = root.findall(f"{ATOM}entry")
    assert entry.findtext(f"{ATOM}title") == record.public_id
    assert entry.find(f"{ATOM}link").get("href").endswith(f"/desk/incidents/{record.public_id}")
    assert {child.tag.removeprefix(ATOM) for child in entry} == {"id", "title", "updated", "link"}
    assert str(town.MIDDLE[0] - 0.05)[:5] not in answer.text


def test_the_key_is_kept_as_a_hash_and_shown_only_once(feed, database):
    chipo, _number, _record, address = feed
    word = address.removeprefix("/feeds/").removesuffix(".atom")
    stored = database.execute(text("SELECT * FROM feed_keys")).one()
    assert word not in str(stored)
    assert word.encode() not in bytes(stored.key_hash)
    assert word not in chipo.get("/desk/views").text


@pytest.mark.parametrize("ending", ["revoked", "old", "role", "account", "view"])
def test_a_feed_ends_with_its_key_its_time_its_persons_rights_and_its_view(client, feed, people, database, ending):
    chipo, number, _record, address = feed
    assert client.get(address).status_code == 200
    key = database.scalar(text("SELECT id FROM feed_keys"))
    if ending == "revoked":
        assert chipo.post(f"/desk/views/keys/{key}/revoke").status_code == 303
    elif ending == "old":
        database.execute(text("UPDATE feed_keys SET expires_at = :then"), {"then": now() - timedelta(seconds=1)})
    elif ending == "role":
        database.execute(text("DELETE FROM person_roles WHERE person_id = :who"), {"who": people["chipo"].id})
    elif ending == "account":
        close_account(session.get_one(Person, people["chipo"].id), actor=SYSTEM)
        session.commit()
    else:
        assert chipo.post(f"/desk/views/{number}/delete").status_code == 303
    session.expire_all()
    refused = client.get(address)
    assert refused.status_code == 404
    assert "chipo" not in refused.text.lower()


def test_guessed_keys_and_keys_of_others_open_nothing(client, as_, feed, database):
    dario = as_("dario")
    key = database.scalar(text("SELECT id FROM feed_keys"))
    assert dario.post(f"/desk/views/keys/{key}/revoke").status_code == 404
    for word in ("x" * 43, "é" * 43, "a", "%00" * 14):
        assert client.get(f"/feeds/{word}.atom").status_code in (400, 404)
