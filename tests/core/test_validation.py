"""A refused field says what is wrong in the language of the person, never in that of a library."""

import re

import pytest
from flask import Flask
from marshmallow import Schema, ValidationError, fields, validate

from server.core import i18n, validation
from server.core.problems import field_errors
from server.core.schemas import Code, Point
from server.vocabulary import Certainty


class Everything(Schema):
    """One field of each kind the house uses."""

    needed = fields.String(required=True)
    filled = fields.String()
    text = fields.String(validate=validate.Length(max=3))
    number = fields.Float(validate=validate.Range(min=1, max=9))
    least = fields.Integer(validate=validate.Range(min=1))
    whole = fields.Integer(strict=True)
    moment = fields.AwareDateTime()
    day = fields.Date()
    identity = fields.UUID()
    several = fields.List(fields.String())
    inside = fields.Nested(Schema.from_dict({"a": fields.String()}))
    truth = fields.Boolean()
    pattern = fields.String(validate=validate.Regexp("x"))
    choice = fields.String(validate=validate.OneOf(["a", "b"]))
    code = Code(Certainty)
    place = Point()


WRONG = {
    "filled": None,
    "text": "four",
    "number": 10,
    "least": 0,
    "whole": 1.5,
    "moment": "yesterday",
    "day": "13/13",
    "identity": "17",
    "several": "one",
    "inside": "word",
    "truth": "perhaps",
    "pattern": "y",
    "choice": "c",
    "code": "SURE",
    "place": "here",
}


@pytest.fixture(scope="module")
def house():
    app = Flask("server", static_folder=None)
    i18n.init_app(app)
    return app


def refusals(house, language):
    with house.app_context(), i18n.in_language(language), pytest.raises(ValidationError) as refused:
        Everything().load(WRONG)
    with house.app_context(), i18n.in_language(language):
        return {error["field"]: error["message"] for error in field_errors(refused.value.messages)}


@pytest.mark.pure
@pytest.mark.parametrize("language", ["uk", "ar", "fr", "es", "ru"])
def test_every_kind_of_field_refuses_in_the_language_of_the_person(house, language):
    english, translated = refusals(house, "en"), refusals(house, language)
    assert {name.partition(".")[0] for name in english} == {*WRONG, "needed"}
    assert [name for name in translated if translated[name] == english[name]] == []


@pytest.mark.pure
def test_a_sentence_fills_its_gaps_after_it_is_translated(house):
    assert refusals(house, "en")["number"] == "This must lie between 1 and 9."
    assert refusals(house, "uk")["code"].endswith("RUMOUR, POSSIBLE, PROBABLE, CONFIRMED, REFUTED.")
    assert refusals(house, "ar")["place"].endswith('{"type": "Point", "coordinates": [30.5, 50.4]}.')


@pytest.mark.pure
def test_no_sentence_of_the_library_is_left_in_the_kinds_the_house_uses(house):
    library = re.compile(r"Not a valid|Missing data|Field may|Must be|Shorter than|Longer than|Invalid|Length must")
    assert not [words for words in refusals(house, "en").values() if library.search(words)]


@pytest.mark.pure
def test_every_translation_can_be_filled_with_what_the_english_names(house):
    named = re.compile(r"\{(\w+)\}")
    tables = [*validation.FIELDS.values(), *validation.VALIDATORS.values(), validation.SCHEMA]
    for words in {words for table in tables for words in table.values()}:
        filling = {name: f"<{name}>" for name in named.findall(words)}
        for language in i18n.LANGUAGES:
            with house.app_context(), i18n.in_language(language):
                said = validation.Sentence(words).format(**filling, input="something else")
            assert all(gap in said for gap in filling.values()), (language, said)


def test_a_phone_whose_report_is_refused_reads_why_in_its_language(client):
    answer = client.put(
        "/api/v1/reports/0b5e0f5e-6c1b-4c3e-9f0a-1d2c3b4a5e6f",
        json={"site_type": "CASTLE", "place_text": "x"},
        headers={"Accept-Language": "uk"},
    )
    assert answer.status_code == 422
    assert answer.json["title"] == "Щось у повідомленні потребує вашої уваги."
    assert answer.json["errors"][0]["message"].startswith("Виберіть одне з: RES.APT")
