"""The log of an attack, for people: each way, what it asked, what it claimed, and what came of it."""

import json
import os
from collections.abc import Mapping
from pathlib import Path

from tests.publication.attack.stranger import Claim, Stranger

ROOT = Path(__file__).resolve().parents[3]


def written(claims: Mapping[str, list[Claim]], found: Mapping[str, str], stranger: Stranger) -> str:
    """Write the log under ``var/`` (or ``ATTACK_LOG``) and return its words."""
    lines = [
        {
            "way": name,
            "claims": len(made),
            "found": found.get(name, ""),
            "result": "FOUND" if name in found else "failed",
        }
        for name, made in claims.items()
    ]
    told = {"rows": len(stranger.rows), "days": len(stranger.days), "answers": len(stranger.asked), "ways": lines}
    path = Path(os.environ.get("ATTACK_LOG", ROOT / "var" / "attack.json"))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    return json.dumps(told, indent=1)
