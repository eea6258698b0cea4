"""`flask import FILE`: what a partner's table may look like, and what comes of every row of it."""

import csv
import gzip
import io
import json
import time
import zipfile
from datetime import date, datetime

import pytest
from openpyxl import Workbook
from sqlalchemy import text

HEADINGS = "id,lat,lon,reported_at,category,text,lang,source,cluster_id,label"
ROWS = (
    "A1,-34.9011,-56.1645,2026-03-01T00:00:00,School or childcare,Roof of school 17 fell in,en,cir,S1,gold",
    "A2,-34.9020,-56.1650,2026-03-02T00:00:00,Religious,Windows of the church broken,en,cir,S2,gold",
    "A3,0,0,2026-03-03T00:00:00,Residential,Fire in a tower block,en,bellingcat,S3,distractor",
)


def told(*rows, headings=HEADINGS):
    return "\n".join([headings, *rows]) + "\n"


@pytest.fixture
def bring_in(app, database, tmp_path):
    """Import bytes or words as a file; returns what the command says. The folder is `bring_in.folder`."""

    def run(content, *options, name="partner.csv", fails=False):
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        done = app.test_cli_runner().invoke(args=["import", str(path), *options])
        assert (done.exit_code != 0) is fails, done.output
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done.output

    run.folder = tmp_path
    return run


@pytest.fixture
def flask_command(app):
    def run(*args):
        done = app.test_cli_runner().invoke(args=list(args))
        assert done.exit_code == 0, done.output
        return done.output

    return run


@pytest.fixture
def reports(database):
    def find(columns="*", where="withdrawn_at IS NULL"):
        database.execute(text("SELECT set_config('tessera.scope', 'all', true)"))
        return database.execute(text(f"SELECT {columns} FROM reports WHERE {where} ORDER BY event_earliest, id")).all()

    return find


def words_of(report_id):
    from server.reports.access import words_of as open_words

    return open_words([report_id])[report_id]


def refused(folder, name="partner"):
    return list(csv.DictReader(io.StringIO((folder / f"{name}.refused.csv").read_text(encoding="utf-8-sig"))))


def workbook(*rows, **cells):
    made = Workbook()
    for row in rows:
        made.active.append(row)
    for where, value in cells.items():
        made.active[where] = value
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


# what a file becomes


def test_every_row_of_a_packed_partner_file_becomes_a_report_and_nothing_of_it_is_lost(bring_in, reports):
    said = bring_in(gzip.compress(told(*ROWS).encode()), "--commit", name="damage_dev.csv.gz")
    assert "new" in said
    found = reports("id, site_type, flags, event_precision, source_type, channel")
    assert [row.site_type for row in found] == ["UNK", "CUL.RELIG", "UNK"]
    assert {row.channel for row in found} == {"BULK"}
    assert {row.source_type for row in found} == {"PARTNER_DB"}
    assert {row.event_precision for row in found} == {"DAY"}
    assert "null_island" in found[2].flags
    words = words_of(found[0].id)
    assert words.text == "Roof of school 17 fell in"
    assert words.unread == {"category": "School or childcare", "source": "cir", "cluster_id": "S1", "label": "gold"}


def test_a_look_changes_nothing_and_says_what_would_come_of_every_row(bring_in, reports):
    said = bring_in(told(*ROWS, "A4,91,400,2026-03-03,,x,en,,,"), "--rows")
    assert "row 2: new" in said
    assert "row 5: refused" in said
    assert "row 5, lat: Longitude must lie between -180 and 180, latitude between -90 and 90." in said
    assert "Nothing was changed" in said
    assert reports() == []


