"""Handing over and ending: keys with two holders, open work, and a closing by two people that loses nothing and leaves nothing."""

import csv
import io
import json
import re
import tarfile
from datetime import timedelta
from uuid import uuid4

import pyogrio
import pytest
import time_machine
from sqlalchemy import text

from server.core.clock import now
from server.core.database import see_as, session
from server.core.problems import Problem
from server.core.response import may_send_out, this_response
from server.intake.sealed import CONTENT_TYPE
from server.keeping import backups, sealing
from server.keeping.errors import NotKept
from server.reports import keys
from server.reports.sealing import pad, seal
from server.response import closing, export, key_holding
from tests.people import PASSWORD, actor

GOOD = {
    "site_type": "EDU.SCHOOL", "damage": "D3", "point": {"type": "Point", "coordinates": [10.2, 59.12]},
    "text": "The roof of the gym fell in.", "contact": "amal +47 99 88 77 66", "consents": ["KEEP_CONTACT"],
}  # fmt: skip


def put(client, number=None, **more):
    return client.put(f"/api/v1/reports/{number or uuid4()}", json={**GOOD, **more})


def proposed(browser):
    answer = browser.post("/desk/handover/close", data={"reason": "The rebuilding ministry takes over.", "sure": "yes"})
    assert answer.status_code == 303, answer.text
    return browser.get("/desk/handover").text


def agree(browser, page):
    return browser.post(re.search(r"/desk/handover/close/[0-9a-f-]+/", page)[0] + "agree")


def opened(folder, secret):
    """The members of the one archive in a folder: {name: bytes}."""
    [sealed] = folder.glob("export-*/everything.tar.age")
    plain = io.BytesIO()
    with sealed.open("rb") as reader:
        sealing.unseal(reader, plain, sealing.identities(secret))
    plain.seek(0)
    with tarfile.open(fileobj=plain) as tar:
        return {member.name: tar.extractfile(member).read() for member in tar}


# keys


def test_a_key_is_held_when_two_different_people_read_out_its_fingerprint(as_, fit):
    ada, seen = as_("ada"), key_holding.fingerprint("SECRET")
    for holder in ("Ines, Oslo office", "Tomas, Bergen office"):
        assert "not yet two" in ada.get("/desk/setup").text
        assert ada.post("/desk/setup/keys", data={"kind": "SECRET", "holder": holder, "seen": f" {seen.upper()} "}).status_code == 303
    held = {key.kind: key.is_held for key in key_holding.all_keys()}
    assert held == {"BACKUP": False, "SECRET": True, "SIGNING": False, "SEALING": False}
    ada.post("/desk/setup/keys", data={"kind": "SIGNING", "holder": "Ines", "seen": key_holding.fingerprint("SIGNING")})
    ada.post("/desk/setup/keys", data={"kind": "SIGNING", "holder": "INES", "seen": key_holding.fingerprint("SIGNING")})
    assert not key_holding.all_keys()[2].is_held, "one person under two spellings is one person"


def test_a_holder_who_reads_out_another_fingerprint_is_not_noted(as_, fit):
    answer = as_("ada").post("/desk/setup/keys", data={"kind": "SECRET", "holder": "Ines", "seen": "0123456789abcdef"})
    assert (answer.status_code, "not the fingerprint of the key in use" in answer.text) == (422, True)
    assert as_("chipo").post("/desk/setup/keys", data={"kind": "SECRET", "holder": "I", "seen": "x"}).status_code == 403
    assert key_holding.all_keys()[1].holders == ()


def test_after_half_a_year_or_with_a_new_key_the_holders_are_asked_again(as_, fit, people):
    with session.no_autoflush:
        keys.ensure_key()
        for holder in ("Ines", "Tomas"):
            for kind in ("SECRET", "SEALING"):
                key_holding.confirm(kind, holder, seen=key_holding.fingerprint(kind), actor=actor(people["ada"]))
    session.commit()
    assert {key.kind for key in key_holding.all_keys() if key.is_held} == {"SECRET", "SEALING"}
    keys.rotate(actor=actor(people["ada"]))
    session.commit()
    assert {key.kind for key in key_holding.all_keys() if key.is_held} == {"SECRET"}
    with time_machine.travel(now() + timedelta(days=181)):
        assert not any(key.is_held for key in key_holding.all_keys())
    ada = as_("ada")
    ada.post(f"/desk/setup/keys/{key_holding.all_keys()[1].holders[0].id}/gone")
    assert "not yet two" in ada.get("/desk/handover").text


