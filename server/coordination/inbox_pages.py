"""/desk/inbox and /desk/alerts: what somebody was told, what they want to be told of, and the webhooks of their programs."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response

from server.accounts.policy import may
from server.accounts.service import current_actor, requires
from server.coordination import alerts, inbox, webhooks
from server.coordination.outgoing import Outcome
from server.coordination.telling_forms import identity, number, one_of, some_of, told
from server.coordination.telling_models import AlertKind, Mailing
from server.core import letters
from server.core.problems import Problem
from server.core.response import may_send_out
from server.matching import wording
from server.places.area_names import spoken_names
from server.vocabulary import Certainty, Sector

blueprint = Blueprint("inbox", __name__, url_prefix="/desk")

LEAST_MANY, MOST_MANY = 2, 100_000


@blueprint.app_context_processor
def _unread() -> dict[str, Callable[[], int]]:
    """``unread_notices()`` for the frame: how many are unread by who looks; nobody's are none."""
    return {"unread_notices": lambda: inbox.unread(current_actor()) if may(current_actor(), "be_alerted") else 0}


@blueprint.get("/inbox")
@requires("be_alerted")
def show_inbox() -> str:
    """What the alerts told, newest first."""
    actor = current_actor()
    found = inbox.lines(actor)
    return render_template("coordination/telling/inbox.html", lines=found, has_rules=bool(alerts.rules_of(actor)), wording=wording)


@blueprint.post("/inbox/read")
@requires("be_alerted")
def mark_read() -> Response:
    """Mark one notice as read, or all."""
    chosen = identity("notice")
    inbox.mark_read(current_actor(), [chosen] if chosen else None)
    return redirect("/desk/inbox", 303)


@blueprint.get("/alerts")
@requires("be_alerted")
def show_alerts() -> str:
    """The rules, and a form for another."""
    return _page()


def _page(*, errors: list[dict[str, str]] | None = None, secret: str = "") -> str:
    actor = current_actor()
    connects = may(actor, "connect_webhooks")
    return render_template(
        "coordination/telling/alerts.html", rules=alerts.rules_of(actor), kinds=list(AlertKind), sectors=list(Sector), mailings=list(Mailing),
        certainties=[*alerts.LADDER, Certainty.REFUTED], hooks=webhooks.mine(actor) if connects else [], connects=connects, errors=errors or [],
        values=request.form, secret=secret, sends=may_send_out(), can_mail=letters.can_send(), has_organisation=bool(actor.organisation_id),
        actor=actor, code_words=_words_of, areas=spoken_names(levels=(1, 2)),
    )  # fmt: skip


def _words_of(kind: str, codes: list[str]) -> list[Any]:
    choice = {"kinds": AlertKind, "sectors": Sector}[kind]
    return [choice(code) for code in codes]


@blueprint.post("/alerts")
@requires("be_alerted")
def add_rule() -> Any:
    """A new rule."""
    try:
        wanted = alerts.Wanted(
            name=request.form.get("name", ""), kinds=some_of(AlertKind, "kinds"), adm=request.form.get("adm", ""),
            sectors=some_of(Sector, "sectors"), certainty=one_of(Certainty, "certainty") if request.form.get("certainty") else None,
            threshold=number("threshold", low=LEAST_MANY, high=MOST_MANY), mailing=one_of(Mailing, "mailing", otherwise=Mailing.NONE),
            webhook_id=identity("webhook"), for_organisation=request.form.get("for_organisation") == "true",
        )  # fmt: skip
        alerts.add_rule(current_actor(), wanted)
    except Problem as problem:
        if problem.code != "invalid_input":
            raise
        return _page(errors=told(problem)), 422
    return redirect("/desk/alerts", 303)


@blueprint.post("/alerts/<uuid:rule_id>/delete")
@requires("be_alerted")
def end_rule(rule_id: UUID) -> Response:
    """End a rule."""
    alerts.end_rule(current_actor(), rule_id)
    return redirect("/desk/alerts", 303)


@blueprint.post("/alerts/webhooks")
@requires("connect_webhooks")
def add_hook() -> Any:
    """A new webhook; its secret is shown on this page and never again."""
    try:
        hook = webhooks.add(
            current_actor(), request.form.get("address", ""), for_organisation=request.form.get("for_organisation") == "true"
        )
    except Problem as problem:
        return _page(errors=told(problem)), 422
    return _page(secret=webhooks.secret_of(hook))


@blueprint.post("/alerts/webhooks/<uuid:hook_id>/secret")
@requires("connect_webhooks")
def turn_secret(hook_id: UUID) -> str:
    """Another secret, shown this once."""
    return _page(secret=webhooks.turn_secret(current_actor(), hook_id))


@blueprint.post("/alerts/webhooks/<uuid:hook_id>/delete")
@requires("connect_webhooks")
def end_hook(hook_id: UUID) -> Response:
    """Delete a webhook."""
    webhooks.end(current_actor(), hook_id)
    return redirect("/desk/alerts", 303)


@blueprint.post("/alerts/webhooks/<uuid:hook_id>/try")
@requires("connect_webhooks")
def try_hook(hook_id: UUID) -> Response:
    """Send a trial, and show how it goes."""
    webhooks.try_out(current_actor(), hook_id)
    return redirect(f"/desk/alerts/webhooks/{hook_id}", 303)


@blueprint.get("/alerts/webhooks/<uuid:hook_id>")
@requires("connect_webhooks")
def show_log(hook_id: UUID) -> str:
    """What a webhook was sent, every try, and how it went."""
    hook = webhooks.get_hook(current_actor(), hook_id)
    return render_template("coordination/telling/webhook.html", hook=hook, log=webhooks.log_of(hook), outcome_words=_outcome, sends=may_send_out())


def _outcome(word: str) -> Outcome | None:
    return Outcome(word) if word in Outcome.codes() else None


@blueprint.post("/alerts/deliveries/<uuid:delivery_id>/replay")
@requires("connect_webhooks")
def replay(delivery_id: UUID) -> Response:
    """Send an envelope once more, as it was frozen."""
    hook_id = webhooks.replay(current_actor(), delivery_id)
    return redirect(f"/desk/alerts/webhooks/{hook_id}", 303)
