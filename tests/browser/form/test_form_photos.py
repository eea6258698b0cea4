"""Photos on the phone: made small, emptied of everything hidden, offered for what they tell, and taken out again."""

import base64
import io

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser.form.hand import photo

pytestmark = [pytest.mark.browser, pytest.mark.committed]

WHERE = (59.1234, 10.2345)
TAKEN = "2026:11:20 18:40:11"
MODULE = """async ([path, name, data]) => {
  const module = await import(path);
  const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
  const found = await module[name](new File([bytes], 'photo', { type: 'image/jpeg' }));
  if (!(found instanceof Blob)) return found;
  const letters = Array.from(new Uint8Array(await found.arrayBuffer()), (byte) => String.fromCharCode(byte));
  return { type: found.type, data: btoa(letters.join('')) };
}"""


def on_the_phone(person, path, name, content):
    """What a module of the form makes of a file, in the browser."""
    return person.page.evaluate(MODULE, [path, name, base64.b64encode(content).decode()])


@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "PNG"])
def test_place_and_time_are_read_from_what_a_camera_wrote(hand, kind):
    person = hand()
    told = photo(place=WHERE, taken=TAKEN, kind=kind)["buffer"]
    found = on_the_phone(person, "/static/js/form/exif.js", "readExif", told)
    assert (round(found["place"]["lat"], 3), round(found["place"]["lon"], 3)) == (59.123, 10.234)
    assert found["taken"] == {"date": "2026-11-20", "hour": 18}
    silent, broken = photo(kind=kind)["buffer"], told[:300]
    assert on_the_phone(person, "/static/js/form/exif.js", "readExif", silent) == {"place": None, "taken": None}
    assert on_the_phone(person, "/static/js/form/exif.js", "readExif", broken)["place"] in (None, found["place"])


def test_a_large_photo_gets_small_and_keeps_nothing_hidden(hand):
    large = photo(place=WHERE, taken=TAKEN, size=(3000, 4000))["buffer"]
    assert b"CANARY-MAKER" in large
    made = on_the_phone(hand(), "/static/js/form/shrink.js", "shrink", large)
    small = base64.b64decode(made["data"])
    assert len(small) <= 1_500_000
    assert b"CANARY" not in small
    assert b"Exif" not in small
    with Image.open(io.BytesIO(small)) as picture:
        assert picture.size == (1536, 2048)
        assert dict(picture.getexif()) == {}


def test_what_a_photo_tells_is_offered_and_taken_only_with_a_yes(hand):
    person = hand("/report?all=1&lang=en")
    person.choose(photo(place=WHERE, taken=TAKEN))
    place = person.page.get_by_role("group", name="where it was taken")
    expect(place).to_contain_text("59.12")
    assert person.page.locator("[data-place]").input_value() == ""
    place.get_by_role("button", name="Use it").click()
    assert person.page.locator("[data-place]").input_value().startswith("59.12")
    assert person.page.locator("[name=pin_method]").input_value() == "PHOTO_EXIF"
    time = person.page.get_by_role("group", name="when it was taken")
    expect(time).to_contain_text("20 Nov 2026")
    time.get_by_role("button", name="No", exact=True).click()
    assert person.page.locator("[name=when]:checked").count() == 0
    assert person.page.locator(".offer").count() == 0


def test_eight_photos_fit_a_ninth_is_left_out_and_each_can_be_taken_out_again(hand):
    person = hand().answer().to_photos()
    person.choose(*[photo(shade=n, size=(60, 40)) for n in range(9)])
    said = person.page.locator(".album [data-said]")
    expect(said).to_contain_text("Photos: 8 of 8")
    expect(said).to_contain_text("Only the first 8 photos can be sent.")
    assert person.page.locator("[data-take]").first.is_disabled()
    person.page.get_by_role("button", name="Remove photo 3").click()
    expect(said).to_contain_text("Photos: 7 of 8")
    assert person.page.locator("[data-pictures] li").count() == 7


def test_a_photo_this_browser_cannot_show_goes_as_it_is_and_another_file_does_not_go(hand):
    person = hand().answer().to_photos()
    heic = {"name": "IMG_1.HEIC", "mimeType": "image/heic", "buffer": b"\0\0\0\x18ftypheic" + b"\0" * 500}
    person.choose(heic, {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"hello"})
    assert person.page.locator("[data-pictures] li").count() == 1
    expect(person.page.locator("[data-pictures]")).to_contain_text("It goes sealed, and is cleaned on arrival.")
    expect(person.page.locator(".album [data-said]")).to_contain_text("This file is no photo we can use.")
