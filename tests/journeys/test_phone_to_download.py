"""The main job: three residents tell of one school; it becomes one record, one row of the public files, and no more."""

import csv
import io
import json
from datetime import timedelta

from server.core.clock import now
from tests.journeys.conftest import LAT, LON

WORDS = (
    "The roof of school number 4 fell in after the night strike",
    "School number 4 was hit in the night, its roof fell in",
    "Roof of school 4 destroyed, strike in the night",
)


def told(by_form, by_phone):
    """The three reports: two by the page, one by a phone, a few steps apart."""
    first, _code = by_form(WORDS[0])
    second, _code = by_form(WORDS[1], north_m=12)
    return first, second, by_phone(WORDS[2], north_m=-9)


def test_three_reports_of_one_school_become_one_record_that_says_why(by_form, by_phone, work, records, as_, at_war):
    reports = told(by_form, by_phone)
    work()
    [record] = records()
    assert record.report_count == 3
    page = as_("chipo").get(f"/desk/incidents/{record.public_id}").text
    for words, number in zip(WORDS, reports, strict=True):
        assert words in page
        assert f'id="report-{number}"' in page
    assert page.count("m apart") >= 2


def test_from_the_phone_to_the_download_and_nothing_private_on_the_way(by_form, by_phone, work, verify, publish, client, at_war, people):
    reports = told(by_form, by_phone)
    work()
    desk_number = verify(reports[0], reports[2])
    publish(now() + timedelta(hours=30))
    assert client.get("/api/v1/public/incidents").json["total"] == 0, "a school waits three days in a conflict"
    publish(now() + timedelta(days=5))
    [row] = csv.DictReader(io.StringIO(client.get("/api/v1/public/incidents.csv").get_data(as_text=True).lstrip("\ufeff")))
    [feature] = json.loads(client.get("/api/v1/public/incidents.geojson").data)["features"]
    assert (row["site_group"], row["certainty"], row["adm1_name"]) == ("EDU", "PROBABLE", "Nordmark")
    assert (row["lat"], row["lon"], row["site_name"]) == ("", "", "")
    grades = row["damage_min"], row["damage_best"], row["damage_max"]
    assert grades == ("3", "3", "3"), "of three neighbours who say 3, 3 and 4 the middle holds"
    assert feature["id"] == row["incident_id"] != desk_number
    assert feature["geometry"]["type"] == "MultiPolygon"
    assert client.get(f"/map/{row['incident_id']}").status_code == 200
    everything = _everything_public(client, row["incident_id"])
    for private in (*WORDS, *reports, desk_number, "neighbour@example.org", "Bohdan", "Two neighbours", f"{LON:.4f}", f"{LAT:.4f}", "SAW_IT"):
        assert private not in everything, private


def _everything_public(client, number):
    """All that a stranger can fetch, as one text."""
    paths = [f"/api/v1/public/incidents{end}" for end in ("", ".csv", ".hxl.csv", ".geojson", f"/{number}")]
    paths += ["/map", "/map/table", f"/map/{number}", "/data", "/ogc/collections/incidents/items", "/api/v1/public/batches"]
    paths += ["/api/v1/public/map/0/0/0", "/api/v1/public/map/12/2163/1189", f"/api/v1/public/nearby?lon={LON}&lat={LAT}"]
    return "\n".join(client.get(path).get_data(as_text=True) for path in paths)


def test_a_record_that_nobody_decided_is_never_public(by_form, by_phone, work, publish, client, at_war):
    told(by_form, by_phone)
    work()
    publish(now() + timedelta(days=60))
    assert client.get("/api/v1/public/incidents").json["total"] == 0


def test_the_preview_promises_what_the_batch_then_does(by_form, by_phone, work, verify, publish, client, as_, at_war):
    reports = told(by_form, by_phone)
    work()
    number = verify(reports[0], reports[1])
    before = as_("chipo").get(f"/desk/incidents/{number}/public")
    assert before.status_code == 200
    publish(now() + timedelta(days=5))
    [item] = client.get("/api/v1/public/incidents").json["items"]
    assert item["incident_id"] in as_("chipo").get(f"/desk/incidents/{number}/public").text
    assert item["incident_id"] not in before.text


def test_the_same_form_sent_twice_counts_once(client, by_form, work, records, at_war):
    by_form(WORDS[0])
    work()
    work()
    assert [record.report_count for record in records()] == [1]