def test_good_rows_enter_and_refused_rows_come_back_with_reasons_and_can_be_put_right(bring_in, reports, flask_command):
    bad = (
        "B1,north,east,2026-03-01,,no coordinates,en,,,",
        "B2,50.1,,2026-03-01,,half a place,en,,,",
        "B3,,,2026-03-01,,,en,,,",
    )
    said = bring_in(told(*ROWS, *bad), "--commit", "--source", "partner")
    assert len(reports()) == 3
    back = refused(bring_in.folder)
    assert [row["id"] for row in back] == ["B1", "B2", "B3"]
    assert [row["refused_row"] for row in back] == ["5", "6", "7"]
    assert back[1]["refused_columns"] == "lat"
    assert "One of the two coordinates is missing." in back[1]["refused_because"]
    number = said.partition("undo ")[2][:8]
    assert flask_command("imports", "refused", number).splitlines()[1].startswith("B1,north,east")

    mended = (
        (bring_in.folder / "partner.refused.csv").read_text(encoding="utf-8-sig").replace("B2,50.1,", "B2,50.1,30.2")
    )
    bring_in(mended, "--commit", "--source", "partner", name="again.csv")
    assert len(reports()) == 4
    assert "refused_because" not in words_of(reports("id", "round(ST_Y(point)::numeric, 1) = 50.1")[0].id).unread


def test_a_refused_row_comes_back_with_its_numbers_as_they_were(bring_in, reports):
    numbers = "-34.90111234567890123,-1e-5"
    bring_in(told(f"{numbers},", headings="lat,lon,text"), "--commit", "--source", "partner")
    back = (bring_in.folder / "partner.refused.csv").read_text(encoding="utf-8-sig")
    assert f"{numbers},," in back
    bring_in(back.replace(f"{numbers},,", f"{numbers},The roof,"), "--commit", "--source", "partner", name="again.csv")
    assert [round(row.lat, 4) for row in reports("ST_Y(point) AS lat")] == [-34.9011]


def test_the_refused_rows_wait_in_the_store_sealed(bring_in, storage_folder):
    bring_in(told("B1,north,east,2026-03-01,,the neighbour's secret,en,,,"), "--commit")
    kept = [path.read_bytes() for path in (storage_folder / "imports").rglob("*") if path.is_file()]
    assert kept
    assert not any(b"neighbour" in data for data in kept)


def test_a_row_sent_again_changes_only_when_it_changed(bring_in, reports):
    bring_in(told(*ROWS), "--commit", "--source", "partner")
    before = {row.id for row in reports("id")}
    changed = ROWS[1].replace("Windows of the church", "Roof and windows of the church")
    said = bring_in(
        told(ROWS[0], changed, ROWS[2], "A9,-34.9,-56.1,2026-03-09,,A new one,en,,,"), "--commit", "--source", "partner"
    )
    assert "changed                1   rows 3" in said
    assert "same as before         2   rows 2, 4" in said
    present = {row.id for row in reports("id")}
    assert len(present) == 4
    assert len(before & present) == 2
    old = reports("id, superseded_by", "withdrawn_at IS NOT NULL")
    assert len(old) == 1
    assert words_of(old[0].superseded_by).text.startswith("Roof and windows")


def test_a_table_without_keys_is_not_doubled_by_sending_it_twice_and_keeps_true_twins(bring_in, reports):
    table = told("50.1,30.1,Same words", "50.1,30.1,Same words", "50.2,30.2,Other words", headings="lat,lon,text")
    assert "No column tells" in bring_in(table, "--commit")
    bring_in(table, "--commit")
    assert len(reports()) == 3


def test_one_key_with_two_contents_is_refused_the_second_time(bring_in, reports):
    bring_in(told(ROWS[0], ROWS[0], ROWS[1].replace("A2", "A1")), "--commit")
    assert len(reports()) == 1
    assert "stands in row 2 already" in refused(bring_in.folder)[0]["refused_because"]


def test_an_import_can_be_undone_and_done_again(bring_in, reports, flask_command):
    bring_in(told(*ROWS), "--commit", "--source", "partner")
    said = bring_in(
        told(ROWS[0].replace("gold", "silver"), "A9,-34.9,-56.1,2026-03-09,,A new one,en,,,"),
        "--commit",
        "--source",
        "partner",
    )
    assert len(reports()) == 4
    number = said.partition("undo ")[2][:8]
    assert "2 reports were taken back" in flask_command("imports", "undo", number)
    assert len(reports()) == 3, "the row as it was before counts again"
    assert "undone before" in flask_command("imports", "undo", number)
    assert "undone" in flask_command("imports", "list")
    bring_in(told(*ROWS, "A9,-34.9,-56.1,2026-03-09,,A new one,en,,,"), "--commit", "--source", "partner")
    assert len(reports()) == 4


