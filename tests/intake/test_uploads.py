"""Photos over lines that die (tus): begun, continued where they stopped, opened and compared when whole; kept as evidence."""

import hashlib
import io
import json
from datetime import UTC, datetime, timedelta
from unittest.mock import patch
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from server.accounts.policy import ANONYMOUS
from server.core import ledger
from server.core.database import see_as, session
from server.core.storage import store
from server.evidence import originals, pieces, uploads
from server.evidence.models import Photo
from server.reports import service as reports
from server.reports import vault
from tests.evidence.pictures import encoded, four_corners
from tests.intake.lines import JPEG, Line, code, line, phone
from tests.intake.sealing import SCHOOL, sha256

__all__ = ["line", "phone"]

ORIGINAL = encoded(four_corners(), comment=b"as the camera made it")
EVIDENCE = [*SCHOOL, ["consents", "KEEP_EVIDENCE"]]
CODE_KEY = hashlib.sha256(b"CODE").hexdigest()


def photo(media_id):
    see_as("all")
    session.expire_all()
    return session.get(Photo, UUID(str(media_id)))


def told(browser, number, key=CODE_KEY):
    return browser.get(f"/api/v1/reports/{number}/media", headers={"Receipt-Key": key})


def test_a_photo_in_pieces_arrives_whole_and_says_so_with_the_hash_of_what_was_sent(line, work):
    kept = json.loads(line.send().headers["Tessera-Media"])
    assert kept == {"id": line.media_id, "sha256": sha256(line.envelope), "state": "RECEIVED"}
    work()
    assert photo(line.media_id).state == "CLEAN"


def test_the_true_offset_is_told_after_every_piece_and_whenever_asked(line):
    begun = line.begin()
    assert (begun.status_code, begun.headers["Upload-Offset"], begun.headers["Tus-Resumable"]) == (201, "0", "1.0.0")
    assert begun.headers["Location"] == line.address
    assert begun.headers["Upload-Expires"].endswith("GMT")
    assert line.patch(0, line.envelope[:300]).headers["Upload-Offset"] == "300"
    asked = line.ask("HEAD")
    assert (asked.headers["Upload-Offset"], asked.headers["Upload-Length"]) == ("300", str(len(line.envelope)))
    assert asked.headers["Cache-Control"] == "no-store"
    assert "Tessera-Media" not in asked.headers


def test_begun_again_it_is_begun_once(line):
    line.begin()
    line.patch(0, line.envelope[:300])
    again = line.begin()
    assert (again.status_code, again.headers["Upload-Offset"]) == (200, "300")


def test_a_phone_that_missed_the_last_answer_is_told_again_however_it_asks(line):
    last = line.send().headers["Tessera-Media"]
    for answer in (line.ask("HEAD"), line.begin()):
        assert (answer.status_code, answer.headers["Tessera-Media"]) == (200, last)
        assert answer.headers["Upload-Offset"] == str(len(line.envelope))
    assert line.patch(0, b"x").status_code == 409
    assert photo(line.media_id).state == "RECEIVED"
    assert not pieces.path_of(UUID(line.media_id), "photo").exists()


def test_photos_may_come_before_their_report(phone):
    number, (media, (envelope,)) = uuid4(), phone.announced(JPEG)
    line = Line(phone.browser, number, media[0]["id"], envelope)
    answer = line.send()
    assert (answer.headers["Upload-Offset"], "Tessera-Media" in answer.headers) == (str(len(envelope)), False)
    _number, received = phone.send(number=number, media=media)
    assert received.json["media"] == [{"id": media[0]["id"], "state": "RECEIVED"}]
    assert json.loads(line.ask("HEAD").headers["Tessera-Media"])["sha256"] == sha256(envelope)


@pytest.mark.parametrize("ask", [Line.begin, lambda line: line.ask("HEAD")], ids=["POST", "HEAD"])
def test_a_photo_that_was_whole_when_the_server_was_killed_is_taken_in_when_its_phone_asks(line, ask):
    line.begin()
    with pieces.locked(UUID(line.media_id), "photo") as piece:
        piece.pour(io.BytesIO(line.envelope).read, checksum=None)
    kept = {"id": line.media_id, "sha256": sha256(line.envelope), "state": "RECEIVED"}
    assert json.loads(ask(line).headers["Tessera-Media"]) == kept
    assert photo(line.media_id).state == "RECEIVED"


def test_a_photo_that_another_line_holds_while_its_report_comes_keeps_its_bytes(phone):
    number, (media, (envelope,)) = uuid4(), phone.announced(JPEG)
    line = Line(phone.browser, number, media[0]["id"], envelope)
    line.send()
    with pieces.locked(UUID(line.media_id), "photo"):
        assert phone.send(number=number, media=media)[1].status_code == 201
        held = line.ask("HEAD").headers
        assert (held["Upload-Offset"], "Tessera-Media" in held) == (str(len(envelope)), False)
    assert json.loads(line.ask("HEAD").headers["Tessera-Media"])["sha256"] == sha256(envelope)


def test_a_photo_that_came_before_and_is_another_than_announced_begins_again(phone):
    number, (media, _envelopes) = uuid4(), phone.announced(JPEG)
    line = Line(phone.browser, number, media[0]["id"], phone.seal(media[0]["id"], JPEG[:-1] + b"x"))
    line.send()
    _number, received = phone.send(number=number, media=media)
    assert received.status_code == 201
    assert received.json["media"][0]["state"] == "EXPECTED"
    assert line.offset() == 0


