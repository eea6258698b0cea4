"""Parts of photos painted over and parts of words covered: what others see, what is sealed, who uncovers; and words about the military."""

import json

import pytest
from sqlalchemy import text

from server.core.storage import store
from tests.evidence.conftest import Phone
from tests.evidence.pictures import close, corners, encoded, four_corners, opened

DARK = (20, 32, 43)
LEFT_TOP = {"left": ["0", "", ""], "top": ["0", "", ""], "width": ["50", "", ""], "height": ["50", "", ""]}


@pytest.fixture
def photo(client, work):
    """A stranger's photo with four plain corners; gives the numbers of its report and itself."""
    report_id, photo_id = Phone(client).send(encoded(four_corners((400, 300))), text="Ask Maria Kovalenko in flat 12 about the roof.")
    work()
    return report_id, photo_id


def seen(browser, photo_id, size=""):
    return opened(browser.get(f"/desk/photos/{photo_id}{size}").data)


def test_a_covered_part_is_gone_for_everybody_and_sealed_for_who_verifies(as_, photo, work, database):
    _report, number = photo
    triage, bohdan = as_("pilar"), as_("bohdan")
    before = corners(seen(bohdan, number))
    plain = database.execute(text("SELECT clean_sha256, thumbnail_sha256 FROM photos")).one()
    assert "Cover parts of a photo" in triage.get(f"/desk/photos/{number}/redact").text
    assert triage.post(f"/desk/photos/{number}/redact", data=LEFT_TOP).status_code == 303
    work()
    for browser in (bohdan, triage, as_("chipo")):
        for size in ("", "/thumbnail"):
            now = corners(seen(browser, number, size))
            assert close([now[0]], [DARK])
            assert close(now[1:], before[1:])
    assert not store().exists(plain.clean_sha256, "photos"), "the plain file of before is gone"
    assert not store().exists(plain.thumbnail_sha256, "thumbnails")
    assert triage.post(f"/desk/photos/{number}/uncovered").status_code == 403
    assert close(corners(opened(bohdan.post(f"/desk/photos/{number}/uncovered").data)), before)
    looked = database.scalar(text("SELECT count(*) FROM ledger WHERE event = 'media.viewed_uncovered'"))
    assert looked == 1


def test_the_last_covering_is_undone_first_and_only_by_who_may(as_, photo, work, database):
    _report, number = photo
    bohdan = as_("bohdan")
    before = corners(seen(bohdan, number))
    bohdan.post(f"/desk/photos/{number}/redact", data=LEFT_TOP)
    work()
    bohdan.post(f"/desk/photos/{number}/redact", data={**LEFT_TOP, "left": ["50", "", ""]})
    work()
    assert close(corners(seen(bohdan, number))[:2], [DARK, DARK])
    first, last = database.scalars(text("SELECT id FROM photo_redactions ORDER BY at"))
    assert as_("pilar").post(f"/desk/photos/{number}/redact/{last}/undo").status_code == 403
    assert bohdan.post(f"/desk/photos/{number}/redact/{first}/undo").status_code == 409
    for row in (last, first):
        assert bohdan.post(f"/desk/photos/{number}/redact/{row}/undo").status_code == 303
    work()
    assert close(corners(seen(bohdan, number)), before)
    acts = database.scalars(text("SELECT event FROM ledger WHERE event LIKE 'media.%redacted' ORDER BY id")).all()
    assert acts == ["media.redacted", "media.redacted", "media.unredacted", "media.unredacted"]