def test_damage_records_follow_their_reports_when_an_import_is_undone(bring_in, database, work, flask_command):
    attached = text("SELECT count(DISTINCT incident_id) FROM attachments WHERE ended_at IS NULL")
    said = bring_in(told(*ROWS[:2]), "--commit")
    work()
    assert database.scalar(attached) == 2
    flask_command("imports", "undo", said.partition("undo ")[2][:8])
    work()
    assert database.scalar(attached) == 0


def test_a_row_that_counts_again_finds_its_damage_record_again(bring_in, database, work, flask_command):
    attached = text("SELECT count(DISTINCT report_id) FROM attachments WHERE ended_at IS NULL")
    bring_in(told(ROWS[0]), "--commit", "--source", "partner")
    said = bring_in(told(ROWS[0].replace("gold", "silver")), "--commit", "--source", "partner")
    work()
    flask_command("imports", "undo", said.partition("undo ")[2][:8])
    work()
    assert database.scalar(attached) == 1


def test_an_undone_import_leaves_no_words(bring_in, reports, flask_command):
    number = bring_in(told(*ROWS, "B1,north,east,,,bad place,en,,,"), "--commit").partition("undo ")[2][:8]
    assert "bad place" in flask_command("imports", "refused", number)
    flask_command("imports", "undo", number)
    assert all(words_of(row.id).is_erased for row in reports("id", "true"))
    assert flask_command("imports", "refused", number) == ""


def test_every_report_of_an_import_stands_in_the_ledger_and_on_its_way_to_the_worker(bring_in, database):
    bring_in(told(*ROWS), "--commit")
    assert database.scalar(text("SELECT count(*) FROM ledger WHERE event = 'report.received'")) == 3
    assert database.scalar(text("SELECT count(*) FROM outbox WHERE event = 'report.received'")) == 3


def test_an_import_belongs_to_its_organisation_and_an_unknown_one_is_refused(bring_in, reports, people):
    assert "There is no organisation called 'Nobody'" in bring_in(
        told(*ROWS), "--commit", "--organisation", "Nobody", fails=True
    )
    assert reports() == []
    bring_in(told(*ROWS), "--commit", "--organisation", "Relief Works")
    assert {row.organisation_id for row in reports()} == {people["amal"].organisation_id}


# columns


def test_headings_in_ukrainian_and_arabic_are_understood(bring_in, reports):
    bring_in(
        "№;Широта;Довгота;Дата події;Тип об'єкта;Опис\n1;50,4501;30,5234;16.02.2026;Школа;Зруйновано дах\n",
        "--commit",
        name="uk.csv",
    )
    bring_in("خط العرض,خط الطول,الوصف,التاريخ\n33.51,36.29,سقط السقف,2026-02-17\n", "--commit", name="ar.csv")
    found = reports("site_type, ST_X(point) AS lon, event_precision")
    assert [(row.site_type, row.lon) for row in found] == [("EDU.SCHOOL", 30.5234), (None, 36.29)]


def test_a_row_of_hxl_tags_tells_the_columns_and_is_no_report(bring_in, reports):
    table = "Foo,Bar,Baz,Qux\n#geo+lat,#geo+lon,#date+occurred,#description\n50.1,30.1,2026-01-01,Wall fell\n"
    assert "HXL tags in line 2" in bring_in(table, "--commit")
    assert len(reports("id", "event_precision = 'DAY'")) == 1


def test_a_title_and_merged_headings_above_the_data_are_passed_over(bring_in, reports):
    book = workbook(
        ["Damage in the northern district", None, None, None, None],
        [],
        ["No", "Location", None, "Date", "Description"],
        [None, "lat", "lon", None, None],
        [1, 50.1, 30.1, date(2026, 1, 2), "Wall fell"],
    )
    assert "data from line 5" in bring_in(book, "--commit", name="merged.xlsx")
    assert len(reports("id", "ST_X(point) = 30.1 AND event_precision = 'DAY'")) == 1


