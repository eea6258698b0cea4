"""What a satellite file's columns mean, by the sources' own names (standards §3.1), and its rows in our grades. Pure.

UNOSAT writes one column pair for each image (``SensorDate_2``, ``Main_Damage_Site_Class_2``); shapefiles cut such names to ten
signs. Copernicus EMS writes ``damage_gra`` and points to a table of images by ``dmg_src_id``. Either becomes one row for each image.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from server.core.choices import N_, Choice
from server.vocabulary import DamageGrade, DamageInterval, DamageScale, crosswalk

CLASSES = ("main_damage_site_class", "damage_site_class", "dmgcls", "main_damage", "damage_gra", "damage_class")
DATES = ("sensordate", "sensor_date", "sensdt", "image_date", "imagedate", "src_date")
SENSORS = ("sensorid", "sensor_id", "sensid", "source_nam", "sensor")
CONFIDENCES = ("confidenceid", "confidence", "confid")
UNITS = ("siteid", "site_id", "unosat_id", "structure_id", "objectid", "uuid", "id")
VALIDATIONS = ("fieldvalidation", "field_validation", "fieldvalid")
SOURCES = ("dmg_src_id", "src_id")
EXTENTS = ("areaofinterest", "area_of_interest", "analysis_extent", "analysisextent")
CELLS = ("damaged", "damage", "dmg_yn")
SAYS_YES = {"1", "yes", "y", "true", "validated"}
OLD_COPERNICUS = re.compile(r"completely|highly|moderately|negligible|not affected", re.IGNORECASE)
GRADES = {grade: int(grade.value[1]) for grade in DamageGrade if grade.value[1].isdigit()}
MOST_TOLD = 200


class RowRefused(Choice):
    """Why a row of a satellite file is left out."""

    NO_SHAPE = "NO_SHAPE", N_("It has no shape, or none that can be read.")
    NOT_ON_EARTH = "NOT_ON_EARTH", N_("Its shape does not lie on Earth.")
    UNKNOWN_CLASS = "UNKNOWN_CLASS", N_("Its class of damage is not in the scale.")
    NO_CLASS = "NO_CLASS", N_("It says no class of damage.")
    BAD_DATE = "BAD_DATE", N_("The date of its image cannot be read.")


@dataclass(frozen=True, kw_only=True)
class Columns:
    """Which column says what, in the order of the images: ``classes[i]`` was read on the image of ``dates[i]``."""

    scale: DamageScale
    classes: tuple[str, ...]
    dates: tuple[str, ...] = ()
    sensors: tuple[str, ...] = ()
    confidences: tuple[str, ...] = ()
    unit: str = ""
    validation: str = ""
    source: str = ""

    def told(self) -> dict[str, object]:
        """The same as plain values, for keeping and showing."""
        return {name: list(value) if isinstance(value, tuple) else str(value) for name, value in vars(self).items()}


@dataclass(frozen=True, kw_only=True)
class Image:
    """One image of a table of sources."""

    taken_on: date | None
    sensor: str = ""
    gsd_m: float | None = None
    is_before: bool = False


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What was seen of one thing on one image."""

    value: str
    interval: DamageInterval
    taken_on: date | None
    sensor: str = ""
    confidence: str = ""
    gsd_m: float | None = None
    clean_until: date | None = None
    is_latest: bool = False
    is_first: bool = False


@dataclass(kw_only=True)
class Tally:
    """What became of the rows of a file."""

    refused: int = 0
    told: list[tuple[str, int, str, str]] = field(default_factory=list)

    def refuse(self, layer: str, number: int, why: RowRefused, value: str = "") -> None:
        """Count a refused row; the first two hundred are told one by one."""
        self.refused += 1
        if len(self.told) < MOST_TOLD:
            self.told.append((layer, number, why.value, value[:60]))


def recognise(fields: Iterable[str], values_of: Mapping[str, Sequence[str]], *, provider: str = "") -> Columns | None:
    """What the columns of a layer mean, or None where nothing says damage in a way we know."""
    names = list(fields)
    classes = numbered(names, CLASSES)
    if not classes:
        return _cells(names) if provider == "UNOSAT" else None
    dates, sensors, confidences = (numbered(names, stems) for stems in (DATES, SENSORS, CONFIDENCES))
    order = sorted(classes)
    is_copernicus = classes[order[0]].lower() == "damage_gra"
    return Columns(
        scale=_copernicus(values_of[classes[order[0]]]) if is_copernicus else DamageScale.UNOSAT,
        classes=tuple(classes[n] for n in order),
        dates=tuple(dates.get(n, "") for n in order),
        sensors=tuple(sensors.get(n, "") for n in order),
        confidences=tuple(confidences.get(n, "") for n in order),
        unit=_first(names, UNITS),
        validation=_first(names, VALIDATIONS),
        source=_first(names, SOURCES) if is_copernicus else "",
    )


def _cells(names: Sequence[str]) -> Columns | None:
    """A rapid assessment: cells of 500 m that hold damage or do not."""
    said = _first(names, CELLS)
    return Columns(scale=DamageScale.UNOSAT_RDBA, classes=(said,), dates=(_first(names, DATES),), unit=_first(names, UNITS)) if said else None


def _copernicus(values: Sequence[str]) -> DamageScale:
    """Which of the two scales of Copernicus EMS these values are of."""
    return DamageScale.CEMS_2016 if any(OLD_COPERNICUS.search(value) for value in values) else DamageScale.CEMS


