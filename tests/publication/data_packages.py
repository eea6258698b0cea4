"""A data package as other people's programs check it: its description by the standard's own schema, its tables by what it says of them."""

import hashlib
import json
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import jsonschema
import pandas as pd

STANDARD = json.loads((files("dplib") / "profiles" / "2.0" / "datapackage.json").read_text(encoding="utf-8"))
KINDS = {
    "string": lambda cells: cells,
    "integer": lambda cells: cells.astype("Int64"),
    "number": lambda cells: cells.astype(float),
    "date": lambda cells: pd.to_datetime(cells, format="%Y-%m-%d"),
    "yearmonth": lambda cells: pd.to_datetime(cells, format="%Y-%m"),
}


def faults(folder: Path) -> Iterator[str]:
    """What is wrong with the data package in a folder, in words; nothing where all is as it says."""
    described = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))
    yield from (error.message for error in jsonschema.Draft7Validator(STANDARD).iter_errors(described))
    for one in described["resources"]:
        data = (folder / one["path"]).read_bytes()
        if (len(data), f"sha256:{hashlib.sha256(data).hexdigest()}") != (one["bytes"], one["hash"]):
            yield f"{one['path']} is another file"
        if one.get("type") == "table":
            yield from _of_table(folder / one["path"], one["schema"])


def _of_table(path: Path, told: dict) -> Iterator[str]:
    rows = pd.read_csv(path, dtype=str, encoding="utf-8-sig", keep_default_na=False, na_values=[""])
    if list(rows.columns) != [field["name"] for field in told["fields"]]:
        yield f"{path.name} has other columns"
        return
    for field in told["fields"]:
        try:
            KINDS[field["type"]](rows[field["name"]].dropna())
        except (ValueError, TypeError) as error:
            yield f"{path.name} {field['name']}: {error}"
    if rows[told["primaryKey"]].duplicated().any() or rows.empty:
        yield f"{path.name}: its key is not one"
