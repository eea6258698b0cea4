"""Every file of the open data, opened by the programs it is for, with words in it that should harm none of them."""

import csv
import gzip
import io
import json
import re
import subprocess
import sys
import zipfile

import duckdb
import geopandas
import mapbox_vector_tile
import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pyogrio
import pytest
from defusedxml.ElementTree import parse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pmtiles.reader import MmapSource, Reader, all_tiles
from pmtiles.tile import Compression
from sqlalchemy import text

from server.core.cells import escape_cell
from server.core.database import public_session, session
from server.core.schemas import hxl_row
from server.publication.five_w_schemas import PublicActivity
from server.publication.formats import FORMATS
from server.publication.formats.ahead import ahead
from server.publication.formats.arrow import batches
from server.publication.formats.cells import safe
from server.publication.formats.shapefile import SHORT
from server.publication.schemas import PublicIncident
from server.publication.source import Source
from tests.publication.public_rows import ABOUT, CELL, DISTRICT, as_point, data_set, in_cell, public_row

HOSTILE = [
    '=HYPERLINK("http://evil.example","click")', "+1+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1+1", "        =1+1",
    '"=1+1', "\u200b=1", "｀", "</name><script>alert(1)</script>", "]]></value>", "<![CDATA[x]]>", "&lt;", "O'Brien, \"quoted\"",
    "Село\nдруге", "مدينة", "👩‍👩‍👧 home", "evil", "bell\x07", "NA", "null", "{{7*7}}", "-48.1", "x" * 200,
]  # fmt: skip
FORMULAS = HOSTILE[:11]
CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


@pytest.fixture
def rows(database):
    """One row for each hostile word, one in a cell, one as a point."""
    data_set()
    for word in HOSTILE:
        public_row(adm1_name=word)
    in_cell()
    as_point()
    return len(HOSTILE) + 2


@pytest.fixture
def written(rows, tmp_path):
    """``written("gpkg")``: the path of the file in that format."""

    def write(name, **about):
        path = tmp_path / f"file.{FORMATS[name].extension}"
        source = Source(public_session.connection(), ABOUT)
        assert FORMATS[name].write(source, path) == path.stat().st_size
        return path

    return write


def frame(path):
    """A file of places as geopandas reads it."""
    return geopandas.read_parquet(path) if path.suffix == ".parquet" else pyogrio.read_dataframe(path)


# ── Opened by the programs they are for ──────────────────────────────────────────────────────────────────────────────


def test_there_is_a_file_for_every_kind_of_program():
    assert list(FORMATS) == ["csv", "hxl.csv", "xlsx", "geojson", "gpkg", "kml", "parquet", "fgb", "shp.zip", "pmtiles"]


@pytest.mark.parametrize("name", ["csv", "hxl.csv"])
def test_a_table_is_one_line_for_each_record_in_pandas_and_duckdb(written, rows, name):
    path, skipped = written(name), [1] if name == "hxl.csv" else []
    table = pd.read_csv(path, encoding="utf-8-sig", skiprows=skipped, dtype={"adm1_pcode": str}, keep_default_na=False)
    assert (len(table), list(table.columns)) == (rows, list(PublicIncident.Meta.fields))
    assert set(table["adm1_pcode"]) == {"007"}
    found = duckdb.sql(
        f"SELECT count(*), min(adm2_pcode) FROM read_csv('{path}', all_varchar=true, header=true)"
    ).fetchall()[0]
    assert found == (rows, DISTRICT)  # DuckDB itself takes the row of tags for a remark


# The hashtags of HXL 1.1; what follows them are attributes, which anybody may add.
HXL = {
    "access", "activity", "adm1", "adm2", "adm3", "adm4", "adm5", "affected", "beneficiary", "capacity", "cause",
    "channel", "contact", "country", "crisis", "currency", "date", "delivery", "description", "event", "frequency",
    "geo", "group", "impact", "indicator", "inneed", "item", "loc", "meta", "modality", "need", "operations", "org",
    "output", "population", "reached", "region", "respondee", "sector", "service", "severity", "status", "subsector",
    "targeted", "value",
}  # fmt: skip


@pytest.mark.pure
@pytest.mark.parametrize("schema", [PublicIncident, PublicActivity])
def test_every_tag_is_one_of_the_hxl_standard_and_no_two_columns_share_one(schema):
    tags = hxl_row(schema)
    assert all(re.fullmatch(r"#[a-z][a-z0-9_]*(\+[a-z][a-z0-9_]*)*", tag) for tag in tags), tags
    assert {tag[1:].partition("+")[0] for tag in tags} <= HXL
    assert len(set(tags)) == len(tags)


