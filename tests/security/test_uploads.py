"""Uploads that lie (78–83): longer or shorter than said, another's, two at once, never finished, changed on the way."""

import hashlib
import threading
from base64 import b64encode
from unittest.mock import patch
from uuid import UUID, uuid4

import pytest

from server.core import health
from server.core.database import session
from server.evidence import pieces, uploads
from server.reports import sealing
from tests.intake.lines import JPEG, PIECE, Line, code, line, phone

__all__ = ["line", "phone"]


def state(line):
    """What the report's receipt says of the line's photo."""
    from server.core.database import see_as
    from server.evidence.models import Photo

    see_as("all")
    return session.get(Photo, UUID(line.media_id), populate_existing=True).state


def test_a_piece_that_arrived_changed_is_refused_and_nothing_of_it_kept(line):
    line.begin()
    line.patch(0, line.envelope[:200])
    answer = line.patch(200, b"x" * 100, checksum_of=line.envelope[200:300])
    assert code(answer) == (460, "upload_differs")
    assert answer.headers["Upload-Offset"] == "200"
    assert line.offset() == 200
    assert line.patch(200, line.envelope[200:300], checksum_of=line.envelope[200:300]).status_code == 204


@pytest.mark.parametrize("offset", [0, 299, 301, 10**6, 10**14])
def test_a_piece_for_another_place_is_refused_and_the_true_place_told(line, offset):
    line.begin()
    line.patch(0, line.envelope[:300])
    answer = line.patch(offset, b"xyz")
    assert code(answer) == (409, "wrong_offset")
    assert answer.headers["Upload-Offset"] == "300"
    assert line.offset() == 300


@pytest.mark.parametrize("offset", ["-1", "", "x", "9223372036854775808", "1e3", "0x10", "1_0"])
def test_an_offset_that_is_no_number_is_refused(line, offset):
    line.begin()
    assert code(line.patch(offset, b"xyz")) == (400, "bad_request")
    assert line.offset() == 0


@pytest.mark.parametrize("length", ["-1", "", "x", "1e9", "9223372036854775808", "0", "93"])
def test_a_length_that_is_none_is_refused(phone, length):
    assert Line(phone.browser, uuid4(), uuid4(), b"").begin(length).status_code == 400


def test_more_than_was_said_is_refused_unread_and_less_is_waited_for(line):
    line.begin()
    assert code(line.patch(0, line.envelope + b"x")) == (413, "too_large")
    assert line.offset() == 0
    assert line.patch(0, line.envelope[:-1]).status_code == 204
    assert state(line) == "EXPECTED"


def test_larger_than_a_photo_may_be_is_refused_before_it_begins(phone):
    line = Line(phone.browser, uuid4(), uuid4(), b"")
    assert code(line.begin(10**9)) == (413, "too_large")
    assert code(line.begin(15_000_094)) == (413, "too_large")
    assert line.begin(15_000_093).status_code == 201


def test_another_size_than_announced_or_than_said_before_is_refused(line):
    assert code(line.begin(len(line.envelope) + 1)) == (422, "photo_differs")
    assert line.begin().status_code == 201
    assert code(line.begin(len(line.envelope) - 1)) == (409, "conflicting_photo")


def test_what_is_whole_and_not_what_was_announced_begins_again(line, phone):
    wrong = {
        "photo_differs": phone.seal(line.media_id, JPEG[:-1] + b"x"),
        "unreadable_envelope": phone.seal(uuid4(), JPEG),
        "unknown_key": sealing.seal(JPEG, public=sealing.public_bytes(sealing.new_pair()), bound_to=UUID(line.media_id)),
    }
    line.begin()
    for name, envelope in wrong.items():
        answer = line.patch(0, envelope)
        assert (code(answer), answer.headers["Upload-Offset"]) == ((422, name), "0")
    line.send()
    assert state(line) == "RECEIVED"


def test_a_file_that_is_no_photo_is_refused_for_good_and_the_report_stays(phone):
    media, (envelope,) = phone.announced(b"%PDF-1.7 " + bytes(90))
    number, _answer = phone.send(media=media)
    line = Line(phone.browser, number, media[0]["id"], envelope)
    assert '"state": "REFUSED", "refusal": "NOT_A_PHOTO"' in line.send().headers["Tessera-Media"]
    assert state(line) == "REFUSED"


def test_another_report_s_upload_does_not_exist(line, phone):
    line.begin()
    other = Line(phone.browser, uuid4(), line.media_id, line.envelope)
    for answer in (other.patch(0, line.envelope), other.begin()):
        assert code(answer) == (404, "photo_not_found")
    assert other.ask("HEAD").status_code == 404
    assert line.offset() == 0


