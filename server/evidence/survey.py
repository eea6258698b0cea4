"""A file of satellite assessments goes in; plain layers come out. GDAL runs in a process of its own (`surveying.py`).

What kind of file it is shows in its bytes, never in its name. An archive is unpacked here, member by member and never
beyond a limit, and only what belongs to a known format is handed on.
"""

import io
import json
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from server.core.choices import N_, Choice
from server.evidence.darkroom import OVERRAN, READY, ask

PROGRAM = Path(__file__).with_name("surveying.py")
MAX_BYTES = 60_000_000
MAX_UNPACKED = 300_000_000
MAX_MEMBERS = 2_000
MAX_PACKAGES = 40
MAX_ANSWER_BYTES = 400_000_000
MOST_LAYERS, MOST_ROWS = 60, 400_000
LIMITS = {
    "RLIMIT_AS": 2 * 1024 * 1024 * 1024,
    "RLIMIT_CPU": 60,
    "RLIMIT_FSIZE": 0,
    "RLIMIT_CORE": 0,
    "RLIMIT_NOFILE": 3,
    "RLIMIT_NPROC": 0,
}
SHAPEFILE = frozenset({".shp", ".shx", ".dbf", ".prj", ".cpg"})
ALONE = frozenset({".json", ".geojson", ".gpkg"})
GPKG_START, ZIP_START = b"SQLite format 3\x00", b"PK\x03\x04"


class FileRefused(Choice):
    """Why a file of satellite assessments cannot be read, in words for the person who sent it."""

    EMPTY = "EMPTY", N_("The file is empty.")
    TOO_MANY_BYTES = "TOO_MANY_BYTES", N_("The file is larger than 60 MB. Please split it, or leave out the pictures.")
    NOT_KNOWN = "NOT_KNOWN", N_("This is no GeoJSON, no GeoPackage, and no zip with a shapefile, GeoJSON or file geodatabase inside.")
    BOMB = "BOMB", N_("The archive unpacks to more than 300 MB, or holds too many files.")
    LOCKED = "LOCKED", N_("The archive needs a password, or is damaged.")
    TOO_MANY_LAYERS = "TOO_MANY_LAYERS", N_("The file has more than 60 layers.")
    TOO_MANY_ROWS = "TOO_MANY_ROWS", N_("The file has more than 400,000 rows. Please split it.")
    TOO_HEAVY = "TOO_HEAVY", N_("Reading the file takes too much memory or time. Please split it.")
    UNREADABLE = "UNREADABLE", N_("The file is damaged and cannot be read.")


class SurveyRefused(ValueError):
    """This file is not read; `why` says so in the person's language."""

    def __init__(self, why: FileRefused) -> None:
        super().__init__(why.value)
        self.why = why


@dataclass(frozen=True, kw_only=True)
class Layer:
    """One layer as plain values: columns of texts by field, a WKB shape (or None) for each row, and in what CRS."""

    name: str
    crs: str
    columns: dict[str, list[str]]
    shapes: list[bytes | None]

    def row(self, at: int) -> dict[str, str]:
        """One row by field."""
        return {field: values[at] for field, values in self.columns.items()}


@dataclass(frozen=True)
class Package:
    """Bytes that GDAL reads in one go."""

    data: bytes
    is_geodatabase: bool = False


def survey(data: bytes) -> list[Layer]:
    """Every layer of an untrusted file; SurveyRefused with the reason when it cannot be had within the limits."""
    packages = list(_packages(data))
    if not packages:
        raise SurveyRefused(FileRefused.NOT_KNOWN)
    if len(packages) > MAX_PACKAGES:
        raise SurveyRefused(FileRefused.TOO_MANY_LAYERS)
    layers = [layer for package in packages for layer in _layers(_ask_child(package))]
    if sum(len(layer.shapes) for layer in layers) > MOST_ROWS:
        raise SurveyRefused(FileRefused.TOO_MANY_ROWS)
    return layers


def _packages(data: bytes) -> Iterator[Package]:
    if not data.strip():
        raise SurveyRefused(FileRefused.EMPTY)
    if len(data) > MAX_BYTES:
        raise SurveyRefused(FileRefused.TOO_MANY_BYTES)
    if data.startswith(ZIP_START):
        yield from _unpacked(data)
    elif data.startswith(GPKG_START) or data.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"{":
        yield Package(data.removeprefix(b"\xef\xbb\xbf"))
    else:
        raise SurveyRefused(FileRefused.NOT_KNOWN)


