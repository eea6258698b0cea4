"""The data page: what it says is so, its examples run as they stand, and a dated data set has a page of its own."""

import subprocess
import sys
import threading
import warnings

import duckdb
import pyogrio
import pytest
import rdflib
import time_machine
from rdflib.namespace import DCAT, DCTERMS
from sqlalchemy import select
from werkzeug.serving import make_server

from server import worker
from server.core import jobs
from server.core.database import public_session, session
from server.publication import current, reading, release_jobs, releases
from server.publication.examples import EXAMPLES
from server.publication.formats import FORMATS
from server.publication.release_models import Release, ReleaseDraft
from server.publication.source import Source
from server.vocabulary import SiteType
from tests.publication.town import NOW

CODE = {example.name: example.code for example in EXAMPLES}


@pytest.fixture
def three(norway, publish):
    norway.said("DISASTER")
    norway.incident()
    norway.incident(SiteType.EDU_SCHOOL, lon=10.3)
    norway.incident(SiteType.TRA_ROAD)
    publish()


def test_the_page_says_how_much_how_fresh_how_sure_and_how_coarse(client, three):
    page = client.get("/data").get_data(as_text=True)
    assert "3 rows" in page
    assert "Confirmed: 3" in page
    assert "Exact point: " in page
    assert "/api/v1/public/changes?since=" in page


def test_every_address_on_the_page_answers(client, three):
    page = client.get("/data").get_data(as_text=True)
    inside = {part.partition('"')[0].partition("#")[0] for part in page.split('href="')[1:]}
    elsewhere = ("/static", "/desk", "/receipt", "/api/v1/public/incidents.")  # the files have tests of their own
    asked = [path for path in inside if path.startswith("/") and not path.startswith(elsewhere)]
    assert len(asked) > 20
    assert {path: client.get(path, buffered=True).status_code for path in asked} == dict.fromkeys(asked, 200)


@pytest.fixture
def address(app, published):
    """The public side behind a real server."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.committed
def test_the_example_for_pandas_runs_as_it_stands(address):
    code = CODE["pandas"].replace("{address}", address)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    assert "RES" in done.stdout
    assert "TRA" not in done.stdout


@pytest.mark.committed
def test_the_example_for_gdal_runs_as_it_stands(address, tmp_path):
    done = subprocess.run(
        ["sh", "-ec", CODE["GDAL"].replace("{address}", address)], cwd=tmp_path, capture_output=True, text=True, check=True, timeout=120
    )
    assert "Layer name: incidents" in done.stdout
    assert pyogrio.read_info(tmp_path / "damage.gpkg")["features"] == 2


def test_the_example_for_duckdb_runs_on_the_file_it_names(three, tmp_path):
    kept = tmp_path / "incidents.parquet"
    newest = reading.latest()
    FORMATS["parquet"].write(Source(public_session.connection(), current.about(newest)), kept)
    code = CODE["DuckDB"].replace("{address}/api/v1/public/incidents.parquet", str(kept))
    assert sum(row[2] for row in duckdb.sql(code).fetchall()) == 3


@pytest.mark.committed
def test_the_example_for_r_runs_as_it_stands(address):
    order = ["Rscript", "--vanilla", "-e", CODE["R"].replace("{address}", address)]
    done = subprocess.run(order, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "RES" in done.stdout
    assert "Warning" not in done.stderr


# ── A dated data set ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def released(three, as_, monkeypatch):
    """A published data set, in two formats."""
    monkeypatch.setattr(release_jobs, "FORMATS", {name: FORMATS[name] for name in ("csv", "geojson")})
    with time_machine.travel(NOW, tick=True):
        sana = as_("sana")
        sana.post("/desk/releases")
        for _name, arguments in worker.take_events():
            session.commit()
            jobs.JOBS["publication.build_release"](**arguments)
        sana.post(f"/desk/releases/{releases.under_way().id}/approve")
        yield session.scalar(select(Release.number))


def test_a_data_set_has_a_page_with_its_files_their_sums_and_the_key(client, released):
    page = client.get(f"/data/{released}").get_data(as_text=True)
    files = client.get(f"/api/v1/public/releases/{released}").get_json()["files"]
    for file in files:
        assert file["sha256"] in page
        assert f'href="/api/v1/public/releases/{released}/{file["name"]}"' in page
    assert client.get("/api/v1/public/signing-key").get_json()["public_key"] in page
    assert f'href="/data/{released}"' in client.get("/data").get_data(as_text=True)
    assert client.get("/data/2020.01.1").status_code == 404


def test_the_preview_shows_each_row_that_appears_and_the_desk_lists_the_data_set(as_, released):
    sana = as_("sana")
    draft = session.scalar(select(ReleaseDraft.id))
    page = sana.get(f"/desk/releases/{draft}").get_data(as_text=True)
    assert page.count('class="row-title"') == 3
    assert "School: severe damage; confirmed" in page
    assert released in sana.get("/desk/releases").get_data(as_text=True)
    assert as_("pilar").get(f"/desk/releases/{draft}").status_code == 200
    assert as_("chipo").get(f"/desk/releases/{draft}").status_code == 403


def test_harvesters_find_the_data_set_with_its_files(client, released):
    [dataset] = client.get("/api/v1/public/catalog.jsonld").get_json(force=True)["dcat:dataset"]
    sums = {one["spdx:checksum"]["spdx:checksumValue"] for one in dataset["dcat:distribution"]}
    assert sums == {file["sha256"] for file in client.get(f"/api/v1/public/releases/{released}").get_json()["files"]}
    assert client.get("/api/v1/public/dataset.jsonld").get_json(force=True)["version"] == released
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the reader's own, of its older name for a graph
        graph = rdflib.Graph().parse(data=client.get("/api/v1/public/catalog.jsonld").text, format="json-ld")
    [found] = graph.subjects(rdflib.RDF.type, DCAT.Dataset)
    files = set(graph.objects(found, DCAT.distribution))
    assert len(files) == len(sums)
    assert all(graph.value(file, DCAT.downloadURL) and int(graph.value(file, DCAT.byteSize)) for file in files)
    assert str(graph.value(found, DCTERMS.license)) == "https://creativecommons.org/licenses/by/4.0/"
    assert released in client.get("/api/v1/public/feed.atom").get_data(as_text=True)