def test_a_phone_that_was_away_for_eighty_days_is_still_understood_after_its_key_was_replaced(client, people, database):
    keys.ensure_key()
    old = keys.present_key()
    sealed_by_phone = sealing_for(old)
    keys.rotate(actor=actor(people["ada"]))
    session.commit()
    number, envelope = sealed_by_phone
    with time_machine.travel(now() + timedelta(days=80), tick=True):
        keys.destroy_retired()
        assert client.put(f"/api/v1/reports/{number}", data=envelope, content_type=CONTENT_TYPE).status_code == 201
        assert keys.unseal(envelope, bound_to=number)
    with time_machine.travel(now() + timedelta(days=91), tick=True):
        keys.destroy_retired()
        with pytest.raises(Problem, match="unknown_key"):
            keys.unseal(envelope, bound_to=number)


def sealing_for(key):
    number = uuid4()
    return number, seal(pad(json.dumps(GOOD).encode()), public=key.public_key, bound_to=number)


def test_the_last_administrator_stays(as_, people, app):
    for act in ("close", "erase"):
        done = app.test_cli_runner().invoke(args=["users", act, "ada@example.org"])
        assert done.exit_code != 0, done.output
        assert isinstance(done.exception, Problem), done.output
    assert as_("ada").get("/desk/setup").status_code == 200


# handing over


def test_the_handover_says_who_holds_what_and_what_is_open(as_, client, console, work, fit):
    put(client, point=None, place_text="behind the mill")
    put(client)
    work()
    ada = as_("ada")
    ada.post("/desk/setup/keys", data={"kind": "SECRET", "holder": "Ines, Oslo", "seen": key_holding.fingerprint("SECRET")})
    page, (code, paper) = ada.get("/desk/handover").text, console("handover")
    assert code == 0
    for told in ("Ines, Oslo", "Chipo", "Relief Works", "Reports without a place", "Damage records that nobody has verified"):
        assert told in page, told
        assert told in paper, told
    assert re.search(r"1  Reports without a place", paper)
    assert "No backup" in page or "Nothing is backed up" in page
    assert "example.org" not in page + paper, "an address of a person belongs on no paper"
    assert as_("chipo").get("/desk/handover").status_code == 200
    assert as_("bohdan").get("/desk/handover").status_code == 403


# the end


def test_two_people_close_a_response_and_nothing_is_lost_but_what_must_go(as_, client, people, work, fit, sealed_to, database):
    folder, secret = sealed_to
    kept, held = uuid4(), uuid4()
    assert put(client, kept).status_code == 201
    assert put(client, held, text="Our soldiers stand at the crossing").status_code == 201
    session.execute(text("UPDATE people SET alias = '=1+1' WHERE alias = 'Eve'"))
    keys.ensure_key()
    work()
    page = proposed(as_("ada"))
    assert "A second person must agree" in page
    assert put(client).status_code == 201, "until both agree, reports are taken"
    assert agree(as_("chipo"), page).status_code == 303
    assert this_response().is_closed
    assert "The export is being made." in as_("ada").get("/desk/handover").text
    work()
    done = as_("ada").get("/desk/handover").text
    assert "Everything is exported, sealed and proved." in done
    members = opened(folder, secret)
    reports = {row["id"]: row for row in map(json.loads, members["reports.jsonl"].decode().splitlines())}
    assert reports[str(kept)]["text"] == "The roof of the gym fell in."
    assert "99 88 77 66" not in str(members)
    assert "Our soldiers" not in str(members)
    rows = list(csv.DictReader(io.StringIO(members["tables/reports.csv"].decode())))
    assert {row["id"] for row in rows} == reports.keys()
    (folder / "incidents.gpkg").write_bytes(members["incidents.gpkg"])
    assert pyogrio.read_info(folder / "incidents.gpkg")["features"] >= 1
    assert members["tables/people.csv"].startswith(b"id,alias,organisation_id")
    assert b"example.org" not in members["tables/people.csv"]
    assert b",'=1+1," in members["tables/people.csv"], "no spreadsheet runs what somebody called themselves"
    assert {name.rsplit(".", 1)[-1] for name in members} >= {"csv", "jsonl", "gpkg", "txt"}
    see_as("all")
    proofs = dict(database.execute(text('SELECT kind, sum(erased) FROM erasure_proofs WHERE "left" = 0 GROUP BY kind')).all())
    assert proofs["contacts_at_the_end"] >= 2
    assert keys.present_key() is None
    assert not keys.ensure_key(), "the next start of the server makes no new one"
    events = {row[0] for row in database.execute(text("SELECT event FROM ledger"))}
    assert {"response.closed", "response.exported", "response.shredded"} <= events


