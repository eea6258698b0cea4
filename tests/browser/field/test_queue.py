"""A report leaves the phone only when the server has said its number and its hash; until then the person is told the truth."""

import json

import pytest

from tests.browser.field.house import wait_until
from tests.browser.field.line import Answer, Lost, everything, on
from tests.browser.field.phone import module, picture

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.committed]

PORTAL = Answer(200, b"<html><title>Welcome to CafeNet</title><form>Room number</form></html>", "text/html")
HTML_DENIED = Answer(403, b"<html>Please sign in to the network</html>", "text/html")
REDIRECTED = Answer(302, b"", "text/html", Location="http://portal.example/")


def problem(status, code, **headers):
    return Answer(status, json.dumps({"status": status, "code": code, "title": code, "errors": []}).encode(), **headers)


def come_back(phone):
    """What the browser says when the line is there again."""
    phone.page.evaluate("dispatchEvent(new Event('online'))")


@pytest.fixture
def phone(phones):
    return phones()


def test_words_and_photos_arrive_and_the_phone_forgets_them(phone, house):
    number = phone.keep(photos=[picture(40), picture(20, seed=2)])
    row = phone.until(number, "received")
    assert "Photos received: 2 of 2" in row.inner_text()
    assert house.holds(number) == 1
    assert house.ask("SELECT count(*) FROM photos WHERE report_id = :id AND state = 'RECEIVED'", id=number)[0][0] == 2
    left = phone.call("store", "getAll", "queue")
    assert [sorted(record) for record in left] == [["at", "done", "id", "photos", "receivedAt"]]
    assert phone.call("store", "getAll", "parts") == []


def test_all_words_go_before_any_photo_and_the_smallest_photo_first(phone, line):
    line.faults = [everything(PORTAL)]
    first = phone.keep(photos=[picture(60), picture(20, seed=3)])
    second = phone.keep(photos=[picture(30, seed=4)])
    phone.until_cause(first, "portal")
    sizes = {part["id"]: part["bytes"] for record in phone.call("store", "getAll", "queue") for part in record["media"]}
    line.faults.clear()
    start = len(line.log)
    come_back(phone)
    phone.until(first, "received")
    phone.until(second, "received")
    sent = [(method, path.split("/")[-2]) for method, path, _size in line.log[start:] if method in ("PUT", "PATCH")]
    assert [method for method, _what in sent[:2]] == ["PUT", "PUT"]
    photos = list(dict.fromkeys(what for method, what in sent if method == "PATCH"))
    assert len(photos) == 3
    assert sizes[photos[0]] < sizes[photos[1]]


def test_an_original_follows_sealed_where_the_person_agreed(phone, house):
    number = phone.keep(photos=[(picture(20), picture(90, seed=5))])
    phone.until(number, "received")
    assert phone.call("store", "getAll", "parts") == []
    assert house.ask("SELECT count(*) FROM photos WHERE report_id = :id AND evidence_at IS NOT NULL", id=number)[0][0] == 1


# F5: the answer is lost


def test_when_the_answer_is_lost_after_the_server_has_kept_it_there_is_one_report_and_one_receipt(phone, house, line):
    line.faults = [on("PUT", "", Lost(), times=2)]
    number = phone.keep()
    phone.until(number, "received")
    assert house.holds(number) == 1
    assert line.sent("PUT", number) == 3


def test_when_the_last_answer_of_a_photo_is_lost_it_is_not_sent_again(phone, house, line):
    line.faults = [on("PATCH", "/upload", Lost(), times=1)]
    number = phone.keep(photos=[picture(15)])
    phone.until(number, "received")
    assert line.sent("PATCH", "/upload") == 1
    assert house.ask("SELECT state FROM photos WHERE report_id = :id", id=number) == [("RECEIVED",)]


# F8: a network that answers everything itself


@pytest.mark.parametrize("trick", [PORTAL, HTML_DENIED, REDIRECTED], ids=["200 and a page", "403 and a page", "elsewhere"])
def test_a_network_that_wants_a_sign_in_has_received_nothing_and_the_person_hears_so(phone, house, line, trick):
    line.faults = [everything(trick)]
    number = phone.keep(photos=[picture(10)])
    phone.until_cause(number, "portal")
    assert "lets nothing through yet" in phone.until(number, "waiting").inner_text()
    assert house.holds(number) == 0
    line.faults.clear()
    come_back(phone)
    phone.until(number, "received")
    assert house.holds(number) == 1