def test_what_is_covered_in_one_report_is_covered_in_every_copy_before_and_after_and_each_is_uncovered_alone(as_, client, photo, work, database):
    data = encoded(four_corners((400, 300)))
    _report, first = photo
    _other, second = Phone(client).send(data)
    work()
    bohdan, pilar = as_("bohdan"), as_("pilar")
    before = corners(seen(bohdan, second))
    plain = set(database.execute(text("SELECT clean_sha256, thumbnail_sha256 FROM photos")).all())
    assert pilar.post(f"/desk/photos/{first}/redact", data=LEFT_TOP).status_code == 303
    _later, third = Phone(client).send(data)
    work()
    for number in (first, second, third):
        for size in ("", "/thumbnail"):
            shown = corners(seen(bohdan, number, size))
            assert close([shown[0]], [DARK]), number
            assert close(shown[1:], before[1:]), number
        assert "Covered so far" in pilar.get(f"/desk/photos/{number}/redact").text
        assert close(corners(opened(bohdan.post(f"/desk/photos/{number}/uncovered").data)), before), "each has its own seal"
    assert len(plain) == 1
    assert not any(store().exists(name, "photos") or store().exists(name, "thumbnails") for name in next(iter(plain)))
    told = database.execute(text("SELECT subject_id::text, actor_id IS NULL AS by_house, details ? 'copy_of' AS copied FROM ledger WHERE event = 'media.redacted'")).all()
    assert {tuple(row) for row in told} == {(first, False, False), (second, False, True), (third, True, False)}
    row = database.scalar(text("SELECT id FROM photo_redactions WHERE photo_id = :photo"), {"photo": third})
    assert bohdan.post(f"/desk/photos/{third}/redact/{row}/undo").status_code == 303
    assert close(corners(seen(bohdan, third)), before)
    assert close([corners(seen(bohdan, first))[0]], [DARK])


@pytest.mark.parametrize("wrong", [{}, {**LEFT_TOP, "width": ["120", "", ""]}, {**LEFT_TOP, "left": ["abc", "", ""]}, {**LEFT_TOP, "top": ["nan", "", ""]}])
def test_parts_outside_the_photo_are_refused_in_words_and_nothing_changes(as_, photo, wrong, database):
    answer = as_("bohdan").post(f"/desk/photos/{photo[1]}/redact", data=wrong)
    assert answer.status_code == 422
    assert "Each must lie inside the photo." in answer.text
    assert database.scalar(text("SELECT count(*) FROM photo_redactions")) == 0


def test_a_report_taken_back_takes_the_sealed_photo_along(as_, photo, work, database, app):
    from server.accounts.policy import SYSTEM
    from server.core.database import session
    from server.reports import service

    report_id, number = photo
    as_("bohdan").post(f"/desk/photos/{number}/redact", data=LEFT_TOP)
    work()
    sealed = database.scalar(text("SELECT sealed_ref FROM photo_redactions"))
    assert store().exists(sealed, "evidence")
    service.withdraw(report_id, actor=SYSTEM)
    session.commit()
    work()
    assert not store().exists(sealed, "evidence")
    assert database.scalar(text("SELECT count(*) FROM photo_redactions")) == 0


@pytest.mark.parametrize("name", ["dario", "amal", "eve", "sana"])
def test_who_does_not_work_on_reports_covers_nothing(as_, photo, name):
    assert as_(name).get(f"/desk/photos/{photo[1]}/redact").status_code == 403
    assert as_(name).post(f"/desk/photos/{photo[1]}/redact", data=LEFT_TOP).status_code == 403
    assert as_(name).get(f"/desk/reports/{photo[0]}/redact").status_code == 403


