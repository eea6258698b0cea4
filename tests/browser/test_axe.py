"""Every page, in English and Arabic, light and dark: axe finds nothing wrong, nothing runs over the edge of a phone, no error."""

import json
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from axe_playwright_python.sync_playwright import Axe
from sqlalchemy import text

from server.core.database import see_as, session, settled
from tests.browser.live import HERE, PHONE, Response, Visitor
from tests.conftest import URL, clone

pytestmark = [pytest.mark.browser, pytest.mark.committed]

LOST = "/desk/incidents/INC-NOTHING0"
PUBLIC = (
    "/", "/report", "/receipt", "/sign-in", "/map", "/map/table", "/data", "/data/rules", "/complaint", "/bulletin", "/warnings", "/nothing-here", LOST,
)  # fmt: skip
PUBLICATION = tuple(f"/desk/publication{rest}" for rest in ("", "/rules", "/situations", "/lists", "/measures", "/erasures"))
REFUSED = {"/nothing-here", LOST}  # 404, 401: Chromium tells the console about them
KINDS = ("RES.APT", "RES.APT", "TRA.ROAD", "EDU.SCHOOL")
TOO_WIDE = "document.documentElement.scrollWidth > innerWidth"


@pytest.fixture(scope="module")
def response(app, engine):
    """One response with a handful of reports, one of them without a place, for all tests of this file."""
    name = f"{URL.database}_axe"
    clone(name)
    made = Response(app, URL.set(database=name))
    for number, kind in enumerate(KINDS):
        _tell(app, kind, east=number // 3 * 0.01)
    _tell(app, "RES.HOUSE", east=None)
    made.work()
    yield made
    made.close()


def _tell(app, kind, *, east):
    at = datetime.now(UTC).replace(microsecond=0) - timedelta(days=2)
    body = {
        "site_type": kind, "damage": "D3", "pin_accuracy_m": 15, "event_earliest": at.isoformat(),
        "event_latest": at.isoformat(), "event_precision": "HOUR", "text": "The upper floors fell.", "witness_proximity": "SAW_IT",
        "needs": ["WATER"], "hazards": ["HZ.FIRE"], "people_trapped": kind == "EDU.SCHOOL",
    }  # fmt: skip
    if east is None:
        body |= {"place_text": "behind the old mill"}
    else:
        body |= {"point": {"type": "Point", "coordinates": [HERE[0] + east, HERE[1]]}}
    answer = app.test_client().put(f"/api/v1/reports/{uuid4()}", data=json.dumps(body), content_type="application/json")
    assert answer.status_code == 201, answer.text


@pytest.fixture
def desk_pages(response):
    with settled():
        see_as("all")
        record = session.scalar(text("SELECT public_id FROM incidents WHERE report_count = 2"))
        report = session.scalar(text("SELECT id FROM reports WHERE point IS NULL"))
        need = session.scalar(text("SELECT id FROM needs ORDER BY opened_at LIMIT 1"))
    return (
        "/desk", "/desk#14/59.12/10.2", "/desk?certainty=CONFIRMED", f"/desk/incidents/{record}", f"/desk/incidents/{record}/public",
        "/desk/review", "/desk/reports", f"/desk/reports/{report}", LOST,
        "/desk/aid", "/desk/aid/map", "/desk/aid/needs", f"/desk/aid/needs/{need}", "/desk/aid/activities", "/desk/aid/activities/new", "/desk/aid/5w", "/desk/events",
        "/desk/work", "/desk/sheets", "/desk/new", "/desk/paper", "/desk/paper/enter", "/desk/imports", "/desk/complaints", "/desk/bulk", "/desk/setup", "/desk/ledger",
        "/desk/situation", "/desk/situation/papers", "/desk/views", "/desk/alerts", "/desk/inbox", "/desk/partner-export", "/desk/organisation",
        "/account", "/account/password", "/account/second-factor",
    )  # fmt: skip


@pytest.fixture
def look(chromium, response):
    """``look(paths, …)``: visit each as one person and gather what is wrong, by path."""

    def through(paths, *, language, name=None):
        person = Visitor(chromium, response.address, viewport=PHONE, bypass_csp=True)
        if name:
            person.enter(name)
        found = {path: _wrong_with(person, path, language) for path in paths}
        person.context.close()
        return {path: wrong for path, wrong in found.items() if wrong}

    return through


def _wrong_with(person, path, language):
    """What is wrong with one page. In the dark only colours differ, so only they are looked at again."""
    person.wrong.clear()
    person.page.emulate_media(color_scheme="light")
    address, _, view = path.partition("#")
    page = person.go(f"{address}{'&' if '?' in address else '?'}lang={language}#{view}")
    page.evaluate("document.querySelectorAll('main details').forEach((more) => { more.open = true; })")
    by_day = _violations(page)
    page.emulate_media(color_scheme="dark")
    by_night = _violations(page, {"runOnly": ["color-contrast"]})
    said = [what for what in person.wrong if not (path in REFUSED and "Failed to load" in what)]
    return by_day + by_night + said + ([page.url] if page.evaluate(TOO_WIDE) else [])


def _violations(page, options=None):
    found = Axe().run(page, options=options).response["violations"]
    return [f"{each['id']}: {[node['html'][:120] for node in each['nodes'][:3]]}" for each in found]


@pytest.mark.parametrize("language", ["en", "ar"])
def test_nothing_is_wrong_with_the_pages_for_everybody_by_day_and_night(look, language):
    assert look(PUBLIC, language=language) == {}


@pytest.mark.parametrize("language", ["en", "ar"])
def test_nothing_is_wrong_with_the_pages_of_the_desk_by_day_and_night(look, desk_pages, language):
    assert look(desk_pages, language=language, name="chipo") == {}


@pytest.mark.parametrize("language", ["en", "ar"])
def test_nothing_is_wrong_with_the_pages_of_publication_by_day_and_night(look, language):
    assert look(PUBLICATION, language=language, name="sana") == {}


def test_nothing_is_wrong_with_the_pages_of_an_administrator_by_day_and_night(look):
    with settled():
        dario = session.scalar(text("SELECT id FROM people WHERE alias = 'Dario'"))
    assert look(["/desk/people", f"/desk/people/{dario}", "/desk/handover", "/desk/status"], language="ar", name="ada") == {}


def test_nothing_is_wrong_with_the_contract_of_the_programming_interface(look):
    assert look(["/api/v1/docs"], language="en") == {}
