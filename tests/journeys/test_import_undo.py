"""A partner's table is imported, becomes damage records, and is taken back as a whole, without a trace of its words."""

import pytest
from sqlalchemy import text

TABLE = """id,lat,lon,reported_at,category,text,source
A1,59.12,10.20,2026-11-20T00:00:00Z,School,Roof of school number 4 fell in,partner
A2,59.14,10.24,2026-11-20T00:00:00Z,Hospital,Windows of the clinic are broken,partner
"""


@pytest.fixture
def flask_command(app):
    def run(*args):
        done = app.test_cli_runner().invoke(args=list(args))
        assert done.exit_code == 0, done.output
        return done.output

    return run


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "partner.csv"
    path.write_text(TABLE, encoding="utf-8")
    return str(path)


def number_in(said):
    return said.partition("undo ")[2][:8]


def test_looking_first_changes_nothing(flask_command, table, work, records):
    flask_command("import", table)
    assert work() == []
    assert records() == []


def test_a_table_becomes_records_and_undoing_it_empties_the_desk(flask_command, table, work, records, as_, at_war):
    said = flask_command("import", table, "--commit")
    work()
    numbers = [record.public_id for record in records()]
    assert len(numbers) == 2
    desk = as_("chipo")
    assert all(number in desk.get("/desk").text for number in numbers)
    flask_command("imports", "undo", number_in(said))
    work()
    assert [number for number in numbers if number in desk.get("/desk").text] == []
    assert sum(cell[2] for cell in desk.get("/api/v1/desk/map/0/0/0?undone=1").json["cells"]) == 0
    assert "REFUTED" not in {record.certainty for record in records()}


def test_a_neighbours_report_keeps_its_record_when_the_table_is_taken_back(flask_command, table, by_form, work, records, at_war):
    by_form("The roof of school number 4 fell in")
    said = flask_command("import", table, "--commit")
    work()
    flask_command("imports", "undo", number_in(said))
    work()
    left = [record for record in records() if record.report_count]
    assert [record.report_count for record in left] == [1]


def test_the_words_of_an_undone_table_are_gone_and_a_second_import_is_new(flask_command, table, work, records, database):
    said = flask_command("import", table, "--commit")
    work()
    flask_command("imports", "undo", number_in(said))
    work()
    database.execute(text("SELECT set_config('tessera.scope', 'all', true)"))
    assert database.scalar(text("SELECT count(*) FROM vault.report_secrets WHERE wrapped_key IS NOT NULL")) == 0
    flask_command("import", table, "--commit")
    work()
    assert len([record for record in records() if record.report_count]) == 2
