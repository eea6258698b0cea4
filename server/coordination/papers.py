"""Printing the situation report: asked for by a person for a chosen audience, made by the worker with progress, kept for a day.

Each printing is noted in the ledger with its audience and the time of its figures. Who may not read what an audience reads may
not print for it; that is looked at when the paper is asked for and again when it is fetched.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select, update

from server.accounts.policy import SYSTEM, Actor, may
from server.coordination import asking, paper_forms, situation_inside, situation_outside, views
from server.coordination.situation import AUDIENCES, CAVEATS, GRADES, Figures
from server.coordination.situation_outside import Progress, silent
from server.coordination.telling_models import PaperForm, PaperState, SavedView, SituationPaper
from server.core import ledger
from server.core.application import lent
from server.core.clock import now
from server.core.database import session, settled
from server.core.i18n import in_language, offered
from server.core.problems import Problem
from server.core.response import this_response
from server.reports import access
from server.vocabulary import Tier

KEPT: Final = timedelta(days=1)
STUCK: Final = timedelta(hours=2)
NEWS: Final = timedelta(days=1)
MOST_SHOWN: Final = 20
AT_ONCE: Final = 3
UNFINISHED: Final = (PaperState.WAITING, PaperState.WORKING)
STEPS_AFTER: Final = 1  # the writing, after the counting

log = logging.getLogger("server.coordination.papers")


class Stopped(Exception):
    """The one who asked for a paper does not want it any more."""


@dataclass(frozen=True)
class Order:
    """A paper to make, away from the database."""

    id: UUID
    query: Mapping[str, list[str]]
    audience: Tier
    language: str
    form: PaperForm
    view: str
    since: datetime


def audiences_for(actor: Actor) -> list[Tier]:
    """For whom an actor may print, the narrowest first: what they may not read whole they print for nobody."""
    inside = may(actor, "print_for_coordinators")
    return [tier for tier in AUDIENCES if tier is not Tier.COORD or inside]


def figures_for(
    audience: Tier, query: Mapping[str, list[str]], *, at: datetime, since: datetime | None, progress: Progress = silent
) -> Figures:
    """The figures that an audience may have under the filters of a view."""
    asked = views.understood(query)
    if audience is Tier.COORD:
        access.enter(SYSTEM)  # filters by source ask the reports, and whoever this is for sees them all, and places exactly
        return situation_inside.figures({**asked.filters, "exact": True}, at=at, since=since, left_out=asked.unknown)
    if audience is Tier.PARTNER:
        return situation_outside.for_partner(asked.filters, at=at, since=since, left_out=asked.unknown, progress=progress)
    return situation_outside.for_public(asked.filters, at=at, since=since, left_out=asked.unknown)


def context(figures: Figures, *, view: str, query: Mapping[str, list[str]]) -> dict[str, Any]:
    """What the template says besides the figures: the view by its name, and the filters that were applied, in words."""
    response = this_response()
    asked = asking.spoken(views.understood(query).filters, without=figures.left_out)
    there = figures.at.astimezone(ZoneInfo(response.time_zone))
    return {
        "view_name": view, "asked": asked, "caveats": CAVEATS[figures.audience], "response_name": response.name, "is_exercise": response.exercise,
        "site_time": there, "time_zone": response.time_zone, "grades": GRADES,
    }  # fmt: skip


def last_figures(audience: Tier, query: Mapping[str, list[str]]) -> datetime:
    """Since when something is new: the figures of the last paper of the same view for the same audience, else a day ago."""
    made = select(SituationPaper.figures_at).where(
        SituationPaper.audience == audience, SituationPaper.query == dict(query), SituationPaper.state == PaperState.DONE
    )
    return session.scalar(made.order_by(SituationPaper.figures_at.desc()).limit(1)) or now() - NEWS


def ask(
    actor: Actor, *, audience: Tier, language: str, form: PaperForm, query: Mapping[str, list[str]], view: SavedView | None
) -> SituationPaper:
    """Ask for a paper; Problem ``not_allowed`` for an audience that is not the actor's to print for, ``already_done`` with too many under way."""
    if audience not in audiences_for(actor):
        raise Problem("not_allowed")
    if language not in offered():
        raise Problem("invalid_input", errors=[{"field": "language", "code": "unknown", "message": language}])
    if sum(paper.state in UNFINISHED for paper in papers_of(actor)) >= AT_ONCE:
        raise Problem("invalid_input", errors=[{"field": "form", "code": "too_many", "message": ""}])
    paper = SituationPaper(
        person_id=actor.person_id, view_id=view.id if view else None, query=dict(query), audience=audience, language=language, form=form,
        state=PaperState.WAITING, asked_at=now(),
    )  # fmt: skip
    session.add(paper)
    session.flush()
    ledger.record("situation.asked", paper.id, actor_id=actor.person_id, audience=audience.value, form=form.value)
    return paper


