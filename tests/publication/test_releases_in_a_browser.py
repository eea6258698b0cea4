"""A dated data set from the steward's button to the public page, in Debian's chromium; and axe over every page on the way."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect
from sqlalchemy import select

from server.core.clock import now
from server.core.database import session, settled
from server.publication import release_jobs
from server.publication.formats import FORMATS
from server.publication.release_models import Release, ReleaseDraft
from server.publication.service import publish_batch
from server.vocabulary import SiteType
from tests.browser.live import PHONE, Response, Visitor
from tests.conftest import URL, clone
from tests.people import PASSWORD
from tests.publication import town

pytestmark = [pytest.mark.browser, pytest.mark.committed]
TOO_WIDE = "document.documentElement.scrollWidth > innerWidth"


@pytest.fixture(scope="module")
def site(app, engine):
    """The whole response with three public records in an area at war; a data set is written in two formats."""
    name = f"{URL.database}_sets"
    clone(name)
    made = Response(app, URL.set(database=name))
    with settled():
        town.said("CONFLICT_LOW", since=now(), until=now().replace(year=now().year + 1))
        town.incident()
        town.incident(SiteType.EDU_SCHOOL)
        town.incident(SiteType.TRA_ROAD, damage_best=1)
    with settled():
        publish_batch(now(), agreed=town.AGREED)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(release_jobs, "FORMATS", {name: FORMATS[name] for name in ("csv", "geojson")})
        yield made
    made.close()


def build():
    """What the worker does for the data set that was prepared."""
    with settled():
        [draft] = session.scalars(select(ReleaseDraft.id).where(ReleaseDraft.state == "BUILDING"))
    release_jobs.build_release(str(draft))
    session.remove()
    return draft


def visit(chromium, site, name, **options):
    person = Visitor(chromium, site.address, **options)
    person.sign_in(f"{name}@example.org", PASSWORD)
    return person


def test_two_people_read_and_sign_and_then_everybody_downloads(chromium, site, tmp_path):
    sana = visit(chromium, site, "sana")
    sana.go("/desk/releases").get_by_role("button", name="Prepare a data set").click()
    expect(sana.page.get_by_role("progressbar")).to_be_visible()
    draft = build()
    sign = sana.page.get_by_role("button", name="I have read it and sign")
    sign.wait_for()  # the page sees by itself that the files are written
    expect(sana.page.get_by_role("heading", name="Appears (3)")).to_be_visible()
    sign.click()
    expect(sana.page.get_by_text("Signed by: Sana")).to_be_visible()
    pilar = visit(chromium, site, "pilar")
    pilar.go(f"/desk/releases/{draft}").get_by_role("button", name="I have read it and sign").click()
    pilar.page.get_by_role("link", name="See it as everybody does").click()
    with pilar.page.expect_download() as started:
        pilar.page.get_by_role("link", name="Table (CSV)", exact=True).click()
    started.value.save_as(tmp_path / "rows.csv")
    assert len((tmp_path / "rows.csv").read_text(encoding="utf-8-sig").splitlines()) == 4
    assert (sana.wrong, pilar.wrong) == ([], [])
    for person in (sana, pilar):
        person.context.close()


@pytest.mark.parametrize("language", ["en", "ar"])
def test_nothing_is_wrong_with_the_pages_of_data_sets_by_day_and_night_on_a_phone(chromium, site, language):
    with settled():
        number, draft = session.scalar(select(Release.number)), session.scalar(select(ReleaseDraft.id))
    sana = visit(chromium, site, "sana", viewport=PHONE, bypass_csp=True)
    found = {path: wrong_with(sana, path, language) for path in ("/desk/releases", f"/desk/releases/{draft}", "/data", f"/data/{number}", "/map")}
    sana.context.close()
    assert {path: wrong for path, wrong in found.items() if wrong} == {}


def wrong_with(person, path, language):
    """What is wrong with one page, by day and by night, every detail open."""
    person.wrong.clear()
    person.page.emulate_media(color_scheme="light")
    page = person.go(f"{path}?lang={language}")
    page.evaluate("document.querySelectorAll('main details').forEach((more) => { more.open = true; })")
    found = violations(page)
    page.emulate_media(color_scheme="dark")
    found += violations(page, {"runOnly": ["color-contrast"]})
    return found + person.wrong + ([page.url] if page.evaluate(TOO_WIDE) else [])


def violations(page, options=None):
    return [f"{each['id']}: {[node['html'][:120] for node in each['nodes'][:3]]}" for each in Axe().run(page, options=options).response["violations"]]