def test_what_was_not_begun_or_not_announced_does_not_exist(line, phone):
    assert line.ask("HEAD").status_code == 404
    assert code(line.patch(0, b"x")) == (404, "photo_not_found")
    number, _answer = phone.send()
    assert code(Line(phone.browser, number, uuid4(), b"").begin(5000)) == (404, "photo_not_found")


@pytest.mark.parametrize("version", [None, "0.2.2", "1.0.1", "2.0.0"])
def test_another_version_of_the_protocol_is_refused_and_the_right_one_told(line, version):
    headers = {} if version is None else {"Tus-Resumable": version}
    answer = line.browser.post(line.address, headers={"Upload-Length": "500", **headers})
    assert code(answer) == (412, "tus_version")
    assert answer.headers["Tus-Version"] == answer.headers["Tus-Resumable"] == "1.0.0"


def test_pieces_without_their_type_or_sense_are_refused(line):
    line.begin()
    assert code(line.patch(0, b"x", content_type="text/plain")) == (415, "unsupported_type")
    for said in ("md5 abc=", "sha256 !", "sha256", "sha256 YWJj"):
        assert code(line.patch(0, b"x", **{"Upload-Checksum": said})) == (400, "bad_request")
    for part in ("!!", b64encode(b"../../etc/passwd").decode(), b64encode("фото".encode()).decode()):
        assert code(line.begin(**{"Upload-Metadata": f"part {part}"})) == (400, "bad_request")
    assert line.offset() == 0


def test_pieces_without_a_length_are_refused(line):
    line.begin()
    chunked = {"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}
    answer = line.browser.patch(line.address, environ_overrides=chunked, headers={"Tus-Resumable": "1.0.0"}, content_type=PIECE)
    assert code(answer) == (411, "length_required")


def test_a_second_writer_is_told_to_wait_and_can_change_nothing(line):
    line.begin()
    with pieces.locked(UUID(line.media_id), "photo"):
        answer = line.patch(0, line.envelope[:100])
        assert code(answer) == (423, "upload_busy")
        assert int(answer.headers["Retry-After"]) > 0
    assert line.patch(0, line.envelope[:100]).status_code == 204


@pytest.mark.pure
def test_of_many_writers_at_one_place_one_writes_and_nothing_is_mixed(app):
    name, data, gate, outcomes = (uuid4(), "photo"), b"0123456789" * 500, threading.Barrier(8), []

    def write():
        gate.wait()
        try:
            with pieces.locked(*name) as piece:
                if piece.size == 0:
                    chunks = iter([data[:2000], data[2000:]])
                    piece.pour(lambda _size: next(chunks, b""), checksum=None)
                    outcomes.append("wrote")
        except uploads.Problem as refused:
            outcomes.append(refused.code)

    threads = [threading.Thread(target=write) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count("wrote") == 1
    assert set(outcomes) <= {"wrote", "upload_busy"}
    assert pieces.path_of(*name).read_bytes() == data
    pieces.remove(*name)


def test_what_had_come_when_a_line_broke_stays(line):
    line.begin()
    heard = [line.envelope[:700]]

    def dying(_size):
        if not heard:
            raise TimeoutError
        return heard.pop()

    with pieces.locked(UUID(line.media_id), "photo") as piece:
        piece.pour(dying, checksum=hashlib.sha256(line.envelope).digest())
    assert line.offset() == 700
    assert line.patch(700, line.envelope[700:]).status_code == 204
    assert state(line) == "RECEIVED"


def test_uploads_that_are_never_finished_fill_their_lane_and_no_other(phone, as_, line):
    amal = as_("amal")
    with patch.dict(uploads.UNANNOUNCED, public=(10**9, 20)):
        answers = [Line(phone.browser, uuid4(), uuid4(), b"").begin(5000) for _ in range(25)]
        assert [answer.status_code for answer in answers] == [201] * 20 + [429] * 5
        assert code(answers[-1]) == (429, "too_many_requests")
        assert line.begin().status_code == 201, "a photo that a report announced has room of its own"
        assert Line(amal, uuid4(), uuid4(), b"").begin(5000).status_code == 201


def test_bytes_that_were_promised_count_before_they_come(phone):
    with patch.dict(uploads.UNANNOUNCED, public=(10_000, 100)):
        assert Line(phone.browser, uuid4(), uuid4(), b"").begin(6000).status_code == 201
        assert Line(phone.browser, uuid4(), uuid4(), b"").begin(6000).status_code == 429


def test_no_room_on_the_disk_is_said_before_it_begins(line):
    with patch.object(health, "PHOTO_BYTES", 10**18):
        assert code(line.begin()) == (507, "storage_full")
    assert line.begin().status_code == 201