def _unpacked(data: bytes) -> Iterator[Package]:
    """What an archive holds, by format: each geodatabase and each shapefile as an archive of its own, others as they are."""
    members = _members(data)
    together: dict[str, dict[str, bytes]] = {}
    for path, content in members.items():
        folder = next((part for part in path.parts[:-1] if part.lower().endswith(".gdb")), None)
        if folder is not None:
            together.setdefault(f"{folder}/", {})[f"survey.gdb/{path.name}"] = content
        elif path.suffix.lower() in SHAPEFILE:
            together.setdefault(str(path.with_suffix("")), {})[f"{path.stem}{path.suffix.lower()}"] = content
        elif path.suffix.lower() in ALONE:
            yield Package(content.removeprefix(b"\xef\xbb\xbf"))
    for name, files in together.items():
        if name.endswith("/") or any(file.endswith((".shp", ".dbf")) for file in files):
            yield Package(_packed(files), is_geodatabase=name.endswith("/"))


def _members(data: bytes) -> dict[PurePosixPath, bytes]:
    """The files of an archive that may matter, unpacked; never more than the limit, whatever their headers say."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            listed = [(PurePosixPath(member.filename.replace("\\", "/")), member) for member in archive.infolist()]
            wanted = [(path, member) for path, member in listed if not member.is_dir() and _matters(path)]
            found, room = {}, MAX_UNPACKED if len(listed) <= MAX_MEMBERS else -1
            for path, member in wanted:
                if room >= 0:
                    found[path] = _content(archive, member, room)
                    room -= len(found[path])
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError, OSError, ValueError, zlib.error):
        raise SurveyRefused(FileRefused.LOCKED) from None
    if room < 0:
        raise SurveyRefused(FileRefused.BOMB)
    return found


def _content(archive: zipfile.ZipFile, member: zipfile.ZipInfo, room: int) -> bytes:
    with archive.open(member) as file:
        return file.read(room + 1)


def _matters(path: PurePosixPath) -> bool:
    if "__MACOSX" in path.parts or path.name.startswith("."):
        return False
    return path.suffix.lower() in SHAPEFILE | ALONE or any(part.lower().endswith(".gdb") for part in path.parts[:-1])


def _packed(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def _ask_child(package: Package) -> dict[str, Any]:
    """What the child said; SurveyRefused when it died or was killed over the file."""
    order = {"ready": READY.decode(), "limits": LIMITS, "most_layers": MOST_LAYERS, "most_rows": MOST_ROWS, "is_geodatabase": package.is_geodatabase}
    code, answer = ask(PROGRAM, order, package.data, most_bytes=MAX_ANSWER_BYTES)
    if code != 0:
        raise SurveyRefused(FileRefused.TOO_HEAVY if code in OVERRAN else FileRefused.UNREADABLE)
    return _frame(answer)


def _frame(answer: bytes) -> dict[str, Any]:
    try:
        length, said = struct.unpack_from(">I", answer)[0], json.loads(answer[4:])
    except (ValueError, struct.error):
        raise SurveyRefused(FileRefused.UNREADABLE) from None
    if not isinstance(said, dict) or length != len(answer) - 4:
        raise SurveyRefused(FileRefused.UNREADABLE)
    if "refused" in said:
        raise SurveyRefused(FileRefused(said["refused"]) if said["refused"] in FileRefused.codes() else FileRefused.UNREADABLE)
    return said


def _layers(said: dict[str, Any]) -> list[Layer]:
    """The layers, with everything of the shape it must have: the child is not believed."""
    try:
        layers = [_layer(layer) for layer in said["layers"]]
    except (KeyError, TypeError, ValueError, AttributeError):
        raise SurveyRefused(FileRefused.UNREADABLE) from None
    if any(len(values) != len(layer.shapes) for layer in layers for values in layer.columns.values()):
        raise SurveyRefused(FileRefused.UNREADABLE)
    return layers


def _layer(said: dict[str, Any]) -> Layer:
    columns = {str(field): [str(value) for value in values] for field, values in zip(said["fields"], said["columns"], strict=True)}
    shapes = [None if shape is None else bytes.fromhex(shape) for shape in said["shapes"]]
    return Layer(name=str(said["name"])[:200], crs=str(said["crs"] or ""), columns=columns, shapes=shapes)
