"""Five persons at one damage, each with a browser of their own: a resident, a verifier, a coordinator, a partner and a stranger."""

import re
from datetime import timedelta
from itertools import count

import pytest
from playwright.sync_api import expect

from server.accounts.service import add_person, ensure_organisation
from server.core.clock import now
from server.core.database import settled
from server.vocabulary import Role, SiteType
from tests.browser.acts import decide, grade, open_receipt, report_on
from tests.browser.live import PHONE, Response, Visitor, picture
from tests.conftest import URL, clone
from tests.people import PASSWORD
from tests.publication import town

pytestmark = [pytest.mark.browser, pytest.mark.committed]

WELL, SCHOOL, CLINIC, MILL, HOUSE = (10.2, 59.12), (10.31, 59.16), (10.14, 59.19), (10.42, 59.13), (10.37, 59.07)
HOMES = {WELL: SiteType.RES_APT, SCHOOL: SiteType.EDU_SCHOOL, CLINIC: SiteType.HEA_HOSP, HOUSE: SiteType.RES_HOUSE}


@pytest.fixture(scope="module")
def response(app, engine):
    """One response for all journeys: each has a place of its own. A second coordinator, Chidi, takes over the night."""
    name = f"{URL.database}_persons"
    clone(name)
    made = Response(app, URL.set(database=name))
    with app.app_context(), settled():
        for place, kind in HOMES.items():
            town.baseline(kind, *place)
        house = ensure_organisation("Relief Works")
        add_person("chidi@example.org", alias="Chidi", password=PASSWORD, roles={Role.COORD}, organisation=house)
    made.days = count(120)
    yield made
    made.close()


@pytest.fixture(scope="module")
def browsers(chromium, response):
    """The browsers of all journeys by the name of their person, who stays signed in from one journey to the next."""
    made = {}
    yield made
    for each in made.values():
        each.context.close()


@pytest.fixture
def person(chromium, response, browsers):
    """``person("chipo")``: the page of somebody signed in; ``person()`` a stranger's, on a phone. At the end nobody saw an error."""

    def come(name=""):
        if name not in browsers:
            browsers[name] = Visitor(chromium, response.address, **({} if name else {"viewport": PHONE}))
            if name:
                browsers[name].sign_in(f"{name}@example.org", PASSWORD)
        return browsers[name]

    yield come
    wrong = [what for each in browsers.values() for what in each.wrong]
    for each in browsers.values():
        each.wrong.clear()
    assert wrong == []


@pytest.fixture
def resident(chromium, response):
    """``resident(words, place=…)``: somebody reports from a phone of their own; gives the receipt code."""

    def tell(words, **answers):
        phone = Visitor(chromium, response.address, viewport=PHONE)
        code = report_on(phone.go("/report?all=1"), words, **answers)
        assert phone.wrong == []
        phone.context.close()
        response.work()
        return code

    return tell


def record_of(visitor, kind, *, at=0):
    """Open the record of a kind of place from the desk's list, and give its address."""
    page = visitor.go("/desk")
    page.locator(".desk-list a.row-title", has_text=kind).nth(at).click()
    expect(page.locator(".record-head")).to_contain_text(kind)
    return page.url.removeprefix(visitor.address)


def refused(visitor, path):
    """What somebody is told who may not open a page. Chromium tells the console of the refusal: that is no error here."""
    answer = visitor.page.goto(visitor.address + path)
    visitor.wrong.clear()
    return answer.status


def exact(place):
    return f"{place[1]:.5f}, {place[0]:.5f}"


def publish(response):
    response.work()
    response.publish(next(response.days))


def test_from_the_phone_to_the_closed_need(response, person, resident):
    resident("The well in the yard is buried.", ticks=["Drinking water"], place=WELL, photo=picture())
    bohdan, chipo, dario, stranger = person("bohdan"), person("chipo"), person("dario"), person()

    record = record_of(bohdan, "Apartment block")
    expect(bohdan.page.locator(".account .photos img")).to_be_visible()
    grade(bohdan.page.locator(".account"), "B", "2", ticks=["A photo was located within 100 m"])
    decide(bohdan.page, "Probable", "The photo shows the yard, and the well is not to be seen.")

    need = _offered_with_the_record(chipo, record)
    _accepted_by_the_partner(dario, record, need)
    page = dario.go(need)
    page.get_by_label("We brought (").fill("600")
    page.get_by_role("button", name="Enter it").click()
    expect(page.locator(".record-head")).to_contain_text("Need met")
    page = dario.go(record)
    page.get_by_role("button", name="Hand back").click()
    expect(page.get_by_text("the exact place opens with an accepted assignment")).to_be_visible()
    assert exact(WELL) not in page.content()

    expect(chipo.go(need).locator(".record-head")).to_contain_text("Need met")
    assert refused(stranger, record) == 401
    expect(stranger.go("/map/table").get_by_role("status")).to_have_text("0 damage records")
    publish(response)
    page = stranger.go("/map/table")
    row = page.locator("tbody tr", has_text="Apartment block")
    expect(row).to_contain_text("District 1")
    assert not {"59.12", "10.2", "well", "Open Hands", record.rsplit("/", 1)[1]} & set(re.findall(r"[\w.-]+", page.content().split("<main")[1]))


