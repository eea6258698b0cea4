"""Abuse without watching people: what strangers are asked while it is busy, what nobody else is, and proofs that lie."""

import hashlib
import json
from base64 import b64decode, b64encode
from dataclasses import replace
from datetime import timedelta
from unittest.mock import patch
from uuid import uuid4

import pytest
from sqlalchemy import text

from server.accounts.service import add_key
from server.core.clock import now
from server.core.database import session
from server.core.settings import settings
from server.core.tally import TALLY
from server.intake import lanes, proof
from server.reports import keys
from tests.intake.sealing import SealingPhone
from tests.people import actor

BODY = {"site_type": "RES.APT", "damage": "D3", "point": {"type": "Point", "coordinates": [-56.1645, -34.9011]}, "text": "Roof gone."}
CALM = 20


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """Strangers may send 20 reports a minute before they are asked, and two from one network."""
    chosen = replace(settings(), public_reports_per_minute=CALM)
    monkeypatch.setattr(lanes, "settings", lambda: chosen)


@pytest.fixture
def networks(monkeypatch):
    """Every report comes from a network of its own."""
    monkeypatch.setattr(lanes, "lane_key", lambda: uuid4().hex)


def put(browser, number=None, proof_word=None, body=BODY, **headers):
    more = {"Proof": proof_word} if proof_word is not None else {}
    return browser.put(f"/api/v1/reports/{number or uuid4()}", json=body, headers={**more, **headers})


def make_busy(browser):
    for _ in range(CALM):
        assert put(browser).status_code == 201


def solve(challenge):
    """What a phone does: count until the hash fits."""
    for number in range(challenge["maxnumber"] + 1):
        if hashlib.sha256(f"{challenge['salt']}{number}".encode()).hexdigest() == challenge["challenge"]:
            return packed({**{name: challenge[name] for name in ("algorithm", "challenge", "salt", "signature")}, "number": number})
    raise AssertionError("no number fits")


def packed(said):
    return b64encode(json.dumps(said).encode()).decode()


def asked(answer):
    assert (answer.status_code, answer.json["code"]) == (429, "proof_needed"), answer.text
    assert int(answer.headers["Retry-After"]) >= 1
    return answer.json["challenge"]


# ── Who is asked ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_strangers_are_asked_only_while_it_is_busy_and_a_solved_puzzle_lets_the_report_in(client, networks):
    make_busy(client)
    number = uuid4()
    challenge = asked(put(client, number))
    assert {"algorithm", "challenge", "maxnumber", "salt", "signature"} <= set(challenge)
    assert put(client, number, solve(challenge)).status_code == 201


def test_a_sealed_report_is_asked_the_same_before_it_is_opened(client, networks, database):
    keys.ensure_key()
    session.commit()
    make_busy(client)
    phone, number = SealingPhone(client), uuid4()
    envelope = phone.envelope(number)
    challenge = asked(phone.put(number, envelope))
    assert asked(phone.put(uuid4(), b"rubbish"))
    assert phone.put(number, envelope, Proof=solve(challenge)).status_code == 201


def test_people_who_are_signed_in_and_programs_with_a_key_are_never_asked(client, networks, as_, people):
    word = add_key(people["dario"].organisation_id, "importer", actor=actor(people["ada"]))
    session.commit()
    make_busy(client)
    asked(put(client))
    for _ in range(5):
        assert put(as_("amal")).status_code == 201
        assert put(client, Authorization=f"Bearer {word}").status_code == 201


def test_an_account_without_a_role_or_a_wrong_key_raises_nobody(client, networks, as_):
    make_busy(client)
    asked(put(as_("eve")))
    assert put(client, Authorization="Bearer tsr_wrong.key").status_code == 401


def test_one_network_that_sends_much_is_asked_earlier_but_never_refused_for_it(client):
    assert [put(client).status_code for _ in range(3)] == [201, 201, 429]
    number = uuid4()
    assert put(client, number, solve(asked(put(client, number)))).status_code == 201


def test_the_puzzle_is_harder_the_busier_it_is_and_never_too_hard_for_a_cheap_phone(client, networks):
    make_busy(client)
    first = asked(put(client))["maxnumber"]
    TALLY.hit("public", window_s=60, amount=2 * CALM)
    second = asked(put(client))["maxnumber"]
    TALLY.hit("public", window_s=60, amount=10_000)
    third = asked(put(client))["maxnumber"]
    assert lanes.EASIEST <= first < second < third == lanes.HARDEST


def test_when_proofs_do_not_help_either_strangers_wait_and_nobody_else(client, networks, as_):
    make_busy(client)
    number = uuid4()
    word = solve(asked(put(client, number)))
    TALLY.hit("proved", window_s=60, amount=CALM * lanes.SWAMPED)
    answer = put(client, number, word)
    assert (answer.status_code, answer.json["code"]) == (503, "lane_full")
    assert int(answer.headers["Retry-After"]) > 0
    assert put(as_("amal")).status_code == 201


