"""What a search of the phone finds: nothing that was written, before and after a wipe; and how fast a person can leave."""

import pytest

from tests.browser.field.house import wait_until
from tests.browser.field.line import Answer, on
from tests.browser.field.phone import module, picture

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.committed]

PASSPHRASE = "lantern river copper meadow"
CANARIES = ("CANARYwords7731", "CANARYplace7732", "CANARYcontact7733", "CANARYpixels7734", "CANARYdraft7735", "CANARYphoto7736")
DRAFT = """async ([address, fields, words]) => {
  const { saveDraft } = await import(address);
  return saveDraft(fields, [{ blob: new Blob([words.repeat(3000)], { type: 'image/jpeg' }) }]);
}"""


def found(phone, words=CANARIES):
    """Which of these words stand in any file of the profile, in the one or the other writing a browser uses."""
    files = [path for path in phone.folder.rglob("*") if path.is_file()]
    assert len(files) > 20
    contents = [path.read_bytes() for path in files]
    return sorted(word for word in words if any(word.encode() in content or word.encode("utf-16-le") in content for content in contents))


def opened(phone):
    """The phone's part, with all it can do in sight."""
    part = phone.page.locator(".phone")
    if part.locator("[data-phone-more][open]").count() == 0:
        part.locator("[data-phone-more] > summary").click()
    return part


def locked(phone, passphrase=PASSPHRASE):
    """Choose to keep drafts, as a person does."""
    part = opened(phone)
    part.locator("[data-lock] [data-passphrase]").fill(passphrase)
    part.get_by_role("button", name="Keep drafts").click()
    part.get_by_role("button", name="Lock the drafts").wait_for()


def unlock(phone, passphrase):
    part = opened(phone)
    part.locator("[data-unlock] [data-passphrase]").fill(passphrase)
    part.get_by_role("button", name="Open drafts").click()


def save(phone, *canaries):
    words, photo = canaries
    return phone.page.evaluate(DRAFT, [module("drafts"), [["text", words], ["site_type", "RES.HOUSE"]], photo])


@pytest.fixture
def full_phone(phones, line):
    """A phone that holds a report that cannot go, with a photo, and a draft under a passphrase."""
    line.faults = [on("PUT", "", Answer(503, b"{}", Retry_After="900"))]
    phone = phones()
    words, place, contact, pixels, draft, photo = CANARIES
    number = phone.keep(words, photos=[picture(20) + pixels.encode() * 50])
    phone.call("outbox", "keep", {"id": number.replace(number[0], "a", 1), "fields": [["place_text", place], ["contact", contact]], "media": [], "receiptKey": "cd" * 32, "lang": "en"})
    locked(phone)
    save(phone, draft, photo)
    return phone


def test_nothing_that_was_written_can_be_found_on_the_disk_before_or_after_a_wipe(full_phone):
    phone = full_phone
    assert phone.call("outbox", "counts") == {"draft": 1, "waiting": 2, "attention": 0, "received": 0}
    phone.close()
    assert found(phone) == []
    assert found(phone, ["tessera"]) == ["tessera"]  # the search itself can find: the name of the site's own database
    phone.open()
    assert phone.call("outbox", "counts")["waiting"] == 2
    wipe(phone)
    phone.close()
    assert found(phone) == []


def wipe(phone):
    part = opened(phone)
    part.get_by_role("button", name="Wipe this phone's copy").click()
    part.get_by_role("button", name="Wipe now").click()
    phone.page.get_by_role("heading", name="Measures").wait_for()


STATE = """async () => ({
  databases: (await indexedDB.databases()).map(({ name }) => name), caches: await caches.keys(),
  local: Object.keys(localStorage), workers: (await navigator.serviceWorker.getRegistrations()).length, address: location.pathname,
})"""
EMPTY = {"databases": [], "caches": [], "local": [], "workers": 0, "address": "/measures"}


def test_a_wipe_leaves_nothing_and_the_answer_asks_the_browser_to_clear_the_rest(full_phone, line):
    full_phone.ready_offline()
    full_phone.context.add_cookies([{"name": "lang", "value": "en", "url": full_phone.address}])
    wipe(full_phone)
    assert full_phone.page.evaluate(STATE) == EMPTY
    assert ("POST", "/measures/clean", 0) in line.log
    assert full_phone.context.cookies() == []


def test_a_wipe_works_without_a_connection(full_phone, line):
    full_phone.ready_offline()
    full_phone.context.set_offline(True)
    wipe(full_phone)
    assert full_phone.page.evaluate(STATE) == EMPTY
    assert full_phone.page.title() == "Measures"
    assert "Tessera" not in full_phone.page.content().replace("tessera", "")
    assert not any(path == "/measures/clean" for _method, path in line.asked)


def test_a_wipe_is_asked_twice_and_says_what_it_cannot_remove(full_phone):
    part = opened(full_phone)
    assert "the browser's history" in part.inner_text()
    part.get_by_role("button", name="Wipe this phone's copy").click()
    part.get_by_role("button", name="Keep", exact=True).click()
    assert full_phone.call("outbox", "counts")["waiting"] == 2


