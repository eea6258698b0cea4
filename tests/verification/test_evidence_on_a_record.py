"""Evidence laid on a damage record: open sources, pieces of images, images from above; what the rules make of it; who held what."""

import csv
import hashlib
import io
import json
import re

import pytest
from PIL import Image
from sqlalchemy import text

from tests.evidence.conftest import Phone
from tests.evidence.pictures import encoded, four_corners, opened
from tests.verification.conftest import STRUCK
from tests.verification.satellite_files import HERE, unosat, written

COPY = hashlib.sha256(b"a copy").hexdigest()


def item(**more):
    return {
        "kind": "VIDEO", "address": "https://channel.example.org/post/17", "platform": "Town channel", "claim": "The roof of the mill is gone.",
        "found_on": "2026-11-20", "archived_sha256": COPY, "source_grade": "C", "item_grade": "3", "stance": "SUPPORTS", "names_nobody": "1", **more,
    }  # fmt: skip


@pytest.fixture
def record(report, records):
    report(witness_proximity="TOLD")
    return records()[0]


def certainty(database):
    return database.scalar(text("SELECT certainty FROM incidents WHERE on_map"))


def put(browser, record, **more):
    return browser.post(f"/desk/incidents/{record}/evidence/items", data=item(**more))


def test_something_from_an_open_source_is_laid_on_a_record_counts_and_is_taken_off_again(as_, record, database):
    bohdan = as_("bohdan")
    assert certainty(database) == "RUMOUR"
    assert put(bohdan, record).status_code == 303
    assert certainty(database) == "POSSIBLE", "graded C3"
    page = bohdan.get(f"/desk/incidents/{record}").text
    assert "https://channel.example.org/post/17" in page
    assert 'href="https://channel' not in page, "nobody is led there by a click"
    number = database.scalar(text("SELECT id FROM open_items"))
    assert bohdan.post(f"/desk/incidents/{record}/evidence/items/{number}/remove").status_code == 303
    assert certainty(database) == "RUMOUR"
    assert "channel.example.org" not in bohdan.get(f"/desk/incidents/{record}").text


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"address": "javascript:alert(1)"}, "http://"),
        ({"archived_sha256": "abc"}, "64 signs"),
        ({"found_on": "2099-01-01"}, "today at the latest"),
        ({"claim": "Our soldiers stand beside the mill."}, "military"),
        ({"names_nobody": ""}, "names nobody"),
    ],
)
def test_what_may_not_be_kept_is_refused_on_the_page_and_what_was_typed_stays(as_, record, database, wrong, said):
    answer = put(as_("bohdan"), record, **{key: value for key, value in wrong.items() if value}) if wrong != {"names_nobody": ""} else as_("bohdan").post(
        f"/desk/incidents/{record}/evidence/items", data={key: value for key, value in item().items() if key != "names_nobody"}
    )
    assert answer.status_code == 422
    assert said in answer.text
    assert "Town channel" in answer.text
    assert database.scalar(text("SELECT count(*) FROM open_items")) == 0


def test_five_copies_of_one_video_are_one_item_and_two_videos_are_two(as_, record, database):
    bohdan = as_("bohdan")
    for n in range(3):
        put(bohdan, record, address=f"https://mirror{n}.example.org/v")
    version = database.scalar(text("SELECT version FROM incidents"))
    decide = {"to": "PROBABLE", "version": version, "rationale": "Seen in several places by now."}
    refused = bohdan.post(f"/desk/incidents/{record}/certainty", data=decide)
    assert refused.status_code == 422
    assert re.search(r'1/2</strong>\s*independent reports graded C3', refused.text), "it says how far it is"
    put(bohdan, record, address="https://other.example.org/v", archived_sha256=hashlib.sha256(b"another").hexdigest())
    decide["version"] = database.scalar(text("SELECT version FROM incidents"))
    assert bohdan.post(f"/desk/incidents/{record}/certainty", data=decide).status_code == 303
    assert certainty(database) == "PROBABLE"


def test_a_picture_seen_earlier_elsewhere_raises_nothing_and_alone_it_refutes(as_, record, database):
    bohdan = as_("bohdan")
    said = {"to": "REFUTED", "version": database.scalar(text("SELECT version FROM incidents")), "rationale": "Nothing stands for it but that picture."}
    assert "a picture that a person found to be of another place" in bohdan.post(f"/desk/incidents/{record}/certainty", data=said).text
    put(bohdan, record, first_shown_elsewhere="1", source_grade="A", item_grade="1", media_located="1", media_timed="1")
    assert certainty(database) == "RUMOUR"
    said["version"] = database.scalar(text("SELECT version FROM incidents"))
    assert bohdan.post(f"/desk/incidents/{record}/certainty", data=said).status_code == 303
    assert database.scalar(text("SELECT rule_id FROM verification_decisions")) == "refuted.media_elsewhere"


