"""A receipt's code cannot be guessed: a million guesses find nothing, too many are refused, and no answer tells near from far."""

import hashlib
import random
import re
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import event, text

from server.core.database import see_as, session
from server.reports import vault

GUESSES, AT_ONCE = 1_000_000, 50_000
WORDS = (Path(__file__).resolve().parents[2] / "static" / "field" / "words.txt").read_text().split()
CODE = "-".join(WORDS[place] for place in (7, 19, 512, 1023, 3, 700, 44, 901))


def key_of(code):
    return hashlib.sha256(vault.normal_code(code).encode()).hexdigest()


@pytest.fixture
def report(client):
    body = {"site_type": "RES.HOUSE", "damage": "D3", "text": "Roof gone.", "receipt_key": key_of(CODE)}
    assert client.put(f"/api/v1/reports/{uuid4()}", json=body).status_code == 201


def found(hashes):
    see_as("all")
    return session.scalar(text("SELECT count(*) FROM reports WHERE receipt_hash = ANY(:hashes)"), {"hashes": hashes})


@pytest.mark.slow
def test_a_million_guesses_find_no_report_and_the_right_code_does(report):
    assert found([vault.receipt_hash(CODE)]) == 1
    dice, hits = random.Random(11), 0
    for _ in range(GUESSES // AT_ONCE):
        hits += found([vault.receipt_hash_of_key(hashlib.sha256(dice.randbytes(10)).hexdigest()) for _ in range(AT_ONCE)])
    assert hits == 0


def test_of_a_code_nearly_right_nothing_is_found(report):
    right = CODE.split("-")
    nearly = ["-".join([*right[:place], other, *right[place + 1 :]]) for place in range(8) for other in WORDS if other != right[place]]
    assert len(nearly) == 8 * 1023
    assert found([vault.receipt_hash(code) for code in (*nearly, "-".join(right[:7]), "-".join(right[::-1]), CODE + "-able")]) == 0


def test_a_code_has_eighty_bits_and_the_server_keeps_none_of_them(client, database):
    codes = {vault.derived_code(uuid4()) for _ in range(2_000)}
    assert len(codes) == 2_000
    assert {len(code.split("-")) for code in codes} == {8}
    used = {word for code in codes for word in code.split("-")}
    assert used == set(WORDS), "every word comes up"
    assert len(WORDS) ** 8 == 2**80


def test_a_derived_code_is_another_under_another_secret(monkeypatch):
    number = uuid4()
    before = vault.derived_code(number)
    monkeypatch.setattr(vault, "derived_key", lambda _purpose: bytes(32))
    assert vault.derived_code(number) != before


def test_whoever_guesses_is_soon_told_to_wait_whichever_process_is_asked(report, client, app):
    statuses = [client.post("/receipt", data={"code": f"guess {number}"}).status_code for number in range(22)]
    assert statuses[:20] == [404] * 20
    assert statuses[20:] == [429] * 2
    assert app.test_client().post("/receipt", data={"code": CODE}).status_code == 429


def test_a_wrong_code_costs_the_same_work_however_near_it_is(report, client, database):
    asked = []

    def note(_connection, _cursor, statement, *_more):
        asked.append(re.sub(r"savepoint_\d+", "savepoint", statement))

    event.listen(database, "before_cursor_execute", note)
    spent = []
    for code in ("x", CODE[:-1], CODE + "s", "-".join(WORDS[:8])):
        asked.clear()
        answer = client.post("/receipt", data={"code": code})
        spent.append((answer.status_code, len(answer.data) - len(code), list(asked)))
    event.remove(database, "before_cursor_execute", note)
    assert {status for status, _size, _asked in spent} == {404}
    assert spent[0][2] == spent[1][2] == spent[2][2] == spent[3][2]
    assert len({size for _status, size, _asked in spent}) == 1
