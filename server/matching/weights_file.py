"""Writing a weights file that a person can read and compare: one line for each measure, one for each fact of a tree. Pure."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def write_weights(data: Mapping[str, Any], target: Path) -> None:
    """Write ``data`` (as ``weights_from`` reads it) to ``target``."""
    parts = [f'  "version": {json.dumps(data["version"])}', f'  "prior": {json.dumps(data["prior"])}']
    parts.append('  "evidence": ' + _by_line(data["evidence"], "    "))
    parts += [f"  {json.dumps(name)}: {json.dumps(data[name])}" for name in ("bands", "clusters", "reach", "words") if name in data]
    if data.get("diction"):
        parts.append('  "diction": ' + _by_line(dict(sorted(data["diction"].items())), "    "))
    if data.get("trees"):
        measures, model = json.dumps(list(data["trees"]["measures"])), ",\n".join(f"      {json.dumps(line)}" for line in data["trees"]["model"])
        parts.append(f'  "trees": {{\n    "measures": {measures},\n    "model": [\n{model}\n    ]\n  }}')
    target.write_text("{\n" + ",\n".join(parts) + "\n}\n", encoding="utf-8")


def _by_line(mapping: Mapping[str, Any], indent: str) -> str:
    lines = (f"{indent}{json.dumps(name, ensure_ascii=False)}: {json.dumps(value)}" for name, value in mapping.items())
    return "{\n" + ",\n".join(lines) + "\n  }"