def test_an_answer_of_ours_for_another_report_is_no_receipt(phone, line):
    wrong = json.dumps({"id": "11111111-1111-4111-8111-111111111111", "sha256": "00" * 32, "received_at": "2026-11-22T10:00:00Z", "media": []})
    line.faults = [on("PUT", "", Answer(200, wrong.encode(), "application/json"))]
    number = phone.keep()
    phone.until_cause(number, "portal")
    assert phone.states() == {number: "waiting"}


# F10: every refusal in turn

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
    (507, "storage_full", "no_room", "waiting", "no room"),
]


@pytest.mark.parametrize("photos", [0, 1], ids=["words", "photo"])
def test_whatever_the_server_refuses_stays_here_with_its_reason_and_arrives_when_it_is_over(phone, house, line, photos):
    ending, method = ("/upload", "POST") if photos else ("", "PUT")
    number = phone.keep(photos=[picture(8)] * photos) if not photos else None
    if number:
        phone.until(number, "received")
    for status, code, cause, state, words in REFUSALS:
        wait = {"Retry_After": "1"} if status in (429, 503) else {}
        line.faults = [on("HEAD", "/upload", Answer(status)), on(method, ending, problem(status, code, **wait))]
        number = phone.keep(photos=[picture(8)] * photos)
        phone.until_cause(number, cause)
        told = phone.until(number, state).inner_text()
        assert words in told or wait, (status, told)
        assert house.holds(number) == photos
        line.faults.clear()
        phone.page.locator(f'[data-id="{number}"] [data-again]').click() if state == "attention" else come_back(phone)
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
        come_back(phone)
        phone.call("outbox", "sendNow")
    assert [what for what in line.asked[asked:] if what[0] == "PUT"] == []
    assert "asked to wait until" in phone.until(number, "waiting").inner_text()


def test_what_was_refused_for_good_is_not_sent_in_a_loop(phone, line):
    line.faults = [on("PUT", "", problem(415, "unsupported_type"))]
    number = phone.keep()
    phone.until(number, "attention")
    asked = line.asked.count(("PUT", f"/api/v1/reports/{number}"))
    for _time in range(5):
        come_back(phone)
        phone.call("outbox", "sendNow")
    assert line.asked.count(("PUT", f"/api/v1/reports/{number}")) == asked


# F12: two tabs


def test_two_tabs_send_a_report_once_and_both_show_it(phone, house, line):
    one = phone.page
    two = phone.visit()
    line.faults = [everything(PORTAL)]
    numbers = [phone.keep(page=page, photos=[picture(12, seed=seed)]) for seed, page in enumerate((one, two, one, two))]
    wait_until(lambda: any(row["cause"] == "portal" for row in phone.rows()))
    line.faults.clear()
    start = len(line.log)
    for page in (one, two):
        page.evaluate("dispatchEvent(new Event('online'))")
    for number in numbers:
        phone.until(number, "received", page=one)
        phone.until(number, "received", page=two)
        assert house.holds(number) == 1
    puts = [path for method, path, _size in line.log[start:] if method == "PUT"]
    assert sorted(puts) == sorted(f"/api/v1/reports/{number}" for number in numbers)


def test_without_the_browsers_locks_a_lease_keeps_two_tabs_apart(phones, house, line):
    no_locks = "Object.defineProperty(Navigator.prototype, 'locks', { get: () => undefined })"
    phone = phones(before=lambda context: context.add_init_script(no_locks))
    one, two = phone.page, phone.visit()
    assert one.evaluate("navigator.locks") is None
    line.faults = [everything(PORTAL)]
    numbers = [phone.keep(page=page) for page in (one, two) * 3]
    wait_until(lambda: any(row["cause"] == "portal" for row in phone.rows()))
    line.faults.clear()
    start = len(line.log)
    for page in (one, two):
        page.evaluate("dispatchEvent(new Event('online'))")
    for number in numbers:
        phone.until(number, "received")
    puts = [path for method, path, _size in line.log[start:] if method == "PUT"]
    assert sorted(puts) == sorted(f"/api/v1/reports/{number}" for number in numbers)


