"""The files of the public copy against what the database alone needs to spell the same rows, and pages of features by depth.

Every ratio divides the wall time of ours by that of the yardstick taken right before it; ``ROUNDS`` rounds, the median is quoted.
Each file is built by a process of its own, as the worker builds it, whose largest memory is read from the kernel. Where the
development tools are installed, pandas is kept out of that process: no server has it, and GDAL's wrapper would load it.
"""

import json
import os
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

from tests.bench import ground, public_ground

ROUNDS = int(os.environ.get("ROUNDS", "5"))
MEMORY_MB, FIRST_BYTE_MS = 350, 200
CHUNK = 1 << 20
PAGE = 1000
CHILD = (
    "-X", "utf8", "-c", "import sys; from tests.bench.exports import build; build(sys.argv[1], sys.argv[2])",
)  # fmt: skip
FILES = ("csv", "geojson", "kml", "parquet", "gpkg", "fgb", "shp.zip", "pmtiles", "xlsx")
LONG = ("shp.zip", "xlsx", "kml", "pmtiles")  # measured once: nothing is promised of their time


def run() -> None:
    """Measure and print."""
    public_ground.prepare()
    print(f"Files of {ground.ROWS:,} public rows, {ROUNDS} interleaved rounds")
    found: dict[str, float] = {}
    with ground.server(**public_ground.environment()) as address:
        _streamed(address, found)
        _pages(address, found)
    _built(found)
    from tests.bench import peers

    peers.compare(found)
    ground.keep("exports", found)


def _streamed(address: tuple[str, int], found: dict[str, float]) -> None:
    """CSV and GeoJSON over HTTP, sent from the rows, beside COPY of the same."""
    download(address, "csv")
    for name, yardstick, goal in (("csv", copy_csv, 1.25), ("geojson", copy_geojson, 1.25)):
        ratios, first = [], []
        for _ in range(ROUNDS):
            took = yardstick()
            wall, first_byte, size = download(address, name)
            ratios.append(wall / took)
            first.append(1000 * first_byte)
        ground.line(f"{name} over HTTP / COPY, wall", f"{ground.median(ratios):.2f}", f"goal {goal}")
        ground.line(
            f"{name}: first byte in ms, largest; MB", f"{max(first):.0f}; {size / 1e6:.0f}", f"goal {FIRST_BYTE_MS}"
        )
        found[f"{name}_per_copy"], found[f"{name}_first_byte_ms"] = ground.median(ratios), max(first)


def _built(found: dict[str, float]) -> None:
    """Every format written at a path, with its memory; GeoParquet beside COPY and GeoPackage beside ogr2ogr."""
    with tempfile.TemporaryDirectory(dir=ground.ROOT / "var") as folder:
        for name in FILES:
            yardstick = {"parquet": copy_csv, "gpkg": lambda: ogr2ogr(Path(folder))}.get(name)
            ratios, walls, memories = [], [], []
            rounds = 1 if name in LONG else max(1, min(3, ROUNDS)) if name == "gpkg" else ROUNDS
            for _ in range(rounds):
                took = yardstick() if yardstick else 0.0
                made = _build_apart(name, Path(folder) / f"file.{name}")
                walls.append(made["seconds"])
                memories.append(made["memory_mb"])
                ratios.append(took / made["seconds"] if name == "gpkg" else made["seconds"] / took if took else 0.0)
            if yardstick:
                goal = "goal 3" if name == "gpkg" else "goal 1.4"
                what = "ogr2ogr / GeoPackage with its index, wall" if name == "gpkg" else "GeoParquet / COPY CSV, wall"
                ground.line(what, f"{ground.median(ratios):.2f}", goal)
                found[f"{name}_ratio"] = ground.median(ratios)
            ground.line(
                f"{name}: seconds; MB; largest memory in MB", f"{ground.median(walls):.1f}; {made['size'] / 1e6:.0f}; {max(memories):.0f}",
                f"goal {MEMORY_MB}",
            )  # fmt: skip
            found[f"{name}_memory_mb"] = max(memories)


def _pages(address: tuple[str, int], found: dict[str, float]) -> None:
    """The first and the deepest page of features, alternating."""
    first, deepest = feature_pages()
    for path in (first, deepest):
        fetch(address, path)
    walls = [(fetch(address, first), fetch(address, deepest)) for _ in range(10 * ROUNDS)]
    ratio = ground.median([deep / shallow for shallow, deep in walls])
    found["deepest_page_per_first"], found["deepest_page_ms"] = ratio, 1000 * ground.median([deep for _, deep in walls])
    ground.line("deepest page of 1,000 features / first", f"{ratio:.2f}", "goal 1.2")
    ground.line("deepest page in ms", f"{found['deepest_page_ms']:.1f}")


def feature_pages() -> tuple[str, str]:
    """The addresses of the first page of features and of the last full one."""
    from server.core.paging import encode_cursor

    with public_ground.connect() as connection:
        row = connection.execute(
            "SELECT position FROM pub.incidents ORDER BY position DESC OFFSET %s LIMIT 1", (PAGE,)
        ).fetchone()
    path = f"/ogc/collections/incidents/items?limit={PAGE}"
    return path, f"{path}&cursor={encode_cursor(row[0] if row else 0)}"


