"""A report leaves the phone only when the server has said its number and its hash; until then the person is told the truth."""

import json

import pytest

from tests.browser.field.house import wait_until
from tests.browser.field.line import Answer, Lost, everything, on, problem
from tests.browser.field.phone import picture

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.committed]

PORTAL = Answer(200, b"<html><title>Welcome to CafeNet</title><form>Room number</form></html>", "text/html")
HTML_DENIED = Answer(403, b"<html>Please sign in to the network</html>", "text/html")
REDIRECTED = Answer(302, b"", "text/html", Location="http://portal.example/")


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
    assert [sorted(record) for record in left] == [["at", "done", "id", "photos", "receivedAt", "refused"]]
    assert phone.call("store", "getAll", "parts") == []


def test_all_words_go_before_any_photo_and_the_smallest_photo_first(phone, line):
    line.faults = [everything(PORTAL)]
    first = phone.keep(photos=[picture(60), picture(20, seed=3)])
    second = phone.keep(photos=[picture(30, seed=4)])
    phone.until_cause(first, "portal")
    sizes = {part["id"]: part["bytes"] for record in phone.call("store", "getAll", "queue") for part in record["media"]}
    line.faults.clear()
    start = len(line.log)
    phone.come_back()
    phone.until(first, "received")
    phone.until(second, "received")
    sent = [(method, path.split("/")[-2]) for method, path, _size in line.log[start:] if method in ("PUT", "PATCH")]
    assert [method for method, _what in sent[:2]] == ["PUT", "PUT"]
    photos = list(dict.fromkeys(what for method, what in sent if method == "PATCH"))
    assert len(photos) == 3
    assert sizes[photos[0]] < sizes[photos[1]]


EVIDENCE = [["site_type", "RES.HOUSE"], ["damage", "D3"], ["consents", "KEEP_EVIDENCE"]]


def test_an_original_follows_sealed_only_where_the_person_agreed(phone, house):
    originals = "SELECT count(*) FROM photos WHERE report_id = :id AND evidence_at IS NOT NULL"
    for fields, kept in ((EVIDENCE, 1), (EVIDENCE[:2], 0)):
        number = phone.keep(photos=[(picture(20), picture(90, seed=5))], fields=fields)
        phone.until(number, "received")
        assert phone.call("store", "getAll", "parts") == []
        assert house.ask(originals, id=number) == [(kept,)]


# F5, the answer is lost


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


# F8, a network that answers everything itself


@pytest.mark.parametrize("trick", [PORTAL, HTML_DENIED, REDIRECTED], ids=["200 and a page", "403 and a page", "elsewhere"])
def test_a_network_that_wants_a_sign_in_has_received_nothing_and_the_person_hears_so(phone, house, line, trick):
    line.faults = [everything(trick)]
    number = phone.keep(photos=[picture(10)])
    phone.until_cause(number, "portal")
    assert "lets nothing through yet" in phone.until(number, "waiting").inner_text()
    assert house.holds(number) == 0
    line.faults.clear()
    phone.page.get_by_role("button", name="Send now").click()
    phone.until(number, "received")
    assert house.holds(number) == 1


def test_a_picture_that_is_none_is_told_and_the_words_count(phone, house):
    number = phone.keep(photos=[b"this is no picture at all " * 40])
    assert "Photos that could not be used: 1" in phone.until(number, "received").inner_text()
    assert house.holds(number) == 1


def test_the_browser_is_asked_to_keep_what_waits_and_its_answer_is_shown(phones):
    asking = "navigator.storage.persist = () => { globalThis.asked = true; navigator.storage.persisted = async () => true; return Promise.resolve(true); };"
    phone = phones(before=lambda context: context.add_init_script(asking))
    promise = phone.page.locator("[data-persist]")
    assert "may throw away" in promise.text_content()
    phone.keep()
    phone.page.locator("[data-persist]", has_text="The browser promised").wait_for(state="attached")
    assert phone.page.evaluate("asked")


def test_an_answer_of_ours_for_another_report_is_no_receipt(phone, line):
    wrong = json.dumps({"id": "11111111-1111-4111-8111-111111111111", "sha256": "00" * 32, "received_at": "2026-11-22T10:00:00Z", "media": []})
    line.faults = [on("PUT", "", Answer(200, wrong.encode(), "application/json"))]
    number = phone.keep()
    phone.until_cause(number, "portal")
    assert phone.states() == {number: "waiting"}


# F12, two tabs


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


# F13, the connection to the phone's own database dies

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
    path, _numbers = saved
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    assert "damaged" in house.run("rescue", path)
    other = phones()
    other.page.locator("[data-import]").set_input_files(path)
    other.page.locator("[data-said]", has_text="cannot be used").wait_for(state="attached")
    assert len(other.states()) == 1
