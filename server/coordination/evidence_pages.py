"""Evidence laid on a damage record and taken off it again; who held what when, shown and downloaded."""

import hashlib
from datetime import date
from typing import Any
from uuid import UUID

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from server.accounts.policy import may
from server.accounts.service import current_actor, requires
from server.accounts.stepping import requires_fresh
from server.coordination import corrections
from server.core import ledger
from server.core.i18n import words
from server.core.problems import Problem
from server.evidence.imagery_fields import read_day
from server.evidence.inspection import MAX_BYTES, PhotoRefused
from server.evidence.pages import picture
from server.matching import queries, wording
from server.matching.models import Incident
from server.verification import chain, chips, items, pairing
from server.verification import service as verification
from server.vocabulary import AdmiraltyItem, AdmiraltySource, EvidenceKind, Stance

blueprint = Blueprint("evidence", __name__, url_prefix="/desk")

RECORD = "/incidents/<public_id>/evidence"
FORMS = {"csv": "text/csv; charset=utf-8", "json": "application/json"}
LISTS = {"source": AdmiraltySource, "item": AdmiraltyItem, "stance": Stance}


def _back(incident: Incident) -> Response:
    return redirect(url_for("coordination.records.show", public_id=incident.public_id) + "#evidence", 303)


def _reviewed(incident: Incident) -> Response:
    """The certainty follows the evidence at once, then back to the record."""
    verification.review(incident.id)
    return _back(incident)


@blueprint.get(f"{RECORD}/items")
@requires("add_evidence")
def ask_for_item(public_id: str) -> str:
    """The form for something found in an open source."""
    return _item_page(queries.incident_by_public_id(public_id))


def _item_page(incident: Incident, problem: Problem | None = None) -> str:
    return render_template(
        "coordination/evidence/item.html", incident=incident, problem=problem, values=request.form, kinds=items.KINDS, lists=LISTS
    )


@blueprint.post(f"{RECORD}/items")
@requires("add_evidence")
def add_item(public_id: str) -> Response | tuple[str, int]:
    """Lay it on the record. A refusal says on the page what is wrong, and what was typed stays."""
    incident = queries.incident_by_public_id(public_id)
    try:
        items.add(incident, _item_said(), actor=current_actor())
    except Problem as problem:
        return _item_page(incident, problem), problem.status
    return _reviewed(incident)


def _item_said() -> dict[str, Any]:
    given = {name: request.form.get(name, "").strip() for name in ("address", "platform", "claim", "archived_sha256")}
    if "names_nobody" not in request.form:
        raise Problem("invalid_input", errors=[_error("names_nobody", gettext("Only what names nobody is kept."))])
    return {
        "kind": _choice(EvidenceKind, "kind"),
        "address": given["address"][:500],
        "platform": given["platform"][:64],
        "claim": given["claim"][:500],
        "archived_sha256": given["archived_sha256"].lower()[:64],
        "posted_on": _day("posted_on"),
        "found_on": _day("found_on"),
        "first_shown_elsewhere": "first_shown_elsewhere" in request.form,
        "source_grade": _choice(AdmiraltySource, "source_grade"),
        "item_grade": _choice(AdmiraltyItem, "item_grade"),
        "stance": _choice(Stance, "stance"),
        "media_located": "media_located" in request.form,
        "media_timed": "media_timed" in request.form,
    }


def _choice(kind: Any, name: str) -> Any:
    try:
        return kind(request.form.get(name, ""))
    except ValueError:
        raise Problem("invalid_input", errors=[_error(name, gettext("Choose one."))]) from None


def _day(name: str) -> date | None:
    try:
        return read_day(request.form.get(name, ""))
    except ValueError:
        raise Problem("invalid_input", errors=[_error(name, gettext("This is no date."))]) from None


def _error(field: str, message: str) -> dict[str, str]:
    return {"field": field, "code": "invalid", "message": message}


