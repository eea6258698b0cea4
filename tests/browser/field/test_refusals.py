"""Every refusal in turn, servers of another age, wrong clocks, a month offline: the report stays, and the person hears why."""

import json

import pytest
from altcha import v1 as altcha

from tests.browser.field.house import wait_until
from tests.browser.field.line import Answer, Before, on, problem
from tests.browser.field.phone import module, picture

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.committed]


@pytest.fixture
def phone(phones):
    return phones()


# F10, every refusal in turn

REFUSALS = [
    (401, "sign_in_needed", "sign_in", "attention", "asks you to sign in"),
    (403, "not_allowed", "refused", "attention", "refused it"),
    (409, "conflicting_copy", "conflict", "attention", "another report with this number"),
    (410, "report_withdrawn", "withdrawn", "attention", "was taken back"),
    (413, "too_large", "too_large", "attention", "too large"),
    (415, "unsupported_type", "not_understood", "attention", "does not understand it"),
    (422, "unknown_key", "unknown_key", "attention", "can no longer open it"),
    (422, "unreadable_envelope", "not_understood", "attention", "does not understand it"),
    (429, "too_many_requests", "busy", "waiting", "asked to wait until"),
    (500, "internal", "server", "waiting", "has a problem"),
    (502, "internal", "server", "waiting", "has a problem"),
    (503, "unavailable", "busy", "waiting", "asked to wait until"),
    (503, "response_closed", "closed", "attention", "has ended"),
    (507, "storage_full", "no_room", "waiting", "no room"),
]


@pytest.mark.parametrize("photos", [0, 1], ids=["words", "photo"])
def test_whatever_the_server_refuses_stays_here_with_its_reason_and_arrives_when_it_is_over(phone, house, line, photos):
    ending, method = ("/upload", "POST") if photos else ("", "PUT")
    number = phone.keep(photos=[picture(8)] * photos) if not photos else None
    if number:
        phone.until(number, "received")
    for status, code, cause, state, words in REFUSALS:
        wait = {"Retry_After": "1"} if status in (429, 503) and state == "waiting" else {}
        line.faults = [on("HEAD", "/upload", Answer(status)), on(method, ending, problem(status, code, **wait))]
        number = phone.keep(photos=[picture(8)] * photos)
        phone.until_cause(number, cause)
        told = phone.until(number, state).inner_text()
        assert words in told or wait, (status, told)
        assert house.holds(number) == photos
        line.faults.clear()
        phone.page.locator(f'[data-id="{number}"] [data-again]').click() if state == "attention" else phone.come_back()
        phone.until(number, "received")
        assert house.holds(number) == 1


def test_one_report_that_is_refused_does_not_hold_up_the_others(phone, house, line):
    line.faults = [on("PUT", "", problem(422, "unreadable_envelope"), times=1)]
    bad, good = phone.keep(), phone.keep()
    phone.until(good, "received")
    phone.until(bad, "attention")
    assert (house.holds(bad), house.holds(good)) == (0, 1)


def test_a_server_that_asks_for_patience_is_left_alone_for_as_long(phone, line):
    line.faults = [on("PUT", "", problem(429, "too_many_requests", Retry_After="3600"))]
    number = phone.keep()
    phone.until_cause(number, "busy")
    asked = len(line.asked)
    for _time in range(5):
        phone.come_back()
        phone.call("outbox", "sendNow")
    assert [what for what in line.asked[asked:] if what[0] == "PUT"] == []
    assert "asked to wait until" in phone.until(number, "waiting").inner_text()


def test_a_busy_server_gets_the_proof_it_asks_for_and_takes_the_report(phone, house, line):
    challenge = altcha.create_challenge(altcha.ChallengeOptions(algorithm="SHA-256", max_number=5000, hmac_key="k"))
    given = {"algorithm": "SHA-256", "challenge": challenge.challenge, "maxnumber": 5000, "salt": challenge.salt, "signature": challenge.signature}
    body = json.dumps({"status": 429, "code": "proof_needed", "title": "", "errors": [], "challenge": given}).encode()
    proofs = []

    def busy(asked):
        proofs.append(asked.headers.get("Proof"))
        return None if proofs[-1] else Answer(429, body, Retry_After="5")

    line.faults = [lambda asked: busy(asked) if asked.command == "PUT" else None]
    number = phone.keep()
    phone.until(number, "received")
    worked = [proof for proof in proofs if proof]  # the worker, which works none, may have asked too
    assert len(worked) == 1
    assert altcha.verify_solution(worked[0], "k") == (True, None)
    assert house.holds(number) == 1


