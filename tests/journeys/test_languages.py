"""A person who reads no Latin letters finds none on any page, and Arabic runs from right to left."""

import re
from html.parser import HTMLParser
from uuid import uuid4

import pytest
from sqlalchemy import text

from tests.people import PEOPLE

PUBLIC_PAGES = ["/", "/report", "/receipt", "/map", "/map/table", "/data", "/sign-in", "/nowhere"]
DESK_PAGES = ["/desk", "/desk/reports", "/desk/review"]
VOID = {"img", "input", "meta", "link", "br", "hr", "use", "path", "source", "wbr"}
SPOKEN = {"title", "alt", "placeholder", "aria-label"}
LATIN = re.compile(r"[A-Za-z]{3,}")
# Names, notations and addresses that everybody writes in Latin letters.
EVERYWHERE = re.compile(
    r"https?://\S+|\S*/\S*|\w+_\w+|[A-Z]{2,}[A-Za-z0-9.+-]*|Tessera|GeoJSON|GeoPackage|GeoNames|OpenStreetMap|Natural Earth"
    r"|Excel|LibreOffice|pandas|ArcGIS|OpenAPI|Features|[Pp]lus code|English|Français|Español|UN/LOCODE|WebP|PMTiles"
    r"|Atom|DuckDB|FlatGeobuf|GeoParquet|Google Earth|Organic Maps|OsmAnd|Python|Spark|shapefile"
)


NAMES = {name.capitalize() for name in PEOPLE} | {word for _roles, where in PEOPLE.values() if where for word in where.split()}


class Ear(HTMLParser):
    """Collects the words a person reads or hears, except where a page says that they are in another language."""

    def __init__(self):
        super().__init__()
        self.said = []
        self.silent = 0
        self.depth = []

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        foreign = tag in {"script", "style", "code", "kbd"} or (tag != "html" and "lang" in given)
        foreign = foreign or "code" in (given.get("class") or "").split()
        if tag not in VOID:
            self.depth.append(foreign)
        if not any(self.depth) and not foreign:
            self.said += [given[name] for name in SPOKEN if given.get(name)]

    def handle_startendtag(self, tag, attrs):
        pass

    def handle_endtag(self, tag):
        if tag not in VOID and self.depth:
            self.depth.pop()

    def handle_data(self, data):
        if not any(self.depth):
            self.said.append(data)


def latin_words(html):
    ear = Ear()
    ear.feed(html)
    return sorted({word for said in ear.said for word in LATIN.findall(EVERYWHERE.sub(" ", said))})


@pytest.mark.parametrize("language", ["ar", "uk"])
@pytest.mark.parametrize("path", PUBLIC_PAGES)
def test_a_page_for_everyone_speaks_the_language_of_its_reader(client, path, language):
    page = client.get(path, headers={"Accept-Language": language, "Accept": "text/html"})
    assert page.status_code == (404 if path == "/nowhere" else 200)
    assert latin_words(page.text) == []
    assert f'lang="{language}" dir="{"rtl" if language == "ar" else "ltr"}"' in page.text


@pytest.mark.parametrize("path", DESK_PAGES)
def test_a_page_of_the_desk_speaks_the_language_of_its_reader(as_, path):
    page = as_("chipo").get(path, headers={"Accept-Language": "ar"})
    assert page.status_code == 200
    assert set(latin_words(page.text)) <= NAMES


@pytest.fixture
def arabic_report(client, work, database):
    """One report in Arabic that says much, twice over from neighbours, and what became of it."""
    reports = [uuid4(), uuid4()]
    for report in reports:
        sent = client.put(
            f"/api/v1/reports/{report}",
            json={
                "site_type": "RES.APT",
                "damage": "D3",
                "point": {"type": "Point", "coordinates": [-56.1645, -34.9011]},
                "pin_accuracy_m": 40,
                "hazards": ["HZ.GAS", "HZ.COLLAPSE"],
                "needs": ["WATER", "SHELTER"],
                "access_constraints": ["ACC.DEBRIS"],
                "cause_citizen": "UNK",
                "functional_status": "F2",
                "witness_proximity": "SAW_AFTER",
                "text": "انهار جزء من المبنى",
                "place_text": "قرب السوق",
                "lang": "ar",
            },
        )
        assert sent.status_code == 201, sent.json
    work()
    return reports[0]


def test_a_damage_record_speaks_the_language_of_its_reader(as_, arabic_report, database):
    record = database.scalar(text("SELECT public_id FROM incidents LIMIT 1"))
    for path in (f"/desk/incidents/{record}", f"/desk/reports/{arabic_report}", "/desk", "/desk/reports"):
        page = as_("bohdan").get(path, headers={"Accept-Language": "ar"})
        assert page.status_code == 200, path
        assert [word for word in latin_words(page.text) if word not in NAMES] == [], path


def test_the_same_page_in_english_is_full_of_latin_words(client):
    assert {"damage", "Report"} <= set(latin_words(client.get("/report", headers={"Accept-Language": "en"}).text))


def test_a_form_sent_back_says_what_is_missing_in_the_language_of_its_reader(client):
    page = client.post("/report", data={}, headers={"Accept-Language": "ar", "Sec-Fetch-Site": "same-origin"})
    assert page.status_code == 422
    assert latin_words(page.text) == []
