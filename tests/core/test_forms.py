"""A form field is asked as its passport says: nothing about a question is written twice."""

import re

import pytest
from flask import render_template_string
from marshmallow import fields, validate
from werkzeug.datastructures import MultiDict

from server.core.forms import errors_of, question
from server.core.schemas import AutoSchema, Code
from server.reports.models import Report
from server.vocabulary import CITIZEN_NEEDS, DamageGrade, NeedType, SiteType


class Asked(AutoSchema):
    class Meta(AutoSchema.Meta):
        model = Report
        fields = ("site_type", "damage", "needs", "functional_status", "people_trapped", "same_damage_as")


ASKED = Asked().fields


@pytest.fixture
def drawn(app):
    """``drawn(field, values, errors)``: the macro `field` as a page gets it."""
    source = '{% from "macros/fields.html" import field with context %}{{ field(asked, values, errors) }}'

    def draw(field, values=(), errors=()):
        with app.test_request_context("/?lang=en"):
            return render_template_string(source, asked=field, values=MultiDict(values), errors=list(errors))

    return draw


@pytest.mark.pure
def test_a_question_takes_its_words_answers_and_limits_from_the_column():
    damage = question(ASKED["damage"])
    assert (damage.name, damage.label, damage.widget) == ("damage", "How badly is it damaged?", "pictograms")
    assert damage.choices == tuple(DamageGrade)
    assert not damage.several
    needs = question(ASKED["needs"])
    assert needs.several
    assert needs.hint == "Choose all that apply."
    assert needs.choices == tuple(NeedType)
    assert needs.only(CITIZEN_NEEDS).choices == CITIZEN_NEEDS
    assert question(ASKED["same_damage_as"]).limit == 16


@pytest.mark.pure
def test_a_field_without_a_passport_is_asked_by_its_kind():
    def asked(field):
        field.name = "x"
        return question(field).widget

    assert asked(fields.String(validate=validate.Length(max=2000))) == "words"
    assert asked(fields.String(validate=validate.Length(max=80))) == "text"
    assert asked(fields.Boolean()) == "checkbox"
    assert asked(Code(DamageGrade)) == "radios"
    assert asked(Code(SiteType)) == "select"
    assert asked(fields.List(Code(NeedType))) == "checkboxes"


@pytest.mark.pure
def test_an_error_inside_a_list_belongs_to_the_question_of_the_list():
    errors = [{"field": "needs.3", "code": "x", "message": "No."}, {"field": "needs_more", "code": "x", "message": "Other."}]
    assert errors_of(errors, "needs") == ["No."]


def test_one_answer_is_a_radio_several_are_boxes_many_are_a_list_and_what_was_given_is_kept(drawn):
    grades = drawn(ASKED["damage"], [("damage", "D3")])
    assert len(re.findall(r'type="radio" name="damage"', grades)) == 6
    assert re.search(r'value="D3" checked', grades)
    needs = drawn(ASKED["needs"], [("needs", "WATER"), ("needs", "FOOD")])
    assert len(re.findall(r'type="checkbox" name="needs"[^>]* checked', needs)) == 2
    assert '<input type="checkbox" name="people_trapped" value="true"' in drawn(ASKED["people_trapped"])


def test_words_given_by_a_stranger_come_back_as_words(drawn):
    page = drawn(ASKED["same_damage_as"], [("same_damage_as", '"><script>alert(1)</script>')])
    assert "<script>" not in page
    assert 'maxlength="16"' in page


def test_an_error_is_said_beside_its_field_and_tied_to_it(drawn):
    page = drawn(ASKED["damage"], errors=[{"field": "damage", "code": "missing", "message": "Please choose."}])
    assert re.search(r'<p class="error" id="damage-error-1">.*Please choose\.', page)
    assert re.search(r'<fieldset id="damage"[^>]*aria-describedby="[^"]*damage-error-1"', page)
    assert 'aria-invalid="true"' in page
    assert "aria-invalid" not in drawn(ASKED["damage"])