@blueprint.post(f"{RECORD}/items/<uuid:item_id>/remove")
@requires("add_evidence")
def remove_item(public_id: str, item_id: UUID) -> Response:
    """Take an item off again; that it lay there stays on record."""
    incident = queries.incident_by_public_id(public_id)
    items.remove(item_id, incident, actor=current_actor())
    return _reviewed(incident)


@blueprint.post(f"{RECORD}/imagery/<uuid:row_id>")
@requires("add_evidence")
def say_of_row(public_id: str, row_id: UUID) -> Response:
    """A person says that a satellite mark speaks of this record, or does not."""
    incident = queries.incident_by_public_id(public_id)
    pairing.say(row_id, incident if request.form.get("speaks") == "yes" else None, actor=current_actor())
    return _reviewed(incident)


@blueprint.post(f"{RECORD}/chips")
@requires("add_evidence")
def add_chip(public_id: str) -> Response:
    """Lay a piece of an image on the record, before or after."""
    incident = queries.incident_by_public_id(public_id)
    file, taken_on = request.files.get("picture"), _day("taken_on")
    if file is None or taken_on is None:
        raise Problem("invalid_input", errors=[_error("picture", gettext("Choose a picture and say of which day it is."))])
    given = {name: request.form.get(name, "").strip() for name in ("phase", "provider", "licence")}
    try:
        chips.add(incident, file.stream.read(MAX_BYTES + 1), taken_on=taken_on, actor=current_actor(), **given)
    except PhotoRefused as refused:
        raise Problem("unreadable_file", errors=[_error("picture", words(refused.why))]) from None
    return _back(queries.incident_by_public_id(public_id))


@blueprint.post(f"{RECORD}/chips/<uuid:chip_id>/remove")
@requires("add_evidence")
def remove_chip(public_id: str, chip_id: UUID) -> Response:
    """Take a piece of an image off again."""
    incident = queries.incident_by_public_id(public_id)
    chips.remove(chip_id, incident, actor=current_actor())
    return _back(incident)


@blueprint.post(f"{RECORD}/correction")
@requires("decide_certainty")
def note_correction(public_id: str) -> Response:
    """Say what kind of mistake something public was; the public is told no reason."""
    incident = queries.incident_by_public_id(public_id)
    corrections.note(incident, request.form.get("kind", ""), actor=current_actor())
    return _back(incident)


@blueprint.get("/chips/<uuid:chip_id>")
@requires("see_evidence")
def chip(chip_id: UUID) -> Response:
    """A piece of an image, as a picture and nothing else."""
    return picture(chips.by_id(chip_id).clean_sha256, "photos", chip_id)


@blueprint.get(RECORD)
@requires("see_evidence")
def show_chain(public_id: str) -> str:
    """Who held what when: the chain of custody of a record."""
    incident = queries.incident_by_public_id(public_id)
    links = chain.chain(incident.id, queries.aliases())
    return render_template(
        "coordination/evidence/chain.html", incident=incident, links=links, begin=chain.BEGIN, wording=wording,
        may=lambda action: may(current_actor(), action),
    )  # fmt: skip


@blueprint.get(f"{RECORD}/custody.<any('csv', 'json'):form>")
@requires("add_evidence")
@requires_fresh
def download_chain(public_id: str, form: str) -> Response:
    """The same as a file, whose leaving is the chain's next line."""
    incident = queries.incident_by_public_id(public_id)
    links = chain.chain(incident.id, queries.aliases())
    data = chain.as_csv(links) if form == "csv" else chain.as_json(links, incident.public_id)
    ledger.record("custody.exported", incident.id, actor_id=current_actor().person_id, sha256=hashlib.sha256(data).hexdigest(), lines=len(links))
    response = make_response(data)
    response.headers["Content-Type"] = FORMS[form]
    response.headers["Content-Disposition"] = f'attachment; filename="custody-{incident.public_id}.{form}"'
    response.headers["Cache-Control"] = "private, no-store"
    return response


