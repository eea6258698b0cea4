"""What the phone needs to work without a connection: its worker, the part of the page that shows its queue, a neutral page to leave to."""

import hashlib
import json
import re
from functools import cache
from posixpath import normpath

from flask import Blueprint, Response, make_response, render_template, request

from server.core import assets
from server.core.i18n import language
from server.core.settings import settings

blueprint = Blueprint("phone", __name__)

NEUTRAL = "/measures"
PAGES = ("/report", "/report/phone", "/report/parts", NEUTRAL)
"""Kept on the phone per language when somebody opens the form; fetched anew where the network answers in time."""

_STYLES = ("css/tokens.css", "css/base.css", "css/form.css", "css/form-later.css", "css/outbox.css")
_SCRIPTS = ("js/report.js", "js/field/phone.js", "js/field/send.js", "js/field/signals.js")
_PICTURES = ("icons/app/icon.svg", "icons/app/192.png")
_WORDS = ("field/words.txt",)
_ON_DEMAND = ("js/basemap.js", "js/vector-tile.js", "vendor/")
"""What only the small map needs is kept when it was opened, not before."""

_IMPORTED = re.compile(r"""(?:\bfrom\s*|\bimport\s*\(?\s*)["'](?P<to>\.{1,2}/[\w./-]+)\?v=""")
_SECOND_LINE = (
    "import {{ sendQueue }} from '{send}';\nimport {{ tell }} from '{signals}';\n"
    "self.sendQueue = sendQueue;\nself.tellPages = () => tell();\n"
)


@blueprint.after_app_request
def name_shell(response: Response) -> Response:
    """Say which files a page goes with, so that a phone never keeps a page whose scripts it does not have."""
    if request.method == "GET" and request.path in PAGES and response.status_code == 200:
        response.headers["Tessera-Shell"] = shell()["tag"]
        response.headers["Content-Language"] = language()
    return response


@blueprint.get("/service-worker.js")
def worker() -> Response:
    """The worker of this release: with ``?module`` for browsers whose workers can import, and then send by themselves."""
    response = make_response(_worker_source(modular="module" in request.args, on=settings().offline_form))
    response.mimetype = "text/javascript"
    response.headers["Cache-Control"] = "no-cache"
    return response


@blueprint.get("/report/phone")
def part() -> Response:
    """The queue, the drafts and the safety of this phone, as a part of a page, in the language of the request."""
    response = make_response(render_template("intake/_outbox.html"))
    response.headers["Cache-Control"] = "no-cache"
    return response


@blueprint.get(NEUTRAL)
def neutral() -> Response:
    """A page of no interest to anybody: where a person goes who must leave the form at once."""
    response = make_response(render_template("intake/measures.html"))
    response.headers["Cache-Control"] = "no-cache"
    return response


@blueprint.post(f"{NEUTRAL}/clean")
def clean() -> Response:
    """Ask the browser to clear all it keeps of this site. A post, because no page of others may cause that."""
    response = make_response("", 204)
    response.headers["Clear-Site-Data"] = '"cache", "cookies", "storage"'
    return response


@cache
def shell() -> dict[str, object]:
    """What a phone keeps to open the form offline: {"tag", "files", "pages", "neutral"}; the tag changes with any of the files."""
    files = sorted({*map(assets.asset, _assets()), assets.icon_url(None, "form").partition("#")[0]})
    source = "".join([*files, *(_text(name) for name in ("service-worker.js", "service-worker-off.js"))])
    return {"tag": hashlib.sha256(source.encode()).hexdigest()[:12], "files": files, "pages": PAGES, "neutral": NEUTRAL}


def _assets() -> set[str]:
    """The styles and pictures of the form, and every module it loads at once or later."""
    found = {*_STYLES, *_PICTURES, *_WORDS}
    waiting = list(_SCRIPTS)
    while waiting:
        name = waiting.pop()
        if name not in found and not name.startswith(_ON_DEMAND):
            found.add(name)
            waiting += [normpath(f"{name}/../{match['to']}") for match in _IMPORTED.finditer(_text(name))]
    return found


def _text(name: str) -> str:
    return assets.library()[name].body.decode()


def _worker_source(*, modular: bool, on: bool) -> str:
    if not on:
        return _text("service-worker-off.js")
    lines = f"const SHELL = {json.dumps(shell())};\n"
    if modular:
        sender, signals = assets.asset("js/field/send.js"), assets.asset("js/field/signals.js")
        lines = _SECOND_LINE.format(send=sender, signals=signals) + lines
    return lines + _text("service-worker.js")
