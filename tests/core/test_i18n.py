"""Each person is spoken to in their language; only a choice is remembered, and strangers' text cannot turn the page."""

import pytest
from flask import Flask, render_template_string
from hypothesis import given
from hypothesis import strategies as st

from server.core import i18n
from server.vocabulary import DamageGrade

pytestmark = pytest.mark.pure

PAGE = """<html lang="{{ language() }}" dir="{{ direction() }}">{{ grade|words }}
{% for link in language_links() %}<a href="{{ link.href }}">{{ link.name }}</a>{% endfor %}"""


@pytest.fixture(scope="module")
def house():
    """An application that has nothing but its languages."""
    app = Flask("server", static_folder=None)
    i18n.init_app(app)
    app.add_url_rule("/page", view_func=lambda: render_template_string(PAGE, grade=DamageGrade.D4), endpoint="page")
    app.add_url_rule("/data", view_func=lambda: {"words": i18n.words(DamageGrade.D4)}, endpoint="data")
    return app


@pytest.fixture
def browser(house):
    return house.test_client()


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, "Destroyed"),
        ("uk-UA,uk;q=0.9,en;q=0.8", "Зруйновано"),
        ("ar", "مدمَّر"),
        ("fr-CA, fr;q=0.9", "Détruit"),
        ("es-419", "Destruido"),
        ("ru;q=0.2, uk;q=0.9", "Зруйновано"),
        ("xx, yy", "Destroyed"),
        ("*;q=nonsense,,;", "Destroyed"),
    ],
)
def test_a_browser_that_asks_for_a_language_is_answered_in_it(browser, header, expected):
    answer = browser.get("/page", headers={"Accept-Language": header} if header else {})
    assert expected in answer.text
    assert "Accept-Language" in answer.headers["Vary"]


def test_the_address_beats_the_cookie_and_the_cookie_beats_the_browser(browser):
    browser.set_cookie("lang", "fr")
    headers = {"Accept-Language": "ru"}
    assert "Détruit" in browser.get("/page", headers=headers).text
    assert "Destruido" in browser.get("/page?lang=es", headers=headers).text


def test_nothing_is_remembered_of_a_person_who_chose_nothing(browser):
    assert "Set-Cookie" not in browser.get("/page", headers={"Accept-Language": "uk"}).headers


def test_a_choice_is_remembered_on_the_device_and_only_for_this_site(browser):
    cookie = browser.get("/page?lang=uk").headers["Set-Cookie"]
    assert cookie.startswith("lang=uk;")
    assert "SameSite=Lax" in cookie
    assert "HttpOnly" in cookie
    assert "Зруйновано" in browser.get("/page").text
    assert "Set-Cookie" not in browser.get("/page?lang=uk").headers


def test_a_program_that_names_a_language_gets_words_and_no_cookie(browser):
    answer = browser.get("/data?lang=ar")
    assert answer.json == {"words": "مدمَّر"}
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("code", ["xx", "", "uk;evil=1", "../uk", "UK\r\nSet-Cookie: a=b", "en" * 5000, "\u202euk"])
def test_a_language_nobody_speaks_here_changes_nothing(browser, code):
    answer = browser.get("/page", query_string={"lang": code})
    assert answer.status_code == 200
    assert 'lang="en"' in answer.text
    assert "Set-Cookie" not in answer.headers


def test_a_forged_cookie_changes_nothing(browser):
    browser.set_cookie("lang", "../../etc")
    assert 'lang="en"' in browser.get("/page").text


def test_arabic_runs_from_right_to_left_and_the_others_from_left_to_right(browser):
    assert 'lang="ar" dir="rtl"' in browser.get("/page?lang=ar").text
    directions = {code: i18n.direction(code) for code in i18n.LANGUAGES}
    assert {code for code, way in directions.items() if way == "rtl"} == {"ar"}


def test_the_language_switch_keeps_the_question_and_never_leaves_the_page(browser):
    text = browser.get("/page?near=a%26b&near=c&lang=fr").text
    assert '<a href="?near=a%26b&amp;near=c&amp;lang=uk">Українська</a>' in text
    assert text.count("<a href=") == len(i18n.LANGUAGES)


def test_words_outside_a_request_are_spoken_in_the_language_asked_for(house):
    with house.app_context(), i18n.in_language("es"):
        assert i18n.words(DamageGrade.D4) == "Destruido"
    with house.app_context(), i18n.in_language("xx"):
        assert i18n.words(DamageGrade.D4) == "Destroyed"


def test_no_words_are_nothing_rather_than_the_head_of_the_catalogue(house):
    with house.app_context(), i18n.in_language("uk"):
        assert i18n.words("") == i18n.words(None) == ""


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("abc\u202edcba", "abcdcba"),
        ("\u2066isolated\u2069", "isolated"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("👩\u200d🚒", "👩\u200d🚒"),
        ("\u200fعربي", "\u200fعربي"),
        ("<script>", "<script>"),
        ("O'Brien п’ять", "O'Brien п’ять"),
        (None, ""),
        (17, "17"),
    ],
)
def test_controls_that_turn_the_page_are_dropped_and_joiners_stay(text, shown):
    assert i18n.neutral(text) == shown


@given(st.text(alphabet=st.sampled_from("aя\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200d\u200c")))
def test_no_control_survives_and_nothing_else_is_lost(text):
    shown = i18n.neutral(text)
    assert not set(shown) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
    assert sum(text.count(kept) for kept in "aя\u200d\u200c") == len(shown)


def test_text_of_a_stranger_is_still_escaped(house):
    with house.test_request_context("/"):
        shown = render_template_string("<bdi>{{ text|said }}</bdi>", text="\u202e<b>")
    assert shown == "<bdi>&lt;b&gt;</bdi>"