def test_what_is_added_and_answered_later_is_covered_as_well(as_, client, report, records, database, people):
    """Through the receipt come names too; and what tells of the military is covered before it is kept."""
    number = report(receipt_key="ab" * 32)
    [record] = records()
    from server.accounts.policy import ANONYMOUS
    from server.core.database import session
    from server.reports import access, asking, service
    from server.vocabulary import ReporterQuestion
    from tests.people import actor

    bohdan, pilar = as_("bohdan"), as_("pilar")
    kept = access.get_report(actor(people["bohdan"]), number)
    service.amend(kept, "Olena Petrenko lives on floor 3. The air defence stands behind the school.", actor=ANONYMOUS)
    asking.ask(kept, question=ReporterQuestion.WATER_OFF, actor=actor(people["bohdan"]))
    [asked] = asking.asked(kept)
    asking.answer(kept, asked.id, words="Ask Taras next door.")
    session.commit()
    addition = database.scalar(text("SELECT id FROM vault.amendments"))
    chosen = {"part": [f"addition/{addition}:0-5", f"addition/{addition}:6-14", f"answer/{asked.id}:4-9"]}
    assert f'value="answer/{asked.id}:4-9"' in pilar.get(f"/desk/reports/{number}/redact").text
    assert pilar.post(f"/desk/reports/{number}/redact", data=chosen).status_code == 303
    for address in (f"/desk/reports/{number}", f"/desk/incidents/{record}", f"/desk/reports/{number}/redact"):
        shown = pilar.get(address).text
        assert not {"Petrenko", "Taras", "defence"} & set(shown.split()), address
        assert address.endswith("redact") or "▇▇▇▇▇ ▇▇▇▇▇▇▇▇ lives on floor 3." in shown, address
    assert "Ask ▇▇▇▇▇ next door." in bohdan.get(f"/desk/reports/{number}").text
    parts = database.scalars(text("SELECT id FROM text_redactions ORDER BY field")).all()
    assert len(parts) == 2
    assert "Petrenko" in bohdan.get(f"/desk/reports/{number}/redact").text
    looked = database.scalars(text("SELECT details FROM ledger WHERE event = 'report.viewed_uncovered'")).all()
    assert looked == [{"fields": ["addition", "answer"], "parts": 2}]
    assert bohdan.post(f"/desk/reports/{number}/redact/{parts[0]}/undo").status_code == 303
    assert "Olena Petrenko lives" in pilar.get(f"/desk/reports/{number}").text
    assert pilar.post(f"/desk/reports/{number}/redact", data={"part": [f"answer/{asked.id}:4-900"]}).status_code == 422
    assert pilar.post(f"/desk/reports/{number}/redact", data={"part": [f"answer/{addition}:0-3"]}).status_code == 422


def test_chosen_words_are_covered_on_every_page_and_uncovered_by_who_may(as_, photo, database):
    report_id, _number = photo
    pilar, bohdan = as_("pilar"), as_("bohdan")
    page = pilar.get(f"/desk/reports/{report_id}/redact").text
    assert 'value="text:4-9"' in page
    chosen = {"part": ["text:4-9", "text:10-19", "text:28-30"]}
    assert pilar.post(f"/desk/reports/{report_id}/redact", data=chosen).status_code == 303
    record = database.scalar(text("SELECT public_id FROM incidents"))
    for address in (f"/desk/reports/{report_id}", f"/desk/incidents/{record}"):
        shown = bohdan.get(address).text
        assert "Kovalenko" not in shown, address
        assert "Ask ▇▇▇▇▇ ▇▇▇▇▇▇▇▇▇ in flat ▇▇ about the roof." in shown, address
    assert "Kovalenko" not in pilar.get(f"/desk/reports/{report_id}/redact").text
    looks = text("SELECT details FROM ledger WHERE event = 'report.viewed_uncovered'")
    assert database.scalars(looks).all() == [], "who sees no more than ▇ looks at nothing"
    assert "Kovalenko" in bohdan.get(f"/desk/reports/{report_id}/redact").text
    assert database.scalars(looks).all() == [{"fields": ["text"], "parts": 1}]
    parts = database.scalars(text("SELECT id FROM text_redactions ORDER BY span")).all()
    assert len(parts) == 2, "words beside each other are one part"
    assert pilar.post(f"/desk/reports/{report_id}/redact/{parts[0]}/undo").status_code == 403
    assert bohdan.post(f"/desk/reports/{report_id}/redact/{parts[0]}/undo").status_code == 303
    assert "Ask Maria Kovalenko in flat ▇▇" in bohdan.get(f"/desk/reports/{report_id}").text
    assert bohdan.post(f"/desk/reports/{report_id}/redact/{parts[0]}/undo").status_code == 409


