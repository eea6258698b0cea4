"""Alerts through the desk: who asked to be told, who is told, once, by which way, and what never leaves."""

import hashlib
import hmac
import json
import re
import smtplib
import socketserver
import threading
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest
from sqlalchemy import text

from server.accounts.models import Person
from server.accounts.policy import SYSTEM
from server.accounts.service import close_account
from server.coordination import alerts, digests, webhooks
from server.core import settings as settings_module
from server.core.database import session
from server.core.response import say_fact
from server.vocabulary import FunctionalStatus, SiteType
from tests.coordination.receiver import ADDRESS, Receiver
from tests.coordination.test_desk import report, send
from tests.people import actor
from tests.publication import town
from tests.security.pages import PAYLOADS, dangers


def ask(browser, *kinds, **more):
    answer = browser.post("/desk/alerts", data={"kinds": list(kinds), "name": "Watch", **more})
    assert answer.status_code == 303, re.findall(r"<li><a href=\"#.*?</li>", answer.text)


def unread(browser):
    page = browser.get("/desk/inbox").text
    return re.findall(r"INC-\w+", page), page


@pytest.fixture
def receiver():
    made = Receiver()
    yield made
    made.close()


@pytest.fixture
def hook(as_, receiver):
    """Chipo's webhook to the receiver, with its secret as it was shown once."""
    chipo = as_("chipo")
    page = chipo.post("/desk/alerts/webhooks", data={"address": ADDRESS}).text
    secret = re.search(r"<code class=\"wrapping\">([\w-]{43})</code>", page)[1]
    number = UUID(re.search(r"/desk/alerts/webhooks/([0-9a-f-]{36})", page)[1])
    return chipo, number, secret


def test_a_report_of_trapped_people_is_in_the_inbox_of_who_asked_and_of_nobody_else(as_, work, client):
    chipo, bohdan = as_("chipo"), as_("bohdan")
    ask(chipo, "TRAPPED")
    ask(bohdan, "CERTAINTY", certainty="CONFIRMED")
    send(client, report(people_trapped=True))
    work()
    numbers, page = unread(chipo)
    assert len(set(numbers)) == 1
    assert "People may be trapped: " in page
    assert "Inbox (1)" in chipo.get("/desk").text
    assert unread(bohdan)[0] == []
    assert as_("eve").get("/desk/inbox").status_code == 403


def test_the_same_news_is_told_once_and_can_be_read(as_, work, client, database):
    chipo = as_("chipo")
    ask(chipo, "NEW", "TRAPPED")
    send(client, report(people_trapped=True))
    work()
    incident = database.scalar(text("SELECT id FROM incidents"))
    for _ in range(2):
        alerts.weigh(incident)
        session.commit()
    assert database.scalar(text("SELECT count(*) FROM notices")) == 2
    first = database.scalar(text("SELECT id FROM notices LIMIT 1"))
    chipo.post("/desk/inbox/read", data={"notice": str(first)})
    assert "Inbox (1)" in chipo.get("/desk").text
    chipo.post("/desk/inbox/read")
    assert "Inbox (" not in chipo.get("/desk").text


def test_areas_sectors_certainty_hospitals_and_dangers_choose_what_is_told(as_, database, people):
    town.areas()
    chipo = as_("chipo")
    ask(chipo, "HOSPITAL", adm=town.DISTRICTS[0], name="hospital")
    ask(chipo, "HAZARD", sectors=["EDU"], name="school")
    ask(chipo, "CERTAINTY", certainty="PROBABLE", adm=town.DISTRICTS[1], name="east")
    ask(chipo, "NEW", sectors=["WSH"], name="water")
    here = town.incident(SiteType.HEA_HOSP, functional_status=FunctionalStatus.F2, hazards=["HZ.UXO"])
    there = town.incident(SiteType.HEA_HOSP, lon=10.8, functional_status=FunctionalStatus.F2)
    school = town.incident(SiteType.EDU_SCHOOL, hazards=["HZ.FIRE"], needs=["WATER"])
    calm = town.incident(SiteType.EDU_SCHOOL, hazards=["HZ.NONE"], functional_status=FunctionalStatus.F2)
    for one in (here, there, school, calm):
        alerts.weigh(one.id)
    told = database.execute(text("SELECT rule.name, incident_id FROM notices JOIN alert_rules rule ON rule.id = rule_id"))
    wanted = {("hospital", here.id), ("school", school.id), ("east", there.id), ("water", school.id)}
    assert {tuple(row) for row in told} == wanted


