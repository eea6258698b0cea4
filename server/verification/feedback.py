"""The file that UNOSAT asks the ground for: its own numbers and shapes back, with what was found there, and nothing more.

It leaves the house. So it holds the source's points and never ours, no words, no names, no people; records of the two
most sensitive classes and those taken out of the public are left out and counted.
"""

import csv
import io
import json
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from server.core.cells import escape_cell
from server.evidence.imagery_fields import GRADES
from server.evidence.imagery_models import ImageryImport
from server.verification.agreement import Agreement
from server.verification.comparing import Line
from server.vocabulary import Certainty, DamageInterval, DamageScale, SensitivityClass, in_scale

COLUMNS = (
    "SiteID", "SensorDate", "Main_Damage_Site_Class", "FieldValidation", "FieldDate", "FieldClass", "FieldGradeMin", "FieldGradeMax",
    "Agreement", "Certainty",
)  # fmt: skip
PROTECTED = {SensitivityClass.S3.value, SensitivityClass.S4.value}
SURE = {Certainty.PROBABLE.value, Certainty.CONFIRMED.value}
NOT_COMPARABLE = "not comparable"
_GRADE = {number: grade for grade, number in GRADES.items()}


def rows(found: Iterable[Line], scale: DamageScale) -> tuple[list[dict[str, Any]], int]:
    """The rows of the file, and how many were left out because they would give away a protected or withdrawn record.

    Only marks that a record of at least PROBABLE speaks of are validated: a rumour is no feedback.
    """
    told, left_out = [], 0
    for line in found:
        if line.above is None or line.ground is None or str(line.ground["certainty"]) not in SURE:
            continue
        if str(line.ground["s_class"]) in PROTECTED or line.ground["killed_at"] is not None:
            left_out += 1
            continue
        told.append(_row(line, scale))
    return told, left_out


def _row(line: Line, scale: DamageScale) -> dict[str, Any]:
    above, ground = line.above or {}, line.ground or {}
    return {
        "SiteID": above["unit_key"],
        "SensorDate": _day(above["acquired_on"]),
        "Main_Damage_Site_Class": above["source_value"],
        "FieldValidation": "yes" if line.agreement is Agreement.BOTH else "no",
        "FieldDate": _day(ground["event_latest"]),
        "FieldClass": _class(ground, scale),
        "FieldGradeMin": ground["damage_min"],
        "FieldGradeMax": ground["damage_max"],
        "Agreement": line.agreement.value,
        "Certainty": str(ground["certainty"]),
        "lon": above["lon"],
        "lat": above["lat"],
    }


def _class(ground: dict[str, Any], scale: DamageScale) -> str:
    """What the ground says in the source's own scale, where it fits into one class of it."""
    low, high, best = (_GRADE.get(ground[name]) for name in ("damage_min", "damage_max", "damage_best"))
    if low is None or high is None or best is None:
        return NOT_COMPARABLE
    return in_scale(DamageInterval(min=low, max=high, best=best), scale) or NOT_COMPARABLE


def _day(moment: date | None) -> str:
    return moment.isoformat()[:10] if moment else ""


def as_csv(told: Sequence[dict[str, Any]]) -> bytes:
    """The rows as CSV, with the source's own point of each."""
    out = io.StringIO()
    writer = csv.DictWriter(out, [*COLUMNS, "lon", "lat"], lineterminator="\r\n")
    writer.writeheader()
    writer.writerows({name: escape_cell(value) for name, value in row.items()} for row in told)
    return out.getvalue().encode("utf-8-sig")


def as_geojson(told: Sequence[dict[str, Any]], import_: ImageryImport) -> bytes:
    """The rows as GeoJSON."""
    features = [
        {
            "type": "Feature",
            "properties": {name: row[name] for name in COLUMNS},
            "geometry": {"type": "Point", "coordinates": [round(row["lon"], 7), round(row["lat"], 7)]},
        }
        for row in told
    ]
    head = {"type": "FeatureCollection", "provider": import_.provider, "product": import_.product, "file_sha256": import_.sha256}
    return json.dumps({**head, "features": features}, ensure_ascii=False).encode()
