"""Satellite assessments: read as their makers write them, tried before they count, compared with the ground, taken back."""

import csv
import io
import json
import math
import time
import zipfile

import pytest
from shapely import Polygon
from sqlalchemy import text

from server.evidence import imagery_large
from tests.verification.satellite_files import HERE, copernicus, unosat, written, zipped


def rows(database):
    return database.execute(
        text("SELECT unit_key, acquired_on::text AS day, source_value, damage_min, damage_max, damage_best, clean_until::text AS clean, is_latest FROM imagery_rows ORDER BY unit_key, acquired_on")
    ).all()


@pytest.mark.parametrize("name", ["damage.geojson", "damage.gpkg", "damage.gdb", "damage.shp"])
def test_a_wide_file_of_unosat_becomes_one_row_for_each_image_whatever_its_format(tmp_path, count_in, database, name):
    frame = unosat((0, 6, 1), (50, 2, 2)).to_crs("EPSG:32721" if name.endswith("shp") else "EPSG:4326")
    options = {"driver": "OpenFileGDB"} if name.endswith("gdb") else {}
    with pytest.warns(RuntimeWarning) if name[-3:] in {"shp", "gdb"} else _quiet():
        data = written(frame, tmp_path, name, **options)
    count_in(data)
    assert rows(database) == [
        ("100", "2026-11-01", "6", 0, 1, 0, None, False),
        ("100", "2026-11-21", "1", 4, 4, 4, "2026-11-01", True),  # destroyed after the clean image, not on the day of the other
        ("101", "2026-11-01", "2", 3, 3, 3, None, False),
        ("101", "2026-11-21", "2", 3, 3, 3, None, True),
    ]
    validated = database.execute(text("SELECT DISTINCT unit_key, field_validated FROM imagery_rows ORDER BY 1")).all()
    assert validated == [("100", False), ("101", True)]
    lon, lat = database.execute(text("SELECT ST_X(shape), ST_Y(shape) FROM imagery_rows WHERE unit_key = '100'")).first()
    assert (lon, lat) == pytest.approx(HERE, abs=1e-6)


def _quiet():
    from contextlib import nullcontext

    return nullcontext()


def test_a_package_of_copernicus_is_read_with_its_images_and_its_area(tmp_path, count_in, database):
    page = count_in(copernicus(tmp_path, "Destroyed", "Damaged", "Possibly damaged", "No visible damage"), provider="CEMS")
    found = [(row.source_value, row.day, row.damage_min, row.damage_max, row.damage_best) for row in rows(database)]
    assert sorted(found) == [
        ("Damaged", "2026-11-21", 1, 3, 2),
        ("Destroyed", "2026-11-21", 4, 4, 4),
        ("No visible damage", "2026-11-21", 0, 1, 0),
        ("Possibly damaged", "2026-11-21", 0, 4, None),  # "possible" is no grade, it is a doubt
    ]
    one = database.execute(text("SELECT source_scale, area_is_stated, rows, sha256 FROM imagery_imports")).one()
    assert (one.source_scale, one.area_is_stated, one.rows) == ("CEMS", True, 4)
    assert page


def test_trying_changes_nothing_and_tells_what_would_come_of_it(tmp_path, as_, bring, database):
    data = written(unosat((0, 1, None), (50, 9, None)), tmp_path, "a.geojson")
    tried = bring(data)
    page = as_("bohdan").get(tried.location).text
    assert "Nothing counts yet" in page
    assert "Its class of damage is not in the scale." in page
    assert rows(database) == []
    assert as_("bohdan").post(f"{tried.location}/undo").status_code == 303
    assert as_("bohdan").post(f"{tried.location}/keep").status_code == 409
    assert rows(database) == []