def numbered(names: Iterable[str], stems: Sequence[str]) -> dict[int, str]:
    """The columns of one meaning by the number of their image: ``{1: "SensorDate", 2: "SensorDate_2"}``; cut names too."""
    for stem in stems:
        found = {number: name for name in names if (number := _number(name.lower(), stem)) is not None}
        if found:
            return found
    return {}


def _number(name: str, stem: str) -> int | None:
    if name == stem or (len(stem) > 10 and name == stem[:10]):
        return 1
    if match := re.fullmatch(rf"{re.escape(stem)}_?(\d{{1,2}})", name):
        return int(match[1])
    # A shapefile's names have ten signs: the second of a kind ends in _1, the eleventh in _10.
    cut = re.fullmatch(r"(.{5,8})_(\d{1,2})", name)
    if cut and len(name) == 10 and stem.startswith(cut[1]) and len(stem) >= 8:
        return int(cut[2]) + 1
    return None


def _first(names: Iterable[str], known: Sequence[str]) -> str:
    by_name = {name.lower(): name for name in names}
    for word in known:
        if (found := by_name.get(word) or by_name.get(word[:10])) is not None:
            return found
    return ""


def images_of(row: Mapping[str, str], mapping: Columns, table: Mapping[str, Image], *, taken_on: date | None) -> list[Seen]:
    """What one row saw, image by image in the order of their dates. UnknownGrade or ValueError for what cannot be read.

    ``table`` are the images of the file by number, ``taken_on`` the date a person gave where the file gives none.
    """
    found = []
    for at, column in enumerate(mapping.classes):
        value = row.get(column, "").strip()
        if not value or (value == "0" and mapping.scale is not DamageScale.CEMS_2016):
            continue
        interval = _interval(mapping.scale, value)
        if interval is None:
            continue
        image = table.get(row.get(mapping.source, "")) if mapping.source else None
        said = row.get(mapping.dates[at], "") if at < len(mapping.dates) and mapping.dates[at] else ""
        found.append(
            Seen(
                value=value[:64],
                interval=interval,
                taken_on=read_day(said) or (image.taken_on if image else None) or taken_on,
                sensor=_cell(row, mapping.sensors, at) or (image.sensor if image else ""),
                confidence=_cell(row, mapping.confidences, at)[:32],
                gsd_m=image.gsd_m if image else None,
            )
        )
    return _in_order(found)


def _interval(scale: DamageScale, value: str) -> DamageInterval | None:
    """The grades a class may mean; None for a cell of a rapid assessment that holds no damage."""
    if scale is DamageScale.UNOSAT_RDBA and value.lower() in {"no", "n", "false"}:
        return None
    return crosswalk(scale, value)


def _cell(row: Mapping[str, str], columns: Sequence[str], at: int) -> str:
    return row.get(columns[at], "").strip()[:64] if at < len(columns) and columns[at] else ""


def _in_order(found: list[Seen]) -> list[Seen]:
    """By date, with the last clean image before each and the newest marked."""
    ordered = sorted(found, key=lambda seen: seen.taken_on or date.min)
    clean: date | None = None
    made = []
    for at, seen in enumerate(ordered):
        is_clean = seen.interval.best is DamageGrade.D0
        made.append(Seen(**{**vars(seen), "clean_until": None if is_clean else clean, "is_latest": at == len(ordered) - 1, "is_first": at == 0}))
        clean = seen.taken_on if is_clean else clean
    return made


def read_day(said: str) -> date | None:
    """The day of a date as the sources write it; None for nothing. ValueError for what is no date."""
    said = said.strip()
    if not said:
        return None
    plain = said[:10].replace("/", "-").replace(".", "-")
    if re.fullmatch(r"\d{8}", said):
        plain = f"{said[:4]}-{said[4:6]}-{said[6:]}"
    for form in ("%Y-%m-%d", "%d-%m-%Y"):
        try:
            return datetime.strptime(plain, form).date()  # noqa: DTZ007 - an image has a day; its hour is not told
        except ValueError:
            continue
    raise ValueError(said)


def image_table(rows: Iterable[Mapping[str, str]]) -> dict[str, Image]:
    """The images of a Copernicus file by their number."""
    found = {}
    for row in ({name.lower(): value for name, value in one.items()} for one in rows):
        try:
            taken_on = read_day(row.get("src_date", ""))
        except ValueError:
            taken_on = None
        gsd = re.match(r"\d+(?:[.,]\d+)?", row.get("sensor_gsd", "") or "")
        found[row.get("src_id", "")] = Image(
            taken_on=taken_on,
            sensor=row.get("source_nam", "")[:64],
            gsd_m=float(gsd[0].replace(",", ".")) if gsd else None,
            is_before="pre" in row.get("eventphase", "").lower(),
        )
    return found


def is_image_table(fields: Iterable[str]) -> bool:
    """Whether a layer is the table of a file's images."""
    return {"src_id", "src_date"} <= {name.lower() for name in fields}


def is_extent(layer: str) -> bool:
    """Whether a layer says by its name which area was looked at."""
    return any(word in layer.lower() for word in EXTENTS)


def says_yes(said: str) -> bool:
    """Whether a cell says that something is so."""
    return said.strip().lower() in SAYS_YES


def grade_number(grade: DamageGrade | None) -> int | None:
    """0–4, or None for "cannot tell"."""
    return GRADES.get(grade) if grade else None