def test_after_the_end_no_new_report_is_taken_and_every_door_says_so_kindly(as_, client, fit, sealed_to, work):
    before = uuid4()
    assert put(client, before).status_code == 201
    agree(as_("chipo"), proposed(as_("ada")))
    late = put(client)
    assert (late.status_code, late.get_json()["code"]) == (503, "response_closed")
    assert int(late.headers["Retry-After"]) >= 3_600
    assert put(client, before).status_code == 200, "a phone that lost its receipt still gets it"
    form = client.post("/report", data={"id": str(uuid4()), "site_type": "EDU.SCHOOL", "damage": "D3", "where": "59.1, 10.2", "place_text": "59.1, 10.2"},
                       content_type="multipart/form-data")  # fmt: skip
    assert "This response has ended" in form.text
    see_as("all")
    assert session.scalar(text("SELECT count(*) FROM reports")) == 1


def test_whoever_was_signed_in_is_signed_out_by_the_end_but_for_who_agreed_to_it(as_, fit, sealed_to):
    ada, berta, chipo = as_("ada"), as_("berta"), as_("chipo")
    page = proposed(ada)
    assert [browser.get("/desk/handover" if browser is ada else "/desk").status_code for browser in (ada, berta, chipo)] == [200, 200, 200]
    agree(chipo, page)
    assert [browser.get("/desk/handover" if browser is ada else "/desk").status_code for browser in (ada, berta, chipo)] == [401, 401, 200]
    assert as_("berta").get("/desk").status_code == 200, "who still has an account may sign in again and read"


def test_one_person_closes_nothing(as_, people, fit, sealed_to):
    ada = as_("ada")
    page = proposed(ada)
    assert "I agree: close" not in page
    answer = ada.post(f"/desk/handover/close/{closing.under_way().id}/agree")
    assert (answer.status_code, "A second person must agree" in answer.text) == (422, True)
    with pytest.raises(Problem, match="second_person_needed"):
        closing.agree(actor(people["ada"]), closing.under_way().id)
    assert not this_response().is_closed
    assert as_("bohdan").post(f"/desk/handover/close/{closing.under_way().id}/agree").status_code == 403
    assert ada.post(f"/desk/handover/close/{closing.under_way().id}/end").status_code == 303
    assert closing.under_way() is None


def test_who_ends_a_response_or_makes_it_live_gives_the_password_again(as_, fit, sealed_to):
    ada, chipo = as_("ada"), as_("chipo")
    proposed(ada)
    agreed, reason = f"/desk/handover/close/{closing.under_way().id}/agree", {"reason": "Over", "sure": "yes"}
    with time_machine.travel(now() + timedelta(minutes=20), tick=True):
        page = chipo.get("/desk/handover").text
        assert ("I agree: close" in page, "/account/confirm?next=/desk/handover" in page) == (False, True)
        for browser, path, data in ((chipo, agreed, {}), (ada, "/desk/handover/close", reason), (ada, "/desk/setup/live", {"sure": "yes"})):
            refused = browser.post(path, data=data)
            assert (refused.status_code, "confirm_first" in refused.text) == (403, True), path
            assert f'/account/confirm?next={"/desk/setup" if browser is ada and "live" in path else "/desk/handover"}"' in refused.text, path
        assert not this_response().is_closed
        assert chipo.post("/account/confirm", data={"password": PASSWORD}).status_code == 302
        assert "I agree: close" in chipo.get("/desk/handover").text
        assert chipo.post(agreed).status_code == 303
    assert this_response().is_closed


