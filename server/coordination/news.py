"""What came in since: the pulse of the desk, how much is new under somebody's filters, and when the damage was, day by day.

Asked every few seconds by every open desk, so each answer is one small query, and mostly headers alone (ETag, 304).
"""

from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, jsonify, request
from flask_babel import gettext, ngettext
from sqlalchemy import DateTime, func, select, text, tuple_
from sqlalchemy.dialects.postgresql import array
from werkzeug.wrappers import Response

from server.accounts.service import current_actor, requires
from server.core import swift, tiles
from server.core.clock import now
from server.core.database import session
from server.core.numbers import whole
from server.core.problems import Problem
from server.core.requests import quietly
from server.core.response import this_response
from server.matching import columns, filters, queries
from server.matching import tiles as desk_tiles
from server.matching.exactness import sees_exactly
from server.matching.models import Incident
from server.reports import access

blueprint = Blueprint("news", __name__, url_prefix="/desk")

MOST = 1_000
RECENT = timedelta(seconds=5)  # what was under way when the list was made shows itself within this
MOST_RECENT = 50
BARS, MOST_DAYS = 60, 800
memory = tiles.TileMemory(seconds=15.0, most=200)

# Changes older than the memory of the tiles, so that who hears the pulse finds tiles that have them.
_PULSE = text(f"""SELECT max(changed_at), count(*) FROM incidents
WHERE changed_at > now() - interval '60 seconds' AND changed_at <= now() - interval '{desk_tiles.KEPT_S + swift.KEPT_S + 0.5} seconds'""")  # noqa: S608 - a number of ours


def marks(page: queries.Page) -> dict[str, str]:
    """What a list tells the page of itself, to be asked "what is new since?": the moment, and the newest rows on it."""
    since = now() - RECENT
    recent = [f"{one.public_id}:{one.version}" for one in page.incidents if one.changed_at > since][:MOST_RECENT]
    return {"since": since.isoformat(), "recent": ",".join(recent)}


@blueprint.get("/pulse")
@requires("see_desk", by_itself=True)
def show_pulse() -> Response:
    """Changes whenever any record did, some seconds later; 304 while nothing happens."""
    latest, count = session.execute(_PULSE).one()
    return quietly(jsonify([latest.isoformat() if latest else "", count]))


@blueprint.get("/news")
@requires("see_desk", by_itself=True)
def show_news() -> Response:
    """How many records under the filters are new, and how many changed, since a list was made; with the sentence that says so."""
    access.enter(current_actor())
    asked = filters.read(request.args, exact=sees_exactly(current_actor()))
    since = _since()
    known = [tuple_(Incident.public_id, Incident.version).not_in(_recent())] if _recent() else []
    rows = select(Incident.opened_at).where(Incident.changed_at > since, *queries.shown(asked), *known).limit(MOST).subquery()
    new, both = session.execute(select(func.count().filter(rows.c.opened_at > since), func.count()).select_from(rows)).one()
    return quietly(jsonify({"new": new, "changed": both - new, "said": _said(new, both - new)}))


def _since() -> datetime:
    try:
        since = datetime.fromisoformat(request.args.get("after", ""))
    except ValueError:
        raise Problem("bad_request") from None
    if since.tzinfo is None:
        raise Problem("bad_request")
    return since


def _recent() -> list[tuple[str, int]]:
    """Which rows, at which version, the list shows already."""
    pairs = [word.partition(":") for word in request.args.get("known", "").split(",")[:MOST_RECENT] if word]
    return [(number, seen) for number, _colon, version in pairs if (seen := whole(version)) is not None]


def _said(new: int, changed: int) -> str:
    """The calm line above the list; "" where nothing is to be said."""
    parts = [ngettext("%(num)s new record", "%(num)s new records", new)] if new else []
    parts += [ngettext("%(num)s changed", "%(num)s changed", changed)] if changed else []
    return f"{', '.join(parts)}{gettext(' and more')}" if new + changed >= MOST else ", ".join(parts)


@blueprint.get("/histogram")
@requires("see_desk")
def show_histogram() -> Response:
    """How many records under the filters (their days left out) fell into each stretch of days: ``{"days", "bars": [[first day, n]]}``."""
    access.enter(current_actor())
    asked = {**filters.read(request.args, exact=sees_exactly(current_actor())), "since": None, "until": None}
    name = repr(sorted((name, str(value)) for name, value in asked.items())) + filters.told_to(asked, current_actor())
    body, tag = memory.answer(name, lambda: _bars(asked))
    return tiles.respond(body, tag, cache="private, no-cache")


def _bars(asked: dict[str, Any]) -> dict[str, object]:
    """Exact counts of whole local days, in at most some sixty bars; records without a time are in none."""
    known = session.execute(select(func.min(Incident.event_latest), func.max(Incident.event_latest))).one()
    if known[0] is None:
        return {"days": 1, "bars": []}
    zone = ZoneInfo(this_response().time_zone)
    first, last = (moment.astimezone(zone).date() for moment in known)
    wide = -(-((last - first).days + 1) // MOST_DAYS)
    starts = [first + timedelta(days=wide * at) for at in range((last - first).days // wide + 1)]
    bounds = [datetime.combine(day, time.min, zone) for day in starts]
    counts = columns.days(asked, bounds)
    return _gathered(starts, _counted(asked, bounds) if counts is None else counts, wide)


def _counted(asked: dict[str, Any], bounds: list[datetime]) -> dict[int, int]:
    """What ``columns.days`` says, asked of the table."""
    place = func.width_bucket(Incident.event_latest, array(bounds, type_=DateTime(timezone=True)))
    rows = select(place, func.count()).where(*queries.shown(asked), Incident.event_latest.is_not(None)).group_by(text("1"))
    return {at - 1: count for at, count in session.execute(rows)}


def _gathered(starts: list[date], counts: dict[int, int], wide: int) -> dict[str, object]:
    """From the first stretch of days that counts anything to the last, put together to few bars."""
    if not counts:
        return {"days": wide, "bars": []}
    low, high = min(counts), max(counts)
    step = -(-(high - low + 1) // BARS)
    bars = [[starts[at].isoformat(), sum(counts.get(each, 0) for each in range(at, at + step))] for at in range(low, high + 1, step)]
    return {"days": step * wide, "bars": bars}
