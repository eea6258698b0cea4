"""/desk/imagery: satellite assessments brought in, tried before they count, compared with the ground, taken back."""

import hashlib
from datetime import date
from typing import Any
from uuid import UUID

from flask import Blueprint, jsonify, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from server.accounts.policy import may
from server.accounts.service import current_actor, requires
from server.accounts.stepping import requires_fresh
from server.core import ledger
from server.core.problems import Problem
from server.evidence import imagery, imagery_large
from server.evidence.imagery_fields import Columns, RowRefused, read_day
from server.evidence.imagery_models import HYBRID, KEEPING, KEPT, ML, READING, REFUSED, TRIED, VISUAL, ImageryImport
from server.evidence.survey import MAX_BYTES, SurveyRefused
from server.matching import queries, wording
from server.verification import comparing, feedback, pairing
from server.verification.agreement import Agreement
from server.vocabulary import DamageScale

blueprint = Blueprint("imagery", __name__, url_prefix="/desk/imagery")

SHOWN = 200
SCALES = (DamageScale.UNOSAT, DamageScale.UNOSAT_RDBA, DamageScale.CEMS, DamageScale.CEMS_2016, DamageScale.JDS, DamageScale.EMS98)
METHODS = (VISUAL, ML, HYBRID)
FORMS = {"csv": "text/csv; charset=utf-8", "geojson": "application/geo+json"}


@blueprint.get("")
@requires("see_evidence")
def show_list() -> str:
    """Every import, and the form that brings in another."""
    return render_template("coordination/evidence/imagery.html", **_listed())


def _listed(problem: Problem | None = None, fields: dict[str, list[str]] | None = None) -> dict[str, Any]:
    return {
        "imports": imagery.imports(), "problem": problem, "values": request.form, "providers": imagery.PROVIDERS, "scales": SCALES,
        "methods": METHODS, "fields": fields or {}, "people": queries.aliases(), "may": _may,
    }  # fmt: skip


def _may(action: str) -> bool:
    return may(current_actor(), action)


@blueprint.post("")
@requires("import_imagery")
def try_out() -> Response | tuple[str, int]:
    """Read a file and show what would come of it. A refusal says on the page what is wrong, and what was typed stays."""
    request.max_content_length = MAX_BYTES + 100_000
    try:
        data, said = _uploaded(), _said()
        if imagery_large.is_large(data):
            return redirect(url_for(".show", import_id=imagery_large.take_in(data, said, actor=current_actor()).id), 303)
        one, _reading = imagery.try_out(data, said, actor=current_actor())
    except SurveyRefused as refused:
        return _refused(Problem("unreadable_file", errors=[_error("file", gettext(refused.why.label))]))
    except Problem as problem:
        return _refused(problem)
    return redirect(url_for(".show", import_id=one.id), 303)


def _refused(problem: Problem) -> tuple[str, int]:
    page = render_template("coordination/evidence/imagery.html", **_listed(problem, problem.more.get("fields")))
    return page, problem.status


def _error(field: str, message: str) -> dict[str, str]:
    return {"field": field, "code": "invalid", "message": message}


def _uploaded() -> bytes:
    file = request.files.get("file")
    data = file.stream.read(MAX_BYTES + 1) if file else b""
    if not data:
        raise Problem("invalid_input", errors=[_error("file", gettext("Choose a file."))])
    return data


def _said() -> imagery.Said:
    given = {name: request.form.get(name, "").strip() for name in ("provider", "product", "licence", "method", "taken_on")}
    errors = [_error(name, gettext("This is needed.")) for name in ("product", "licence") if not given[name]]
    if given["provider"] not in imagery.PROVIDERS:
        errors.append(_error("provider", gettext("Say whose assessment it is.")))
    if errors:
        raise Problem("invalid_input", errors=errors)
    return imagery.Said(
        provider=given["provider"],
        product=given["product"][:64],
        licence=given["licence"][:64],
        may_redistribute="may_redistribute" in request.form,
        method=given["method"] if given["method"] in METHODS else VISUAL,
        taken_on=_day(given["taken_on"]),
        chosen=_chosen(),
    )


def _day(said: str) -> date | None:
    try:
        return read_day(said)
    except ValueError:
        raise Problem("invalid_input", errors=[_error("taken_on", gettext("This is no date."))]) from None


