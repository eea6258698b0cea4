"""Downloads: kept files, rows sent as they are read, and what happens when the public copy changes meanwhile."""

import io
import json
import subprocess
from dataclasses import replace
from itertools import islice

import openpyxl
import pandas as pd
import pyogrio
import pytest
from psycopg.errors import QueryCanceled
from sqlalchemy import String, insert, select, text

from server.core.cells import escape_cell
from server.core.database import public_session, session
from server.core.storage import store
from server.publication import current, downloads, reading, takedown
from server.publication.formats import FORMATS, csv, geojson
from server.publication.formulas import RISKY, WORDS
from server.publication.models import PublishedBatch, PublishedIncident
from server.publication.release_models import PublishedFile
from server.publication.schemas import PublicFilter
from server.publication.source import COLUMNS, Source
from tests.publication.public_rows import ABOUT, RELEASE, as_point, data_set, in_cell, public_row

PUBLIC = "/api/v1/public"
ALL = PublicFilter().load({})


@pytest.fixture
def many(database):
    """Nine hundred rows, so that a download is more than one portion."""
    data_set()
    public_row()
    copied = ", ".join(
        column.key for column in reading.PublishedIncident.__table__.c if column.key not in ("incident_id", "position")
    )
    session.execute(
        text(f"""INSERT INTO pub.incidents (incident_id, position, {copied})
        SELECT 'INC-C' || lpad(n::text, 7, '0'), 4611686018427387903 - n, {copied} FROM pub.incidents, generate_series(1, 899) n""")
    )
    return 900


@pytest.fixture
def some(database):
    """A row of each kind of place."""
    data_set()
    public_row(site_group="EDU", site_type="EDU.SCHOOL")
    in_cell()
    as_point()


def get(client, path, **query):
    return client.get(f"{PUBLIC}{path}", query_string=query, buffered=True)


def newest():
    return public_session.scalar(reading.newest())


# ── Sent as they are read ────────────────────────────────────────────────────────────────────────────────────────────


def test_a_download_in_portions_is_every_row_once_in_the_order_of_export(client, many):
    got = pd.read_csv(io.BytesIO(get(client, "/incidents.csv").data), encoding="utf-8-sig")
    asked = list(session.scalars(text("SELECT incident_id FROM pub.incidents ORDER BY position")))
    assert list(got["incident_id"]) == asked
    features = json.loads(get(client, "/incidents.geojson").data)["features"]
    assert [one["id"] for one in features] == asked


@pytest.mark.parametrize("words", ["=1+1", " ＝cmd", "-2+3", "@SUM(A1)", "'=1", "(north)", "«Süd»"])
def test_one_row_with_words_that_might_run_has_every_cell_looked_at(client, many, words):
    assert csv.cells_of(Source(public_session.connection(), current.about(newest()))) is csv.PLAIN
    public_row(adm2_name=words)
    assert csv.cells_of(Source(public_session.connection(), current.about(newest()))) is csv.CELLS
    assert any(
        line.startswith("INC") and f",{escape_cell(words)}," in line
        for line in get(client, "/incidents.csv").text.splitlines()
    )


def test_which_rows_might_run_is_read_from_an_index_and_not_from_the_rows(many):
    session.execute(text("SET LOCAL enable_seqscan = off"))
    plan = session.scalars(text(f"EXPLAIN SELECT FROM pub.incidents WHERE {RISKY}"))
    assert any("ix_pub_incidents_formulas" in line for line in plan)


def test_every_column_of_words_is_looked_at():
    house_made = {"incident_id", "release_id", "record_status", "h3_cell", "policy_version", "redaction", "licence"}
    columns = PublishedIncident.__table__.c
    assert set(WORDS) == {name for name in COLUMNS if type(columns[name].type) is String} - house_made


@pytest.mark.parametrize("name", ["csv", "hxl.csv", "geojson", "kml"])
def test_what_is_streamed_and_what_is_written_at_a_path_is_the_same_file(client, many, tmp_path, name):
    path = tmp_path / "file"
    FORMATS[name].write(Source(public_session.connection(), current.about(newest())), path)
    assert get(client, f"/incidents.{name}").data == path.read_bytes()


def test_the_first_bytes_come_before_the_rows_are_read(many):
    for made in (csv.pieces, geojson.pieces):
        source = downloads.Portions(newest(), ALL)
        assert len(next(made(source))) > 100
        assert source.connection is None


class Watched(downloads.Portions):
    """A download whose portions are counted; ``meanwhile`` happens just before the second is opened."""

    def __init__(self, newest, asked, meanwhile=lambda: None):
        super().__init__(newest, asked)
        self.opened, self.meanwhile = [], meanwhile

    def _opened(self):
        assert not [own for own in self.opened if own.in_transaction()]
        if len(self.opened) == 1:
            self.meanwhile()
        self.opened.append(super()._opened())
        return self.opened[-1]


