"""Opening a response by its pages alone, from an empty database to the first report; and every way that is barred."""

import html
import io
import json
import re
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import geopandas
import pytest
import time_machine
from shapely.geometry import Polygon
from sqlalchemy import select, text

from server.accounts import sessions
from server.accounts.models import Person
from server.core import revision
from server.core.clock import now
from server.core.database import session
from server.core.response import say_fact, this_response
from server.core.settings import settings
from server.exercise import commands as demo
from server.reports.retention import erase_old_contacts
from server.response import boundaries
from server.response.checklist import Standing, checklist
from tests.people import PASSWORD

FIRST = {"email": "zoe@relief.example.org", "alias": "Zoe", "password": "a long walk to the sea"}
SQUARE = [[[10, 59], [11, 59], [11, 60], [10, 60], [10, 59]]]
GOOD = {"site_type": "EDU.SCHOOL", "damage": "D3", "point": {"type": "Point", "coordinates": [10.2, 59.12]}}


@pytest.fixture
def code(console, database):
    """The one-time code that the server prints."""
    return re.search(r"\w{4}(-\w{4}){4}", console("open")[1])[0]


def areas(features):
    return io.BytesIO(json.dumps({"type": "FeatureCollection", "features": features}).encode())


def district(pcode="NO9001", **properties):
    found = {"adm2_pcode": pcode, "adm2_en": "Testwick", "adm1_pcode": "NO90", "adm0_pcode": "NOR", **properties}
    return {"type": "Feature", "properties": found, "geometry": {"type": "Polygon", "coordinates": SQUARE}}


def say(browser, section, **words):
    return browser.post(f"/desk/setup/say/{section}", data=words)


def missing():
    return {item.part for item in checklist() if item.standing is Standing.MISSING}


def accept(app, page):
    """Open an invitation's link as the one invited; they choose their password."""
    link = re.search(r"/invitation/[\w-]+", page)[0]
    invited = app.test_client()
    assert invited.get(link).status_code == 200
    answer = invited.post(link, data={"alias": "", "password": PASSWORD, "again": PASSWORD, "password2": PASSWORD})
    assert answer.status_code in (200, 302, 303), answer.text
    return link


def test_a_live_response_is_opened_by_the_pages_alone(app, client, code, fit, work):
    assert client.get("/desk/setup").location == "/desk/setup/first"
    opened = client.post("/desk/setup/first", data={"code": code.upper().replace("-", " "), **FIRST})
    assert opened.location == "/desk/setup", opened.text
    assert "things are missing" in client.get("/desk/setup").text
    say(client, "about", name="Two rivers", countries="nor", time_zone="Europe/Oslo", languages=["en", "ar"])
    say(client, "area", west="10", south="59", east="11", north="60")
    say(client, "numbers", emergency_number="112", mine_action_number="+47 555 000")
    say(client, "points", steward="data@relief.example.org", protection="care@relief.example.org", technical="it@relief.example.org")
    say(client, "rules", legal_profile="UKR_ML", contact_days="30", words_days="200")
    given = {"file": (areas([district()]), "adm2.geojson"), "level": "2", "cod_version": "v01"}
    assert client.post("/desk/setup/boundaries", data=given).status_code == 303
    assert "waits" in client.get("/desk/setup").text
    work()
    assert "1 / 1" in client.get("/desk/setup").text
    for name, role in (("sana", "STEWARD"), ("pilar", "PROTECTION"), ("chipo", "COORD"), ("berta", "VERIFIER"), ("ada", "ADMIN")):
        page = client.post("/desk/setup/invite", data={
            "email": f"{name}@relief.example.org", "alias": name, "roles": role, "organisation": "Relief Works", "kind": "INTL_NGO",
        })  # fmt: skip
        accept(app, page.text)
    assert missing() == {"stage", "situations", "baselines", "technical", "keys"}
    too_open = client.post("/desk/setup/live", data={"sure": "yes"})
    assert (too_open.status_code, "You have no second factor yet" in too_open.text) == (409, True)
    session.execute(text("UPDATE people SET tf_primary_method = 'authenticator' WHERE email = :email"), {"email": FIRST["email"]})
    session.commit()
    assert client.post("/desk/setup/live", data={"sure": "yes"}).status_code == 303
    assert (this_response().is_live, this_response().exercise, this_response().legal_profile) == (True, False, "UKR_ML")
    assert "EXERCISE" not in client.get("/").text
    assert client.put(f"/api/v1/reports/{uuid4()}", json=GOOD).status_code == 201
    work()
    coordinator = app.test_client()
    chipo = session.scalar(select(Person).where(Person.email == "chipo@relief.example.org"))
    coordinator.set_cookie(sessions.COOKIE, sessions.begin(chipo))
    session.commit()
    assert "School" in html.unescape(coordinator.get("/desk").text)
    assert "Two rivers" in client.get("/data").text


