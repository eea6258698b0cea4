"""The desk's pages of publication: approvals and signatures, the kill switch, the rules, the lists, the measures, the proofs."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, redirect, render_template, request
from flask_babel import gettext as _
from sqlalchemy import select

from server.accounts.models import Person
from server.accounts.policy import may
from server.accounts.service import current_actor, must, requires
from server.core.clock import now
from server.core.database import session
from server.core.erasure import ErasureProof
from server.core.numbers import whole
from server.core.problems import Problem
from server.places.baselines import baselines
from server.publication import (
    agreeing,
    approving,
    changing,
    dangers,
    explaining,
    five_w,
    holding,
    proposals,
    situations,
    takedown,
    utility,
)
from server.publication.desk_reading import next_batch_at, waiting_rows
from server.publication.policy import MODES
from server.vocabulary import ContextMode, GeometryLevel, Hazard, SensitivityClass, SiteGroup, Tier, TimeLevel

blueprint = Blueprint("publication_desk", __name__, url_prefix="/desk/publication")

MOST_DAYS = 7
SCOPES = ("record", "public_row", "area", "site_group", "sensitivity", "activities", "release", "everything")


@blueprint.context_processor
def _words() -> dict[str, Any]:
    """What these templates need: who may do what, and what proposals are called."""
    actor = current_actor()
    return {
        "may": lambda action: may(actor, action), "actor": actor, "alias_of": _alias, "page_links": _links(),
        "sentence_of": explaining.sentence_of,
    }  # fmt: skip


@blueprint.get("")
@requires("see_publication")
def show() -> str:
    """What waits for agreement, what was taken out, and the switches."""
    rows, at = waiting_rows(), now()
    return render_template(
        "publication/desk/approvals.html", rows=rows, standing=proposals.in_force("standing", at), last=MOST_DAYS,
        waiting=proposals.waiting(at), taken_out=takedown.taken_out(), stopped=five_w.stopped(), next_at=next_batch_at(at), scopes=SCOPES,
        groups=SiteGroup, classes=SensitivityClass, said=agreeing.sentence, done=request.args.get("done", ""),
    )  # fmt: skip


@blueprint.post("/approve")
@requires("sign_publication")
def approve() -> Response:
    """Propose that the routine may go out for some days."""
    approving.approve_routine(must("sign_publication"), days=_number("days", most=MOST_DAYS))
    return _back("proposed")


@blueprint.post("/sign")
@requires("sign_publication")
def sign() -> Response:
    """Put the first signature under the rows that were shown and ticked."""
    approving.sign_rows(must("sign_publication"), request.form.getlist("rows")[:1_000])
    return _back("signed")


@blueprint.post("/agree/<uuid:proposal_id>")
@requires("sign_publication")
def agree(proposal_id: UUID) -> Response:
    """Agree to what another person proposed."""
    agreeing.agree(must("sign_publication"), proposal_id)
    return _back("agreed")


@blueprint.post("/end/<uuid:proposal_id>")
@requires("sign_publication")
def end(proposal_id: UUID) -> Response:
    """End a proposal or an agreement."""
    agreeing.end(must("sign_publication"), proposal_id)
    return _back("ended")


@blueprint.post("/take-out")
@requires("take_out_of_public")
def take_out() -> Response:
    """The kill switch: a record, an area, a kind, a class or everything is gone from the public when this answers."""
    kind, code = request.form.get("scope", ""), request.form.get("code", "").strip()
    _check_scope(kind, code)
    rows = takedown.withdraw_from_public(must("take_out_of_public"), kind=kind, code=code)  # type: ignore[arg-type]
    return _back(f"out-{rows}")


@blueprint.post("/put-back")
@requires("put_back_into_public")
def put_back() -> Response:
    """Ask a second person to let the rules judge some records again."""
    actor = must("put_back_into_public")
    takedown.propose_put_back(
        actor, request.form.getlist("records")[:1_000], reason=request.form.get("reason", ""),
        activities=request.form.getlist("activities")[:1_000],
    )  # fmt: skip
    return _back("proposed")


@blueprint.get("/rules")
@requires("see_publication")
def show_rules() -> str:
    """The rules in force, what was changed in them, and the form that proposes a change."""
    at = now()
    return render_template(
        "publication/desk/rules.html", table=explaining.delays(changing.in_force(at)), rules=changing.in_force(at),
        changes=proposals.in_force("policy", at), modes=MODES, classes=SensitivityClass, fields=changing.FIELDS,
        levels=[level for level in GeometryLevel if level is not GeometryLevel.NONE], times=list(TimeLevel)[2:],
        tier=Tier.PUBLIC, said=agreeing.sentence, done=request.args.get("done", ""),
    )  # fmt: skip


@blueprint.post("/rules")
@requires("sign_publication")
def change_rules() -> Response:
    """Propose a change of one cell of the table."""
    asked = {name: request.form.get(name, "") for name in ("context", "sensitivity", "field", "value")}
    days = _number("days", most=366) if request.form.get("days") else None
    until = now() + timedelta(days=days) if days else None
    made = changing.propose_change(must("sign_publication"), asked, reason=request.form.get("reason", ""), until=until)
    return redirect(f"/desk/publication/rules?done={'changed' if made.agreed_at else 'proposed'}", 303)  # type: ignore[return-value]


@blueprint.get("/situations")
@requires("see_publication")
def show_situations() -> str:
    """What was said of the areas, and the form that says it anew."""
    return render_template(
        "publication/desk/situations.html", said_now=situations.said_now(), modes=list(ContextMode),
        held=holding.listed(now()), most_hours=holding.MOST_HOURS, done=request.args.get("done", ""),
    )  # fmt: skip


@blueprint.post("/situations")
@requires("say_situation")
def say_situation() -> Response:
    """Say in what situation an area is."""
    mode = next((mode for mode in ContextMode if mode == request.form.get("mode")), ContextMode.CONFLICT_ACTIVE)
    waits = situations.say(
        must("say_situation"), pcode=request.form.get("pcode", "").strip(), mode=mode, days=_number("days", most=30),
        reason=request.form.get("reason", ""),
    )  # fmt: skip
    return redirect(f"/desk/publication/situations?done={'proposed' if waits else 'said'}", 303)  # type: ignore[return-value]


@blueprint.post("/situations/hold")
@requires("say_situation")
def hold_area() -> Response:
    """Publish nothing new of an area for some hours."""
    holding.hold(
        must("say_situation"), pcode=request.form.get("pcode", "").strip(), hours=_number("hours", most=holding.MOST_HOURS),
        reason=request.form.get("reason", ""),
    )  # fmt: skip
    return redirect("/desk/publication/situations?done=held", 303)  # type: ignore[return-value]


@blueprint.post("/situations/let-go/<uuid:held_id>")
@requires("sign_publication")
def let_area_go(held_id: UUID) -> Response:
    """Ask a second person to let an area go before its time."""
    holding.propose_letting_go(must("sign_publication"), held_id, reason=request.form.get("reason", ""))
    return redirect("/desk/publication/situations?done=proposed", 303)  # type: ignore[return-value]


@blueprint.get("/lists")
@requires("see_publication")
def show_lists() -> str:
    """The lists of what exists, and what stays hidden because none knows enough."""
    return render_template(
        "publication/desk/lists.html", lists=baselines(), hidden=utility.hidden_for_want_of_a_list(),
        year_ago=now().date() - timedelta(days=365),
    )  # fmt: skip


@blueprint.get("/measures")
@requires("see_publication")
def show_measures() -> str:
    """What hiding costs."""
    return render_template(
        "publication/desk/measures.html", classes=utility.by_class(), districts=utility.by_district(),
        class_words=utility.class_words,
    )  # fmt: skip


@blueprint.get("/erasures")
@requires("see_publication")
def show_erasures() -> str:
    """Proofs that what was to be erased is erased."""
    newest = select(ErasureProof).order_by(ErasureProof.made_at.desc(), ErasureProof.id).limit(100)
    return render_template("publication/desk/erasures.html", proofs=list(session.scalars(newest)), kept=kept_for())


@blueprint.get("/warnings")
@requires("issue_warning")
def show_warnings() -> str:
    """The warnings that were issued, and the form that issues one."""
    hazards = [hazard for hazard in Hazard if hazard.value in dangers.SAY]
    return render_template("publication/desk/warnings.html", warnings=dangers.issued(), hazards=hazards, present=now())


@blueprint.post("/warnings")
@requires("issue_warning")
def issue_warning() -> Response:
    """Warn the public at once."""
    hazard = next((hazard for hazard in Hazard if hazard == request.form.get("hazard")), Hazard.HZ_UNK)
    dangers.issue(
        must("issue_warning"), hazard=hazard, area_code=request.form.get("area_code", "").strip(),
        hours=_number("hours", most=72),
    )  # fmt: skip
    return redirect("/desk/publication/warnings", 303)  # type: ignore[return-value]


@blueprint.post("/warnings/<public_id>/end")
@requires("issue_warning")
def end_warning(public_id: str) -> Response:
    """End a warning before its time."""
    dangers.end(must("issue_warning"), public_id)
    return redirect("/desk/publication/warnings", 303)  # type: ignore[return-value]


def kept_for() -> dict[str, tuple[str, str]]:
    """For each kind of proof: what it is about, and how long that is kept."""
    return {
        "held_back_words": (_("Words held back for what they say of the military"), _("a day")),
        "contacts": (_("Contacts"), _("90 days at most")),
        "contacts_of_closed": (_("Contacts of closed damage records"), _("30 days after closing")),
        "words": (_("Words of reports"), _("a year; two where kept as evidence")),
        "photos": (_("Photos"), _("90 days if nobody used them, else a year")),
        "exact_places": (_("Exact places of sensitive records"), _("three years after closing")),
        "withdrawn": (_("Words of reports that were taken back"), _("erased at once")),
        "one_report": (_("One report, on request"), _("erased at once")),
        "photos_of_one": (_("Photos of one report, on request"), _("erased at once")),
        "contacts_at_the_end": (_("Contacts, when the response was closed"), _("erased at once")),
        "keys_at_the_end": (_("Keys and invitations, when the response was closed"), _("ended at once")),
        "disclosures": (_("What was public of rows long gone"), _("seven years after")),
        "person": (_("A person with an account, on request"), _("erased at once")),
    }


def _links() -> list[tuple[str, str]]:
    actor = current_actor()
    links = [
        ("/desk/publication", _("Approvals")), ("/desk/publication/rules", _("Rules")),
        ("/desk/publication/situations", _("Situations")),
        ("/desk/releases", _("Dated data sets")), ("/desk/publication/lists", _("Lists of places")),
        ("/desk/publication/measures", _("What hiding costs")),
        ("/desk/publication/erasures", _("Erasures")),
    ]  # fmt: skip
    return [*links, ("/desk/publication/warnings", _("Warnings"))] if may(actor, "issue_warning") else links


def _check_scope(kind: str, code: str) -> None:
    known = {"site_group": SiteGroup.codes(), "sensitivity": SensitivityClass.codes()}.get(kind)
    if (
        kind not in SCOPES
        or (kind not in ("everything", "activities") and not code)
        or (known is not None and code not in known)
    ):
        raise Problem("invalid_input", errors=[{"field": "code", "code": "invalid", "message": ""}])
    if kind == "everything" and request.form.get("sure") != "yes":
        raise Problem("invalid_input", errors=[{"field": "sure", "code": "required", "message": ""}])


def _number(name: str, *, most: int) -> int:
    number = whole(request.form.get(name, ""))
    if number is None or not 1 <= number <= most:
        raise Problem("invalid_input", errors=[{"field": name, "code": "out_of_range", "message": ""}])
    return number


def _alias(person_id: UUID | None) -> str:
    return session.scalar(select(Person.alias).where(Person.id == person_id)) or "–"


def _back(done: str) -> Response:
    return redirect(f"/desk/publication?done={done}", 303)  # type: ignore[return-value]