HOSTILE = {
    "empty": b"",
    "a picture": b"\xff\xd8\xff\xe0" + bytes(50),
    "half a GeoPackage": b"SQLite format 3\x00" + bytes(200),
    "broken JSON": b'{"type": "FeatureCollection", "features": [',
    "an archive of nothing known": zipped({"readme.txt": b"hello"}),
    "a locked archive": zipped({"a.geojson": b"{}"})[:40],
    "a bomb": zipped({f"{n}.geojson": bytes(101_000_000) for n in range(3)}),
    "a file that would open others": b'<OGRVRTDataSource><OGRVRTLayer name="x"><SrcDataSource>/etc/passwd</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>',
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_file_that_cannot_be_read_is_refused_in_words_and_nothing_is_kept(bring, database, name):
    answer = bring(HOSTILE[name])
    assert answer.status_code == 422
    assert 'class="error"' in answer.text
    assert "CE20261110XXX" in answer.text, "what was typed stays"
    assert database.scalar(text("SELECT count(*) FROM imagery_imports")) == 0


def test_a_star_that_crosses_itself_ten_thousand_times_is_read_in_a_moment(tmp_path, count_in, database):
    """The usual way of mending takes minutes for so many crossings."""
    turns = [2 * math.pi * at * 100 / 201 for at in range(201)]
    star = unosat((0, 1, None)).set_geometry([Polygon([(HERE[0] + math.cos(turn), HERE[1] + math.sin(turn)) for turn in turns])])
    begun = time.process_time()
    count_in(written(star, tmp_path, "star.geojson"))
    assert time.process_time() - begun < 60, "it was 141 seconds"
    assert database.scalar(text("SELECT bool_and(ST_IsValid(shape)) FROM imagery_rows")) is True


def test_columns_nobody_knows_are_asked_for_and_then_believed(tmp_path, bring, as_, database):
    frame = unosat((0, 1, None)).rename(columns={"Main_Damage_Site_Class": "schaden"})[["schaden", "geometry"]]
    data = written(frame, tmp_path, "a.geojson")
    asked = bring(data)
    assert asked.status_code == 422
    assert "schaden" in asked.text
    tried = bring(data, class_column="schaden", scale="UNOSAT", taken_on="2026-11-20")
    assert tried.status_code == 303
    as_("bohdan").post(f"{tried.location}/keep")
    assert [(row.day, row.damage_best) for row in rows(database)] == [("2026-11-20", 4)]


@pytest.fixture
def a_street(tmp_path, report, records, count_in):
    """Four houses told from the ground and four marks from above; gives the numbers of the records and the page."""
    report(east=0, damage="D4")  # marked destroyed: both
    report(east=500, damage="D4", text="Number five is a heap.")  # marked "no visible damage": a contradiction
    report(east=1000, damage="D1", text="Windows broken at the mill.")  # no mark: only from the ground
    report(east=1500, damage="D2", text="The school roof has a hole.")  # "possible": a doubt
    numbers = records()
    data = written(unosat((8, 1, 1), (505, 6, 6), (1506, 4, 4), (3000, 2, 2), (-400, 6, 6)), tmp_path, "a.geojson")
    return numbers, count_in(data)


def test_the_ground_and_the_satellite_are_counted_exactly_and_listed_by_how_they_agree(as_, a_street):
    numbers, page = a_street
    bohdan = as_("bohdan")
    whole = bohdan.get(page).text
    for words in ("All (5)", "Confirmed by both (1)", "Only from the ground (1)", "Only from above (1)", "They contradict each other (1)", "From above only: possible (1)"):
        assert words in whole, words
    shown = {code: bohdan.get(f"{page}?agreement={code}").text for code in ("BOTH", "CONTRADICTION", "ONLY_GROUND", "DOUBTFUL", "ONLY_SATELLITE")}
    assert [next(number for number in numbers if number in shown[code]) for code in ("BOTH", "CONTRADICTION", "ONLY_GROUND", "DOUBTFUL")] == numbers
    assert not any(number in shown["ONLY_SATELLITE"] for number in numbers)


def test_an_image_taken_before_the_damage_says_nothing_of_it(tmp_path, report, records, count_in, as_):
    from tests.verification.conftest import STRUCK

    report(damage="D4", at=STRUCK.replace(day=22, hour=1))
    number = records()[0]
    page = count_in(written(unosat((5, 6, 6)), tmp_path, "a.geojson"))
    assert number not in as_("bohdan").get(page).text


def test_a_record_that_comes_later_is_paired_when_it_comes(tmp_path, report, records, count_in, as_):
    page = count_in(written(unosat((5, 1, 1)), tmp_path, "a.geojson"))
    assert "Only from above (1)" in as_("bohdan").get(page).text
    report(damage="D4")
    records()
    assert "Confirmed by both (1)" in as_("bohdan").get(page).text


def test_an_import_is_taken_back_whole(as_, a_street, database, work):
    _numbers, page = a_street
    assert as_("dario").post(f"{page}/undo").status_code == 403
    assert as_("berta").post(f"{page}/undo").status_code == 303
    work()
    assert rows(database) == []
    assert database.scalar(text("SELECT count(*) FROM imagery_links")) == 0
    assert as_("berta").post(f"{page}/undo").status_code == 409
    assert "taken back" in as_("chipo").get(page).text


def test_the_feedback_file_holds_the_sources_own_points_and_nothing_that_gives_a_place_away(long_ago, as_, a_street, database):
    numbers, page = a_street
    database.execute(text("UPDATE incidents SET certainty = 'CONFIRMED'"))
    assert as_("bohdan").get(f"{page}/feedback.csv").status_code == 403
    assert long_ago("chipo").get(f"{page}/feedback.csv").status_code == 302, "the password is asked again first"
    answer = as_("chipo").get(f"{page}/feedback.csv")
    told = list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert [(row["SiteID"], row["FieldValidation"], row["FieldClass"], row["Agreement"]) for row in told] == [
        ("100", "yes", "1", "BOTH"), ("101", "no", "1", "CONTRADICTION"), ("102", "no", "3", "DOUBTFUL"),
    ]  # fmt: skip
    assert not any(number in answer.text for number in numbers)
    assert "heap" not in answer.text
    taken = database.execute(text("SELECT details FROM ledger WHERE event = 'imagery.feedback_exported'")).scalar_one()
    assert taken["rows"] == 3
    database.execute(text("UPDATE incidents SET s_class = 'S4' WHERE public_id = :one"), {"one": numbers[0]})
    kept = json.loads(as_("chipo").get(f"{page}/feedback.geojson").data)
    assert [feature["properties"]["SiteID"] for feature in kept["features"]] == ["101", "102"]


@pytest.mark.parametrize(("name", "status"), [("dario", 403), ("amal", 403), ("eve", 403), ("chipo", 200), ("sana", 200)])
def test_imagery_is_for_the_desk(as_, name, status):
    assert as_(name).get("/desk/imagery").status_code == status


def test_only_who_verifies_brings_files_in(bring, tmp_path):
    data = written(unosat((0, 1, 1)), tmp_path, "a.geojson")
    assert bring(data, name="sana").status_code == 403
    assert bring(data, name="dario").status_code == 403


def test_the_same_by_command_a_dry_run_first(app, tmp_path, database):
    path = tmp_path / "a.zip"
    path.write_bytes(copernicus(tmp_path, "Destroyed"))
    asked = ["imagery", "import", str(path), "--provider", "CEMS", "--product", "EMSR999", "--licence", "Copernicus"]
    runner = app.test_cli_runner()
    assert "Nothing was changed" in runner.invoke(args=asked).output
    assert rows(database) == []
    done = runner.invoke(args=[*asked, "--commit"])
    assert "Imported as" in done.output, done.output
    assert len(rows(database)) == 1
    number = done.output.split("Imported as ")[1][:8]
    assert "1 rows taken back" in runner.invoke(args=["imagery", "undo", number]).output
    assert rows(database) == []


def test_an_archive_is_never_unpacked_where_it_says(tmp_path, bring, as_):
    """A name that climbs out of its folder names nothing here: only its ending is read."""
    data = written(unosat((0, 1, 1)), tmp_path, "a.geojson")
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("../../../../tmp/evil.geojson", data)
    assert bring(out.getvalue()).status_code == 303


def test_a_file_without_a_name_of_its_own_is_read_as_any_other(bring, as_, database):
    """As most programs write GeoJSON: without a name, in one line, from a browser or a notebook."""
    tried = bring(unosat((0, 6, 1), (50, 2, 2)).to_crs("EPSG:4326").to_json(drop_id=True).encode())
    assert tried.status_code == 303, tried.text
    assert "Nothing counts yet" in as_("bohdan").get(tried.location).text
    assert database.execute(text("SELECT rows, mapping->'layers' FROM imagery_imports")).one() == (4, ["1"])


def test_a_large_file_is_read_and_written_by_the_worker_and_can_be_stopped(as_, tmp_path, bring, report, records, work, database, monkeypatch):
    """Whoever brings it in waits for nothing: it is taken in, read, shown, written in pieces, and thrown away at any of these steps."""
    monkeypatch.setattr(imagery_large, "LARGE_BYTES", 500)
    monkeypatch.setattr(imagery_large, "LARGE_ROWS", 1)
    report()
    records()
    bohdan, data = as_("bohdan"), written(unosat((0, 6, 1), (50, 2, 2)).to_crs("EPSG:4326"), tmp_path, "damage.geojson")
    assert len(data) > 500
    page = bring(data).location
    assert "The file is being read" in bohdan.get(page).text
    assert bohdan.get(f"{page}/progress").json["state"] == "RUNNING"
    work()
    tried = bohdan.get(page).text
    assert "Nothing counts yet" in tried, database.execute(text("SELECT state, problem FROM imagery_imports")).all()
    assert "Let it count" in tried
    assert rows(database) == []
    bohdan.post(f"{page}/keep")
    assert "Its rows are being written" in bohdan.get(page).text
    assert bohdan.get(f"{page}/progress").json == {"state": "RUNNING", "total": 4, "left": 4}
    work()
    assert len(rows(database)) == 4
    assert database.scalar(text("SELECT state FROM imagery_imports")) == "KEPT"
    assert database.scalar(text("SELECT count(*) FROM imagery_links")) > 0, "laid beside the record on the ground"
    assert "From above and from the ground" in bohdan.get(page).text
    for steps in ((), ("keep",)):
        page = bring(data).location
        for step in steps:
            work()
            bohdan.post(f"{page}/{step}")
        assert bohdan.post(f"{page}/undo").status_code == 303
        work()
        assert bohdan.get(f"{page}/progress").json["state"] == "UNDONE"
    assert len(rows(database)) == 4, "what was stopped left nothing"
    broken = bring(b"{" + b" " * 2_000).location
    work()
    assert "The file is damaged and cannot be read." in bohdan.get(broken).text
    assert as_("dario").get(f"{broken}/progress").status_code == 403