# the first door


def test_without_the_code_nobody_gets_in_and_with_it_only_one(app, client, code):
    wrong = client.post("/desk/setup/first", data={"code": "aaaa-bbbb-cccc-dddd-eeee", **FIRST})
    assert wrong.status_code == 403
    assert "not right, was used, or has ended" in wrong.text
    assert client.get("/desk/setup").status_code == 303
    short = client.post("/desk/setup/first", data={"code": code, **FIRST, "password": "short"})
    assert (short.status_code, "at least 12 characters" in short.text) == (422, True)
    assert client.post("/desk/setup/first", data={"code": code, **FIRST}).status_code == 303
    other = app.test_client()
    again = other.post("/desk/setup/first", data={"code": code, **FIRST, "email": "mallory@example.org"})
    assert again.location == "/desk/setup"
    assert other.get("/desk/setup").status_code == 401
    assert other.get("/desk/setup/first").location == "/desk/setup"
    assert session.scalar(text("SELECT count(*) FROM people")) == 1


def test_the_code_ends_after_an_hour_and_a_new_one_ends_the_old(client, code, console):
    newer = re.search(r"\w{4}(-\w{4}){4}", console("open")[1])[0]
    assert client.post("/desk/setup/first", data={"code": code, **FIRST}).status_code == 403
    with time_machine.travel(now() + timedelta(minutes=61)):
        assert client.post("/desk/setup/first", data={"code": newer, **FIRST}).status_code == 403
    assert client.post("/desk/setup/first", data={"code": newer, **FIRST}).status_code == 303
    assert console("open")[0] == 1


def test_the_code_itself_is_kept_nowhere(code, database):
    row = database.execute(text("SELECT opening_codes::text FROM opening_codes")).scalar_one()
    assert code not in row
    assert code.replace("-", "").encode().hex() not in row


# who may do what


def test_a_coordinator_reads_the_page_and_changes_nothing(as_):
    chipo = as_("chipo")
    page = chipo.get("/desk/setup").text
    assert "You may read this page" in page
    assert page.count('<fieldset class="plain" disabled>') >= 8
    assert say(chipo, "numbers", emergency_number="112").status_code == 403
    assert this_response().emergency_number == ""
    assert as_("bohdan").get("/desk/setup").status_code == 403


