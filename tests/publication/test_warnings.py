"""Warnings about a danger to life: at once, from the authority, with no link to a site; in a conflict they give no plant away."""

from datetime import timedelta
from xml.etree import ElementTree as ET

import h3
import pytest
from sqlalchemy import select

from server.accounts.models import Organisation
from server.core.clock import now
from server.core.database import session
from server.core.i18n import offered
from server.core.ledger import LedgerEntry
from server.core.problems import Problem
from server.core.response import say_fact
from server.publication import dangers
from server.publication.rule_models import DangerWarning, PublishedWarning
from server.vocabulary import Hazard, SiteType
from tests.people import actor
from tests.publication import cap_rules

WARNINGS = "/api/v1/public/warnings"
DAY = timedelta(days=1)
CAP = "{urn:oasis:names:tc:emergency:cap:1.2}"


@pytest.fixture
def land(norway, people):
    """A district with four plants in one municipality, in an active conflict."""
    norway.baseline(SiteType.ENE_SUB, 10.2, 59.12, n=2)
    norway.baseline(SiteType.WSH_TREAT, 10.3, 59.12, n=2)
    norway.said("CONFLICT_ACTIVE", since=now() - DAY, until=now() + DAY)
    return norway


@pytest.fixture
def walid(people):
    return actor(people["walid"])


def warn(who, hazard=Hazard.HZ_UXO, area_code="NO900101", hours=24):
    return dangers.issue(who, hazard=hazard, area_code=area_code, hours=hours)


def refusal(act, *args, **named):
    with pytest.raises(Problem) as refused:
        act(*args, **named)
    return refused.value.code


def test_a_warning_is_public_at_once_and_names_no_record(land, walid, client):
    land.incident(SiteType.ENE_SUB)
    made = warn(walid)
    [told] = client.get(WARNINGS).get_json()["items"]
    assert (told["warning_id"], told["danger"], told["area_name"], told["issuer"]) == (
        made.public_id,
        "HZ.UXO",
        "Town 11",
        "Mine Action Centre",
    )
    assert not {"incident_id", "site_type", "site_name", "cause_group"} & told.keys()
    assert {column.key for column in DangerWarning.__table__.c} & {
        "incident_id",
        "site_id",
        "event_id",
        "report_id",
    } == set()


@pytest.mark.parametrize("hazard", [Hazard.HZ_GAS, Hazard.HZ_POWER, Hazard.HZ_CHEM])
def test_in_a_conflict_gas_power_and_chemicals_are_worded_alike(land, walid, client, hazard):
    warn(walid, hazard)
    [told] = client.get(WARNINGS).get_json()["items"]
    assert (told["danger"], told["headline"]) == ("GENERAL", "Danger to life in this area")
    assert hazard.value not in client.get(told["cap"]).get_data(as_text=True)


def test_in_a_conflict_such_a_warning_never_covers_less_than_a_municipality_with_three_plants(land, walid):
    cell = h3.latlng_to_cell(59.12, 10.2, 8)
    assert refusal(warn, walid, Hazard.HZ_GAS, cell) == "warning_too_exact"
    assert refusal(warn, walid, Hazard.HZ_GAS, "NO900202") == "warning_too_exact"
    assert warn(walid, Hazard.HZ_UXO, cell).geo_level == "H3_8"


def test_in_a_disaster_a_warning_may_be_exact_and_says_what_it_is(norway, people, walid):
    norway.said("DISASTER", since=now() - DAY, until=now() + DAY)
    made = warn(walid, Hazard.HZ_GAS, h3.latlng_to_cell(59.12, 10.2, 8))
    assert (made.geo_level, made.is_generic) == ("H3_8", False)


def test_where_nothing_is_said_of_the_area_a_warning_of_gas_counts_as_in_a_conflict(norway, people, walid):
    assert refusal(warn, walid, Hazard.HZ_GAS, h3.latlng_to_cell(59.12, 10.2, 8)) == "warning_too_exact"


def message(client, made):
    answer = client.get(f"{WARNINGS}/{made.public_id}.xml")
    assert answer.mimetype == "application/cap+xml"
    return answer.data


def test_the_message_keeps_every_rule_of_cap_1_2(land, walid, client):
    assert list(cap_rules.broken(message(client, warn(walid)))) == []
    house = session.get(Organisation, walid.organisation_id)
    house.name = "Mines & <Co>, \x08 Nord"
    session.flush()
    cell = h3.latlng_to_cell(59.12, 10.2, 8)
    for made in (warn(walid, area_code=cell), warn(walid, Hazard.HZ_GAS), warn(walid, area_code="NO90", hours=1)):
        assert list(cap_rules.broken(message(client, made))) == []


def test_one_message_says_the_same_in_every_language_of_the_response_whoever_asks(land, walid, client):
    made = warn(walid)
    alert = ET.fromstring(message(client, made))  # noqa: S314 - our own message
    infos = alert.findall(f"{CAP}info")
    assert [info.findtext(f"{CAP}language") for info in infos] == list(offered())
    assert len({info.findtext(f"{CAP}headline") for info in infos}) == len(infos)
    assert [code.findtext(f"{CAP}value") for code in alert.iterfind(f".//{CAP}geocode")] == ["NO900101"] * len(infos)
    arabic = client.get(f"{WARNINGS}/{made.public_id}.xml?lang=ar")
    assert arabic.data == message(client, made)


