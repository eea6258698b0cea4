"""The report page: short, said before it asks, kept when something is wrong, small enough for a thin line."""

import gzip
import re
from html.parser import HTMLParser
from urllib.parse import urljoin
from uuid import UUID

import pytest
from flask import render_template
from werkzeug.datastructures import MultiDict

from server import vocabulary
from server.core.i18n import LANGUAGES
from server.core.schemas import AutoSchema
from server.intake import questions
from server.reports.models import Report

FIRST_LOAD_BYTES = 20_000


class Asked(AutoSchema):
    class Meta(AutoSchema.Meta):
        model = Report
        fields = (
            "site_type", "damage", "needs", "hazards", "cause", "functional_status", "in_use_as", "witness_proximity",
            "access_constraints",
        )  # fmt: skip


@pytest.fixture
def page(app, client):
    """The page as a stranger gets it; `page(language, values, errors, places)` draws it again with what was given."""

    def drawn(language="en", values=None, errors=(), places=()):
        if not (values or errors or places):
            return client.get(f"/report?lang={language}").text
        with app.test_request_context(f"/report?lang={language}"):
            return render_template(
                "intake/report.html",
                fields=Asked().fields,
                values=MultiDict(values or []),
                errors=list(errors),
                places=list(places),
                report_id=UUID(int=7),
                sites=vocabulary.CITIZEN_SITES,
                needs=vocabulary.CITIZEN_NEEDS,
                hazards=vocabulary.CITIZEN_HAZARDS,
                groups=vocabulary.sites_by_group(),
                when=tuple(questions.When),
                day_parts=tuple(questions.DayPart),
                exactness=tuple(questions.Exactness),
                photo_limit=questions.PHOTO_LIMIT,
                consents=tuple(vocabulary.ConsentPurpose),
            )

    return drawn


class Form(HTMLParser):
    """Every control of a page as {name: [(value, is given)]}, every id, and the words before the first control."""

    def __init__(self, source):
        super().__init__()
        self.controls, self.ids, self.notice, self.in_notice, self.scripts = {}, set(), "", 0, []
        self.feed(source)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.ids.add(given.get("id"))
        if tag == "div" and "notice" in given.get("class", "").split() and not self.controls:
            self.in_notice = 1
        if tag in {"input", "select", "textarea"}:
            self.in_notice = 0
            self.controls.setdefault(given["name"], []).append((given.get("value", ""), "checked" in given))

    def handle_data(self, data):
        if self.in_notice:
            self.notice += data


def test_the_notice_comes_before_the_first_question_and_has_at_most_sixty_words(page):
    source = page().partition("<form")[0]
    notice = re.sub(r"<[^>]+>", " ", source[source.index('class="notice"') :]).partition(">")[2]
    assert 20 < len(re.findall(r"[\w’']+", notice)) <= 60
    assert "No name" in notice
    assert "first" in notice


def test_the_form_is_one_post_that_needs_no_script(page):
    source = page()
    assert source.count("<form") == 1
    assert re.search(r'<form method="post" action="/report[^"]*" enctype="multipart/form-data"', source)
    assert not re.search(r"<script(?![^>]*\bsrc=)", source)
    assert not re.search(r"\son\w+=|\sstyle=", source)
    assert "required" not in source.partition("<form")[2]


def test_every_kind_of_place_can_be_chosen_the_common_ones_first(page, client):
    short = [value for value, _ in Form(page()).controls["site_type"]]
    assert short == [site.value for site in vocabulary.CITIZEN_SITES]
    assert 'href="/report?all=1&amp;lang=en"' in page()
    offered = [value for value, _ in Form(client.get("/report?all=1").text).controls["site_type"]]
    assert offered[:14] == [site.value for site in vocabulary.CITIZEN_SITES]
    assert sorted(offered) == sorted(vocabulary.SiteType.codes())


