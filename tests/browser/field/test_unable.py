"""Where a browser can keep nothing, the person hears it before writing, and the plain form still posts. A full phone keeps the words."""

import json
from uuid import uuid4

import pytest

from tests.browser.field.house import wait_until
from tests.browser.field.line import Answer, on
from tests.browser.field.phone import KEEP, module, picture, report

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.committed]

NO_DATABASE = "Object.defineProperty(globalThis, 'indexedDB', { get() { throw new DOMException('no', 'SecurityError'); } });"
BROKEN_DATABASE = "IDBFactory.prototype.open = () => { throw new DOMException('no', 'InvalidStateError'); };"
BLOCKED = {"profile": {"default_content_setting_values": {"cookies": 2}}}


def post(phone, house):
    """Fill in the least and send it the way of the page: over a slow line that is the page kept here, one question at a time."""
    before = set(house.received())
    page = phone.page
    reached(page, "[name=site_type][value='EDU.SCHOOL']").first.check(force=True)
    reached(page, "[name=damage][value=D4]").check(force=True)
    reached(page, "[name=place_text]").fill("10.5, 20.25")
    reached(page, "[name=when][value=TODAY]").check(force=True)
    page.locator("form[data-report]").evaluate("(form) => HTMLFormElement.prototype.submit.call(form)")
    wait_until(lambda: page.url and len(set(house.received()) - before) == 1)


def reached(page, field):
    """The field, once it is in sight: the person goes on to the next question until it is."""
    found = page.locator(field)
    while not found.first.is_visible():
        page.locator("[data-next]").click()
    return found


def told(phone, why):
    notice = phone.page.locator(f'[data-why="{why}"]')
    notice.wait_for()
    assert phone.page.locator("[data-why]:visible").count() == 1
    assert phone.page.locator("[data-phone-more]").is_hidden()
    return notice.inner_text()


def test_on_an_address_without_https_it_says_that_nothing_is_kept_and_still_posts(phones, house, line):
    address = line.address.replace("127.0.0.1", "field.example")
    phone = phones(address=address, args=["--host-resolver-rules=MAP field.example 127.0.0.1"])
    assert phone.page.evaluate("[isSecureContext, 'serviceWorker' in navigator, !!crypto.subtle]") == [False, False, False]
    assert "this phone keeps nothing" in told(phone, "insecure")
    post(phone, house)


@pytest.mark.parametrize("broken", [NO_DATABASE, BROKEN_DATABASE], ids=["forbidden", "broken"])
def test_without_a_database_it_is_said_before_typing_and_the_form_posts(phones, house, broken):
    phone = phones(before=lambda context: context.add_init_script(broken))
    assert "keeps nothing here" in told(phone, "closed")
    post(phone, house)


def test_where_the_person_blocked_storage_in_the_settings_it_is_said_too(phones, house, tmp_path):
    settings = tmp_path / "phone0" / "Default"
    settings.mkdir(parents=True)
    (settings / "Preferences").write_text(json.dumps(BLOCKED))
    phone = phones()
    assert "keeps nothing here" in told(phone, "closed")
    post(phone, house)


def test_without_a_key_nothing_is_queued_in_the_clear(phones, line):
    line.faults = [lambda asked: Answer(503, b"{}") if asked.path == "/api/v1/reporting-key" else None]
    bare = "document.addEventListener('DOMContentLoaded', () => document.querySelectorAll('[data-key-id]').forEach((form) => { delete form.dataset.keyId; delete form.dataset.publicKey; }))"
    phone = phones(before=lambda context: context.add_init_script(bare))
    assert "has not met the server yet" in told(phone, "no_key")
    with pytest.raises(Exception, match="key"):
        phone.keep()
    assert phone.call("store", "getAll", "queue") == []


# F14: no room


def with_room_for(phone, size, path="/report?all=1&lang=en"):
    """The same phone after a start, with so many bytes more than it holds. (What room there is, a browser asks once in a while.)"""
    used = phone.page.evaluate("navigator.storage.estimate().then(({ usage }) => usage)")
    phone.close()
    phone.open("/measures")
    tools = phone.context.new_cdp_session(phone.page)
    tools.send("Storage.overrideQuotaForOrigin", {"origin": phone.address, "quotaSize": max(used + size, 1)})
    phone.visit(path, page=phone.page)
    return tools


def test_a_full_phone_keeps_the_words_and_as_many_photos_as_fit_and_what_was_there(phones, house, line):
    line.faults = [on("PUT", "", Answer(503, b"{}", Retry_After="1"))]
    phone = phones().ready_offline()
    phone.call("drafts", "setLock", "lantern river copper meadow")
    phone.call("drafts", "saveDraft", [["text", "before"]])
    first = phone.keep(photos=[picture(100)])
    tools = with_room_for(phone, 800_000)
    number = str(uuid4())
    left_out = phone.page.evaluate(KEEP, [module("outbox"), report(number, photos=[picture(300, seed=seed) for seed in range(5)])])["photosLeftOut"]
    assert 0 < left_out <= 5
    assert [draft["fields"] for draft in phone.call("drafts", "openDrafts", "lantern river copper meadow")] == [[["text", "before"]]]
    tools.detach()
    line.faults.clear()
    for one in (first, number):
        phone.until(one, "received")
        assert house.holds(one) == 1
    assert house.ask("SELECT count(*) FROM photos WHERE report_id = :id", id=number)[0][0] == 5 - left_out


def test_a_phone_with_no_room_at_all_says_so_before_anybody_writes(phones, house):
    phone = phones()
    with_room_for(phone, -(10**12))
    assert "This phone is full" in told(phone, "full")
    post(phone, house)