def test_many_new_records_within_a_day_are_told_once_a_day(as_, database, people):
    chipo = as_("chipo")
    ask(chipo, "COUNT", threshold="3")
    for number in range(4):
        alerts.weigh(town.incident().id)
        assert database.scalar(text("SELECT count(*) FROM notices")) == int(number >= 2)
    assert "3 damage records" in unread(chipo)[1]


def test_an_alert_of_an_organisation_is_told_to_all_its_people_who_may_see_the_desk(as_, database, people):
    ask(as_("chipo"), "NEW", for_organisation="true")
    alerts.weigh(town.incident().id)
    told = {row[0] for row in database.execute(text("SELECT alias FROM notices JOIN people ON people.id = person_id"))}
    assert told == {"Amal", "Bohdan", "Chipo", "Sana", "Pilar"}


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({}, "Choose at least one thing"),
        ({"kinds": "CERTAINTY"}, "Choose the certainty"),
        ({"kinds": "COUNT"}, "Say how many records"),
        ({"kinds": "COUNT", "threshold": "1e9"}, "Say how many records"),
        ({"kinds": "NEW", "adm": "Nordmark"}, "No area has this P-code."),
    ],
)
def test_an_alert_that_could_tell_nothing_is_refused_in_words(as_, wrong, sentence):
    answer = as_("chipo").post("/desk/alerts", data=wrong)
    assert answer.status_code == 422
    assert sentence in answer.text


def test_names_that_are_code_are_shown_as_text(as_):
    chipo = as_("chipo")
    for payload in PAYLOADS.values():
        ask(chipo, "NEW", name=payload)
    alerts.weigh(town.incident().id)
    assert dangers(chipo.get("/desk/alerts").text) == dangers(chipo.get("/desk/inbox").text) == []


def test_an_envelope_is_signed_and_carries_counts_a_number_and_a_link_alone(hook, receiver, work, client):
    chipo, number, secret = hook
    ask(chipo, "TRAPPED", webhook=str(number))
    send(client, report(people_trapped=True, text="The roof of school 17 fell in."))
    _work_without_sending(work)
    assert webhooks.send_due(receiver.road) == 1
    ((path, headers, body),) = receiver.came
    assert path == "/hook?x=1"
    stamp = headers["Tessera-Timestamp"]
    assert headers["Tessera-Signature"] == "v1=" + hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    told = json.loads(body)
    assert set(told) == {"version", "id", "kind", "at", "exercise", "counts", "record", "link"}
    assert (told["kind"], told["counts"], told["exercise"]) == ("TRAPPED", {"records": 1}, False)
    assert told["link"].endswith(f"/desk/incidents/{told['record']}")
    assert webhooks.send_due(receiver.road) == 0, "what was delivered is not sent again"


def test_a_trial_goes_the_way_of_all_news_tells_of_nothing_and_is_no_means_to_flood(as_, hook, receiver, monkeypatch):
    chipo, number, _secret = hook
    monkeypatch.setattr(webhooks, "now", lambda: datetime(2026, 11, 20, 12, 0, 30, tzinfo=UTC))
    for _ in range(3):
        assert chipo.post(f"/desk/alerts/webhooks/{number}/try").status_code == 303
    assert as_("berta").post(f"/desk/alerts/webhooks/{number}/try").status_code in {403, 404}
    assert webhooks.send_due(receiver.road) == 1
    ((_path, _headers, body),) = receiver.came
    told = json.loads(body)
    assert (told["kind"], told["record"], told["counts"]) == ("TRIAL", None, {"records": 0})
    assert "Delivered" in chipo.get(f"/desk/alerts/webhooks/{number}").text


def _work_without_sending(work):
    """Do all that follows but the sending itself, for which no test has a way to the world."""
    from server.core import jobs

    sending = jobs.JOBS.pop("coordination.send_webhook")
    try:
        work()
    finally:
        jobs.JOBS["coordination.send_webhook"] = sending


def _told(hook, kind="NEW"):
    """An alert that goes to the webhook, and a record that set it off."""
    chipo, number, _secret = hook
    ask(chipo, kind, webhook=str(number))
    record = town.incident()
    alerts.weigh(record.id)
    session.commit()
    return record