def test_what_the_sender_tells_of_a_column_comes_first(bring_in, reports):
    table = told("50.1,30.1,destroyed,secret", headings="a,b,status,text")
    options = ("--map", "a=lat", "--map", "b=lon", "--map", "status=damage", "--map", "text=-", "--scale", "jds")
    bring_in(table, *options, "--commit")
    row = reports("id, damage, damage_min, damage_max, source_scale, source_grade")[0]
    assert row[1:] == ("D4", 4, 4, "JDS", "destroyed")
    assert words_of(row.id).unread == {"text": "secret"}


def test_a_field_that_no_report_has_is_refused(bring_in):
    assert "No report has the field colour" in bring_in(told(*ROWS), "--map", "label=colour", fails=True)


def test_a_mapping_can_come_from_a_file(bring_in, reports, tmp_path):
    (tmp_path / "columns.json").write_text(json.dumps({"where": "place", "what": "text"}))
    bring_in(
        told('"50°27\'00""N 30°31\'24""E",Wall fell', headings="where,what"),
        "--mapping",
        str(tmp_path / "columns.json"),
        "--commit",
    )
    assert len(reports("id", "round(ST_X(point)::numeric, 3) = 30.523")) == 1


# grades and codes


@pytest.mark.parametrize(
    ("scale", "grade", "kept"),
    [
        ("EMS98", "G3", ("D3", 2, 3)),
        ("UNOSAT", "Possible damage", ("DU", 0, 4)),
        ("", "Severe damage", ("D3", 3, 3)),
        ("", "terrible", (None, None, None)),
    ],
)
def test_a_grade_is_read_in_its_scale_and_never_guessed(bring_in, reports, scale, grade, kept):
    table = told(f"50.1,30.1,{grade},Wall fell", headings="lat,lon,damage,text")
    bring_in(table, *(["--scale", scale] if scale else []), "--commit")
    row = reports("damage, damage_min, damage_max, source_grade, flags")[0]
    assert tuple(row)[:3] == kept
    if grade == "terrible":
        assert row.source_grade == "terrible"
        assert "grade_unread" in row.flags


def test_codes_that_are_not_known_stay_words(bring_in, reports):
    table = told("50.1,30.1,Drone,Drinking water; dragons,Wall fell", headings="lat,lon,cause,needs,text")
    bring_in(table, "--commit")
    row = reports("id, cause, needs")[0]
    assert row[1:] == ("DRONE", ["WATER"])
    assert words_of(row.id).unread == {"needs": "dragons"}


# dates


@pytest.mark.parametrize(
    ("given", "first", "precision"),
    [
        ("2026-02-16", "2026-02-16 00:00", "DAY"),
        ("16.02.2026 14:05", "2026-02-16 14:05", "EXACT_MIN"),
        ("02/16/2026", "2026-02-16 00:00", "DAY"),
        ("46069", "2026-02-16 00:00", "DAY"),
        ("46069.5", "2026-02-16 12:00", "EXACT_MIN"),
        ("16 лютого 2026", "2026-02-16 00:00", "DAY"),
        ("2026-02", "2026-02-01 00:00", "MONTH"),
    ],
)
def test_dates_are_read_as_people_and_programs_write_them(bring_in, reports, given, first, precision):
    bring_in(told(f"50.1,30.1,{given},Wall fell", headings="lat,lon,date,text"), "--commit")
    row = reports("event_earliest AT TIME ZONE 'UTC' AS first, event_precision")[0]
    assert (f"{row.first:%Y-%m-%d %H:%M}", row.event_precision) == (first, precision)