def test_a_proposal_is_over_after_two_days_and_without_a_reason_or_keys_there_is_none(as_, people, fit, sealed_to, set_as):
    proposed(as_("ada"))
    found = closing.under_way().id
    with time_machine.travel(now() + timedelta(days=2, minutes=1)), pytest.raises(Problem, match="already_done"):
        closing.agree(actor(people["chipo"]), found)
    closing.take_back(actor(people["ada"]), found)
    session.commit()
    assert as_("ada").post("/desk/handover/close", data={"reason": " ", "sure": "yes"}).status_code == 422
    set_as(backup_keys=())
    refused = as_("ada").post("/desk/handover/close", data={"reason": "Over", "sure": "yes"})
    assert (refused.status_code, "set BACKUP_FOLDER and BACKUP_KEYS" in refused.text) == (422, True)


def test_a_closing_that_broke_off_goes_on_where_it_stopped(as_, client, fit, sealed_to, work, monkeypatch, people):
    put(client)
    page = proposed(as_("ada"))
    agree(as_("chipo"), page)
    real, tried = export.export, []

    def once_full(folder, **more):
        if not tried:
            tried.append(1)
            raise OSError("No space left on device")
        return real(folder, **more)

    monkeypatch.setattr(export, "export", once_full)
    found = closing.under_way().id
    session.commit()
    with pytest.raises(OSError, match="No space left"):
        closing.finish(found)
    assert "shredded" not in closing.under_way().figures, "nothing is destroyed before it was exported"
    session.commit()
    closing.finish(found)
    assert closing.under_way().done_at
    assert closing.under_way().figures.keys() == {"release", "export", "shredded"}


def test_nothing_is_exported_before_the_last_report_that_was_let_in_is_there(as_, fit, sealed_to, monkeypatch):
    waited = []
    monkeypatch.setattr(closing, "LAST_REPORTS", timedelta(seconds=20))
    monkeypatch.setattr(closing.time, "sleep", waited.append)
    agree(as_("chipo"), proposed(as_("ada")))
    found = closing.under_way().id
    session.commit()
    with time_machine.travel(now() + timedelta(seconds=4), tick=False):
        closing._await_last_reports(found)
    with time_machine.travel(now() + timedelta(hours=1), tick=False):
        closing._await_last_reports(found)
    assert [seconds > 10 for seconds in waited] == [True, False]
    assert waited[1] == 0


def test_an_export_that_was_cut_off_leaves_nothing_that_looks_like_one(sealed_to):
    folder, _secret = sealed_to
    half = folder / ".unfinished-export-2026-11-22T00-00-00Z"
    half.mkdir()
    (half / export.ARCHIVE).write_bytes(b"half")
    with backups.alone(folder):
        pass
    assert not half.exists()
    with backups.alone(folder), pytest.raises(NotKept, match="Another backup is being made"):
        export.export(folder, keys=("age1…",))
    assert not any(folder.glob("*export*"))


def test_the_console_closes_with_two_names_and_only_with_two(console, client, people, fit, sealed_to):
    put(client)
    wrong = console("close", "--proposed-by", "ada@example.org", "--agreed-by", "ada@example.org", "--reason", "Over")
    assert wrong[0] == 1
    assert "may not close" in console("close", "--proposed-by", "bohdan@example.org", "--agreed-by", "ada@example.org", "--reason", "x")[1]
    code, said = console("close", "--proposed-by", "ada@example.org", "--agreed-by", "chipo@example.org", "--reason", "Over")
    assert code == 0, said
    assert "Destroyed: 1 contacts" in said
    assert may_send_out()
