"""/desk/ledger: who did what, newest first, as the ledger has it; and whether its seals still fit."""

import csv
import io
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, render_template, request
from sqlalchemy import Select, select

from server.accounts.models import Person
from server.accounts.people import everybody
from server.accounts.service import must, requires
from server.accounts.stepping import requires_fresh
from server.core import ledger
from server.core.database import session
from server.core.ledger import LedgerEntry, LedgerSeal
from server.core.problems import Problem
from server.core.response import this_response

blueprint = Blueprint("audit", __name__, url_prefix="/desk/ledger")

PAGE = 100
MOST_ROWS = 100_000
SEALS_READ = 200
COLUMNS = ("id", "at", "actor", "event", "subject", "details")


@blueprint.get("")
@requires("see_ledger")
def show() -> str:
    """A page of acts under the filters of the address: person, event (or the noun it begins with), number, days."""
    before = request.args.get("before", "")
    rows = session.scalars(_asked(before=_read(int, before) if before.isdecimal() else None).limit(PAGE + 1)).all()
    shown = rows[:PAGE]
    more = {**request.args.to_dict(), "before": shown[-1].id} if len(rows) > PAGE else {}
    return render_template(
        "accounts/ledger.html", rows=shown, more=more, people=everybody(), names=_names(), values=request.args,
        seal=session.scalar(select(LedgerSeal).order_by(LedgerSeal.id.desc()).limit(1)), read=SEALS_READ,
        broken=ledger.broken_seals(newest=SEALS_READ),
    )  # fmt: skip


@blueprint.get("/acts.csv")
@requires("see_ledger")
@requires_fresh
def download() -> Response:
    """The same rows as CSV, at most 100,000; taking them along is itself an act of the ledger."""
    actor = must("see_ledger")
    rows = session.scalars(_asked(before=None).limit(MOST_ROWS)).all()
    ledger.record("ledger.taken_along", actor.person_id or UUID(int=0), actor_id=actor.person_id, rows=len(rows))
    lines = list(_lines(rows))
    response = Response(lines, content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = 'attachment; filename="acts.csv"'
    return response


def _asked(*, before: int | None) -> Select[LedgerEntry]:
    """The acts under the filters, newest first; a filter that cannot be read is Problem ``bad_request``."""
    found = select(LedgerEntry).order_by(LedgerEntry.id.desc())
    given = {name: request.args.get(name, "").strip() for name in ("person", "event", "subject", "since", "until")}
    if before is not None:
        found = found.where(LedgerEntry.id < before)
    if given["person"]:
        found = found.where(LedgerEntry.actor_id == _read(UUID, given["person"]))
    if given["subject"]:
        found = found.where(LedgerEntry.subject_id == _read(UUID, given["subject"]))
    if given["event"]:
        found = found.where(LedgerEntry.event.startswith(given["event"], autoescape=True))
    if given["since"]:
        found = found.where(LedgerEntry.at >= _midnight(given["since"]))
    if given["until"]:
        found = found.where(LedgerEntry.at < _read(lambda word: _midnight(word) + timedelta(days=1), given["until"]))
    return found


def _midnight(day: str) -> datetime:
    return datetime.combine(_read(date.fromisoformat, day), time(), tzinfo=ZoneInfo(this_response().time_zone))


def _read(kind: Any, word: str) -> Any:
    try:
        return kind(word)
    except (ValueError, OverflowError):
        raise Problem("bad_request") from None


def _names() -> dict[UUID, str]:
    return {row.id: row.alias for row in session.execute(select(Person.id, Person.alias))}


def _lines(rows: Any) -> Iterator[str]:
    """Lines of RFC 4180. Ids and codes only: nothing here begins a formula."""
    for row in (COLUMNS, *((row.id, row.at.isoformat(), row.actor_id or "", row.event, row.subject_id, row.details) for row in rows)):
        line = io.StringIO()
        csv.writer(line).writerow(row)
        yield line.getvalue()