@pytest.mark.parametrize("given", ["approx. March", "31.02.2026", "9999-12-31T23:59:60+14:00", "0000-01-01"])
def test_a_date_that_no_calendar_has_is_kept_as_words_and_flagged(bring_in, reports, given):
    bring_in(told(f"50.1,30.1,{given},Wall fell", headings="lat,lon,date,text"), "--commit")
    row = reports("id, flags, event_earliest, event_precision")[0]
    assert {"time_unread", "no_time"} <= set(row.flags)
    assert (row.event_earliest, row.event_precision) == (None, "UNK")
    assert words_of(row.id).unread == {"date": given}


def test_a_column_of_american_dates_is_read_as_one(bring_in, reports):
    bring_in(
        told("50.1,30.1,03/04/2026,A wall", "50.2,30.2,03/25/2026,A roof", headings="lat,lon,date,text"), "--commit"
    )
    assert [f"{row[0]:%m-%d}" for row in reports("event_earliest")] == ["03-04", "03-25"]


def test_dates_that_may_be_read_two_ways_are_told(bring_in):
    assert "--dates mdy" in bring_in(told("50.1,30.1,03/04/2026,A wall", headings="lat,lon,date,text"))


# encodings and shapes of CSV


UKRAINIAN = "id;широта;довгота;опис\n1;50,1;30,1;Пошкоджено дах будинку, вибито вікна\n2;50,2;30,2;Зруйновано під'їзд\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1251", "koi8-u"])
def test_a_table_is_read_in_the_encoding_it_came_in(bring_in, reports, encoding):
    bring_in(UKRAINIAN.encode(encoding), "--commit")
    assert {words_of(row.id).text for row in reports("id")} == {
        "Пошкоджено дах будинку, вибито вікна",
        "Зруйновано під'їзд",
    }


@pytest.mark.parametrize(
    ("encoding", "words"),
    [("cp1252", "L'église a été détruite, fenêtres brisées"), ("cp1256", "دمرت المدرسة وسقط السقف على الأرض")],
)
def test_french_and_arabic_tables_of_old_programs_are_read(bring_in, reports, encoding, words):
    bring_in(f'lat,lon,text\n33.5,36.2,"{words}"\n'.encode(encoding), "--commit")
    assert [words_of(row.id).text for row in reports("id")] == [words]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_any_usual_separator_will_do(bring_in, reports, separator):
    rows = [["lat", "lon", "text"], ["50.1", "30.1", "Wall, roof; and door"]]
    out = io.StringIO()
    csv.writer(out, delimiter=separator).writerows(rows)
    bring_in(out.getvalue(), "--commit")
    assert [words_of(row.id).text for row in reports("id")] == ["Wall, roof; and door"]


def test_a_row_whose_columns_have_shifted_is_refused_and_its_words_come_back(bring_in, reports):
    bring_in("lat,lon,text\n50.1,30.1,Wall, roof\n50.2,30.2,Door\n", "--commit")
    assert len(reports()) == 1
    back = refused(bring_in.folder)[0]
    assert "more cells than there are headings" in back["refused_because"]
    assert back["text"] == "Wall, roof"


@pytest.mark.parametrize("formula", ["=HYPERLINK(1)", "+SUM(A1)", "-cmd|' /C calc'!A0", "@SUM(A1)"])
def test_formulas_are_words_and_come_back_harmless(bring_in, reports, formula):
    bring_in(told(f'50.1,30.1,"{formula}"', f'x,y,"{formula}"', headings="lat,lon,text"), "--commit")
    assert words_of(reports("id")[0].id).text == formula
    assert refused(bring_in.folder)[0]["text"] == f"'{formula}"


def test_very_long_words_are_kept_whole_beside_the_report(bring_in, reports):
    long = "Wall fell. " * 10_000
    bring_in(told(f"50.1,30.1,{long}", headings="lat,lon,text"), "--commit")
    row = reports("id, flags")[0]
    words = words_of(row.id)
    assert len(words.text) == 2000
    assert words.unread["text"] == long.strip()
    assert "words_shortened" in row.flags


def test_words_with_a_zero_byte_or_joiners_or_emoji_are_kept_as_far_as_they_can_be(bring_in, reports):
    bring_in("lat,lon,text\n50.1,30.1,O'Brien\u200d \x00👩\u200d🚒 школа\u202e\n", "--commit")
    assert words_of(reports("id")[0].id).text == "O'Brien\u200d 👩\u200d🚒 школа\u202e"


