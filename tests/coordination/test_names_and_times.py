"""Where and when, for people who speak with people elsewhere: names of areas in both scripts, times of the place and in UTC."""

import re
from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from server.core.database import session
from server.core.response import say_fact
from tests.coordination.test_desk import records, report, send
from tests.publication import town

AT = datetime(2026, 10, 27, 22, 40, tzinfo=UTC)
LON, LAT = town.MIDDLE[0], town.MIDDLE[1] + 0.1


@pytest.fixture
def in_kabul(database):
    """A response half past four hours before UTC, whose districts have names in two scripts."""
    town.areas()
    session.execute(
        text(
            """UPDATE admin_areas SET names = jsonb_build_object('en', name, 'ar', 'حي ' || right(pcode, 2)) WHERE level > 1"""
        )
    )
    say_fact("time_zone", "Asia/Kabul", said_by=None)
    session.commit()


@pytest.fixture
def record(in_kabul, client, work, database):
    send(client, report(LON, LAT, event_earliest=AT.isoformat(), event_latest=AT.isoformat()))
    work()
    return records(database)[0].public_id


@pytest.mark.parametrize(
    ("language", "said"), [("en", "Town 12 (حي 02), District 1 (حي 01)"), ("ar", "حي 02 (Town 12), حي 01 (District 1)")]
)
def test_the_list_says_where_each_record_lies_as_the_map_shows_it(as_, record, language, said):
    row = as_("chipo").get(f"/desk/list?lang={language}").text
    assert f"<bdi>{said}</bdi>" in row
    assert said.split(", ")[0] in as_("chipo").get(f"/desk/incidents/{record}?lang={language}").text


def test_the_municipality_of_the_most_protected_is_not_in_the_list(as_, record, database):
    database.execute(text("UPDATE incidents SET s_class = 'S4'"))
    row = as_("chipo").get("/desk/list").text
    assert "District 1" in row
    assert "Town 1" not in row


def test_times_are_those_of_the_place_with_utc_beside_them(as_, record, database):
    chipo = as_("chipo")
    page = chipo.get(f"/desk/incidents/{record}").text
    assert "28 Oct 2026, 03:10" in page
    assert page.count("2026-10-27 22:40 UTC") == 2, "of the record, and of its report"
    assert ["UTC", "2026-10-27 22:40"] in chipo.get(f"/api/v1/desk/incidents/{record}").json["facts"]
    database.execute(text("UPDATE incidents SET event_precision = 'DAY'"))
    page = chipo.get(f"/desk/incidents/{record}").text
    assert page.count("2026-10-27 22:40 UTC") == 1, "a day here is no day there"


@pytest.mark.parametrize("path", ["/desk", "/desk/reports"])
def test_every_page_of_the_desk_has_a_clock_of_the_place_and_one_of_utc(as_, in_kabul, path):
    faces = dict(re.findall(r'<time data-zone="([\w/]+)">(\d\d:\d\d)</time>', as_("chipo").get(path).text))
    assert set(faces) == {"Asia/Kabul", "UTC"}
    here, there = (int(shown[:2]) * 60 + int(shown[3:]) for shown in faces.values())
    assert (here - there) % (24 * 60) == 4 * 60 + 30


def test_where_the_place_keeps_utc_nothing_is_said_twice(as_, client, work, database):
    send(client, report(LON, LAT, event_earliest=AT.isoformat(), event_latest=AT.isoformat()))
    work()
    page = as_("chipo").get(f"/desk/incidents/{records(database)[0].public_id}").text
    assert "2026-10-27 22:40 UTC" not in page
    assert page.count("data-zone=") == 1