@pytest.mark.parametrize(
    ("section", "words", "why"),
    [
        ("about", {"name": "", "time_zone": "UTC", "languages": "en"}, "Give the response a name"),
        ("about", {"name": "N", "time_zone": "Mars/Olympus", "languages": "en"}, "not a known time zone"),
        ("about", {"name": "N", "time_zone": "UTC", "languages": "tlh"}, "at least one language"),
        ("about", {"name": "N", "time_zone": "UTC", "languages": "en", "countries": "Norway"}, "codes of three letters"),
        ("area", {"west": "11", "south": "59", "east": "10", "north": "60"}, "West must be smaller"),
        ("area", {"west": "ten", "south": "59", "east": "10", "north": "60"}, "all four numbers"),
        ("area", {"west": "nan", "south": "59", "east": "10", "north": "60"}, "West must be smaller"),
        ("numbers", {"emergency_number": "javascript:alert(1)"}, "not a telephone number"),
        ("rules", {"contact_days": "30", "words_days": "200", "legal_profile": "MY_OWN"}, "Choose one of the list"),
        ("rules", {"legal_profile": "NONE", "contact_days": "91", "words_days": "200"}, "from 7 to 90"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_with_its_reason_and_nothing_is_lost(as_, section, words, why):
    before = this_response()
    answer = say(as_("ada"), section, **words)
    assert answer.status_code == 422
    assert why in answer.text
    assert html.escape(next(iter(words.values()))) in answer.text
    assert this_response() == before


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("adm2.shp", b"x", "Choose a GeoJSON"),
        ("adm2.geojson", b"not json", "cannot be read as GeoJSON"),
        ("adm2.gpkg", b"not a database", "cannot be read as a GeoPackage"),
    ],
)  # fmt: skip
def test_a_file_that_holds_no_areas_is_refused_with_its_reason(as_, work, name, content, why):
    ada = as_("ada")
    told = ada.post("/desk/setup/boundaries", data={"file": (io.BytesIO(content), name), "level": "2", "cod_version": "v01"})
    work()
    assert why in told.text + ada.get("/desk/setup").text


def test_good_areas_go_in_and_each_bad_one_is_named(as_, work):
    ada = as_("ada")
    features = [district(), {"type": "Feature", "properties": {}, "geometry": None}]
    ada.post("/desk/setup/boundaries", data={"file": (areas(features), "adm2.geojson"), "level": "2", "cod_version": "v01"})
    work()
    page = ada.get("/desk/setup").text
    assert "1 / 2" in page
    assert "It has no adm2_pcode." in page


def test_a_geopackage_of_boundaries_is_loaded_too(as_, work, tmp_path, database):
    path = tmp_path / "areas.gpkg"
    table = {"adm1_pcode": ["NO90"], "adm1_en": ["Testland"], "adm0_pcode": ["NOR"], "validon": [None]}
    geopandas.GeoDataFrame(table, geometry=[Polygon(SQUARE[0])], crs=4326).to_file(path, driver="GPKG")
    ada = as_("ada")
    given = {"file": (io.BytesIO(path.read_bytes()), "areas.gpkg"), "level": "1", "cod_version": "v01"}
    ada.post("/desk/setup/boundaries", data=given)
    work()
    assert "1 / 1" in ada.get("/desk/setup").text
    row = database.execute(text("SELECT name, country, ST_AsText(ST_Centroid(shape)) FROM admin_areas WHERE pcode = 'NO90'")).one()
    assert tuple(row) == ("Testland", "NOR", "POINT(10.5 59.5)")


@pytest.mark.parametrize("when", ["it waits", "it runs"])
def test_a_load_of_boundaries_is_stopped_and_nothing_of_it_goes_in(as_, work, database, monkeypatch, when):
    ada = as_("ada")
    ada.post("/desk/setup/boundaries", data={"file": (areas([district()]), "adm2.geojson"), "level": "2", "cod_version": "v01"})
    address = re.search(r'action="(/desk/setup/boundaries/[0-9a-f-]{36}/stop)"', ada.get("/desk/setup").text)[1]

    def stop():
        assert ada.post(address).status_code == 303

    if when == "it waits":
        stop()
    else:
        loading = boundaries.load_admin_areas
        monkeypatch.setattr(boundaries, "load_admin_areas", lambda *found, **more: (stop(), loading(*found, **more))[1])
    work()
    assert "Stopped" in ada.get("/desk/setup").text
    assert database.scalar(text("SELECT count(*) FROM admin_areas WHERE cod_version = 'v01'")) == 0
    assert as_("chipo").post(address).status_code == 403


# live


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"demo": True}, "DEMO is set"),
        ({"exercise": True}, "EXERCISE is set"),
        ({"trusted_hosts": ()}, "TRUSTED_HOSTS is empty"),
        ({"secret_key": "change me change me change me change me"}, "SECRET_KEY can be guessed"),
        ({"secret_key": "ab" * 20}, "SECRET_KEY can be guessed"),
        ({"trusted_hosts": ("reports.example.org",)}, "SECURE_COOKIES is off"),
        ({"public_database_url": ""}, "does not name a role of its own"),
    ],
)  # fmt: skip
def test_a_server_that_is_not_fit_to_be_live_is_told_why(as_, fit, set_as, changed, why):
    ada = as_("ada")
    say(ada, "about", name="Two rivers", time_zone="UTC", languages="en")
    set_as(**changed)
    answer = ada.post("/desk/setup/live", data={"sure": "yes"})
    assert answer.status_code == 409
    assert why in answer.text
    assert not this_response().is_live