def test_the_kml_says_of_each_row_between_which_days_it_was(written, rows):
    said = subprocess.run(["ogrinfo", "-al", str(written("kml"))], capture_output=True, text=True, check=True).stdout
    assert said.count("begin (DateTime) = 2026/11/01") == said.count("end (DateTime) = 2026/11/02") == rows


def test_a_table_is_rfc_4180(written):
    raw = written("csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbfincident_id,")
    assert raw.endswith(b"\r\n")
    assert raw.count(b"\r\n") == len(list(csv.reader(io.StringIO(raw.decode("utf-8-sig"), newline=""))))


def test_the_workbook_has_rows_codebook_and_readme_and_types_that_hold(written, rows):
    book = openpyxl.load_workbook(written("xlsx"))
    assert book.sheetnames == ["data", "codebook", "readme"]
    head, *found = list(book["data"].iter_rows())
    columns = {cell.value: at for at, cell in enumerate(head)}
    assert (len(found), book["data"].freeze_panes) == (rows, "B2")
    first, point = found[0], found[-1]
    assert (first[columns["adm1_pcode"]].value, first[columns["adm1_pcode"]].data_type) == ("007", "s")
    assert first[columns["date_start"]].is_date
    assert (point[columns["lat"]].value, point[columns["damage_best"]].value) == (-48.1, 3)
    assert not [cell for row in found for cell in row if cell.data_type == "f"]
    words = [cell.value for row in book["codebook"].iter_rows() for cell in row]
    assert {"adm1_pcode", "damage_best", "RES.APT"} <= set(words)


@pytest.mark.parametrize("name", ["geojson", "gpkg", "kml", "parquet", "fgb"])
def test_a_file_of_places_holds_areas_as_outlines_and_points_only_where_they_are_public(written, rows, name):
    places = frame(written(name))
    assert len(places) == rows
    assert places.crs.to_epsg() == 4326 or places.crs.to_string() == "OGC:CRS84"
    kinds = places.geom_type.value_counts().to_dict()
    assert kinds.pop("Point") == 1
    assert set(kinds) <= {"MultiPolygon", "Polygon"}
    assert places.is_valid.all()
    [point] = places[places.geom_type == "Point"].geometry
    assert (point.x, point.y) == (-70.25, -48.1)


@pytest.mark.parametrize("name", ["gpkg", "parquet", "fgb"])
def test_codes_stay_words_dates_stay_dates_and_numbers_stay_numbers(written, name):
    places = frame(written(name))
    assert set(places["adm1_pcode"]) == {"007"}
    assert str(pd.to_datetime(places["date_start"]).dt.date.iloc[0]) == "2026-11-01"
    assert places["damage_best"].sum() == 3 * len(places)
    assert places["lat"].min() == -48.1
    assert places["weapon_type"].isna().all()


def test_the_geopackage_has_its_index_and_is_what_ogrinfo_takes_for_one(written, rows):
    path = written("gpkg")
    said = subprocess.run(["ogrinfo", "-so", "-al", str(path)], capture_output=True, text=True, check=True)
    assert f"Feature Count: {rows}" in said.stdout
    assert said.stderr == ""
    inside = pyogrio.read_dataframe(path, sql="SELECT count(*) AS n FROM rtree_incidents_geom", sql_dialect="SQLITE")
    assert inside["n"][0] == rows
    assert len(pyogrio.read_dataframe(path, bbox=(10.2, 59.1, 10.21, 59.11))) == rows - 1
    assert len(pyogrio.read_dataframe(path, bbox=(-71, -49, -70, -48))) == 1


def test_the_geoparquet_says_what_its_version_asks_for_and_opens_in_duckdb(written, rows):
    path = written("parquet")
    geo = json.loads(pq.read_schema(path).metadata[b"geo"])
    assert (geo["version"], geo["primary_column"], geo["columns"]["geometry"]["encoding"]) == (
        "1.1.0",
        "geometry",
        "WKB",
    )
    assert duckdb.sql(f"SELECT count(*), count(lat) FROM read_parquet('{path}')").fetchall()[0] == (rows, 1)


def test_the_shapefile_has_short_names_wide_enough_cells_and_what_goes_with_it(written, rows):
    path = written("shp.zip")
    with zipfile.ZipFile(path) as archive:
        names = set(archive.namelist())
        assert archive.read("areas.cpg").strip() == b"UTF-8"
        assert b"WGS" in archive.read("areas.prj")
    assert {f"{kind}.{end}" for kind in ("areas", "points") for end in ("shp", "shx", "dbf", "prj", "cpg")} < names
    areas, points = (pyogrio.read_dataframe(f"/vsizip/{path}/{kind}.shp") for kind in ("areas", "points"))
    assert (len(areas), len(points)) == (rows - 1, 1)
    assert list(areas.columns) == [*SHORT.values(), "geometry"]
    assert max(map(len, SHORT.values())) <= 10
    assert set(SHORT) == set(PublicIncident.Meta.fields)
    assert "x" * 200 in set(areas["adm1_name"])
    assert set(areas["adm1_pcode"]) == {"007"}