def test_what_is_spoken_here_is_told(line):
    answer = line.browser.options(line.address)
    assert answer.status_code == 204
    assert answer.headers["Tus-Version"] == "1.0.0"
    assert answer.headers["Tus-Extension"] == "creation,checksum,expiration"
    assert answer.headers["Tus-Checksum-Algorithm"] == "sha256"
    assert int(answer.headers["Tus-Max-Size"]) > 15_000_000


def test_the_report_is_complete_only_when_everything_announced_has_come(phone):
    media, envelopes = phone.announced(JPEG, ORIGINAL)
    number, _answer = phone.send(media=media, receipt_key=CODE_KEY)
    for arrived, (envelope, item) in enumerate(zip(envelopes, media, strict=True), start=1):
        assert told(phone.browser, number).json["complete"] is False
        Line(phone.browser, number, item["id"], envelope).send()
        assert [one["state"] for one in told(phone.browser, number).json["media"]].count("RECEIVED") == arrived
    assert told(phone.browser, number).json["complete"] is True


@pytest.mark.parametrize("key", ["", "0" * 64, CODE_KEY[:-1], "x" * 5000])
def test_who_does_not_hold_the_receipt_is_not_told_whether_the_report_exists(phone, key):
    number, _answer = phone.send(receipt_key=CODE_KEY)
    keyless, _answer = phone.send()
    assert told(phone.browser, number).status_code == 200
    answers = [told(phone.browser, number, key), told(phone.browser, uuid4(), key), told(phone.browser, keyless, key)]
    assert {code(answer) for answer in answers} == {(404, "report_not_found")}
    assert len({answer.data for answer in answers}) == 1


# ── Originals, kept as evidence ──────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def with_original(phone):
    """``with_original(fields)``: a report with a photo that offers its original: the line of that original."""

    def send(fields=EVIDENCE):
        media, (envelope,) = phone.announced(JPEG)
        media[0]["original"] = {"bytes": len(ORIGINAL), "sha256": sha256(ORIGINAL)}
        number, _answer = phone.send(fields, media=media, receipt_key=CODE_KEY)
        Line(phone.browser, number, media[0]["id"], envelope).send()
        line = Line(phone.browser, number, media[0]["id"], phone.seal(media[0]["id"], ORIGINAL), "original")
        line.report_id = number
        return line

    return send


def test_an_original_is_kept_sealed_with_its_hash_in_the_ledger_and_nothing_of_it_lies_open(with_original, work):
    line = with_original()
    assert told(line.browser, line.report_id).json["complete"] is False
    assert json.loads(line.send().headers["Tessera-Media"])["state"] == "RECEIVED"
    assert told(line.browser, line.report_id).json["complete"] is True
    work()
    found = photo(line.media_id)
    key = vault.unwrap(found.evidence_key, found.id)
    assert store().get_sealed(found.evidence_ref, "evidence", key=key, bound_to=found.id.bytes) == ORIGINAL
    assert b"as the camera" not in store().get(found.evidence_ref, "evidence")
    kept = [entry.details for entry in ledger.history(found.id) if entry.event == "media.evidence_kept"]
    assert [details["sha256"] for details in kept] == [sha256(ORIGINAL)]


@pytest.mark.parametrize("fields", [SCHOOL, [*EVIDENCE, ["is_minor", "1"]]], ids=["without agreement", "of a child"])
def test_no_original_is_expected_or_taken_that_was_not_agreed_to(with_original, fields):
    line = with_original(fields)
    assert photo(line.media_id).evidence_sha256 is None
    assert code(line.begin()) == (404, "photo_not_found")
    assert told(line.browser, line.report_id).json["complete"] is True


def test_an_original_other_than_announced_is_refused(with_original, phone):
    line = with_original()
    line.begin()
    assert code(line.patch(0, phone.seal(line.media_id, ORIGINAL[:-1] + b"x"))) == (422, "photo_differs")
    assert photo(line.media_id).evidence_at is None


def test_an_original_goes_with_a_report_that_is_taken_back(with_original, work):
    line = with_original()
    line.send()
    work()
    name = photo(line.media_id).evidence_ref
    reports.withdraw(line.report_id, actor=ANONYMOUS)
    session.commit()
    work()
    assert not store().exists(name, "evidence")


def test_after_two_years_an_original_is_destroyed_and_its_hash_stays(with_original):
    line = with_original()
    line.send()
    name = photo(line.media_id).evidence_ref
    assert originals.shred_old_originals() == 0
    with patch("server.evidence.originals.now", lambda: datetime.now(UTC) + timedelta(days=731)):
        assert originals.shred_old_originals() == 1
    assert not store().exists(name, "evidence")
    assert (photo(line.media_id).evidence_key, photo(line.media_id).evidence_sha256) == (None, hashlib.sha256(ORIGINAL).digest())


# ── Time ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_uploads_nobody_goes_on_with_are_forgotten_after_a_week_with_their_bytes(line):
    line.begin()
    line.patch(0, line.envelope[:300])
    assert uploads.sweep() == 0
    assert line.offset() == 300
    with patch("server.evidence.uploads.now", lambda: datetime.now(UTC) + timedelta(days=8)):
        assert uploads.sweep() == 1
    assert line.ask("HEAD").status_code == 404
    assert not pieces.path_of(UUID(line.media_id), "photo").exists()
    assert line.send().status_code == 204


def test_an_upload_keeps_no_word_of_who_sends_it(line, database):
    line.begin()
    row = database.execute(text("SELECT * FROM uploads")).mappings().one()
    assert set(row) == {"media_id", "part", "report_id", "length", "lane", "begun_at", "expires_at", "finished_at", "sealed_sha256"}