def test_a_live_response_that_comes_to_run_dangerously_says_so(as_, fit, set_as, console):
    ada = as_("ada")
    say(ada, "about", name="Two rivers", time_zone="UTC", languages="en")
    ada.post("/desk/setup/live", data={"sure": "yes"})
    assert "must not run like this" not in ada.get("/desk/setup").text
    set_as(demo=True)
    page = ada.get("/desk/setup").text
    assert "must not run like this" in page
    assert "DEMO is set" in page
    assert "DANGER   DEMO is set" in console("check")[1]


@pytest.mark.parametrize(("changed", "named"), [({"demo": True, "exercise": False}, "DEMO"), ({"demo": True, "exercise": True}, "DEMO and EXERCISE")])
def test_the_server_does_not_start_with_settings_of_an_exercise_on_a_live_response(database, monkeypatch, capsys, changed, named):
    monkeypatch.setattr(revision, "settings", lambda: replace(settings(), **changed))
    revision.refuse_made_up()
    say_fact("stage", "LIVE", said_by=None)
    session.commit()
    with pytest.raises(revision.OtherDatabase) as refused:
        revision.refuse_made_up()
    assert refused.value.code == revision.BOOT_ERROR
    assert f"Take out {named}, or" in capsys.readouterr().err
    monkeypatch.setattr(revision, "settings", lambda: replace(settings(), demo=False, exercise=False))
    revision.refuse_made_up()


def test_nothing_made_up_is_loaded_into_a_live_response(app, database, monkeypatch):
    say_fact("stage", "LIVE", said_by=None)
    session.commit()
    monkeypatch.setattr(demo, "settings", lambda: replace(settings(), exercise=True, demo=True))
    done = app.test_cli_runner().invoke(args=["demo", "--small"])
    assert (done.exit_code, "nothing made up is ever loaded" in done.output) == (1, True)


def test_cookies_that_anybody_could_read_are_refused_by_the_name_in_the_address(as_, fit):
    ada = as_("ada")
    say(ada, "about", name="Two rivers", time_zone="UTC", languages="en")
    from_afar = {"base_url": "http://reports.example.org", "headers": {"Sec-Fetch-Site": "same-origin"}}
    ada.set_cookie("tessera", ada.get_cookie("tessera").value, domain="reports.example.org")
    answer = ada.post("/desk/setup/live", data={"sure": "yes"}, **from_afar)
    assert (answer.status_code, "SECURE_COOKIES is off" in answer.text) == (409, True)
    assert ada.post("/desk/setup/live", data={"sure": "yes"}).status_code == 303


