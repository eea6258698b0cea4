"""What an operator does about places on the command line."""

import json

import pytest
from sqlalchemy import text

from server.core.clock import now
from server.core.database import session
from server.places.service import context_at
from server.vocabulary import ContextMode

TRIANGLE = {"type": "Polygon", "coordinates": [[[40, 10], [42, 10], [41, 12], [40, 10]]]}


@pytest.fixture
def run(app):
    return lambda *words: app.test_cli_runner().invoke(args=["places", *words])


def areas_file(tmp_path, *pcodes):
    features = [{"type": "Feature", "properties": {"adm1_pcode": code}, "geometry": TRIANGLE} for code in pcodes]
    path = tmp_path / "adm1.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return str(path)


def test_areas_are_loaded_and_what_was_refused_is_said(run, tmp_path):
    done = run("areas", areas_file(tmp_path, "XX01", "", "XX02"), "--level", "1", "--cod-version", "v1")
    assert done.exit_code == 0
    assert done.output.splitlines() == ["2 areas loaded, 1 refused.", "  feature 2: It has no adm1_pcode."]
    assert session.scalar(text("SELECT count(*) FROM admin_areas")) == 2


def test_a_file_that_cannot_be_read_ends_with_a_sentence(run, tmp_path):
    for name, says in (("areas.gpkg", "cannot be read as a GeoPackage"), ("areas.shp", "ogr2ogr")):
        (tmp_path / name).write_bytes(b"GPKG")
        done = run("areas", str(tmp_path / name), "--level", "1", "--cod-version", "v1")
        assert (done.exit_code, says in done.output) == (1, True)


def test_active_conflict_is_said_for_a_time_and_not_for_too_long(run):
    assert run("context", "XX01", "CONFLICT_ACTIVE", "--days", "10", "--reason", "agreed on Monday").exit_code == 0
    assert context_at("XX01", now()) is ContextMode.CONFLICT_ACTIVE
    too_long = run("context", "XX01", "CONFLICT_ACTIVE", "--days", "31", "--reason", "agreed on Monday")
    assert (too_long.exit_code, "30 days" in too_long.output) == (1, True)
    assert run("context", "XX01", "PEACE", "--days", "1", "--reason", "x").exit_code == 2


def test_what_loosens_is_not_said_by_one_person_on_the_command_line(run):
    refused = run("context", "XX01", "DISASTER", "--days", "10", "--reason", "agreed on Monday")
    assert (refused.exit_code, "needs two people" in refused.output) == (1, True)