# places


@pytest.mark.parametrize(
    ("heading", "cell", "lon"),
    [
        ("coordinates", "50.1 30.1 112.0 8.5", 30.1),
        ("geopoint", "50.1, 30.1", 30.1),
        ("coordinates", "geo:50.1,30.1", 30.1),
    ],
)
def test_a_place_in_one_cell_is_read_in_any_form(bring_in, reports, heading, cell, lon):
    bring_in(told(f'"{cell}",Wall fell', headings=f"{heading},text"), "--commit")
    assert [row[0] for row in reports("ST_X(point)")] == [lon]


def test_an_address_alone_is_enough(bring_in, reports):
    bring_in(told("Kyiv,Khreshchatyk 1,Wall fell", headings="city,address,text"), "--commit")
    row = reports("id, flags")[0]
    assert words_of(row.id).place_text == "Kyiv, Khreshchatyk 1"
    assert "no_point" in row.flags


def test_few_decimals_make_a_place_vague(bring_in, reports):
    bring_in(told("50.1,30.1,Wall fell", "50.12345,30.12345,Door fell", headings="lat,lon,text"), "--commit")
    assert sorted(row[0] or 0 for row in reports("pin_accuracy_m")) == [0, 11120]


# XLSX and GeoJSON


def test_a_workbook_brings_dates_numbers_and_formulas(bring_in, reports):
    book = workbook(
        ["id", "lat", "lon", "date", "text"],
        [1, 50.1, 30.1, datetime.fromisoformat("2026-01-02 03:04"), None],
        E2="=A1&B1",
    )
    bring_in(book, "--commit", name="book.xlsx")
    row = reports("id, event_earliest")[0]
    assert f"{row.event_earliest:%Y-%m-%d %H:%M}" == "2026-01-02 03:04"
    assert words_of(row.id).text == "=A1&B1"


def test_a_workbook_with_a_cell_at_its_far_end_is_read_in_time(bring_in, reports):
    begun = time.perf_counter()
    book = workbook(["lat", "lon", "text"], [50.1, 30.1, "Wall fell"], XFD1048576="x")
    assert "refused                1   rows 1048576" in bring_in(book, "--commit", name="far.xlsx")
    assert len(reports()) == 1
    assert time.perf_counter() - begun < 60


def test_more_rows_than_fit_are_refused_with_advice(bring_in, monkeypatch):
    from server.intake import tables

    monkeypatch.setattr(tables, "MOST_ROWS", 3)
    assert "Please split it." in bring_in(told(*ROWS), fails=True)


def test_a_sheet_can_be_chosen_and_one_that_is_not_there_is_named(bring_in):
    assert "There is no sheet 'Two'" in bring_in(workbook(["lat"], [1]), "--sheet", "Two", name="book.xlsx", fails=True)


def bomb():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("[Content_Types].xml", "<Types/>")
        packed.writestr("xl/worksheets/sheet1.xml", b"0" * 60_000_000)
    return out.getvalue()


def entities():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        packed.writestr(
            "[Content_Types].xml", '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><Types>&a;</Types>'
        )
    return out.getvalue()