@pytest.mark.parametrize(("parts", "status"), [([], 422), (["text:4-9999"], 422), (["contact:0-3"], 400), (["text:9-4"], 422)])
def test_only_parts_of_the_words_can_be_covered(as_, photo, parts, status, database):
    assert as_("bohdan").post(f"/desk/reports/{photo[0]}/redact", data={"part": parts}).status_code == status
    assert database.scalar(text("SELECT count(*) FROM text_redactions")) == 0


def test_each_look_at_how_a_reporter_can_be_reached_is_written_down_and_who_may_not_sees_nothing(as_, report, records, database, people):
    number = report(contact="neighbour@example.org", consents=["KEEP_CONTACT"])
    [record] = records()
    looks = text("SELECT actor_id, subject_id FROM ledger WHERE event = 'contact.viewed'")
    for name in ("bohdan", "sana"):
        assert "neighbour@example.org" not in as_(name).get(f"/desk/reports/{number}").text
    assert "neighbour@example.org" not in as_("pilar").get(f"/desk/reports/{number}/redact").text
    assert database.execute(looks).all() == []
    for at, address in enumerate((f"/desk/reports/{number}", f"/desk/incidents/{record}", "/desk/work/next"), start=1):
        assert "neighbour@example.org" in as_("chipo").get(address).text, address
        assert [tuple(row) for row in database.execute(looks)] == [(people["chipo"].id, number)] * at


HELD_BACK = "The school roof fell in. Our soldiers sleep in the gym with a launcher. The boiler still works!"


@pytest.fixture
def held_back(report, work):
    number = report(text=HELD_BACK, site_type="EDU.SCHOOL")
    work()
    return number


def test_what_tells_of_the_military_is_covered_by_the_sentence_and_the_facts_stay_and_flow_on(as_, held_back, database):
    shown = as_("bohdan").get(f"/desk/reports/{held_back}").text
    assert "The school roof fell in. ▇▇▇ ▇▇▇▇▇▇▇▇" in shown
    assert "The boiler still works!" in shown
    assert "soldiers" not in shown
    assert "launcher" not in shown, "a sentence goes whole: its other words tell as much"
    assert database.execute(text("SELECT site_type, damage_best FROM incidents")).one() == ("EDU.SCHOOL", 3)
    assert "The boiler still works!" not in as_("sana").get(f"/desk/reports/{held_back}").text


def test_the_rest_is_kept_when_a_person_says_so_and_the_raw_words_are_destroyed_at_once(as_, held_back, database):
    bohdan = as_("bohdan")
    before = database.scalar(text("SELECT wrapped_key FROM vault.report_secrets WHERE report_id = :id"), {"id": held_back})
    assert as_("sana").post(f"/desk/reports/{held_back}/mask").status_code == 403
    assert bohdan.post(f"/desk/reports/{held_back}/mask").status_code == 303
    assert bohdan.post(f"/desk/reports/{held_back}/mask").status_code == 409
    after = database.scalar(text("SELECT wrapped_key FROM vault.report_secrets WHERE report_id = :id"), {"id": held_back})
    assert after != before, "a new key: no copy of the old seal opens any more"
    shown = bohdan.get(f"/desk/reports/{held_back}").text
    assert "The boiler still works!" in shown
    assert "soldiers" not in shown
    assert "soldiers" not in bohdan.get(f"/desk/reports/{held_back}/redact").text


def test_untouched_the_raw_words_are_erased_after_a_day_with_the_rest(as_, held_back, database):
    from server.core.database import session
    from server.reports import retention

    database.execute(text("UPDATE reports SET received_at = received_at - interval '1 day'"))
    retention.purge_held_back()
    session.commit()
    shown = as_("bohdan").get(f"/desk/reports/{held_back}").text
    assert "boiler" not in shown
    assert database.scalar(text("SELECT damage_best FROM incidents")) == 3


def test_a_stranger_covers_and_sees_nothing(client, photo):
    for address in (f"/desk/photos/{photo[1]}/redact", f"/desk/reports/{photo[0]}/redact"):
        assert client.get(address).status_code == 401
        assert client.post(address, data=json.dumps({})).status_code == 401
