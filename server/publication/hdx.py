"""Telling HDX of a dated data set. Optional: without an address and a key nothing happens, and an exercise sends nothing.

HDX gets the description and links; the files stay here. So a data set that is withdrawn here is gone there at once.
"""

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any

import orjson

from server.core.problems import Problem
from server.core.response import may_send_out
from server.core.settings import settings
from server.core.storage import store
from server.publication import release_reading
from server.publication.release_models import Release
from server.publication.serving import NAMESPACE

DESCRIPTION = "hdx_dataset.json"
PATIENCE_S = 60


def push(release: Release, *, address: str, dry_run: bool = False) -> list[str]:
    """Make or renew the data set there, private; one sentence for each thing done. Problem ``not_sent`` with the reason."""
    if why := _why_not(address, dry_run=dry_run):
        raise Problem("not_sent", detail=why)
    body = _body(release, address)
    named = [f"{one['name']} ({one['format']}): {one['url']}" for one in body["resources"]]
    if dry_run:
        return [f"Would send {body['name']} with {len(named)} links; nothing was sent.", *named]
    known = _call("package_show", {"id": body["name"]}, missing_ok=True)
    answer = _call("package_update" if known else "package_create", body)
    return [
        f"HDX {'renewed' if known else 'made'} {answer['name']}, private. Look at it there before it is shown.",
        *named,
    ]


def _why_not(address: str, *, dry_run: bool) -> str:
    told = settings()
    if not address.startswith("https://"):
        return "Give --address, the https address under which everybody reaches this Tessera."
    if dry_run:
        return ""
    if not may_send_out():
        return "This is an exercise: it sends nothing out."
    missing = [
        name
        for name, value in (
            ("HDX_URL", told.hdx_url),
            ("HDX_KEY", told.hdx_key),
            ("HDX_ORGANISATION", told.hdx_organisation),
        )
        if not value
    ]
    return f"Set {', '.join(missing)} first." if missing else ""


def _body(release: Release, address: str) -> dict[str, Any]:
    kept = release_reading.file(release.number, DESCRIPTION)
    body = orjson.loads(store().get(kept.sha256, NAMESPACE))
    folder = f"{address.rstrip('/')}/api/v1/public/releases/{release.number}"
    resources = [{**one, "url": f"{folder}/{one['name']}"} for one in body["resources"]]
    return {
        **body,
        "owner_org": settings().hdx_organisation,
        "maintainer": settings().hdx_maintainer,
        "resources": resources,
    }


def _call(action: str, body: Mapping[str, Any], *, missing_ok: bool = False) -> dict[str, Any]:
    """One call of CKAN's action interface; {} for what is not there, when that may be."""
    told = settings()
    asked = urllib.request.Request(  # noqa: S310 - the operator's own address, refused below unless it is http(s)
        f"{told.hdx_url.rstrip('/')}/api/3/action/{action}",
        data=json.dumps(body).encode(),
        headers={"Authorization": told.hdx_key, "Content-Type": "application/json"},
    )
    if not told.hdx_url.startswith(("https://", "http://127.0.0.1:")):
        raise Problem("not_sent", detail="HDX_URL must begin with https.")
    try:
        with urllib.request.urlopen(asked, timeout=PATIENCE_S) as answer:  # noqa: S310 - as above
            return dict(orjson.loads(answer.read())["result"])
    except urllib.error.HTTPError as refused:
        if missing_ok and refused.code == 404:
            return {}
        raise Problem(
            "not_sent", detail=f"HDX answered {refused.code}: {refused.read(2_000).decode(errors='replace')}"
        ) from None
    except (urllib.error.URLError, TimeoutError, KeyError, ValueError) as error:
        raise Problem("not_sent", detail=f"HDX could not be reached: {type(error).__name__}") from None