def test_a_tab_that_is_closed_while_it_sends_leaves_the_rest_to_the_next_one(phone, house, line):
    numbers = [phone.keep(photos=[picture(50, seed=seed)]) for seed in range(3)]
    wait_until(lambda: line.sent("PUT"))
    spare = phone.context.new_page()
    phone.page.close()
    phone.visit(page=spare)
    for number in numbers:
        phone.until(number, "received")
        assert house.holds(number) == 1


# F13: the connection to the phone's own database dies

CLOSING = """() => {
  const begin = IDBDatabase.prototype.transaction;
  let turn = 0;
  IDBDatabase.prototype.transaction = function transaction(...given) {
    turn += 1;
    if (turn % 3 === 0) this.close();
    const made = begin.apply(this, given);
    if (turn % 4 === 0) made.abort();
    return made;
  };
}"""


def test_a_database_that_closes_under_the_page_is_opened_again_and_nothing_is_lost(phone, house):
    phone.page.evaluate(CLOSING)
    numbers = [phone.keep(photos=[picture(10, seed=seed)]) for seed in range(6)]
    for number in numbers:
        phone.until(number, "received")
        assert house.holds(number) == 1


# F15 and F18: thrown away, and a server of another age


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


# F19: clocks


@pytest.mark.parametrize("away", ["+3 hours", "-10 years", "+9 years"])
def test_a_wrong_clock_is_told_and_stops_nothing(phones, house, away):
    hours = {"+3 hours": 3, "-10 years": -87_660, "+9 years": 78_894}[away]
    wrong = f"const right = Date; Date = class extends right {{ constructor(...given) {{ given.length ? super(...given) : super(right.now() + {hours} * 3600000); }} static now() {{ return right.now() + {hours} * 3600000; }} }};"
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


# F20: thirty days later

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
    come_back(phone)
    for number in numbers:
        assert "sign in" in phone.until(number, "attention").inner_text()
    line.faults.clear()
    phone.visit(page=phone.page)
    for number in numbers:
        phone.until(number, "received")
        assert house.holds(number) == 1


# the file


@pytest.fixture
def saved(phone, line, tmp_path):
    """A file of two reports that could not go, and the phone that wrote it."""
    line.faults = [on("PUT", "", problem(503, "unavailable", Retry_After="3000"))]
    numbers = [phone.keep("CANARYfile8801", photos=[picture(15)]), phone.keep("CANARYfile8801")]
    part = phone.page.locator(".phone")
    part.locator("[data-phone-more] > summary").click()
    with phone.page.expect_download() as download:
        part.get_by_role("button", name="Save to a file").click()
    path = tmp_path / download.value.suggested_filename
    download.value.save_as(path)
    line.faults.clear()
    return path, numbers


def test_the_queue_travels_in_a_file_that_nobody_can_read_to_another_phone(phones, house, saved):
    path, numbers = saved
    assert path.name.startswith("backup-")
    assert b"CANARYfile8801" not in path.read_bytes()
    other = phones()
    other.page.locator("[data-import]").set_input_files(path)
    for number in numbers:
        other.until(number, "received")
        assert house.holds(number) == 1


def test_a_desk_receives_the_file_by_a_command_twice_without_harm(house, saved):
    path, numbers = saved
    assert "Received 2 new reports and 1 photos" in house.run("rescue", path)
    assert "Received 0 new reports and 1 photos; 2 reports were here before" in house.run("rescue", path)
    assert [house.holds(number) for number in numbers] == [1, 1]
    assert house.ask("SELECT state FROM photos WHERE report_id = :id", id=numbers[0]) == [("RECEIVED",)]


def test_a_damaged_file_is_refused_by_phone_and_desk(phones, house, saved):
    path, numbers = saved
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    assert "damaged" in house.run("rescue", path)
    other = phones()
    other.page.locator("[data-import]").set_input_files(path)
    other.page.locator("[data-said]", has_text="cannot be used").wait_for(state="attached")
    assert numbers[1] not in other.states()
