"""/desk/review: doubtful pairs, surest first, two records side by side; one key or one tap settles each, and can be undone."""

from typing import Any
from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from server.accounts.policy import may
from server.accounts.service import current_actor, requires
from server.core.problems import Problem
from server.evidence import service as evidence
from server.matching import queries, wording
from server.matching import service as matching
from server.matching.models import Incident
from server.matching.tiles import memory
from server.reports import access

blueprint = Blueprint("review", __name__, url_prefix="/desk/review")


@blueprint.get("")
@requires("see_desk")
def show() -> str:
    """The surest open pair, or the one the address names, with what speaks for and against."""
    waiting = queries.open_suggestions(limit=50)
    asked = request.args.get("pair", "")
    chosen = next((found for found in waiting if str(found[0].id) == asked), waiting[0] if waiting else None)
    return render_template(
        "coordination/review.html",
        chosen=chosen,
        sides=[_side(incident) for incident in chosen[1:]] if chosen else [],
        waiting=waiting,
        total=queries.count_suggestions(),
        done=_done(request.args.get("done", "")),
        wording=wording,
        actor=current_actor(),
        may=lambda action: may(current_actor(), action),
    )


def _side(incident: Incident) -> dict[str, Any]:
    """One record of a pair with up to five of its reports, their words and photos."""
    actor = current_actor()
    laid = queries.attached(actor, incident)[:5] if may(actor, "see_reports") else []
    accounts = [
        {"report": report, "words": access.private_words(actor, report), "photos": evidence.photos_of(report.id)} for _link, report in laid
    ]
    return {"incident": incident, "accounts": accounts, "lon_lat": queries.place_of(incident)}


def _done(word: str) -> Any:
    """The act that was just done, for its undo button."""
    try:
        return queries.change_by_id(UUID(word)) if word else None
    except ValueError:
        return None


@blueprint.post("/<uuid:suggestion_id>")
@requires("settle_duplicates")
def settle(suggestion_id: UUID) -> Response:
    """Settle a pair: the same damage, different damage, or a second strike on one place."""
    suggestion, one, other = queries.open_pair(suggestion_id)
    answer, actor, reason = request.form.get("answer"), current_actor(), request.form.get("reason", "").strip()
    earlier, later = sorted((one, other), key=lambda incident: incident.opened_at)
    if answer == "same":
        change = matching.merge(earlier.id, later.id, actor=actor, reason=reason)
    elif answer == "apart":
        change = matching.keep_apart(suggestion.incident_id, suggestion.other_id, actor=actor, reason=reason)
    elif answer == "second_strike":
        before, after = sorted((one, other), key=_moment)
        change = matching.link_second_strike(after.id, before.id, actor=actor, reason=reason)
    else:
        raise Problem("invalid_input", errors=[{"field": "answer", "code": "unknown", "message": "answer"}])
    memory.forget()
    return redirect(url_for(".show", done=change.id), 303)


def _moment(incident: Incident) -> float:
    moment = incident.event_latest or incident.opened_at
    return moment.timestamp()


@blueprint.post("/changes/<uuid:change_id>/undo")
@requires("settle_duplicates")
def undo(change_id: UUID) -> Response:
    """Take the last answer back; the pair waits again."""
    matching.undo(change_id, actor=current_actor())
    memory.forget()
    return redirect(url_for(".show"), 303)