def test_what_was_refused_for_good_is_not_sent_in_a_loop(phone, line):
    line.faults = [on("PUT", "", problem(415, "unsupported_type"))]
    number = phone.keep()
    phone.until(number, "attention")
    asked = line.asked.count(("PUT", f"/api/v1/reports/{number}"))
    for _time in range(5):
        phone.come_back()
        phone.call("outbox", "sendNow")
    assert line.asked.count(("PUT", f"/api/v1/reports/{number}")) == asked


# F15 and F18, thrown away, and a server of another age


def test_when_the_browser_threw_the_queue_away_the_person_hears_how_many_are_gone(phone, line):
    line.faults = [on("PUT", "", problem(503, "unavailable", Retry_After="600"))]
    for _time in range(2):
        phone.keep()
    wait_until(lambda: phone.page.evaluate("localStorage.getItem('waiting')") == "2")
    phone.page.goto(phone.address + "/measures")
    phone.page.evaluate("new Promise((done) => { indexedDB.deleteDatabase('tessera').onsuccess = done; })")
    phone.visit(page=phone.page)
    notice = phone.page.locator("[data-gone]")
    notice.wait_for()
    assert "were not sent. How many: 2" in notice.inner_text()
    phone.visit(page=phone.page)
    assert phone.page.locator("[data-gone]").is_hidden()


def test_an_older_server_keeps_the_queue_waiting_and_a_newer_database_is_not_thrown_away(phone, house, line):
    line.faults = [on("PUT", "", problem(415, "unsupported_type"))]
    number = phone.keep()
    phone.until(number, "attention")
    phone.page.goto(phone.address + "/measures")
    grow = "new Promise((done) => { const asked = indexedDB.open('tessera', 9); asked.onupgradeneeded = () => asked.result.createObjectStore('later'); asked.onsuccess = () => { asked.result.close(); done(); }; })"
    phone.page.evaluate(grow)
    line.faults.clear()
    phone.visit(page=phone.page)
    phone.until(number, "received")
    assert house.holds(number) == 1


# F19, wrong clocks


@pytest.mark.parametrize("away", ["+3 hours", "-10 years", "+9 years"])
def test_a_wrong_clock_is_told_and_stops_nothing(phones, house, line, away):
    hours = {"+3 hours": 3, "-10 years": -87_660, "+9 years": 78_894}[away]
    wrong = f"const right = Date; Date = class extends right {{ constructor(...given) {{ given.length ? super(...given) : super(right.now() + {hours} * 3600000); }} static now() {{ return right.now() + {hours} * 3600000; }} }};\n"
    line.faults = [on("GET", "/service-worker.js", Before(wrong))]  # one phone has one clock: either may send first
    phone = phones(before=lambda context: context.add_init_script(wrong))
    number = phone.keep()
    phone.until(number, "received")
    assert house.holds(number) == 1
    phone.visit(page=phone.page)
    notice = phone.page.locator("[data-clock]")
    notice.wait_for()
    assert {"+3 hours": "3 hours", "-10 years": "3,65", "+9 years": "3,28"}[away] in notice.inner_text()


def test_a_clock_that_is_set_back_does_not_put_a_waiting_report_to_sleep(phone, house, line):
    line.faults = [on("PUT", "", problem(429, "too_many_requests", Retry_After="3600"))]
    number = phone.keep()
    phone.until_cause(number, "busy")
    line.faults.clear()
    phone.page.evaluate("const right = Date.now; Date.now = () => right() - 86400000;")
    phone.call("outbox", "sendNow")
    phone.until(number, "received")
    assert house.holds(number) == 1


# F20, thirty days later

A_MONTH_AGO = """async (address) => {
  const { getAll, put } = await import(address);
  for (const record of await getAll('queue')) await put('queue', { ...record, at: record.at - 30 * 86400000 });
}"""


def test_after_thirty_days_offline_and_with_an_ended_sign_in_all_goes_after_signing_in_again(phone, house, line):
    phone.context.add_cookies([{"name": "session", "value": "long-ended", "url": phone.address}])
    phone.context.set_offline(True)
    numbers = [phone.keep() for _time in range(3)]
    phone.page.evaluate(A_MONTH_AGO, module("store"))
    line.faults = [on("PUT", "", problem(401, "sign_in_needed"))]
    phone.context.set_offline(False)
    phone.come_back()
    for number in numbers:
        assert "sign in" in phone.until(number, "attention").inner_text()
    line.faults.clear()
    phone.visit(page=phone.page)
    for number in numbers:
        phone.until(number, "received")
        assert house.holds(number) == 1