def _offered_with_the_record(chipo, record):
    """The coordinator says how much is needed, offers the need to a partner and gives them the record; gives the need's address."""
    page = chipo.go(record)
    page.locator("details", has_text="Give this record to an organisation").locator("summary").click()
    page.get_by_label("Organisation", exact=True).select_option(label="Open Hands")
    page.get_by_label("What is asked").fill("Bring water to the yard.")
    page.get_by_role("button", name="Give it to them").click()
    expect(page.locator(".aid-given")).to_contain_text("Open Hands")
    page.get_by_role("link", name="Drinking water").click()
    page.get_by_text("Change what is known").click()
    page.locator("#e-quantity").fill("600")
    page.locator("#e-unit").select_option(label="litres")
    page.get_by_role("button", name="Change", exact=True).click()
    page.get_by_text("Offer it to another organisation").click()
    page.get_by_label("Organisation", exact=True).select_option(label="Open Hands")
    page.get_by_role("button", name="Offer it", exact=True).click()
    expect(page.locator(".record-head")).to_contain_text("Referred")
    return page.url.removeprefix(chipo.address)


def _accepted_by_the_partner(dario, record, need):
    """Before the answer a square, after it the exact place; and the need is in the partner's hands."""
    page = dario.go(record)
    expect(page.get_by_text("the exact place opens with an accepted assignment")).to_be_visible()
    assert exact(WELL) not in page.content()
    assert "The well in the yard" not in page.content(), "words are for who checks reports"
    page.locator(".aid-given").get_by_role("button", name="Accept").click()
    expect(page.get_by_text(exact(WELL))).to_be_visible()
    page = dario.go(need)
    page.get_by_role("button", name="Accept").click()
    expect(page.get_by_role("heading", name="Who has it in hand").locator("..")).to_contain_text("Open Hands")


def test_a_second_strike_stays_a_record_of_its_own(response, person, resident):
    resident("School 4 was hit, the roof fell in.", kind="School", place=SCHOOL, on=now().date() - timedelta(days=12))
    chipo = person("chipo")
    first = record_of(chipo, "School")
    resident("School 4 was hit again tonight, the hall burns.", kind="School", place=SCHOOL)
    page = chipo.go("/desk/review")
    expect(page.get_by_role("heading", name="Is this a later strike on the same place?")).to_be_visible()
    page.keyboard.press("l")
    expect(page.get_by_text("Marked as a later strike on the same place")).to_be_visible()
    page = chipo.go(first)
    page.locator("dt", has_text="Struck again").locator("+ dd a").click()
    expect(page.locator("dt", has_text="Struck before")).to_be_visible()


def test_a_hoax_is_refuted_and_no_stranger_ever_hears_of_it(response, person, resident):
    resident("The hospital is gone, hundreds are dead!!", kind="Hospital", place=CLINIC)
    bohdan, chipo, stranger = person("bohdan"), person("chipo"), person()
    record = record_of(bohdan, "Hospital")
    page = bohdan.page
    expect(page.get_by_label("Refuted")).to_be_disabled()
    grade(page.locator(".account"), "A", "1", stance="Contradicts")
    decide(page, "Refuted", "Our team stands before it: every window is whole.")
    publish(response)
    expect(stranger.go("/map/table").locator("main")).not_to_contain_text("Hospital")
    expect(chipo.go(f"{record}/public").locator("main")).to_contain_text("Not public now.")


def test_a_queue_is_handed_over_at_the_end_of_a_night(response, person, resident):
    resident("The road to the mill is broken.", kind="Road", place=MILL)
    chipo, chidi = person("chipo"), person("chidi")
    page = chipo.go("/desk/work")
    page.get_by_text("Hand a queue over").click()
    page.get_by_label("Which").select_option("rest")
    page.get_by_label("To whom").select_option(label="Chidi")
    page.get_by_label("What they need to know").fill("The mill road first, please.")
    page.get_by_role("button", name="Hand over", exact=True).click()
    expect(page.locator("[data-count=rest]")).to_have_text("0")

    page = chidi.go("/desk/work")
    expect(page.get_by_text("Chipo handed")).to_contain_text("The mill road first, please.")
    page.get_by_role("link", name="Work on them").click()
    waiting = int(page.locator("[data-count=handed]").inner_text())
    first = page.locator("[data-item]").get_attribute("data-item")
    expect(chipo.go(f"/desk/incidents/{first}").locator("#work")).to_contain_text("Chidi")
    page.keyboard.press("t")
    expect(page.locator("[data-count=handed]")).to_have_text(str(waiting - 1))


def test_a_report_is_taken_back_with_its_receipt(response, person, resident):
    code = resident("My house. The stairs are gone.", kind="House", place=HOUSE, photo=picture(40))
    bohdan, stranger = person("bohdan"), person()
    record = record_of(bohdan, "House")
    grade(bohdan.page.locator(".account"), "B", "2", ticks=["A photo was located within 100 m"])
    decide(bohdan.page, "Probable", "The photo shows the house as it is told.")
    publish(response)
    rows = stranger.go("/map/table").locator("tbody tr", has_text="House")
    expect(rows).to_have_count(1)

    page = stranger.go("/receipt")
    open_receipt(page, code)
    page.get_by_text("Take the report back").click()
    page.get_by_label("Yes, take it back").check()
    page.get_by_role("button", name="Take back").click()
    expect(page.get_by_text("This report was taken back.")).to_be_visible()
    publish(response)
    page = bohdan.go(record)
    assert "The stairs are gone" not in page.content()
    expect(page.locator(".photos img")).to_have_count(0)
    stranger.go("/map/table")
    expect(rows).to_have_count(0)
