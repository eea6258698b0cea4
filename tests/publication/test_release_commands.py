"""The commands of dated data sets, and telling HDX of one: refused politely without a key, never in an exercise, to a real server else."""

import json
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
import time_machine

from server.core.database import session
from server.core.response import say_fact
from server.core.settings import settings
from server.publication import hdx, release_jobs
from server.publication.formats import FORMATS
from server.vocabulary import SiteType
from tests.publication.town import NOW

AT = ("--address", "https://tessera.example")


@pytest.fixture(autouse=True)
def today(database, monkeypatch):
    """The day of the town; and a table is format enough here."""
    monkeypatch.setattr(release_jobs, "FORMATS", {"csv": FORMATS["csv"]})
    with time_machine.travel(NOW, tick=True):
        yield


@pytest.fixture
def run(app):
    """Run a command of the group; gives its exit code and what it said."""

    def command(*words):
        done = app.test_cli_runner().invoke(args=["release", *words])
        return done.exit_code, done.output

    return command


@pytest.fixture
def calm(norway, publish):
    norway.said("DISASTER")
    norway.incident()
    norway.incident(SiteType.TRA_ROAD)
    publish()


def test_a_data_set_is_prepared_looked_at_and_published(run, calm):
    code, said = run("prepare")
    assert code == 0
    assert "WAITING, 2 rows (2 added, 0 changed, 0 removed)" in said
    assert "words: passed" in said
    assert run("show")[0] == 0
    assert "is public: 2 rows" in run("publish")[1]
    assert "2026.11.1  2026-11-20  2 rows  published" in run("list")[1]


def test_what_cannot_be_done_is_said_in_a_sentence(run, norway, publish):
    assert run("prepare") == (1, "Error: Nothing is public yet, so there is nothing to freeze.\n")
    assert run("publish")[1] == "Error: No data set is being prepared.\n"
    norway.said("CONFLICT_ACTIVE")
    norway.incident()
    publish()
    run("prepare")
    code, said = run("publish")
    assert (code, "a steward and a protection officer sign" in said) == (1, True)
    assert "was thrown away" in run("discard")[1]


@pytest.fixture
def hdx_server(monkeypatch):
    """A server that speaks as much of CKAN as we do; gives what it was told."""
    told = []

    class Ckan(BaseHTTPRequestHandler):
        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            action = self.path.rpartition("/")[2]
            known = any(name == "package_create" for name, _body, _key in told)
            told.append((action, body, self.headers["Authorization"]))
            self.send_response(404 if action == "package_show" and not known else 200)
            self.end_headers()
            self.wfile.write(json.dumps({"result": {"name": body.get("name", body.get("id"))}}).encode())

        def log_message(self, *_words):
            pass

    server = HTTPServer(("127.0.0.1", 0), Ckan)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    reach(monkeypatch, hdx_url=f"http://127.0.0.1:{server.server_port}", hdx_key="a key", hdx_organisation="relief")
    yield told
    server.shutdown()
    server.server_close()


def reach(monkeypatch, **changes):
    chosen = replace(settings(), **changes)
    monkeypatch.setattr(hdx, "settings", lambda: chosen)


def test_without_a_key_nothing_is_sent_and_the_command_says_what_is_missing(run, calm):
    run("prepare")
    run("publish")
    assert run("push-hdx")[1] == "Error: Nothing was sent. Give --address, the https address under which everybody reaches this Tessera.\n"
    assert run("push-hdx", *AT)[1] == "Error: Nothing was sent. Set HDX_URL, HDX_KEY, HDX_ORGANISATION first.\n"
    assert "nothing was sent" in run("push-hdx", *AT, "--dry-run")[1]


def test_hdx_is_told_once_privately_with_links_to_us_and_told_again_as_an_update(run, calm, hdx_server):
    run("prepare")
    run("publish")
    assert "HDX made" in run("push-hdx", *AT)[1]
    assert "HDX renewed" in run("push-hdx", *AT)[1]
    assert [action for action, _body, _key in hdx_server] == ["package_show", "package_create", "package_show", "package_update"]
    _action, body, key = hdx_server[1]
    assert (key, body["private"], body["owner_org"], body["license_id"]) == ("a key", True, "relief", "cc-by")
    assert {"name", "title", "notes", "dataset_source", "dataset_date", "data_update_frequency", "groups", "methodology", "tags"} <= set(body)
    file, *aid = body["resources"]
    assert {one["name"].partition(".")[2].rpartition(".")[2] for one in aid} == {"csv", "xlsx"}
    assert file["url"] == f"https://tessera.example/api/v1/public/releases/2026.11.1/{file['name']}"


def test_an_exercise_sends_nothing(run, calm, hdx_server, monkeypatch):
    run("prepare")
    run("publish")
    say_fact("exercise", True, said_by=None)
    session.commit()
    reach(monkeypatch, hdx_url="http://127.0.0.1:9", hdx_key="a key", hdx_organisation="relief")
    assert "it sends nothing out" in run("push-hdx", *AT)[1]
    assert hdx_server == []