def test_a_response_without_a_name_or_with_people_of_the_exercise_does_not_go_live(as_, fit, database):
    ada = as_("ada")
    assert "has no name yet" in ada.post("/desk/setup/live", data={"sure": "yes"}).text
    say(ada, "about", name="Two rivers", time_zone="UTC", languages="en")
    ada.post("/desk/setup/invite", data={"email": "verifier@exercise.example", "alias": "V", "roles": "VERIFIER"})
    assert ada.post("/desk/setup/live", data={"sure": ""}).status_code == 422
    database.execute(text("UPDATE people SET email = 'verifier@exercise.example' WHERE email = 'bohdan@example.org'"))
    assert "accounts of the exercise" in ada.post("/desk/setup/live", data={"sure": "yes"}).text


def test_an_exercise_with_reports_never_becomes_live_and_a_live_response_never_an_exercise(as_, client, fit):
    ada = as_("ada")
    say(ada, "about", name="Two rivers", time_zone="UTC", languages="en")
    assert ada.post("/desk/setup/exercise").status_code == 303
    assert "EXERCISE" in client.get("/").text
    client.put(f"/api/v1/reports/{uuid4()}", json=GOOD)
    answer = ada.post("/desk/setup/live", data={"sure": "yes"})
    assert (answer.status_code, "A live response needs an empty installation" in answer.text) == (409, True)
    say_fact("exercise", value=False, said_by=None)
    say_fact("stage", "LIVE", said_by=None)
    session.commit()
    assert ada.post("/desk/setup/exercise").status_code == 409
    assert ada.post("/desk/setup/live", data={"sure": "yes"}).status_code == 409
    assert not this_response().exercise


def test_reports_that_may_be_real_are_never_called_an_exercise_afterwards(as_, client):
    client.put(f"/api/v1/reports/{uuid4()}", json=GOOD)
    answer = as_("ada").post("/desk/setup/exercise")
    assert (answer.status_code, "Start an empty installation" in answer.text) == (409, True)


# the console


def test_the_console_shows_sets_and_checks_the_same(console, people, fit):
    assert "Changed: name, countries" in console("set", "about", "name=Two rivers", "countries=NOR SWE")[1]
    assert re.search(r"countries +NOR, SWE\n", console("show")[1])
    assert console("set", "about", "time_zone=Mars")[0] == 1
    assert "NAME=VALUE" in console("set", "about", "colour=red")[1]
    code, said = console("check")
    assert code == 1
    assert "MISSING  The operating area is set\n         Maps open on the whole world" in said
    assert console("go-live")[1] == "Live. What is reported from now on is real.\n"
    assert "This was done already" in console("go-live")[1]


def test_the_console_says_what_forbids_going_live(console, people):
    code, said = console("go-live")
    assert code == 1
    assert "DEMO is set" in said
    assert "SECRET_KEY can be guessed" in said


# what a response keeps, and for how long


def test_contacts_go_sooner_where_the_response_says_so(as_, client, database):
    body = {**GOOD, "contact": "+47 99 88 77 66", "consents": ["KEEP_CONTACT"]}
    assert client.put(f"/api/v1/reports/{uuid4()}", json=body).status_code == 201
    with time_machine.travel(now() + timedelta(days=20), tick=True):
        assert erase_old_contacts() == 0
    say(as_("ada"), "rules", legal_profile="NONE", contact_days="7", words_days="365")
    with time_machine.travel(now() + timedelta(days=20), tick=True):
        assert erase_old_contacts() == 1


def test_who_finds_an_open_browser_invites_nobody_without_the_password(as_, fit, database):
    ada = as_("ada")
    database.execute(text("UPDATE sign_ins SET contents = contents || '{\"fs_paa\": 1}'"))
    answer = ada.post("/desk/setup/invite", data={"email": "mallory@example.org", "alias": "M", "roles": "ADMIN"})
    assert answer.status_code == 403
    assert "/invitation/" not in answer.text
    assert database.scalar(text("SELECT count(*) FROM invitations WHERE email = 'mallory@example.org'")) == 0