def test_the_deepest_tiles_hold_each_area_with_its_counts_and_lose_nobody(written, rows):
    with written("pmtiles").open("rb") as file:
        reader = Reader(MmapSource(file))
        head = reader.header()
        assert (head["min_zoom"], head["max_zoom"], head["tile_compression"]) == (0, 10, Compression.GZIP)
        counts = {
            one["properties"]["code"]: one["properties"]["records"]
            for (z, _x, _y), tile in all_tiles(reader.get_bytes)
            if z == head["max_zoom"]
            for one in mapbox_vector_tile.decode(gzip.decompress(tile))["areas"]["features"]
        }
    assert counts == {DISTRICT: rows - 2, CELL: 1, "891f1d48803ffff": 1}


@pytest.mark.slow
@pytest.mark.parametrize("name", ["csv", "xlsx"])
def test_libreoffice_opens_a_table_and_runs_nothing(written, rows, tmp_path, name):
    path, out = written(name), tmp_path / "out"
    home = f"-env:UserInstallation=file://{tmp_path}/office"
    as_text = "Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false"
    quoted = f"--infilter={'Text - txt - csv (StarCalc)'}:44,34,76,1,{'/'.join(f'{at}/2' for at in range(1, 36))}"
    order = ["soffice", home, "--headless", *([quoted] if name == "csv" else []), "--convert-to", f"csv:{as_text}"]
    subprocess.run([*order, "--outdir", str(out), str(path)], check=True, capture_output=True, timeout=120)
    [made] = out.iterdir()
    head, *lines = csv.reader(io.StringIO(made.read_text(encoding="utf-8-sig"), newline=""))
    words = [line[head.index("adm1_name")] for line in lines]
    assert len(lines) == rows
    assert {line[head.index("adm1_pcode")] for line in lines} == {"007"}
    assert {line[head.index("date_start")] for line in lines} == {"2026-11-01"}
    assert lines[-1][head.index("lat")] == "-48.1"
    assert all(word.startswith("'") for word in words[: len(FORMULAS)])
    assert {"مدينة", "👩‍👩‍👧 home", "NA", "null"} <= set(words)


def test_only_the_process_that_packs_a_flatgeobuf_goes_without_geopandas():
    here = "import server.publication.formats.flatgeobuf_writer, geopandas"
    subprocess.run([sys.executable, "-c", here], check=True)


# ── What each says of itself ─────────────────────────────────────────────────────────────────────────────────────────


def in_gdal(path):
    info = pyogrio.read_info(path)
    return json.dumps([info.get("dataset_metadata"), info.get("layer_metadata")], ensure_ascii=False)


def in_tiles(path):
    with path.open("rb") as file:
        return json.dumps(Reader(MmapSource(file)).metadata(), ensure_ascii=False)


def in_workbook(path):
    return " ".join(str(cell.value) for row in openpyxl.load_workbook(path)["readme"].iter_rows() for cell in row)


def in_archive(path):
    with zipfile.ZipFile(path) as archive:
        return archive.read("README.txt").decode()


SAID = {
    "xlsx": in_workbook,
    "geojson": lambda path: " ".join(str(value) for value in list(json.loads(path.read_bytes()).values())[:-1]),
    "gpkg": in_gdal,
    "kml": lambda path: parse(path).find(".//{*}Document/{*}description").text,
    "parquet": lambda path: " ".join(value.decode() for value in pq.read_schema(path).metadata.values()),
    "fgb": in_gdal,
    "shp.zip": in_archive,
    "pmtiles": in_tiles,
}
"""What a file says of itself, as its own program shows it."""


@pytest.mark.parametrize("name", SAID)
def test_a_file_says_licence_rules_caveats_and_that_it_is_an_exercise(written, name):
    said = SAID[name](written(name))
    for word in (
        "CC-BY-4.0",
        "2026.1",
        "EXERCISE-2026-11-01.1",
        "Flood & fire",
        "No record does not mean no damage",
        "Not for targeting",
        "nothing in this file is real",
    ):
        assert word in said


@pytest.mark.parametrize("name", ["csv", "hxl.csv"])
def test_every_line_of_a_table_says_licence_rules_and_what_was_withheld(written, rows, name):
    table = pd.read_csv(written(name), encoding="utf-8-sig", skiprows=[1] if name == "hxl.csv" else [])
    assert len(table) == rows
    assert set(table["licence"]) == {"CC-BY-4.0"}
    assert set(table["policy_version"].astype(str)) == {"2026.1"}
    assert table["redaction"].notna().all()
    assert table["release_id"].str.startswith("EXERCISE").all()


