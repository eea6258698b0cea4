"""Every file a browser fetches besides pages: named by the hash of its content, compressed once, cached for ever.

ES modules import one another by relative path (`import "./map.js"`). There is no bundler, and the strict policy
allows no inline import map, so the hash is written into each import when the files are read at start: a module's
address changes when it or anything below it changes, and a phone on a slow line never asks again for what it has.
"""

import gzip
import hashlib
import mimetypes
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path, PurePosixPath
from posixpath import join, normpath

from flask import Flask, Response, abort, request
from markupsafe import Markup, escape

from server.core import icons

STATIC = Path(__file__).resolve().parents[2] / "static"
SERVED = {".css", ".js", ".svg", ".png", ".txt", ".webmanifest"}
LEAFLET = ("leaflet.js", "leaflet.css", "images/layers.png", "images/layers-2x.png")
FOR_EVER = "public, max-age=31536000, immutable"
ASK_AGAIN = "public, no-cache"

_REFERENCES = {
    ".js": re.compile(r"""(?P<before>(?:\bfrom\s*|\bimport\s*\(?\s*)["'])(?P<to>\.{1,2}/[\w./-]+)(?P<after>["'])"""),
    ".css": re.compile(r"""(?P<before>url\(["']?)(?P<to>[\w./-]+)(?P<after>["']?\))"""),
}

# Comments are for those who read the repository; a phone on a thin line does not pay for them.
_COMMENTS = {
    ".js": re.compile(r"^[ \t]*(?:/\*.*?\*/|//[^\n]*)\n", re.DOTALL | re.MULTILINE),
    ".css": re.compile(r"/\*.*?\*/\s*", re.DOTALL),
}

mimetypes.add_type("text/javascript", ".js")
mimetypes.add_type("application/manifest+json", ".webmanifest")


class UnknownAsset(LookupError):
    """A page or a stylesheet names a file that is not served. Found at start or in tests, never by a visitor."""


@dataclass(frozen=True)
class Asset:
    """One file as it is sent: plain and gzipped bytes, its type, and the first twelve digits of its hash."""

    body: bytes
    squeezed: bytes
    mimetype: str
    tag: str


def init_app(app: Flask) -> None:
    """Serve static/ and the allowed files of the wheels; give templates `asset` and `icon`.

    The application must be made with ``static_folder=None``. Call this after every room was imported, because
    the sprite holds the pictograms of all code lists.
    """
    library()
    sprites()
    app.add_url_rule("/static/<path:name>", "static", lambda name: _served(name))
    app.add_url_rule("/vendor/leaflet/<path:name>", "vendor_leaflet", lambda name: _served(f"vendor/leaflet/{name}"))
    app.add_url_rule("/vendor/icons/<tag>.svg", "vendor_icons", _sprite)
    app.add_url_rule("/manifest.webmanifest", "manifest", lambda: _served("manifest.webmanifest"))
    app.after_request(_squeeze_page)
    app.jinja_env.globals.update(asset=asset, icon=icon, icon_url=icon_url)


def asset(name: str) -> str:
    """The address of `name` ("css/base.css", "vendor/leaflet/leaflet.js"), with the hash of its content."""
    root = "" if name.startswith("vendor/") else "static/"
    return f"/{root}{name}?v={_found(name).tag}"


def icon(name: str | None, label: str = "", sprite: str = "all") -> Markup:
    """The pictogram `name` as inline SVG: silent beside words, or speaking `label` when it stands alone."""
    told = Markup('role="img" aria-label="{}"').format(label) if label else Markup('aria-hidden="true"')
    return Markup('<svg class="icon" {}><use href="{}"/></svg>').format(told, icon_url(name, sprite))


def icon_url(name: str | None, sprite: str = "all") -> str:
    """The address of one symbol of a sprite; a name that nobody drew gives the question mark."""
    known = name if name in icons.drawings() else icons.FALLBACK
    return f"/vendor/icons/{sprites()[sprite].tag}.svg#{escape(known)}"


@cache
def library() -> dict[str, Asset]:
    """All files that may be fetched, as {"css/base.css": Asset}. Read once; a change needs a restart."""
    sources = _sources()
    ready: dict[str, Asset] = {}
    for name in sorted(sources):
        _prepare(name, sources, ready, ())
    return ready