def test_a_program_gone_wild_is_told_to_wait_without_holding_up_its_neighbours(as_, people):
    with patch.dict(lanes.MOST_PER_MINUTE, enrolled=3):
        amal, chipo = as_("amal"), as_("chipo")
        assert [put(amal).status_code for _ in range(5)] == [201] * 3 + [429] * 2
        assert put(chipo).status_code == 201


# ── Proofs that lie ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_proof_is_good_once(client, networks):
    make_busy(client)
    number = uuid4()
    word = solve(asked(put(client, number)))
    assert put(client, number, word).status_code == 201
    asked(put(client, number, word, {**BODY, "damage": "D1"}))


def test_a_proof_is_good_for_its_own_report_only(client, networks):
    make_busy(client)
    word = solve(asked(put(client, uuid4())))
    asked(put(client, uuid4(), word))


def test_a_proof_of_a_report_that_was_refused_is_still_good(client, networks):
    make_busy(client)
    number = uuid4()
    word = solve(asked(put(client, number)))
    assert put(client, number, word, {"damage": "D9"}).status_code == 422
    assert put(client, number, word).status_code == 201


def test_a_proof_that_is_too_old_is_refused(client, networks):
    make_busy(client)
    number = uuid4()
    with patch("server.intake.proof.now", lambda: now() - timedelta(minutes=11)):
        old = solve(asked(put(client, number)))
    asked(put(client, number, old))


def test_proofs_that_are_forged_are_refused_and_never_a_crash(client, networks):
    make_busy(client)
    number = uuid4()
    good = json.loads(b64decode(solve(asked(put(client, number)))))
    lies = [
        "", "x", "!!!", packed([]), packed({}), packed(None), packed("word"), "A" * 5_000, packed({**good, "number": good["number"] + 1}),
        packed({**good, "number": str(good["number"])}), packed({**good, "number": True}), packed({**good, "number": 1e400}),
        packed({**good, "algorithm": "SHA-1"}), packed({**good, "algorithm": 7}), packed({**good, "signature": "0" * 64}),
        packed({**good, "salt": good["salt"].replace("expires=1", "expires=9")}), packed({**good, "salt": good["salt"] + "expires=99999999999&"}),
        packed({**good, "salt": "?"}), packed({**good, "challenge": None}), b64encode(b"[" * 1_400).decode(), b64encode(b"\xff\xfe").decode(),
    ]  # fmt: skip
    for lie in lies:
        asked(put(client, number, lie))
    assert put(client, number, packed(good)).status_code == 201


def test_used_proofs_are_forgotten_when_they_would_not_be_taken_any_more(client, networks, database):
    make_busy(client)
    number = uuid4()
    put(client, number, solve(asked(put(client, number))))
    proof.forget_expired()
    assert database.scalar(text("SELECT count(*) FROM used_proofs")) == 1
    with patch("server.intake.proof.now", lambda: now() + timedelta(minutes=11)):
        proof.forget_expired()
    assert database.scalar(text("SELECT count(*) FROM used_proofs")) == 0


# ── Turns ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_public_reports_take_turns_and_give_them_back_whatever_becomes_of_them(client, networks):
    bodies = [BODY, {"damage": "D9"}, BODY]
    for _ in range(lanes.PUBLIC_AT_ONCE):
        for body in bodies:
            put(client, body=body)
    assert lanes._turns._value == lanes.PUBLIC_AT_ONCE


def test_when_all_turns_are_taken_strangers_wait_and_a_worker_does_not(client, as_, networks, monkeypatch):
    monkeypatch.setattr(lanes, "PATIENCE_S", 0.05)
    amal = as_("amal")
    for _ in range(lanes.PUBLIC_AT_ONCE):
        lanes._turns.acquire()
    try:
        assert put(client).json["code"] == "lane_full"
        assert put(amal).status_code == 201
    finally:
        for _ in range(lanes.PUBLIC_AT_ONCE):
            lanes._turns.release()
    assert put(client).status_code == 201


# ── Nobody is remembered ─────────────────────────────────────────────────────────────────────────────────────────────


def test_no_address_lies_in_any_table(client, database):
    for _ in range(4):
        client.put(f"/api/v1/reports/{uuid4()}", json=BODY, environ_base={"REMOTE_ADDR": "198.51.100.77"}, headers={"User-Agent": "canary-agent"})
    tables = database.scalars(text("SELECT oid::regclass::text FROM pg_class WHERE relkind = 'r' AND relnamespace::regnamespace::text IN ('public','vault','pub')")).all()
    for table in tables:
        for row in database.execute(text(f"SELECT t::text FROM {table} t LIMIT 50")):
            assert "198.51.100" not in row[0], table
            assert "canary-agent" not in row[0], table
