"""Every word that people see is translated into every language of the house, whole and without surprises."""

import re
from functools import cache
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.frontend import CommandLineInterface
from babel.messages.pofile import read_po

pytestmark = pytest.mark.pure

ROOT = Path(__file__).resolve().parents[2]
LANGUAGES = ("uk", "ar", "fr", "es", "ru")
PLACEHOLDER = re.compile(r"%\(\w+\)[sdrf]|%[sdrf](?![\w])|\{\w*\}")
TAG = re.compile(r"<[/!?a-zA-Z][^>]*>|&[a-z]+;|&#\w+;")
LETTERS = {"uk": "[а-яіїєґ]", "ru": "[а-яё]", "ar": "[\u0620-\u064a]"}
# Names that are written in Latin letters everywhere.
NAMES_ONLY = re.compile(r"[\W\d_]*(?:(?:Tessera|Open311|Plus code|Plus Code|CSV|GeoJSON|XLSX|GeoPackage|KML|API|OpenAPI|URL|ODK|Kobo|MGRS|H3|km²|UTC|CC BY 4\.0|QR|ID|OGC|SHA-256|Excel|LibreOffice|Copernicus EMS|Copernicus|UNOSAT)[\W\d_]*)*", re.IGNORECASE)  # fmt: skip


@cache
def words() -> dict[str | tuple[str, ...], Message]:
    """Everything the extractor finds in code and templates today, as {msgid: message}."""
    return {message.id: message for message in _extracted() if message.id}


def _extracted() -> Catalog:
    target = ROOT / "var" / "words-under-test.pot"
    target.parent.mkdir(exist_ok=True)
    arguments = ["-q", "extract", f"--mapping={ROOT / 'babel.cfg'}", "--keywords=lazy_gettext", f"--output={target}"]
    CommandLineInterface().run(["pybabel", *arguments, str(ROOT)])
    with target.open("rb") as file:
        return read_po(file)


@cache
def catalogue(language: str) -> Catalog:
    with (ROOT / "server" / "translations" / language / "LC_MESSAGES" / "messages.po").open("rb") as file:
        return read_po(file, locale=language)


def forms(message: Message | None) -> list[str]:
    """Each translated form of a message: one, or as many as the language has plurals."""
    if message is None:
        return []
    return list(message.string) if isinstance(message.string, (tuple, list)) else [message.string]


def pairs(language: str) -> list[tuple[str, str]]:
    """Every (English, translated form) of a language; of a plural message the English of many."""
    found = []
    for identity in words():
        english = identity if isinstance(identity, str) else identity[-1]
        found += [(english, form) for form in forms(catalogue(language).get(identity)) if form]
    return found


def test_the_extractor_sees_code_lists_pages_and_problems():
    assert {"No visible damage", "Please sign in.", "Skip to the content", "Language"} <= set(words())


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_word_is_translated(language):
    missing = []
    for identity in words():
        message = catalogue(language).get(identity)
        if message is None or message.fuzzy or not all(forms(message)):
            missing.append(identity)
    assert not missing, f"{len(missing)} words lack {language}; run `make messages` and translate them: {missing[:20]}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_plural_has_every_form_the_language_needs(language):
    for identity in words():
        if isinstance(identity, tuple):
            assert len(forms(catalogue(language).get(identity))) == catalogue(language).num_plurals, identity


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_fills_in_the_same_things_as_the_english(language):
    for english, form in pairs(language):
        wanted, given = set(PLACEHOLDER.findall(english)), set(PLACEHOLDER.findall(form))
        # "one report" and "two reports" may say the number in words.
        spoken = {"%(num)s", "%(num)d", "%(count)s", "%(n)s"} if _is_plural(english) else set()
        assert given <= wanted, (english, form)
        assert wanted - spoken <= given, (english, form)


def _is_plural(english: str) -> bool:
    return any(isinstance(identity, tuple) and english == identity[-1] for identity in words())


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_percent_sign_cannot_break_a_translation(language):
    for english, form in pairs(language):
        if PLACEHOLDER.search(english):
            assert not re.search(r"%(?![(%])", form.replace("%%", "")), (english, form)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_brings_no_markup_the_english_has_not(language):
    for english, form in pairs(language):
        assert sorted(TAG.findall(form)) == sorted(TAG.findall(english)), (english, form)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_holds_no_controls_and_no_stray_space(language):
    for english, form in pairs(language):
        assert not re.search("[\u202a-\u202e\u2066-\u2069\u0000-\u0008]", form), form
        assert (form[:1].isspace(), form[-1:].isspace()) == (english[:1].isspace(), english[-1:].isspace()), form


@pytest.mark.parametrize("language", ["uk", "ru", "ar"])
def test_a_translation_is_written_in_the_letters_of_its_language(language):
    for english, form in pairs(language):
        plain = PLACEHOLDER.sub("", form)
        if not NAMES_ONLY.fullmatch(plain):
            assert re.search(LETTERS[language], plain, re.IGNORECASE), (english, form)


def test_ukrainian_and_russian_do_not_borrow_each_others_letters():
    for language, foreign in (("uk", "[ыэёъ]"), ("ru", "[іїєґ]")):
        for english, form in pairs(language):
            assert not re.search(foreign, form, re.IGNORECASE), (language, english, form)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_catalogue_keeps_no_word_that_nobody_says(language):
    said = set(words())
    kept = [message.id for message in catalogue(language) if message.id and message.id not in said]
    assert not kept, f"run `make messages`: {kept[:20]}"
