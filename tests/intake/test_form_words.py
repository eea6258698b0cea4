"""The words of receipt codes: enough of them, readable aloud, and each code one code only, however it is written."""

import re
from itertools import pairwise
from pathlib import Path

import pytest

from server.reports import vault

pytestmark = pytest.mark.pure

WORDS = (Path(__file__).resolve().parents[2] / "static" / "field" / "words.txt").read_text().split()


def test_eight_words_of_the_list_are_eighty_bits():
    assert len(set(WORDS)) == len(WORDS) == 1024


def test_the_words_are_short_and_have_no_letter_that_the_normal_form_drops():
    assert [word for word in WORDS if not re.fullmatch("[a-tv-z]{4,6}", word)] == []


def test_no_word_begins_another_so_that_a_code_without_spaces_is_still_one_code_only():
    normal = sorted(vault.normal_code(word) for word in WORDS)
    assert len(set(normal)) == len(WORDS)
    assert [(a, b) for a, b in pairwise(normal) if b.startswith(a)] == []


def test_spaces_dashes_capitals_and_look_alikes_do_not_matter():
    assert vault.normal_code("Lion-0live  ocean") == vault.normal_code("LI0N olive OCEAN") == vault.normal_code("lionoliveocean")


def test_anybody_may_fetch_the_list_and_a_phone_keeps_it(client):
    answer = client.get("/static/field/words.txt")
    assert answer.mimetype == "text/plain"
    assert answer.text.split() == WORDS
