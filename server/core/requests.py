"""What every request and every answer must obey: one strict policy of headers, no cross-site writes, strict JSON, lanes.

No address of a machine is stored or logged anywhere. A lane's key is an HMAC under a key that lives in memory only.
"""

import json
from ipaddress import ip_address, ip_network
from math import isfinite
from typing import Any

from flask import Flask, Response, g, request
from flask_limiter import Limiter
from werkzeug.exceptions import HTTPException
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.wrappers import Response as BaseResponse

from server.core.database import session
from server.core.limits import SCHEME
from server.core.problems import Problem, answer
from server.core.settings import Settings
from server.core.tally import TALLY

UNSAFE = {"POST", "PUT", "PATCH", "DELETE"}
FORM_BYTES = 8 * 15_000_000 + 1_000_000  # eight photos and the words around them
AT_ONCE_BYTES = 1_400  # a body that fits a packet is not waited for
DEEPEST = 32  # a report is three levels deep; what is deeper is no report

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
        "font-src 'self'; worker-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "geolocation=(self), camera=(self), microphone=(), payment=(), usb=(), browsing-topics=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
}
STRICT_TRANSPORT = "max-age=63072000; includeSubDomains"
OPEN_DATA = ("/api/v1/public/", "/ogc")  # anybody's page may read open data; nothing else crosses origins


def lane_key() -> str:
    """Who is asking, as a word that means nothing tomorrow or after a restart: HMAC of the network part of the address."""
    return TALLY.pseudonym(_network(request.remote_addr or ""))


def _network(address: str) -> str:
    """The first 24 bits of an IPv4 address, 48 of an IPv6 one. A server that listens on both meets IPv4 dressed as IPv6."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    known = getattr(found, "ipv4_mapped", None) or found
    return str(ip_network((known, 24 if known.version == 4 else 48), strict=False))


limiter = Limiter(lane_key, storage_uri=f"{SCHEME}://", headers_enabled=False, swallow_errors=True)


def init_app(app: Flask, chosen: Settings) -> None:
    """Install the rules on ``app``."""
    app.config["MAX_CONTENT_LENGTH"] = FORM_BYTES
    app.config["MAX_FORM_MEMORY_SIZE"] = 500_000
    app.config["MAX_FORM_PARTS"] = 1_000
    if chosen.trusted_hosts:
        app.config["TRUSTED_HOSTS"] = list(chosen.trusted_hosts)
    if chosen.trusted_proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=chosen.trusted_proxies, x_proto=chosen.trusted_proxies)  # type: ignore[method-assign]
    limiter.init_app(app)
    app.before_request(_refuse_cross_site)
    app.before_request(_refuse_unreadable)
    app.before_request(_let_go_of_the_database)
    app.after_request(_add_headers)


def _refuse_cross_site() -> Response | None:
    """No write from another site's page: by what browsers say of the request, not by tokens that expire in a queue."""
    if request.method not in UNSAFE:
        return None
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return None if site in ("same-origin", "none") else answer(Problem("cross_site"))
    origin = request.headers.get("Origin")
    if origin is None or origin == request.host_url.rstrip("/"):
        return None
    return answer(Problem("cross_site"))


def _refuse_unreadable() -> Response | None:
    """Packed bodies are bombs, a body without an end is a siege, and a NUL in an address is nothing anybody typed."""
    if b"%00" in request.query_string or b"\x00" in request.query_string:
        return answer(Problem("bad_request"))
    if request.headers.get("Content-Encoding", "identity") != "identity":
        return answer(Problem("unsupported_type"))
    if request.method in UNSAFE and request.content_length is None and request.headers.get("Transfer-Encoding"):
        return answer(Problem("length_required"))
    return None


def _let_go_of_the_database() -> None:
    """A slow phone takes minutes for its body, and must hold no connection meanwhile; who is asking is known already."""
    if (request.content_length or 0) > AT_ONCE_BYTES:
        session.rollback()


def _add_headers(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if request.is_secure:
        response.headers.setdefault("Strict-Transport-Security", STRICT_TRANSPORT)
    if request.path.startswith(OPEN_DATA):
        response.headers["Access-Control-Allow-Origin"] = "*"
        response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    if "Cache-Control" not in response.headers:
        response.headers["Cache-Control"] = "no-store"
    return response


def quietly(response: BaseResponse) -> BaseResponse:
    """A private answer with an ETag, 304 when nothing changed: what is quiet costs headers alone."""
    response.headers["Cache-Control"] = "private, no-cache"
    response.add_etag()
    return response.make_conditional(request)


def single_arguments() -> None:
    """Refuse a query in which a parameter occurs twice."""
    if any(len(values) > 1 for _name, values in request.args.lists()):
        raise Problem("repeated_parameter")


def body(limit: int) -> bytes:
    """The raw body, at most ``limit`` bytes, as long as it said it would be; Problem ``empty_body`` or ``too_large`` else."""
    declared = request.content_length
    if declared is None:
        raise Problem("length_required")
    if declared > limit:
        raise Problem("too_large")
    request.max_content_length = limit
    try:
        data = request.get_data(cache=False)
    except HTTPException:
        raise
    except OSError:
        raise Problem("bad_request") from None
    if not data:
        raise Problem("empty_body")
    if len(data) != declared:
        raise Problem("bad_request")
    return data


def strict_json(data: bytes) -> dict[str, Any]:
    """One JSON object, read strictly: UTF-8, finite numbers, no key twice, no NUL, no lone surrogate, not deep. Else Problem."""
    try:
        text = data.decode("utf-8")
        value = json.loads(text, object_pairs_hook=_once, parse_constant=_no_constant, parse_float=_finite)
        if "\\ud" in text.lower():
            json.dumps(value, ensure_ascii=False).encode("utf-8")  # a lone surrogate cannot be written down
    except (ValueError, RecursionError):
        raise Problem("unreadable_json") from None
    if not isinstance(value, dict):
        raise Problem("unreadable_json")
    if "\\u0000" in text and _has_nul(value):
        raise Problem("unreadable_json")
    if text.count("[") + text.count("{") > DEEPEST and _depth(value) > DEEPEST:
        raise Problem("unreadable_json")
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key occurs twice")
    return found


def _no_constant(word: str) -> float:
    raise ValueError(word)


def _finite(number: str) -> float:
    value = float(number)
    if not isfinite(value):
        raise ValueError(number)
    return value


def _has_nul(value: Any) -> bool:
    if isinstance(value, dict):
        return any("\x00" in key or _has_nul(item) for key, item in value.items())
    if isinstance(value, list):
        return any(_has_nul(item) for item in value)
    return isinstance(value, str) and "\x00" in value


def _depth(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + max((_depth(item) for item in value.values()), default=0)
    if isinstance(value, list):
        return 1 + max((_depth(item) for item in value), default=0)
    return 0


def accepts_json() -> None:
    """Refuse a body that does not call itself JSON in UTF-8: ``text/plain`` would be a cross-site trick."""
    charset = request.mimetype_params.get("charset", "utf-8").lower()
    if request.mimetype != "application/json" or charset not in ("utf-8", "utf8"):
        raise Problem("unsupported_type")


def keep_work() -> None:
    """Ask the settle to commit although this answer is a refusal: what was kept aside must stay."""
    g.keep_work = True
