"""The deepest page of other people's feature servers, tipg and pygeoapi, over the same rows in one table with their places.

They page by offset, ours by key. Both run in an environment of their own under var/, from requirements-peers.txt; where that
is missing the comparison says how to make it and is left out.
"""

import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep
from urllib.parse import quote

from tests.bench import exports, ground, public_ground

HOME = ground.ROOT / "var" / "peers"
MAKE = f"python3 -m venv {HOME} && {HOME}/bin/pip install --require-hashes -r requirements-peers.txt"
GOAL = 20
ROUNDS = 5
START_S = 90

_TABLE = """
CREATE SCHEMA IF NOT EXISTS bench;
CREATE TABLE IF NOT EXISTS bench.places AS {rows};
ALTER TABLE bench.places ADD COLUMN IF NOT EXISTS n bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY;
GRANT USAGE ON SCHEMA bench TO PUBLIC;
GRANT SELECT ON bench.places TO PUBLIC;
ANALYZE bench.places
"""
_CONFIG = """
server:
  bind: {{host: 127.0.0.1, port: {port}}}
  url: http://127.0.0.1:{port}
  mimetype: application/json; charset=UTF-8
  encoding: utf-8
  languages: [en-US]
  limits: {{default_items: 10, max_items: 1000}}
  map: {{url: 'http://localhost/', attribution: none}}
logging: {{level: ERROR}}
metadata:
  identification: {{title: peer, description: peer, keywords: [peer], keywords_type: theme, terms_of_service: none, url: http://localhost}}
  license: {{name: none, url: 'http://localhost'}}
  provider: {{name: peer, url: 'http://localhost'}}
  contact: {{name: peer, email: peer@localhost, url: 'http://localhost'}}
resources:
  places:
    type: collection
    title: places
    description: places
    keywords: [places]
    links: []
    extents: {{spatial: {{bbox: [-180, -90, 180, 90], crs: 'http://www.opengis.net/def/crs/OGC/1.3/CRS84'}}}}
    providers:
      - type: feature
        name: PostgreSQL
        data: {{host: '{host}', port: '{db_port}', dbname: '{dbname}', user: '{user}', password: '', search_path: [bench]}}
        id_field: n
        table: places
        geom_field: place
"""


def compare(found: dict[str, float]) -> None:
    """Measure both peers' deepest page beside ours, and print how many times as fast ours is."""
    if not (HOME / "bin" / "pygeoapi").exists():
        print(f"  tipg and pygeoapi are not here; make their environment with: {MAKE}")
        return
    _lay_table()
    _first, ours = exports.feature_pages()
    deepest = ground.ROWS - exports.PAGE
    asked = f"limit={exports.PAGE}&offset={deepest}&f="
    peers = {
        "tipg": (_tipg, f"/collections/bench.places/items?{asked}geojson"),
        "pygeoapi": (_pygeoapi, f"/collections/places/items?{asked}json"),
    }
    with ground.server(**public_ground.environment()) as here:
        exports.fetch(here, ours)
        for name, (started, path) in peers.items():
            with started() as there:
                exports.fetch(there, path)
                ratios = [exports.fetch(there, path) / exports.fetch(here, ours) for _ in range(ROUNDS)]
            found[f"{name}_deepest_per_ours"] = ground.median(ratios)
            ground.line(f"{name}'s deepest page of 1,000 / ours", f"{ground.median(ratios):.0f}", f"goal {GOAL}")


def _lay_table() -> None:
    with public_ground.connect(role="DATABASE_URL") as connection:
        for statement in _TABLE.format(rows=exports.with_places()).split(";\n"):
            connection.execute(statement)


@contextmanager
def _tipg() -> Iterator[tuple[str, int]]:
    told = exports.connection()
    url = f"postgresql://{told['user']}@{quote(told['host'], safe='')}:{told['port']}/{told['dbname']}"
    limits = {"TIPG_DEFAULT_FEATURES_LIMIT": "1000", "TIPG_MAX_FEATURES_PER_QUERY": "1000"}
    settings = {"DATABASE_URL": url, "TIPG_DB_SCHEMAS": '["bench"]', **limits}
    with running(
        [str(HOME / "bin" / "uvicorn"), "tipg.main:app", "--log-level", "error", "--port"], settings
    ) as address:
        yield address


@contextmanager
def _pygeoapi() -> Iterator[tuple[str, int]]:
    told, port = exports.connection(), _free_port()
    config, contract = HOME / "config.yml", HOME / "openapi.yml"
    config.write_text(
        _CONFIG.format(port=port, host=told["host"], db_port=told["port"], dbname=told["dbname"], user=told["user"])
    )
    settings = {"PYGEOAPI_CONFIG": str(config), "PYGEOAPI_OPENAPI": str(contract)}
    order = [str(HOME / "bin" / "pygeoapi"), "openapi", "generate", str(config), "--output-file", str(contract)]
    subprocess.run(order, env={**os.environ, **settings}, check=True, capture_output=True)
    serve = [str(HOME / "bin" / "gunicorn"), "pygeoapi.flask_app:APP", "--workers", "2", "--timeout", "120", "--bind"]
    with running(serve, settings, port=port, bind="127.0.0.1:") as address:
        yield address


@contextmanager
def running(
    command: list[str], settings: dict[str, str], *, port: int = 0, bind: str = ""
) -> Iterator[tuple[str, int]]:
    """A peer that was started by a command and answers at the address given; stopped at the end."""
    port = port or _free_port()
    said = Path(HOME / "said.log").open("w")  # noqa: SIM115 - closed below, when the peer has ended
    running = subprocess.Popen([*command, f"{bind}{port}"], env={**os.environ, **settings}, stdout=said, stderr=said)
    try:
        _wait_for(port, running)
        yield "127.0.0.1", port
    finally:
        running.send_signal(signal.SIGTERM)
        running.wait(timeout=40)
        said.close()


def _wait_for(port: int, running: subprocess.Popen[bytes]) -> None:
    until = monotonic() + START_S
    while monotonic() < until and running.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                sleep(2)
                return
        sleep(0.3)
    raise SystemExit(f"a peer did not start; see {HOME}/said.log")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