# leaving

LEAVING = """() => {
  const begun = performance.now();
  document.querySelector('[data-exit]').click();
  return { blank: document.body.childElementCount === 0, ms: performance.now() - begun, title: document.title };
}"""


@pytest.mark.parametrize("connected", [True, False], ids=["online", "offline"])
def test_leaving_blanks_the_page_within_its_own_click_and_the_way_back_does_not_lead_to_the_form(phones, connected):
    phone = phones(path="/")
    phone.page.goto(phone.address + "/report?all=1&lang=en")
    phone.page.locator("[data-phone]:not([hidden]) .phone").wait_for(state="attached")
    phone.ready_offline()
    phone.page.locator("textarea").first.fill("CANARYtyped")
    phone.context.set_offline(not connected)
    left = phone.page.evaluate(LEAVING)
    assert left["blank"]
    assert left["ms"] < 300
    phone.page.get_by_role("heading", name="Measures").wait_for()
    assert phone.page.title() == "Measures"
    phone.context.set_offline(False)
    phone.page.go_back()
    wait_until(lambda: "/report" not in phone.page.url)
    assert "CANARYtyped" not in phone.page.content()


def test_the_neutral_page_names_nothing_of_ours(app):
    page = app.test_client().get("/measures").text
    assert "essera" not in page
    assert "report" not in page.lower().replace("viewport", "")
    assert "<script" not in page
    assert "manifest" not in page


def test_no_page_of_others_can_make_a_browser_clear_its_queue(app):
    stranger = app.test_client()
    assert stranger.get("/measures/clean").status_code in (404, 405)
    assert stranger.post("/measures/clean", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    answer = stranger.post("/measures/clean", headers={"Sec-Fetch-Site": "same-origin"})
    assert answer.status_code == 204
    assert answer.headers["Clear-Site-Data"] == '"cache", "cookies", "storage"'


# drafts


def test_a_draft_waits_under_its_passphrase_and_comes_back_with_its_photo(phones):
    phone = phones()
    locked(phone)
    save(phone, "half a sentence", "pixels")
    phone.close()
    phone.open()
    assert phone.call("drafts", "state") == "locked"
    assert phone.page.locator("[data-draft-rows] li").count() == 0
    unlock(phone, PASSPHRASE)
    row = phone.page.locator("[data-draft-rows] li")
    row.wait_for()
    assert "Draft, on this phone" in row.inner_text()
    heard = "new Promise((done) => document.addEventListener('phone:draft', async ({ detail }) => done([detail.fields, await detail.photos[0].blob.text()]), { once: true }))"
    with_button = f"(async () => {{ const heard = {heard}; document.querySelector('[data-draft-rows] [data-open]').click(); return heard; }})()"
    fields, photo = phone.page.evaluate(with_button)
    assert ["text", "half a sentence"] in fields
    assert photo == "pixels" * 3000


def test_the_tenth_wrong_passphrase_destroys_the_key_and_the_drafts(phones):
    phone = phones()
    locked(phone)
    save(phone, "half a sentence", "pixels")
    phone.close()
    phone.open()
    for left in range(9, 0, -1):
        unlock(phone, f"wrong {left}")
        phone.page.locator("[data-drafts-said]", has_text=f"Tries left: {left}").wait_for()
    unlock(phone, "wrong at last")
    phone.page.locator("[data-drafts-said]", has_text="were destroyed").wait_for()
    assert phone.call("drafts", "state") == "off"
    assert phone.call("store", "getAll", "drafts") == []


def test_pulling_the_battery_gives_no_free_guess(phones):
    phone = phones()
    locked(phone)
    phone.page.reload()
    phone.page.locator("[data-phone]:not([hidden]) .phone").wait_for(state="attached")
    slow = "async (address) => { crypto.subtle.deriveKey = () => new Promise(() => {}); (await import(address)).unlock('wrong'); }"
    phone.page.evaluate(slow, module("drafts"))
    wait_until(lambda: phone.call("store", "get", "facts", "lock")["tries"] == 1)


def test_the_key_of_the_drafts_is_dropped_after_five_minutes_out_of_sight(phones):
    phone = phones(before=lambda context: context.clock.install())
    locked(phone)
    hide = "(hidden) => { Object.defineProperty(document, 'hidden', { get: () => hidden, configurable: true }); document.dispatchEvent(new Event('visibilitychange')); }"
    phone.page.evaluate(hide, True)
    phone.context.clock.run_for(4 * 60_000)
    assert phone.call("drafts", "state") == "open"
    phone.context.clock.run_for(70_000)
    assert phone.call("drafts", "state") == "locked"
    phone.page.evaluate(hide, False)


def test_who_keeps_no_drafts_leaves_none(phones):
    phone = phones()
    assert phone.call("drafts", "state") == "off"
    phone.page.locator("textarea").first.fill("CANARYtyped")
    with pytest.raises(Exception, match="not open"):
        phone.call("drafts", "saveDraft", [["text", "x"]])
    phone.close()
    assert found(phone, ["CANARYtyped"]) == []
