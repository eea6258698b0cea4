"""A million public rows in a database of their own: records known by a cell, by a district, and as points, in random order."""

import math
import os
import random
from collections.abc import Iterator

import h3
import psycopg

from tests.bench import ground

NAME = f"tessera_bench_public_{ground.ROWS}"
TOWNS, RINGS, DISTRICTS, CORNERS = 60, 5, 240, 60
FILL = ground.ROOT / "tests/bench/fill_public.sql"


def environment() -> dict[str, str]:
    """The settings under which the server runs here."""
    return {**ground.environment(), **_addresses(NAME)}


def connect(*, role: str = "PUBLIC_DATABASE_URL", name: str = NAME) -> psycopg.Connection:
    """A plain connection as the public's role, or as the application's."""
    return psycopg.connect(_addresses(name)[role].replace("postgresql+psycopg://", "postgresql://"), autocommit=True)


def prepare() -> None:
    """Build and fill the database once; later runs find it."""
    with ground.connect("tessera") as admin:
        if admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", (NAME,)).fetchone():
            _upgrade(environment())
            return
        print(f"Making {ground.ROWS:,} public rows; this takes a minute or two the first time.", flush=True)
        admin.execute(f'DROP DATABASE IF EXISTS "{NAME}_making" WITH (FORCE)')
        admin.execute(f'CREATE DATABASE "{NAME}_making" TEMPLATE template_tessera')
    _upgrade({**environment(), **_addresses(f"{NAME}_making")})
    with connect(role="DATABASE_URL", name=f"{NAME}_making") as filling:
        with filling.cursor().copy("COPY pub.areas (code, geo_level, name, shape) FROM STDIN") as rows:
            for row in _areas():
                rows.write_row(row)
        for statement in FILL.read_text().replace(":rows", str(ground.ROWS)).split(";\n"):
            if statement.strip():
                filling.execute(statement)
    with ground.connect("tessera") as admin:
        admin.execute(f'ALTER DATABASE "{NAME}_making" RENAME TO "{NAME}"')


def _upgrade(known: dict[str, str]) -> None:
    """Bring a database to the newest migration: one that was filled by an older version lacks what the files are read by."""
    ground.upgrade(known)


def _addresses(name: str) -> dict[str, str]:
    return {key: url.replace(f"/{ground.NAME}?", f"/{name}?") for key, url in ground.cluster().items()}


def _areas() -> Iterator[tuple[str, str, str, str]]:
    """H3 cells around towns, and districts with outlines of sixty corners, as (code, level, name, EWKT)."""
    dice = random.Random(6)
    for _town in range(TOWNS):
        middle = h3.latlng_to_cell(dice.uniform(-40, 60), dice.uniform(-100, 140), 8)
        for cell in h3.grid_disk(middle, RINGS):
            yield cell, "H3_8", "", _polygon([(lon, lat) for lat, lon in h3.cell_to_boundary(cell)])
    for number in range(DISTRICTS):
        lon, lat, wide = dice.uniform(-100, 140), dice.uniform(-40, 60), dice.uniform(0.1, 0.6)
        turns = [2 * math.pi * at / CORNERS for at in range(CORNERS)]
        reach = [wide * dice.uniform(0.8, 1.0) for _ in turns]
        corners = [(lon + r * math.cos(t), lat + r * math.sin(t)) for r, t in zip(reach, turns, strict=True)]
        yield f"XB{number:04}", "ADM2", f"District {number}", _polygon(corners)


def _polygon(corners: list[tuple[float, float]]) -> str:
    ring = ", ".join(f"{lon} {lat}" for lon, lat in [*corners, corners[0]])
    return f"SRID=4326;MULTIPOLYGON((({ring})))"


if __name__ == "__main__":
    os.environ.setdefault("ROWS", str(ground.ROWS))
    prepare()
