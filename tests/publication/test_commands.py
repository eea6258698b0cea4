"""The commands of the public side: publish now, write a file."""

import json

import pandas as pd
import pytest

from server.core.database import session


@pytest.fixture
def run(app, database):
    runner = app.test_cli_runner()
    return lambda *words: runner.invoke(args=[str(word) for word in words])


def test_publishing_by_hand_says_what_came_of_it(norway, run):
    norway.said("DISASTER")
    norway.incident()
    session.commit()
    said = run("publication", "publish")
    assert (said.exit_code, said.output.count("1 new, 0 changed, 0 taken out.")) == (0, 1)


@pytest.mark.parametrize("name", ["csv", "hxl.csv", "geojson"])
def test_an_exported_file_is_what_the_public_may_download(norway, publish, run, client, tmp_path, name):
    norway.said("CONFLICT_ACTIVE")
    norway.incident()
    publish()
    session.commit()
    said = run("export", tmp_path / "out", "--format", name)
    assert said.exit_code == 0, said.output
    assert "1 rows" in said.output
    assert (tmp_path / "out").read_bytes() == client.get(f"/api/v1/public/incidents.{name}").data


def test_an_export_before_the_first_batch_is_a_file_with_headings(run, tmp_path):
    assert run("export", tmp_path / "out.csv").exit_code == 0
    assert "incident_id" in pd.read_csv(tmp_path / "out.csv", encoding="utf-8-sig").columns
    assert run("export", tmp_path / "out.geojson", "--format", "geojson").exit_code == 0
    assert json.loads((tmp_path / "out.geojson").read_text())["features"] == []


def test_a_format_nobody_knows_is_refused(run, tmp_path):
    assert run("export", tmp_path / "out", "--format", "exe").exit_code == 2