def papers_of(actor: Actor) -> list[SituationPaper]:
    """The papers of a person that are still there, newest first."""
    mine = select(SituationPaper).where(SituationPaper.person_id == actor.person_id, SituationPaper.asked_at > now() - KEPT)
    return list(session.scalars(mine.order_by(SituationPaper.asked_at.desc(), SituationPaper.id).limit(MOST_SHOWN)))


def get_paper(actor: Actor, paper_id: UUID) -> SituationPaper:
    """One of them, while its audience is the actor's to print for; Problem ``not_found`` else."""
    found = next((paper for paper in papers_of(actor) if paper.id == paper_id), None)
    if found is None or found.audience not in audiences_for(actor):
        raise Problem("not_found")
    return found


def cancel(actor: Actor, paper_id: UUID) -> None:
    """Stop a paper that is not ready."""
    paper = get_paper(actor, paper_id)
    if paper.state in UNFINISHED:
        paper.state = PaperState.CANCELLED
        ledger.record("situation.cancelled", paper.id, actor_id=actor.person_id)


def make(paper_id: UUID) -> None:
    """Make one paper. The counting is one reading of the database, the writing is none; what goes wrong is said to who asked."""
    with lent().app_context():
        with settled():
            order = _begun(paper_id)
        if order is None:
            return
        try:
            with in_language(order.language):
                _make(order)
        except Stopped:
            return
        except Exception:
            log.exception("a situation report could not be made")
            with settled():
                _leave(paper_id, PaperState.FAILED)


def _begun(paper_id: UUID) -> Order | None:
    paper = session.get(SituationPaper, paper_id, with_for_update=True)
    if paper is None or paper.state not in UNFINISHED:
        return None
    paper.state, since = PaperState.WORKING, last_figures(paper.audience, paper.query)
    view = session.get(SavedView, paper.view_id) if paper.view_id else None
    return Order(paper.id, paper.query, paper.audience, paper.language, paper.form, view.name if view else "", since)


def _make(order: Order) -> None:
    at = now()
    with settled():
        figures = figures_for(
            order.audience, order.query, at=at, since=order.since, progress=lambda done, total: _tell(order.id, done, total + STEPS_AFTER)
        )
        around = context(figures, view=order.view, query=order.query)
    write = paper_forms.as_pdf if order.form is PaperForm.PDF else paper_forms.as_html
    body = write(figures, **around)
    with settled():
        _finish(order, body, at)


def _finish(order: Order, body: bytes, at: datetime) -> None:
    paper = session.get_one(SituationPaper, order.id, with_for_update=True, populate_existing=True)
    if paper.state is not PaperState.WORKING:
        raise Stopped
    paper.state, paper.body, paper.figures_at, paper.steps_done = PaperState.DONE, body, at, max(1, paper.steps_total)
    paper.steps_total = paper.steps_done
    told = {"audience": order.audience.value, "form": order.form.value, "language": order.language}
    ledger.record("situation.printed", paper.id, actor_id=paper.person_id, figures_at=at.isoformat(timespec="seconds"), **told)


def _tell(paper_id: UUID, done: int, total: int) -> None:
    """Say how far the work is, in a transaction of its own; Stopped where nobody wants it any more."""
    with session.session_factory() as own:
        going = update(SituationPaper).where(SituationPaper.id == paper_id, SituationPaper.state == PaperState.WORKING)
        told = own.scalar(going.values(steps_done=done, steps_total=total).returning(SituationPaper.id))
        own.commit()
    if told is None:
        raise Stopped


def _leave(paper_id: UUID, state: PaperState) -> None:
    session.execute(update(SituationPaper).where(SituationPaper.id == paper_id, SituationPaper.state.in_(UNFINISHED)).values(state=state))


def sweep() -> None:
    """Let the bytes of yesterday's papers go, and call what hung for hours failed. That they were printed stays in the ledger."""
    session.execute(update(SituationPaper).where(SituationPaper.asked_at < now() - KEPT).values(body=None))
    hung = update(SituationPaper).where(SituationPaper.state.in_(UNFINISHED), SituationPaper.asked_at < now() - STUCK)
    session.execute(hung.values(state=PaperState.FAILED))