def far_away(*cells):
    """A small workbook with cells so far out that the empty ones before them fill the memory."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook(["lat"], [1]))) as small, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name in set(small.namelist()) - {"xl/worksheets/sheet1.xml"}:
            packed.writestr(name, small.read(name))
        rows = "".join(f'<row r="{row}"><c r="{column}{row}"><v>1</v></c></row>' for column, row in cells)
        main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
        packed.writestr("xl/worksheets/sheet1.xml", f'<worksheet xmlns="{main}"><sheetData>{rows}</sheetData></worksheet>')
    return out.getvalue()


def test_a_small_workbook_of_endless_empty_cells_is_refused(bring_in, monkeypatch):
    from server.intake import workbooks

    monkeypatch.setattr(workbooks, "MOST_CELLS", 100_000)
    monkeypatch.setattr(workbooks, "MOST_LINES", 1_000)
    for cells in ([("XFD", row) for row in range(1, 20)], [("A", 1), ("A", 90_000_000)]):
        assert "unpacks to far more than a table" in bring_in(far_away(*cells), fails=True, name="far.xlsx")


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (bomb, "unpacks to far more than a table"),
        (entities, "declares XML entities"),
        (lambda: b"PK\x03\x04 not a zip", "damaged, locked or no .xlsx"),
        (lambda: workbook(["lat"], [1])[:-200], "damaged, locked or no .xlsx"),
        (lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old or a locked Excel file"),
        (lambda: b"", "The file is empty."),
        (lambda: b"\x1f\x8b broken", "cannot be read"),
        (lambda: b'{"type": "FeatureCollection", "features": [', "not valid JSON"),
        (lambda: b'{"a": ' * 100_000, "not valid JSON"),
        (lambda: b'{"type": "Topology"}', "no GeoJSON FeatureCollection"),
    ],
)
def test_a_file_that_is_no_table_is_refused_with_a_sentence(bring_in, data, sentence):
    assert sentence in bring_in(data(), fails=True, name="strange.bin")


def feature(geometry, **properties):
    return {"type": "Feature", "geometry": geometry, "properties": properties}


def test_geojson_points_areas_and_nothing_become_reports_each_as_sure_as_it_is(bring_in, reports):
    square = {"type": "Polygon", "coordinates": [[[30, 50], [30.2, 50], [30.2, 50.2], [30, 50.2], [30, 50]]]}
    point = {"type": "Point", "coordinates": [30.1, 50.1, 112.0]}
    features = [
        feature(point, text="a"),
        feature(square, text="b"),
        feature(None, text="c", address="Kyiv"),
        feature({"type": "Point", "coordinates": []}, text="d"),
    ]
    bring_in(json.dumps({"type": "FeatureCollection", "features": features}), "--commit", name="map.geojson")
    found = {words_of(row.id).text: row for row in reports("id, flags, ST_X(point) AS lon")}
    assert found["a"].lon == 30.1
    assert "point_from_shape" in found["b"].flags
    assert found["b"].lon == pytest.approx(30.1)
    assert "no_point" in found["c"].flags


def test_a_geometry_that_cannot_be_refuses_its_feature_only(bring_in, reports):
    features = [
        feature({"type": "Point", "coordinates": [400, 50]}, text="a"),
        feature({"type": "Nonsense"}, text="b"),
        7,
        feature({"type": "Point", "coordinates": [30, 50]}, text="c"),
    ]
    said = bring_in(json.dumps({"type": "FeatureCollection", "features": features}), "--commit", name="map.geojson")
    assert "refused                3   rows 1-3" in said
    assert len(reports()) == 1


def test_geojson_in_another_projection_is_refused(bring_in):
    content = {
        "type": "FeatureCollection",
        "features": [],
        "crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::3857"}},
    }
    assert "Convert the file to WGS 84" in bring_in(json.dumps(content), fails=True)


@pytest.mark.parametrize("with_tags", [False, True])
def test_our_own_public_file_can_be_imported_again(bring_in, reports, with_tags):
    from server.publication.formats import csv as published

    row = dict.fromkeys(published.HEADER, "") | {
        "incident_id": "7K3Q9F2M", "date_start": "2026-02-16", "date_end": "2026-02-22", "date_precision": "WEEK", "lat": "-34.9011",
        "lon": "-56.1645", "site_type": "EDU.SCHOOL", "damage_best": "3", "damage_min": "2", "damage_max": "3", "adm2_name": "Montevideo",
    }  # fmt: skip
    table = published.header(tags=with_tags).decode() + ",".join(row[name] for name in published.HEADER) + "\r\n"
    bring_in(table, "--commit")
    kept = reports("id, site_type, damage, damage_min, damage_max, event_precision, ST_X(point) AS lon")[0]
    assert tuple(kept)[1:] == ("EDU.SCHOOL", "D3", 2, 3, "WEEK", -56.1645)
    assert bring_in(table).count("same as before") == 1