@pytest.mark.parametrize("name", ["dario", "amal", "sana", "eve"])
def test_only_who_verifies_adds_evidence_and_partners_see_none(as_, record, name):
    browser = as_(name)
    assert put(browser, record).status_code == 403
    page = browser.get(f"/desk/incidents/{record}")
    assert ('id="evidence"' in page.text) == (name == "sana")
    assert browser.get(f"/desk/incidents/{record}/evidence").status_code == (200 if name == "sana" else 403)


def together(as_, database, work):
    """Whatever the machine was not sure of, a coordinator lays onto the first record; gives its number."""
    work()
    first, *others = database.scalars(text("SELECT public_id FROM incidents WHERE on_map ORDER BY opened_at, public_id")).all()
    for other in others:
        assert as_("chipo").post(f"/desk/incidents/{first}/merge", data={"other": other, "reason": "one house"}).status_code == 303
    work()
    return first


def test_residents_alone_are_heard_three_first_hand_two_with_photos_a_person_located(client, as_, work, database):
    phone, reports = Phone(client), []
    there = {"lon": HERE[0], "lat": HERE[1], "pin_accuracy_m": 10, "event_precision": "HOUR"}
    there |= {"event_earliest": STRUCK.isoformat(), "event_latest": STRUCK.isoformat()}
    for picture, words in ((four_corners(), "The house is a heap of bricks."), (Image.radial_gradient("L"), "Only the stairs of the house stand.")):
        reports.append(phone.send(encoded(picture), witness_proximity="SAW_AFTER", text=words, **there)[0])
    record = together(as_, database, work)
    bohdan = as_("bohdan")
    for number in reports:
        grades = {"source_grade": "F", "item_grade": "6", "stance": "SUPPORTS", "media_located": "1"}
        assert bohdan.post(f"/desk/incidents/{record}/reports/{number}/assess", data=grades).status_code == 303

    def decide():
        version = database.scalar(text("SELECT version FROM incidents WHERE on_map"))
        return bohdan.post(f"/desk/incidents/{record}/certainty", data={"to": "PROBABLE", "version": version, "rationale": "Three neighbours saw it, two photos fit."})

    early = decide()
    assert early.status_code == 422
    assert re.search(r"2/3</strong>\s*independent first-hand reports", early.text)
    assert re.search(r"2/2</strong>\s*of them with different photos", early.text)
    phone.report(**there, witness_proximity="INSIDE", text="I was in the kitchen of the house when the wall fell on the stove.")
    record = together(as_, database, work)
    assert decide().status_code == 303
    assert database.execute(text("SELECT rule_id, cardinality(basis) FROM verification_decisions")).one() == ("probable.three_witnesses", 3)


def test_an_image_and_a_graded_report_confirm_and_taking_the_import_back_takes_the_ground_away(tmp_path, as_, report, records, count_in, database, work):
    number = report(damage="D4")
    record = records()[0]
    page = count_in(written(unosat((5, 6, 1)), tmp_path, "a.geojson"))
    bohdan, berta = as_("bohdan"), as_("berta")
    shown = bohdan.get(f"/desk/incidents/{record}").text
    assert "Happened after" in shown
    assert "Confirmed by both" in shown
    bohdan.post(f"/desk/incidents/{record}/reports/{number}/assess", data={"source_grade": "C", "item_grade": "3", "stance": "SUPPORTS"})
    version = database.scalar(text("SELECT version FROM incidents"))
    said = {"to": "CONFIRMED", "version": version, "rationale": "The image shows what the neighbour told."}
    assert bohdan.post(f"/desk/incidents/{record}/certainty", data=said).status_code == 303
    decision = database.scalar(text("SELECT id FROM verification_decisions"))
    assert berta.post(f"/desk/incidents/{record}/decisions/{decision}/agree").status_code == 303
    assert certainty(database) == "CONFIRMED"
    bohdan.post(f"{page}/undo")
    work()
    assert certainty(database) == "POSSIBLE"


def test_a_person_says_that_a_mark_is_about_something_else_and_the_machine_keeps_to_it(tmp_path, as_, report, records, count_in, database, work):
    report(damage="D4")
    record = records()[0]
    count_in(written(unosat((5, 1, 1)), tmp_path, "a.geojson"))
    row = database.scalar(text("SELECT row_id FROM imagery_links JOIN imagery_rows ON id = row_id WHERE is_latest"))
    assert as_("dario").post(f"/desk/incidents/{record}/evidence/imagery/{row}", data={"speaks": "no"}).status_code == 403
    assert as_("berta").post(f"/desk/incidents/{record}/evidence/imagery/{row}", data={"speaks": "no"}).status_code == 303
    report(damage="D4", text="The same house, from the other side.")
    work()
    assert database.scalar(text("SELECT count(*) FROM imagery_links WHERE incident_id IS NOT NULL")) == 0