def test_six_grades_are_asked_in_the_words_of_residents_and_each_has_its_own_picture(page):
    source = page()
    assert [value for value, _ in Form(source).controls["damage"]] == ["D0", "D1", "D2", "D3", "D4", "DU"]
    assert "Most or all has fallen down." in source
    assert len(set(re.findall(r"#(damage-d\w)", source))) == 6


def test_contact_and_consents_are_off(page):
    form = Form(page())
    assert form.controls["contact"] == [("", False)]
    assert [given for _, given in form.controls["consents"]] == [False] * len(vocabulary.ConsentPurpose)
    assert form.controls["is_minor"] == [("true", False)]


def test_what_was_given_is_kept_and_each_error_stands_beside_its_question_and_in_the_summary(page):
    values = [
        ("site_type", "EDU.SCHOOL"),
        ("needs", "WATER"),
        ("needs", "FOOD"),
        ("place_text", '"><script>x'),
        ("text", "</textarea><b>"),
    ]
    errors = [
        {"field": "place_text", "code": "several", "message": "Several places have this name."},
        {"field": "damage", "code": "missing", "message": "Please choose how badly it is damaged."},
        {"field": "needs.0", "code": "unknown", "message": "Choose one of the list."},
    ]
    source = page(values=values, errors=errors)
    form = Form(source)
    assert ("EDU.SCHOOL", True) in form.controls["site_type"]
    assert [value for value, given in form.controls["needs"] if given] == ["WATER", "FOOD"]
    assert form.controls["place_text"] == [('"><script>x', False)]
    assert "</textarea><b>" not in source
    for error in errors:
        assert source.count(error["message"]) == 2
    summary = source[source.index("error-summary") : source.index("</ul>", source.index("error-summary"))]
    assert set(re.findall(r'href="#([^"]+)"', summary)) <= form.ids


def test_places_that_the_server_found_are_offered_with_a_way_to_keep_the_words(page):
    places = [
        {"value": "59.12, 11.39", "name": "Halden", "detail": "Norway"},
        {"value": "46.9, 9.1", "name": "Halden", "detail": ""},
    ]
    form = Form(page(values=[("place_choice", "46.9, 9.1")], places=places))
    assert form.controls["place_choice"] == [("59.12, 11.39", False), ("46.9, 9.1", True), ("none", False)]


def first_load(client, language):
    """{address: bytes as sent} of all that a browser fetches before the page is usable: what `import()` names comes later."""
    squeezed = {"Accept-Encoding": "gzip"}
    sizes, waiting = {}, [f"/report?lang={language}"]
    while waiting:
        address = waiting.pop()
        answer = client.get(address, headers=squeezed)
        assert answer.status_code == 200, address
        sizes[address] = len(answer.data)
        source = gzip.decompress(answer.data).decode() if answer.headers.get("Content-Encoding") == "gzip" else answer.text
        waiting += [found for found in needs(address, source) if found not in sizes]
    return sizes


def needs(address, source):
    """What a page, or a module's own `import … from`, makes the browser fetch at once."""
    if address.startswith("/report"):
        links = re.findall(r'<(?:link rel="stylesheet" href|script type="module" src)="([^"]+)"', source)
        return {*links, *re.findall(r'<link rel="icon" href="([^"]+)"', source), *re.findall(r'<use href="([^"#]+)', source)}
    return {urljoin(address, found) for found in re.findall(r"^import\b[^(]*?'(\./[^']+|\.\./[^']+)'", source, re.MULTILINE)} if ".js" in address else set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_first_load_of_the_page_fits_a_thin_line_in_every_language(client, language):
    sizes = first_load(client, language)
    assert len(sizes) >= 8
    assert sum(sizes.values()) <= FIRST_LOAD_BYTES, sizes


def test_the_page_runs_in_the_direction_of_its_language(page):
    assert '<html lang="ar" dir="rtl">' in page("ar")
    assert '<html lang="uk" dir="ltr">' in page("uk")