def _chosen() -> Columns | None:
    """The columns a person chose; None where the sources' own names are to say it."""
    said = {name: request.form.get(name, "").strip()[:64] for name in ("class_column", "date_column", "unit_column", "scale")}
    if not said["class_column"]:
        return None
    if said["scale"] not in SCALES:
        raise Problem("invalid_input", errors=[_error("scale", gettext("Say on which scale the classes are."))])
    return Columns(
        scale=DamageScale(said["scale"]), classes=(said["class_column"],), dates=(said["date_column"],), unit=said["unit_column"]
    )


@blueprint.get("/<uuid:import_id>")
@requires("see_evidence")
def show(import_id: UUID) -> str:
    """An import: what would come of it while it is only tried; afterwards the satellite and the ground side by side."""
    one = imagery.by_id(import_id)
    if one.state in (READING, KEEPING, REFUSED):
        why = imagery_large.why_refused(one) if one.state == REFUSED else ""
        return render_template("coordination/evidence/busy.html", one=one, why=why, may=_may)
    if one.state == TRIED:
        if not one.found:  # tried before what is found was kept
            reading = imagery.read_again(one)
            one = imagery.by_id(import_id)
            imagery.describe(one, reading)
        return render_template("coordination/evidence/tried.html", one=one, why=RowRefused, wording=wording, may=_may)
    return render_template("coordination/evidence/compared.html", one=one, **_compared(one))


def _compared(one: ImageryImport) -> dict[str, Any]:
    found = comparing.lines(one.id) if one.state == KEPT else []
    asked = request.args.get("agreement", "")
    wanted = [line for line in found if asked in ("", line.agreement)]
    told, left_out = feedback.rows(found, one.source_scale)
    return {
        "counts": comparing.counts(found), "asked": asked, "lines": wanted[:SHOWN], "total": len(wanted), "all": len(found),
        "agreements": list(Agreement), "feedback": len(told), "left_out": left_out, "wording": wording, "may": _may, "people": queries.aliases(),
    }  # fmt: skip


@blueprint.get("/<uuid:import_id>/progress")
@requires("see_evidence", by_itself=True)
def show_progress(import_id: UUID) -> Response:
    """How far a large file is, for the page to ask."""
    one = imagery.by_id(import_id)
    return jsonify({"state": "RUNNING" if one.state in (READING, KEEPING) else one.state, "total": one.rows, "left": one.rows - one.done})


@blueprint.post("/<uuid:import_id>/keep")
@requires("import_imagery")
def keep(import_id: UUID) -> Response:
    """Let what was tried count: its rows are written and laid beside the damage records."""
    if imagery_large.begin_keeping(import_id, actor=current_actor()):
        return redirect(url_for(".show", import_id=import_id), 303)
    imagery.keep(import_id, actor=current_actor())
    pairing.pair_import(import_id)
    pairing.tell_changed(pairing.records_of(import_id), actor=current_actor())
    return redirect(url_for(".show", import_id=import_id), 303)


@blueprint.post("/<uuid:import_id>/undo")
@requires("import_imagery")
def undo(import_id: UUID) -> Response:
    """Take an import back, whole."""
    touched = pairing.records_of(import_id)
    imagery.undo(import_id, actor=current_actor())
    pairing.tell_changed(touched, actor=current_actor())
    return redirect(url_for(".show_list"), 303)


@blueprint.get("/<uuid:import_id>/feedback.<any('csv', 'geojson'):form>")
@requires("export_feedback")
@requires_fresh
def download_feedback(import_id: UUID, form: str) -> Response:
    """What the ground says of the source's own marks, for the source; written down as it leaves."""
    one = imagery.by_id(import_id)
    told, left_out = feedback.rows(comparing.lines(one.id), one.source_scale)
    data = feedback.as_csv(told) if form == "csv" else feedback.as_geojson(told, one)
    digest = hashlib.sha256(data).hexdigest()
    ledger.record("imagery.feedback_exported", one.id, actor_id=current_actor().person_id, rows=len(told), left_out=left_out, sha256=digest)
    response = make_response(data)
    response.headers["Content-Type"] = FORMS[form]
    response.headers["Content-Disposition"] = f'attachment; filename="ground-feedback-{one.id.hex[:8]}.{form}"'
    response.headers["Cache-Control"] = "private, no-store"
    return response