def chip(phase, day, picture):
    return {"phase": phase, "taken_on": day, "provider": "Pleiades", "licence": "CC BY-NC-SA", "picture": (io.BytesIO(picture), "x.tif")}


def test_before_and_after_lie_side_by_side_as_new_pixels(as_, record, database):
    chipo, jpeg = as_("chipo"), encoded(four_corners((600, 400)), comment=b"planted-name")
    address = f"/desk/incidents/{record}/evidence/chips"
    assert chipo.post(address, data=chip("PRE", "2026-11-01", jpeg), content_type="multipart/form-data").status_code == 303
    assert "data-before-after" not in chipo.get(f"/desk/incidents/{record}").text
    assert chipo.post(address, data=chip("POST", "2026-11-21", jpeg), content_type="multipart/form-data").status_code == 303
    page = chipo.get(f"/desk/incidents/{record}").text
    assert "data-before-after" in page
    picture = re.search(r"/desk/chips/[0-9a-f-]+", page)[0]
    kept = chipo.get(picture)
    assert opened(kept.data).size == (600, 400)
    assert b"planted-name" not in kept.data
    assert as_("dario").get(picture).status_code == 403
    assert chipo.post(address, data=chip("PRE", "2026-11-01", b"no picture at all"), content_type="multipart/form-data").status_code == 422


def test_what_lay_on_a_record_shows_where_it_was_laid_and_goes_back_with_it_when_they_are_parted(as_, report, records, database, work):
    """A note, an item and a picture entered on the one of two records that is merged away are lost to nobody."""
    for metres in (0, 600):
        report(east=metres, witness_proximity="TOLD")
    stays, goes = records()
    bohdan, chipo = as_("bohdan"), as_("chipo")
    put(bohdan, goes)
    bohdan.post(f"/desk/incidents/{goes}/evidence/chips", data=chip("PRE", "2026-10-01", encoded(four_corners())), content_type="multipart/form-data")
    chipo.post(f"/desk/work/records/{goes}/notes", data={"words": "The mill keeper has the keys."})
    told = ("https://channel.example.org/post/17", "Pleiades", "The mill keeper has the keys.")
    certainty_of = text("SELECT certainty FROM incidents WHERE public_id = :id")
    assert chipo.post(f"/desk/incidents/{stays}/merge", data={"other": goes, "reason": "one mill"}).status_code == 303
    work()
    page = bohdan.get(f"/desk/incidents/{stays}").text
    assert [words in page for words in told] == [True] * 3
    assert database.scalar(certainty_of, {"id": stays}) == "POSSIBLE", "what is graded C3 counts here now"
    assert "item.added" in bohdan.get(f"/desk/incidents/{stays}/evidence/custody.json").text
    change = database.scalar(text("SELECT id FROM incident_changes WHERE kind = 'merge'"))
    assert chipo.post(f"/desk/incidents/{stays}/changes/{change}/undo").status_code == 303
    work()
    parted = bohdan.get(f"/desk/incidents/{stays}").text
    assert [words in parted for words in told] == [False] * 3
    assert told[0] in bohdan.get(f"/desk/incidents/{goes}").text
    assert database.scalar(certainty_of, {"id": stays}) == "RUMOUR"


def test_no_name_in_the_chain_is_a_formula_to_a_spreadsheet(as_, record, database):
    bohdan = as_("bohdan")
    put(bohdan, record)
    database.execute(text("UPDATE people SET alias = '=1+1' WHERE email LIKE 'bohdan@%'"))
    told = as_("bohdan").get(f"/desk/incidents/{record}/evidence/custody.csv").data.decode("utf-8-sig")
    assert "'=1+1" in {line["who"] for line in csv.DictReader(io.StringIO(told))}


def test_the_chain_shows_who_held_what_and_a_changed_line_breaks_it(as_, long_ago, record, database):
    from server.verification import chain

    bohdan = as_("bohdan")
    put(bohdan, record)
    page = bohdan.get(f"/desk/incidents/{record}/evidence").text
    assert "item.added" in page
    assert COPY[:16] in page
    assert long_ago("bohdan").get(f"/desk/incidents/{record}/evidence/custody.json").status_code == 302
    told = json.loads(as_("bohdan").get(f"/desk/incidents/{record}/evidence/custody.json").data)
    links = [chain.Link(**line) for line in told["chain"]]
    assert chain.holds(links)
    from dataclasses import replace

    assert not chain.holds([*links[:2], replace(links[2], who="Somebody else"), *links[3:]])
    assert not chain.holds([links[0], *links[2:]])
    rows = list(csv.DictReader(io.StringIO(as_("bohdan").get(f"/desk/incidents/{record}/evidence/custody.csv").data.decode("utf-8-sig"))))
    assert rows[-1]["act"] == "custody.exported", "that the file left is a line of the next one"
    assert as_("sana").get(f"/desk/incidents/{record}/evidence/custody.csv").status_code == 403