def test_a_receiver_that_refuses_is_tried_again_ever_more_slowly_and_the_log_says_so(hook, receiver, database):
    _told(hook)
    receiver.answers = [500, 302, 204]
    waits = []
    for _ in range(3):
        assert webhooks.send_due(receiver.road) == 1
        assert webhooks.send_due(receiver.road) == 0, "not before its time"
        waits.append(database.scalar(text("SELECT extract(epoch FROM next_at - now()) FROM deliveries")))
        database.execute(text("UPDATE deliveries SET next_at = now() - interval '1 second' WHERE next_at IS NOT NULL"))
        session.expire_all()
    assert waits[2] is None
    assert waits[1] > 2 * waits[0] > 30
    page = hook[0].get(f"/desk/alerts/webhooks/{hook[1]}").text
    assert page.count("Answered with a refusal or a redirect") == 2
    assert '<td class="numbers">302</td>' in page
    assert "Delivered" in page
    assert len({body for _path, _headers, body in receiver.came}) == 1, "the envelope is frozen"


def test_what_is_never_delivered_is_given_up_after_a_day_and_can_be_sent_again(hook, receiver, database):
    _told(hook)
    receiver.answers = [503]
    for _ in range(len(webhooks.WAITS) + 1):
        assert webhooks.send_due(receiver.road) == 1
        database.execute(text("UPDATE deliveries SET next_at = now() - interval '1 second' WHERE next_at IS NOT NULL"))
        session.expire_all()
    assert webhooks.send_due(receiver.road) == 0
    receiver.answers = [200]
    delivery = database.scalar(text("SELECT id FROM deliveries"))
    assert hook[0].post(f"/desk/alerts/deliveries/{delivery}/replay").status_code == 303
    assert webhooks.send_due(receiver.road) == 1
    assert database.scalar(text("SELECT delivered_at IS NOT NULL FROM deliveries"))


@pytest.mark.parametrize("lost", ["account", "role", "organisation", "webhook", "exercise"])
def test_once_the_right_is_lost_neither_sending_nor_sending_again_sends_anything(as_, hook, receiver, people, database, lost):
    if lost == "organisation":
        database.execute(text("UPDATE webhooks SET organisation_id = :org"), {"org": people["dario"].organisation_id})
    _told(hook)
    delivery = database.scalar(text("SELECT id FROM deliveries"))
    if lost == "account":
        close_account(session.get_one(Person, people["chipo"].id), actor=SYSTEM)
    elif lost == "role":
        database.execute(text("DELETE FROM person_roles WHERE person_id = :who"), {"who": people["chipo"].id})
    elif lost == "webhook":
        webhooks.end(actor(people["chipo"]), hook[1])
    elif lost == "exercise":
        say_fact("exercise", True, said_by=None)
    session.commit()
    session.expire_all()
    assert webhooks.send_due(receiver.road) == 0
    database.execute(text("UPDATE deliveries SET next_at = now() - interval '1 second'"))
    session.expire_all()
    assert webhooks.send(delivery, receiver.road) is False
    assert receiver.came == []
    assert database.scalar(text("SELECT count(*) FROM delivery_attempts")) == 2, "that nothing was sent is in the log"


def test_others_neither_see_nor_use_a_webhook_and_one_of_the_organisation_is_shared(as_, hook, database):
    _chipo, number, _secret = hook
    _told(hook)
    delivery = database.scalar(text("SELECT id FROM deliveries"))
    dario, sana = as_("dario"), as_("sana")
    for path in (f"/desk/alerts/webhooks/{number}/secret", f"/desk/alerts/webhooks/{number}/delete", f"/desk/alerts/deliveries/{delivery}/replay"):
        assert dario.post(path).status_code == 404
    assert dario.get(f"/desk/alerts/webhooks/{number}").status_code == 404
    assert dario.post("/desk/alerts", data={"kinds": "NEW", "webhook": str(number)}).status_code == 404
    assert sana.get(f"/desk/alerts/webhooks/{number}").status_code == 404
    assert as_("bohdan").post("/desk/alerts/webhooks", data={"address": ADDRESS}).status_code == 403
    assert as_("chipo").post("/desk/alerts/webhooks", data={"address": "https://127.0.0.1/"}).status_code == 422


