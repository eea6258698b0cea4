"""In which language a person is spoken to, in which direction it runs, and how text from strangers is shown safely."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from babel import Locale
from flask import Flask, Response, g, has_request_context, request
from flask_babel import Babel, force_locale, format_date, format_datetime, get_locale, gettext

from server.core.clock import now
from server.core.response import this_response
from server.core.settings import settings

LANGUAGES = {
    "en": "English",
    "uk": "Українська",
    "ar": "العربية",
    "fr": "Français",
    "es": "Español",
    "ru": "Русский",
}
"""The languages of the pages, each by the name its own speakers give it."""

DEFAULT = "en"
TRANSLATIONS = Path(__file__).resolve().parents[1] / "translations"
COOKIE = "lang"
_A_YEAR_S = 365 * 24 * 60 * 60

# Embeddings, overrides and isolates turn the text around them; joiners (U+200C, U+200D) are part of words and stay.
_BIDI_CONTROLS = re.compile("[\u202a-\u202e\u2066-\u2069]")


class LanguageLink(NamedTuple):
    """One entry of the language switch; `href` is relative, so it can never lead to another host."""

    code: str
    name: str
    href: str
    direction: str
    current: bool


def init_app(app: Flask) -> None:
    """Give the application its languages; templates get `words`, `said`, `language`, `direction`, `language_links`."""
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(TRANSLATIONS)
    Babel(
        app,
        default_locale=DEFAULT,
        locale_selector=_language_of_request,
        timezone_selector=lambda: this_response().time_zone,
    )
    app.jinja_env.filters.update(words=words, said=neutral, moment=moment, day=day, utc=utc)
    app.jinja_env.globals.update(language=language, direction=direction, language_links=language_links, clocks=clocks)
    app.after_request(_remember)


def offered() -> dict[str, str]:
    """Return the languages this response offers, as {code: own name}, in the operator's order."""
    known = [code for code in this_response().languages if code in LANGUAGES]
    return {code: LANGUAGES[code] for code in known or [DEFAULT]}


def language() -> str:
    """Return the code of the language spoken now; English outside a request."""
    return str(get_locale() or DEFAULT)


def direction(locale: str | None = None) -> str:
    """Return "rtl" or "ltr" for `locale`, or for the language spoken now."""
    return Locale.parse(locale or language()).text_direction


def words(text: str | None) -> str:
    """Return the words of a code (or of a message id) in the language spoken now; nothing for None and ""."""
    message = getattr(text, "label", text)
    return gettext(message) if message else ""


def moment(at: datetime) -> str:
    """Return a time to the minute, in the time zone of the response and the language spoken now."""
    return str(format_datetime(at, "d MMM y, HH:mm"))


def day(on: date) -> str:
    """Return a day without an hour, as of an image, written as in `moment`."""
    return str(format_date(on, "d MMM y"))


def utc(at: datetime) -> str:
    """Return a time to the minute in UTC, written so that no language reads it otherwise: "2026-10-27 16:25"."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M")


def clocks() -> dict[str, str]:
    """Return what a clock shows now, "16:25", by time zone: where the response is, and UTC beside it."""
    here = this_response().time_zone
    return {zone: now().astimezone(ZoneInfo(zone)).strftime("%H:%M") for zone in (here, "UTC")}


def neutral(text: object) -> str:
    """Return text from a stranger without the controls that reverse what stands around it; for use inside <bdi>."""
    return "" if text is None else _BIDI_CONTROLS.sub("", str(text))


@contextmanager
def in_language(code: str) -> Iterator[None]:
    """Speak `code` inside the block: for jobs, files and messages that are not the answer to a request."""
    with force_locale(code if code in LANGUAGES else DEFAULT):
        yield


def language_links() -> list[LanguageLink]:
    """Return the language switch for this page: the same page and question, in each offered language."""
    kept = [(name, value) for name, value in request.args.items(multi=True) if name != COOKIE]
    return [
        LanguageLink(code, name, f"?{urlencode([*kept, (COOKIE, code)])}", direction(code), code == language())
        for code, name in offered().items()
    ]


def _language_of_request() -> str:
    if not has_request_context():
        return DEFAULT
    asked = _chosen()
    if asked:
        return asked
    g.language_was_guessed = True
    remembered = request.cookies.get(COOKIE, "")
    return remembered if remembered in offered() else request.accept_languages.best_match(offered(), DEFAULT)


def _chosen() -> str | None:
    """Return the language named in the address, if it is one of ours."""
    code = request.args.get(COOKIE, "")
    return code if code in offered() else None


def _remember(response: Response) -> Response:
    """Keep a choice for a year on the person's own device; without a choice nothing is set, so nobody is followed."""
    if g.get("language_was_guessed"):
        response.vary.update(("Accept-Language", "Cookie"))
    code = _chosen()
    if code and response.mimetype == "text/html" and request.cookies.get(COOKIE) != code:
        response.set_cookie(
            COOKIE, code, max_age=_A_YEAR_S, secure=settings().secure_cookies, httponly=True, samesite="Lax"
        )
    return response