def test_an_exercise_says_so_in_the_message_too(land, walid, client):
    say_fact("exercise", True, said_by=None)
    session.commit()
    alert = ET.fromstring(message(client, warn(walid)))  # noqa: S314 - our own message
    assert (alert.findtext(f"{CAP}status"), alert.findtext(f"{CAP}note")[:8]) == ("Exercise", "EXERCISE")


def test_the_rules_of_cap_find_a_message_that_breaks_them(land, walid, client):
    right = message(client, warn(walid)).decode()
    for wrong in (
        right.replace("-00:00</sent>", "Z</sent>"),
        right.replace("<sender>", "<sender>Mine Action, "),
        right.replace("<urgency>Immediate</urgency>", "<urgency>Now</urgency>"),
        right.replace("<scope>Public</scope>", ""),
        right.replace("<msgType>Alert</msgType><scope>Public</scope>", "<scope>Public</scope><msgType>Alert</msgType>"),
        right.replace("<polygon>", "<polygon>91.0,10.0 "),
    ):
        assert wrong != right
        assert list(cap_rules.broken(wrong.encode()))


def test_nothing_in_a_general_warning_tells_whose_danger_it_is_nor_the_minute(land, walid, client):
    house = session.get(Organisation, walid.organisation_id)
    house.name = "Gas works of the north"
    session.flush()
    made = warn(walid, Hazard.HZ_GAS, hours=5)
    for address in (WARNINGS, f"{WARNINGS}/{made.public_id}.xml", "/warnings", "/bulletin"):
        assert "Gas works" not in client.get(address).text
    [told] = client.get(WARNINGS).get_json()["items"]
    assert {told[name][14:19] for name in ("issued_at", "expires_at")} == {"00:00"}
    assert timedelta(hours=5) < made.expires_at - now() <= timedelta(hours=6)
    assert warn(walid, hours=72).expires_at - now() <= timedelta(hours=72)


def test_a_war_in_one_of_its_districts_is_a_war_in_the_region_and_in_a_cell_on_its_border(norway, people, walid):
    norway.baseline(SiteType.ENE_SUB, 10.2, 59.12, n=3)
    norway.said("DISASTER", since=now() - DAY, until=now() + DAY)
    norway.said("CONFLICT_ACTIVE", pcode=norway.DISTRICTS[1], since=now() - DAY, until=now() + DAY)
    assert warn(walid, Hazard.HZ_GAS, "NO90").is_generic
    assert not warn(walid, Hazard.HZ_GAS, norway.DISTRICTS[0]).is_generic
    assert refusal(warn, walid, Hazard.HZ_GAS, h3.latlng_to_cell(59.12, 10.4995, 8)) == "warning_too_exact"


def test_power_lines_are_no_plants_to_hide_among(norway, people, walid):
    norway.baseline(SiteType.ENE_SUB, 10.2, 59.12, n=2)
    norway.baseline(SiteType.ENE_LINE, 10.2, 59.12, n=40)
    norway.said("CONFLICT_ACTIVE", since=now() - DAY, until=now() + DAY)
    assert refusal(warn, walid, Hazard.HZ_GAS) == "warning_too_exact"


def test_people_read_it_on_a_page_of_its_own_and_the_map_says_so(land, walid, client):
    assert "No warning is in force" in client.get("/warnings").text
    assert "/warnings" not in client.get("/map").text
    made = warn(walid, hazard=Hazard.HZ_GAS)
    page = client.get("/warnings").text
    for said in ("Town 11", f"{WARNINGS}/{made.public_id}.xml"):
        assert said in page
    told = page.partition("<h1>")[2].partition("</section>")[0].lower()
    assert "gas" not in told.split(), "in a conflict the word would give the plant away"
    assert "mine action centre" not in told, "and so would the name of the authority"
    assert '<a href="/warnings">' in client.get("/map").text
    dangers.end(walid, made.public_id)
    assert "No warning is in force" in client.get("/warnings").text


def test_a_warning_ends_by_itself_and_before_its_time_by_its_authority(land, walid, client):
    made, other = warn(walid), warn(walid, hours=72)
    dangers.end(walid, made.public_id)
    assert client.get(f"{WARNINGS}/{made.public_id}.xml").status_code == 404
    session.get(PublishedWarning, other.public_id).expires_at = now() - timedelta(seconds=1)
    session.flush()
    assert client.get(WARNINGS).get_json()["items"] == []
    dangers.forget_expired(now())
    assert session.scalar(select(PublishedWarning)) is None


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"hours": 73}, "hours"),
        ({"hours": 0}, "hours"),
        ({"area_code": "XX"}, "area_code"),
        ({"area_code": "8a0998d59597fff"}, "area_code"),
        ({"hazard": Hazard.HZ_BODY}, "hazard"),
    ],
    ids=str,
)
def test_what_the_rules_do_not_allow_is_refused_by_name(land, walid, changes, field):
    with pytest.raises(Problem) as refused:
        warn(walid, **changes)
    assert refused.value.errors[0]["field"] == field


@pytest.mark.parametrize("name", ["chipo", "sana", "pilar", "amal", "bohdan", "eve"])
def test_only_an_authority_may_warn(land, people, name):
    assert refusal(warn, actor(people[name])) == "not_allowed"


def test_every_warning_is_in_the_ledger(land, walid):
    made = warn(walid)
    entry = session.scalars(select(LedgerEntry).where(LedgerEntry.subject_id == made.id)).one()
    assert (entry.event, entry.actor_id, entry.details["hazard"]) == ("warning.issued", walid.person_id, "HZ.UXO")