def test_between_two_portions_a_download_holds_no_connection(many):
    source = Watched(newest(), ALL)
    assert sum(len(rows) for rows in source.rows(csv.CELLS)) == many
    assert len(source.opened) == 2


def test_a_download_breaks_off_when_a_batch_comes_in_between(many):
    def publish():
        later = {
            "release_id": f"{RELEASE}1",
            "published_on": ABOUT.published_on,
            "policy_version": "1",
            "rows_total": 0,
        }
        session.execute(insert(PublishedBatch).values(**later, revoked=[], is_exercise=True))

    with pytest.raises(reading.ChangedMeanwhile):
        list(Watched(newest(), ALL, publish).rows(csv.CELLS))


class HungUpOn(downloads.Portions):
    """A download to a phone that stood still after its first rows until the database hung up."""

    hung_up = 0

    def _portion(self, spelling, part, size, together):
        yield from super()._portion(spelling, part, size, together)
        if not self.hung_up:
            self.hung_up += 1
            raise QueryCanceled("canceling statement due to statement timeout")


def test_a_phone_that_stood_still_goes_on_after_its_last_row(many):
    source = HungUpOn(newest(), ALL)
    got = [line.split(b",")[0] for rows in source.rows(csv.CELLS) for line in rows.lines()]
    assert source.hung_up == 1
    assert (len(got), len(set(got))) == (many, many)


@pytest.mark.parametrize(
    ("size", "seconds", "then"),
    [(500, 0.005, 4_000), (500, 60, 500), (200_000, 0.5, 200_000), (200_000, 4, 50_000), (32_000, 1, 32_000)],
)
def test_a_portion_is_about_what_the_taker_takes_in_a_second(size, seconds, then):
    assert downloads._next(size, seconds) == then


# ── What may be asked ────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_table_comes_without_its_mark_for_programs_that_stumble_over_it(client, some):
    assert get(client, "/incidents.csv").data.startswith(csv.MARK)
    plain = get(client, "/incidents.csv", bom="no").data
    assert plain.startswith(b"incident_id,")
    assert csv.MARK + plain == get(client, "/incidents.csv", bom="yes").data
    assert get(client, "/incidents.csv", bom="maybe").status_code == 422


@pytest.mark.parametrize("name", list(FORMATS))
def test_every_format_takes_the_filters_of_the_page(client, some, tmp_path, name):
    answer = get(client, f"/incidents.{name}", site_group="EDU")
    assert (answer.status_code, answer.mimetype) == (200, FORMATS[name].mimetype)
    assert (
        answer.headers["Content-Disposition"]
        == f'attachment; filename="tessera-damage-{RELEASE}.{FORMATS[name].extension}"'
    )
    assert 'rel="license"' in answer.headers["Link"]
    assert "max-age=30" in answer.headers["Cache-Control"]
    path = tmp_path / f"file.{FORMATS[name].extension}"
    path.write_bytes(answer.data)
    if name in ("geojson", "gpkg", "kml", "fgb"):
        assert pyogrio.read_info(path)["features"] == 1
    if name == "xlsx":
        assert openpyxl.load_workbook(path)["data"].max_row == 2


def test_a_format_that_does_not_exist_is_not_found(client, some):
    for name in ("exe", "csv.exe", "..", "PARQUET"):
        assert get(client, f"/incidents.{name}").status_code == 404


def test_too_many_rows_for_a_file_made_while_one_waits_are_refused_with_a_way_out(client, some, monkeypatch):
    monkeypatch.setattr(downloads, "AT_ONCE", 0)
    chosen = get(client, "/incidents.gpkg", site_group="EDU")
    assert (chosen.status_code, "CSV or GeoJSON" in chosen.get_json()["detail"]) == (422, True)
    whole = get(client, "/incidents.gpkg")
    assert (whole.status_code, whole.get_json()["code"], whole.headers["Retry-After"]) == (503, "file_being_made", "30")
    assert "0 of 10" in whole.get_json()["detail"]
    assert get(client, "/incidents.csv", site_group="EDU").status_code == 200


def test_a_row_with_constraints_of_access_is_read_everywhere(client, some):
    rows = get(client, "/incidents").get_json()["items"]
    [point] = [row for row in rows if row["lat"]]
    assert point["access_constraints"] == ["ACC.UXO"]
    assert get(client, f"/incidents/{point['incident_id']}").get_json() == point
    [near] = get(client, "/nearby", lon=-70.25, lat=-48.1).get_json()["items"]
    assert near["access_constraints"] == ["ACC.UXO"]