@cache
def sprites() -> dict[str, Asset]:
    """The sprite of every pictogram in use ("all"), and the small one of the report page ("form")."""
    names = icons.wanted() - icons.missing()
    return {"all": _asset(icons.sprite(names), "sprite.svg"), "form": _asset(icons.sprite(icons.FORM), "sprite.svg")}


def _sources() -> dict[str, bytes]:
    own = {path.relative_to(STATIC).as_posix(): path for path in STATIC.rglob("*") if path.suffix in SERVED}
    leaflet = files("js_lib_leaflet") / "static" / "js_lib_leaflet"
    found = {name: _without_comments(path) for name, path in own.items()}
    return found | {f"vendor/leaflet/{name}": (leaflet / name).read_bytes() for name in LEAFLET}


def _without_comments(path: Path) -> bytes:
    pattern = _COMMENTS.get(path.suffix)
    return pattern.sub("", path.read_text(encoding="utf-8")).encode() if pattern else path.read_bytes()


def _prepare(name: str, sources: dict[str, bytes], ready: dict[str, Asset], above: tuple[str, ...]) -> Asset:
    """Make `name` ready after all it refers to, so that its hash covers them. Circular imports are refused."""
    if name in ready:
        return ready[name]
    if name in above:
        raise UnknownAsset(f"{' → '.join([*above, name])} is a circle; hashed addresses cannot be given")
    body = sources[name]
    pattern = _REFERENCES.get(PurePosixPath(name).suffix)
    if pattern:
        body = pattern.sub(lambda m: _pointed(m, name, sources, ready, above), body.decode()).encode()
    ready[name] = _asset(body, name)
    return ready[name]


def _pointed(
    reference: re.Match[str], name: str, sources: dict[str, bytes], ready: dict[str, Asset], above: tuple[str, ...]
) -> str:
    target = normpath(join(str(PurePosixPath(name).parent), reference["to"]))
    if target not in sources:
        return reference[0]
    tag = _prepare(target, sources, ready, (*above, name)).tag
    return f"{reference['before']}{reference['to']}?v={tag}{reference['after']}"


def _asset(body: bytes, name: str) -> Asset:
    mimetype = mimetypes.guess_type(name)[0] or "application/octet-stream"
    squeezed = b"" if mimetype == "image/png" else gzip.compress(body, 9, mtime=0)
    return Asset(body, squeezed, mimetype, hashlib.sha256(body).hexdigest()[:12])


def _squeeze_page(response: Response) -> Response:
    """Gzip the page a stranger asked for. Whoever carries more than a language is signed in, and a page that holds
    secrets beside what somebody else could make it say must not be compressed (its length would tell on it).
    """
    stranger = request.method == "GET" and set(request.cookies) <= {"lang"}
    page = response.mimetype == "text/html" and not response.is_streamed and "Content-Encoding" not in response.headers
    if stranger and page and request.accept_encodings["gzip"] > 0:
        response.set_data(gzip.compress(response.get_data(), 6, mtime=0))
        response.headers["Content-Encoding"] = "gzip"
    if page:
        response.vary.add("Accept-Encoding")
    return response


def _found(name: str) -> Asset:
    try:
        return library()[name]
    except KeyError:
        raise UnknownAsset(name) from None


def _served(name: str) -> Response:
    found = library().get(name)
    if found is None:
        abort(404)
    return _response(found, lasting=request.args.get("v") == found.tag)


def _sprite(tag: str) -> Response:
    found = next((sprite for sprite in sprites().values() if sprite.tag == tag), None)
    if found is None:
        abort(404)
    return _response(found, lasting=True)


def _response(found: Asset, *, lasting: bool) -> Response:
    """The file, gzipped where the browser takes it; an old hash gets today's file, to be asked for again."""
    squeezed = bool(found.squeezed) and request.accept_encodings["gzip"] > 0
    response = Response(found.squeezed if squeezed else found.body, mimetype=found.mimetype)
    if squeezed:
        response.headers["Content-Encoding"] = "gzip"
    response.headers["Cache-Control"] = FOR_EVER if lasting else ASK_AGAIN
    response.vary.add("Accept-Encoding")
    response.set_etag(found.tag + ("-gz" if squeezed else ""))
    response.make_conditional(request)
    return response