def copy_csv() -> float:
    """Seconds that COPY of the public columns takes, read and thrown away by psql."""
    return _psql(f"COPY (SELECT {_columns()} FROM pub.incidents i ORDER BY position) TO STDOUT (FORMAT csv)")


def copy_geojson() -> float:
    """Seconds that COPY of ST_AsGeoJSON of the same rows with their outlines takes."""
    return _psql(f"COPY (SELECT ST_AsGeoJSON(t.*, 'place', 5) FROM ({with_places()}) t) TO STDOUT")


def ogr2ogr(folder: Path) -> float:
    """Seconds that ogr2ogr takes to make a GeoPackage with its index from the same rows."""
    out = folder / "theirs.gpkg"
    out.unlink(missing_ok=True)
    began = perf_counter()
    subprocess.run(
        ["ogr2ogr", "-q", "-f", "GPKG", str(out), f"PG:{_conninfo()}", "-sql", with_places(), "-nln", "incidents", "-nlt", "GEOMETRY"],
        check=True, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    return perf_counter() - began


def download(address: tuple[str, int], name: str) -> tuple[float, float, int]:
    """Seconds to the last and to the first byte of a download, and how many bytes came."""
    path = f"/api/v1/public/incidents.{name}"
    began, first, size = perf_counter(), 0.0, 0
    into = bytearray(CHUNK)
    with socket.create_connection(address, timeout=120) as line:
        line.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        while read := line.recv_into(into):
            if not size:
                first = perf_counter() - began
                if not into.startswith(b"HTTP/1.1 200"):
                    raise SystemExit(bytes(into[:300]).decode("latin-1"))
            size += read
            last = bytes(into[max(0, read - 5) : read])
    if not last.endswith(b"0\r\n\r\n"):
        raise SystemExit(f"the download of {name} broke off")
    return perf_counter() - began, first, size


def fetch(address: tuple[str, int], path: str) -> float:
    """Seconds of one page, on a connection of its own."""
    began = perf_counter()
    with socket.create_connection(address, timeout=120) as line:
        line.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAccept: */*\r\n\r\n".encode())
        head = line.recv(CHUNK)
        while line.recv(CHUNK):
            pass
    if not head.split(b"\r\n")[0].endswith(b"200 OK"):
        raise SystemExit(head[:300].decode("latin-1"))
    return perf_counter() - began


def build(name: str, path: str) -> None:
    """Write one format at a path and print seconds, bytes and the largest memory of this process, as JSON."""
    sys.meta_path.insert(0, WithoutPandas())
    import resource

    from sqlalchemy import create_engine, text

    from server.publication.about import About
    from server.publication.formats import FORMATS
    from server.publication.source import Source

    if not FORMATS[name].streams:
        from server.publication.formats import arrow, gdal  # noqa: F401 - a worker has loaded them before

    engine = create_engine(public_ground.environment()["PUBLIC_DATABASE_URL"])
    with engine.connect() as connection:
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        began = perf_counter()
        size = FORMATS[name].write(
            Source(connection, About(release_id="2026-11-20.1", policy_version="2026.1")), Path(path)
        )
        seconds = perf_counter() - began
    who = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    memory = max(resource.getrusage(one).ru_maxrss for one in who) / 1024
    print(json.dumps({"seconds": seconds, "size": size, "memory_mb": memory}))


class WithoutPandas:
    """Says that pandas is not there, as it is not where a server runs."""

    def find_spec(self, name: str, _path: object = None, _target: object = None) -> None:
        if name.partition(".")[0] in ("pandas", "geopandas"):
            raise ImportError(name)


def _build_apart(name: str, path: Path) -> dict[str, float]:
    tuned = {**os.environ, "MALLOC_ARENA_MAX": "2"}
    said = subprocess.run(
        [sys.executable, *CHILD, name, str(path)],
        cwd=ground.ROOT,
        env=tuned,
        capture_output=True,
        text=True,
        check=True,
    )
    path.unlink(missing_ok=True)
    return dict(json.loads(said.stdout.splitlines()[-1]))


def _columns() -> str:
    from server.publication.source import COLUMNS

    return ", ".join(f"i.{name}" for name in COLUMNS)


def with_places() -> str:
    """The public columns with the place of each row as a geometry, as SQL."""
    place = "coalesce(ST_SetSRID(ST_MakePoint(i.lon, i.lat), 4326), a.shape) AS place"
    return f"SELECT {_columns()}, {place} FROM pub.incidents i LEFT JOIN pub.areas a ON a.code = i.area_code"


def connection() -> dict[str, str]:
    """Host, port, user and name of the database, as the public's role."""
    with public_ground.connect() as opened:
        told = opened.info
        return {"host": str(told.host), "port": str(told.port), "user": str(told.user), "dbname": str(told.dbname)}


def _conninfo() -> str:
    return " ".join(f"{name}={value}" for name, value in connection().items())


def _psql(statement: str) -> float:
    order = ["psql", "-X", "-q", "-d", _conninfo(), "-c", "SET statement_timeout = 0", "-c", statement]
    began = perf_counter()
    subprocess.run(order, check=True, stdout=subprocess.DEVNULL)
    return perf_counter() - began