@pytest.mark.parametrize("name", list(FORMATS))
def test_an_empty_data_set_is_a_file_that_opens(database, tmp_path, name):
    path = tmp_path / f"file.{FORMATS[name].extension}"
    FORMATS[name].write(Source(public_session.connection(), ABOUT), path)
    if name in ("gpkg", "geojson", "parquet", "fgb"):
        assert len(frame(path)) == 0
    assert path.stat().st_size > 0


# ── Words that should harm nobody ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", ["geojson", "gpkg", "parquet", "fgb"])
def test_words_arrive_as_they_were_in_files_that_no_spreadsheet_opens(written, name):
    assert set(HOSTILE) <= set(frame(written(name))["adm1_name"])


def test_no_cell_of_a_table_starts_a_formula_and_everything_else_is_as_it_was(written):
    words = list(csv.DictReader(io.StringIO(written("csv").read_bytes().decode("utf-8-sig"), newline="")))
    names = [row["adm1_name"] for row in words[: len(HOSTILE)]]
    assert names == [escape_cell(word) if word != "bell\x07" else word for word in HOSTILE]
    assert all(name.startswith("'") for name in names[: len(FORMULAS)])
    assert not any(name.startswith("'") for name in names[len(FORMULAS) :])


def test_no_words_break_out_of_the_kml(written, rows):
    tree = parse(written("kml"))
    placemarks = tree.findall(".//{*}Placemark")
    assert len(placemarks) == rows
    assert not tree.findall(".//{*}script")
    said = {value.text for value in tree.findall(".//{*}Data[@name='adm1_name']/{*}value")}
    assert {"</name><script>alert(1)</script>", "]]></value>", "<![CDATA[x]]>", "مدينة", "bell"} <= said


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.text(
            st.characters(exclude_categories=["Cs"], exclude_characters="\x00")
            | st.sampled_from(list("=+-@\t\r\n \"'＝﹢0A")),
            max_size=14,
        ),
        min_size=30,
        max_size=60,
    )
)
def test_the_database_and_the_house_agree_on_what_starts_a_formula(database, words):
    query = f"SELECT {safe('adm1_name')} FROM unnest(CAST(:words AS text[])) WITH ORDINALITY AS given (adm1_name, n) ORDER BY n"
    spelt = list(session.scalars(text(query.replace(":'", r"\:'").replace("::", r"\:\:")), {"words": words}))
    for word, cell in zip(words, spelt, strict=True):
        plain = CONTROLS.sub("", word)
        assert (cell, escape_cell(word)) in ((f"'{plain}", f"'{plain}"), (word, plain)), repr(word)


# ── Read by groups of columns, or the long way ───────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "words",
    [
        ("Nordmark", "Région d’essai"),  # none is quoted
        ("Nord, Mark", 'the "old" town', "'=1"),  # quoted, one line each
        ("Nord\nMark", "one\rtwo"),  # an end of line within a cell
        ("a\x1eb", "a,\x1e,b", "plain"),  # the mark between groups of columns
        ("a\tb", r"C:\new\tab", r"\N", "\\", "one\\\ntwo"),  # what PostgreSQL escapes
    ],
)
def test_columns_say_what_the_database_says_whatever_stands_in_the_words(database, words):
    data_set()
    for word in words:
        public_row(adm1_name=word, access_constraints=["ACC.UXO", "ACC.UXO"], damage_best=None)
    as_point()
    found = pa.Table.from_batches(batches(Source(public_session.connection(), ABOUT))).to_pylist()
    asked = public_session.execute(text("SELECT * FROM pub.incidents ORDER BY position")).mappings()
    for row, told in zip(found, asked, strict=True):
        cells = {name: told[name] for name in PublicIncident.Meta.fields}
        cells["access_constraints"] = " ".join(cells["access_constraints"]) if cells["access_constraints"] else None
        assert {name: value for name, value in row.items() if name != "geometry"} == cells
    assert {row["adm1_name"] for row in found} > set(words)


def test_what_is_fetched_ahead_ends_with_whoever_takes_it_and_raises_what_went_wrong():
    closed = []

    def given(wrong=None):
        try:
            yield from range(3)
            if wrong:
                raise wrong
        finally:
            closed.append(True)

    assert list(ahead(given())) == [0, 1, 2]
    taking = ahead(given())
    assert next(taking) == 0
    taking.close()
    with pytest.raises(OSError, match="line"):
        list(ahead(given(OSError("the line is down"))))
    assert closed == [True, True, True]
