"""/desk/review: doubtful pairs, the most valuable first, each before one person; one key settles each, and one takes it back.

Every form works by itself. With scripts the next pair is there before the answer has arrived (``static/js/review.js``).
"""

from typing import Any
from uuid import UUID

from flask import Blueprint, jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from server.accounts.policy import may
from server.accounts.service import current_actor, requires
from server.coordination import pairs
from server.core import maps
from server.core.problems import Problem
from server.matching import campaigns, queries, questions, wording
from server.matching import service as matching
from server.matching.questions import Answer, Pair
from server.matching.tiles import memory
from server.places.basemap import base_map

blueprint = Blueprint("review", __name__, url_prefix="/desk/review")


@blueprint.get("")
@requires("see_desk")
def show() -> str:
    """The most valuable open pair, or the one the address names, with what speaks for and against."""
    actor = current_actor()
    pair = _chosen() if may(actor, "answer_pairs") and actor.person_id else None
    return render_template(
        "coordination/review.html",
        page=composed().page,
        base_map=base_map(),
        total=questions.count_open(actor),
        batches=campaigns.count_open(),
        done=_done(),
        **_contents(pair),
    )


@blueprint.get("/pair")
@requires("answer_pairs")
def show_pair() -> str | Response:
    """The next pair alone, for the page to have at hand; 204 when none waits. ``past`` names those not wanted now."""
    wanted = request.args.get("pair")
    pair = _held(_uuid(wanted)) if wanted else questions.take(current_actor(), past=map(_uuid, request.args.getlist("past")))
    return render_template("coordination/_pair.html", **_contents(pair)) if pair else Response(status=204)


@blueprint.get("/map.js")
@requires("see_desk")
def show_script() -> Response:
    """The script of the map between the two."""
    return maps.script_response(composed())


def composed() -> maps.Map:
    """The map between two records: our base map, and a layer that follows the pair on the page."""
    drawn = maps.Map("pair", location=(20.0, 0.0), zoom=2, modules=("js/ground.js", "js/pair.js"))
    base_map().layer.add_to(drawn)
    maps.Layer("pair").add_to(drawn)
    return drawn


def _chosen() -> Pair | None:
    wanted = _number("pair")
    return (_held(wanted) if wanted else None) or questions.take(current_actor())


def _held(suggestion_id: UUID) -> Pair | None:
    """A pair by its number, kept for this person; None if somebody else has it before them, or it is answered."""
    return questions.pair_of(suggestion_id) if questions.hold(current_actor(), suggestion_id) else None


def _contents(pair: Pair | None) -> dict[str, Any]:
    actor = current_actor()
    contents = {"pair": pair, "wording": wording, "actor": actor, "may": lambda action: may(actor, action)}
    if pair is None:
        return contents
    sides = pairs.sides_of(pair, actor)
    rows, alike = pairs.compared(sides)
    return contents | {
        "sides": sides,
        "rows": rows,
        "alike": alike,
        "reasons": pairs.reasons_of(pair, actor),
        "choices": pairs.choices(pair) if all(side.is_whole for side in sides) else [],
        "group": questions.group_of(actor, pair),
        "people": queries.aliases(),
    }


def _done() -> dict[str, Any] | None:
    """What was just done, for its undo button."""
    number = _number("done")
    if number is None:
        return None
    if request.args.get("what") == "batch":
        return {"said": wording.act("merge"), "undo": url_for(".undo_batch", batch_id=number)}
    change = queries.change_by_id(number)
    return {"said": wording.act(change.kind), "undo": url_for(".undo", change_id=change.id)} if change else None


def _number(name: str) -> UUID | None:
    """A number in the page's address; None where nothing, or nothing readable, stands: the page shows what it can."""
    try:
        return UUID(request.args.get(name, ""))
    except ValueError:
        return None


def _uuid(word: str) -> UUID:
    try:
        return UUID(word)
    except ValueError:
        raise Problem("bad_request") from None


@blueprint.post("/<uuid:suggestion_id>")
@requires("answer_pairs")
def settle(suggestion_id: UUID) -> Response:
    """Answer a pair: the same damage, different damage, a new event at the same place, all of its group the same, or skip."""
    actor, word = current_actor(), request.form.get("answer", "")
    if word == "skip":
        questions.skip(actor, suggestion_id)
        return _answered("", "")
    memory.forget()
    if word == "group":
        batch, _count = questions.settle_group(actor, suggestion_id)
        return _answered(wording.act("merge"), url_for(".undo_batch", batch_id=batch), done=batch, what="batch")
    chosen = {name.removeprefix("take_"): side for name, side in request.form.items() if name.startswith("take_") and side}
    answer = Answer(word=word, reason=request.form.get("reason", "").strip(), chosen=chosen)
    change = questions.settle(actor, suggestion_id, answer)
    if change is None:
        return _answered(wording.act("proposed"), "")
    return _answered(wording.act(change.kind), url_for(".undo", change_id=change.id), done=change.id)


def _answered(said: str, undo: str, **where: Any) -> Response:
    """What was done: to a script in JSON, to a person the next pair."""
    if request.accept_mimetypes.best == "application/json":
        return jsonify({"said": said, "undo": undo, "waiting": questions.count_open(current_actor())})
    return redirect(url_for(".show", **where), 303)


@blueprint.post("/<uuid:suggestion_id>/keep")
@requires("answer_pairs", by_itself=True)
def keep(suggestion_id: UUID) -> Response:
    """Somebody still looks at it: nobody else gets it meanwhile."""
    if not questions.hold(current_actor(), suggestion_id):
        raise Problem("changed_meanwhile")
    return Response(status=204)


@blueprint.post("/changes/<uuid:change_id>/undo")
@requires("settle_duplicates")
def undo(change_id: UUID) -> Response:
    """Take the last answer back; the pair waits again."""
    matching.undo(change_id, actor=current_actor())
    memory.forget()
    return _answered("", "")


@blueprint.post("/batches/<uuid:batch_id>/undo")
@requires("settle_duplicates")
def undo_batch(batch_id: UUID) -> Response:
    """Take back all that was done with one key."""
    matching.undo_batch(batch_id, actor=current_actor())
    memory.forget()
    return _answered("", "")