# ── Kept files ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_after_a_batch_every_format_is_a_kept_file_with_tag_and_parts(client, some, monkeypatch):
    current.build_current_files()
    assert set(current.written(RELEASE)) == set(FORMATS)
    monkeypatch.setattr(downloads, "AT_ONCE", 0)
    for name, file in current.written(RELEASE).items():
        whole = get(client, f"/incidents.{name}")
        assert (whole.status_code, len(whole.data)) == (200, file.size_bytes)
        again = client.get(
            f"{PUBLIC}/incidents.{name}", headers={"If-None-Match": whole.headers["ETag"]}, buffered=True
        )
        part = client.get(f"{PUBLIC}/incidents.{name}", headers={"Range": "bytes=5-9"}, buffered=True)
        assert (again.status_code, part.status_code, part.data) == (304, 206, whole.data[5:10])


def test_text_is_packed_once_and_sent_packed_to_those_who_take_it(client, some):
    current.build_current_files()
    packed = client.get(f"{PUBLIC}/incidents.csv", headers={"Accept-Encoding": "gzip"}, buffered=True)
    assert packed.headers["Content-Encoding"] == "gzip"
    assert len(packed.data) < len(get(client, "/incidents.csv").data)


def test_the_job_done_twice_writes_nothing_twice(some):
    current.build_current_files()
    before = {file.name: file.sha256 for file in session.scalars(select(PublishedFile))}
    current.build_current_files()
    assert {file.name: file.sha256 for file in session.scalars(select(PublishedFile))} == before


def test_no_kept_file_is_served_after_a_newer_batch_and_its_bytes_go(client, some, publish, norway):
    current.build_current_files()
    old = current.written(RELEASE)["csv"].sha256
    norway.said("DISASTER")
    norway.incident()
    batch = publish()
    assert batch.release_id in get(client, "/incidents.csv").get_data(as_text=True)
    assert current.written(batch.release_id) == {}
    assert get(client, "/incidents.gpkg").status_code == 200
    current.build_current_files()
    assert set(current.written(batch.release_id)) == set(FORMATS)
    assert current.written(RELEASE) == {}
    assert not store().exists(old, "releases")


def test_the_kill_switch_makes_every_kept_file_unservable_at_once(client, norway, publish, people):
    from tests.people import actor

    norway.said("DISASTER")
    code = norway.incident().public_id
    batch = publish()
    current.build_current_files()
    [number] = pd.read_csv(io.BytesIO(get(client, "/incidents.csv").data), encoding="utf-8-sig")["incident_id"]
    takedown.withdraw_from_public(actor(people["sana"]), kind="record", code=code)
    for name in FORMATS:
        answer = get(client, f"/incidents.{name}")
        assert answer.status_code == 200
        assert number.encode() not in answer.data
        assert batch.release_id.encode() + b"," not in answer.data


def test_the_database_waits_for_a_file_however_long_it_is_put_together(norway, publish, monkeypatch):
    norway.said("DISASTER")
    norway.incident()
    batch, patience = publish(), []

    def pieces(source):
        limits = ("statement_timeout", "idle_in_transaction_session_timeout")
        patience.extend(source.connection.scalar(text(f"SHOW {limit}")) for limit in limits)
        yield b"whole"

    monkeypatch.setattr(current, "FORMATS", {"csv": replace(FORMATS["csv"], pieces=pieces)})
    current.build_current_files()
    assert patience == ["0", "0"]
    assert set(current.written(batch.release_id)) == {"csv"}


def test_a_batch_and_the_kill_switch_are_followed_by_the_files(client, norway, publish, work):
    norway.said("DISASTER")
    norway.incident()
    batch = publish()
    assert "publication.build_current_files" in work()
    assert set(current.written(batch.release_id)) == set(FORMATS)


# ── GDAL reads them over the wire's own format ───────────────────────────────────────────────────────────────────────


def test_ogrinfo_reads_what_was_downloaded(client, some, tmp_path):
    for name in ("geojson", "kml", "fgb"):
        path = tmp_path / f"file.{name}"
        path.write_bytes(get(client, f"/incidents.{name}").data)
        said = subprocess.run(["ogrinfo", "-so", "-al", str(path)], capture_output=True, text=True, check=True)
        assert "Feature Count: 3" in said.stdout


def test_pages_of_features_follow_one_another_with_their_outlines(client, some):
    seen, address = [], "/ogc/collections/incidents/items?limit=1"
    while address:
        page = client.get(address).get_json()
        seen += page["features"]
        address = next((link["href"] for link in page["links"] if link["rel"] == "next"), None)
    assert sorted(one["geometry"]["type"] for one in seen) == ["MultiPolygon", "MultiPolygon", "Point"]
    assert len({one["id"] for one in islice(seen, 9)}) == 3