def test_a_merged_record_is_told_by_a_tombstone_without_a_reason_to_who_was_told_of_it(hook, receiver, database):
    gone = _told(hook)
    number, public_id = gone.id, gone.public_id
    webhooks.send_due(receiver.road)
    kept = town.incident().id
    database.execute(text("UPDATE incidents SET workflow = 'MERGED_INTO', merged_into = :kept WHERE id = :id"), {"id": number, "kept": kept})
    session.expire_all()
    alerts.weigh(number)
    session.commit()
    webhooks.send_due(receiver.road)
    first, stone = (json.loads(body) for _path, _headers, body in receiver.came)
    assert (first["kind"], stone["kind"]) == ("NEW", "GONE")
    assert first["record"] == stone["record"] == public_id
    assert stone["counts"] == {"records": 0}
    delivery = database.scalar(text("SELECT id FROM deliveries WHERE kind = 'NEW'"))
    hook[0].post(f"/desk/alerts/deliveries/{delivery}/replay")
    webhooks.send_due(receiver.road)
    assert len(receiver.came) == 2, "a record that is gone is not told again"
    assert "A record that is gone" in hook[0].get("/desk/inbox").text


def _bury(gone, database):
    database.execute(text("UPDATE incidents SET workflow = 'WITHDRAWN' WHERE id = :id"), {"id": gone.id})
    session.expire_all()


class _Letterbox(socketserver.StreamRequestHandler):
    def handle(self):
        self.wfile.write(b"220 here\r\n")
        letter, is_body = [], False
        while line := self.rfile.readline():
            if is_body:
                if line == b".\r\n":
                    is_body = False
                    self.server.letters.append("".join(letter))
                    self.wfile.write(b"250 kept\r\n")
                else:
                    letter.append(line.decode())
            elif line.upper().startswith(b"DATA"):
                is_body = True
                self.wfile.write(b"354 go on\r\n")
            elif line.upper().startswith(b"QUIT"):
                self.wfile.write(b"221 bye\r\n")
                return
            else:
                self.wfile.write(b"250 good\r\n")


@pytest.fixture
def post(monkeypatch):
    """A mail server on this machine, which the settings name."""
    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Letterbox)
    server.letters, server.daemon_threads = [], True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    told = replace(settings_module.settings(), mail_url=f"smtp://127.0.0.1:{server.server_address[1]}", mail_from="tessera@example.org")
    monkeypatch.setattr("server.core.letters.settings", lambda: told)
    yield server
    server.shutdown()
    server.server_close()


def test_a_digest_gathers_the_news_in_the_readers_language_and_names_no_place(as_, post, people, database):
    ask(as_("chipo"), "NEW", "TRAPPED", mailing="HOURLY")
    ask(as_("bohdan"), "NEW", mailing="DAILY")
    database.execute(text("UPDATE people SET language = 'ar' WHERE alias = 'Chipo'"))
    record = town.incident(people_trapped=True)
    alerts.weigh(record.id)
    session.commit()
    assert digests.send_due(datetime(2026, 11, 22, 9, 2, tzinfo=UTC)) == 1
    (letter,) = post.letters
    assert "To: chipo@example.org" in letter
    body = _decoded(letter)
    assert record.public_id in body
    assert re.search("[\u0600-\u06ff]{3}", body), "in her language"
    assert "10.2" not in body
    assert digests.send_due(datetime(2026, 11, 22, 10, 2, tzinfo=UTC)) == 0, "told once"
    assert digests.send_due(datetime(2026, 11, 23, 6, 2, tzinfo=UTC)) == 1
    assert "To: bohdan@example.org" in post.letters[1]


def _decoded(letter):
    from email import message_from_bytes, policy

    return message_from_bytes(letter.encode(), policy=policy.default).get_content()


@pytest.mark.parametrize("why", ["read", "exercise", "closed", "gone"])
def test_no_letter_goes_about_what_was_read_is_gone_or_is_an_exercise(as_, post, people, database, why):
    chipo = as_("chipo")
    ask(chipo, "NEW", mailing="HOURLY")
    record = town.incident()
    alerts.weigh(record.id)
    session.commit()
    if why == "read":
        chipo.post("/desk/inbox/read")
    elif why == "exercise":
        say_fact("exercise", True, said_by=None)
    elif why == "closed":
        close_account(session.get_one(Person, people["chipo"].id), actor=SYSTEM)
    else:
        _bury(record, database)
    session.commit()
    assert digests.send_due() == 0
    assert post.letters == []


def test_a_letter_that_cannot_be_handed_over_waits_for_the_next_hour(as_, post, people, database, monkeypatch):
    ask(as_("chipo"), "NEW", mailing="HOURLY")
    alerts.weigh(town.incident().id)
    session.commit()

    def away(*_arguments):
        raise smtplib.SMTPServerDisconnected

    with monkeypatch.context() as broken:
        broken.setattr("server.core.letters.send", away)
        assert digests.send_due() == 0
    assert digests.send_due() == 1
