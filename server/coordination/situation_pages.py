"""/desk/situation: the situation report for a chosen audience as a page, and the papers that are printed of it."""

from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response

from server.accounts.policy import Actor
from server.accounts.service import current_actor, requires
from server.coordination import papers, views
from server.coordination.situation_map import drawing
from server.coordination.telling_forms import identity, one_of, told
from server.coordination.telling_models import PaperForm, PaperState, SavedView, SituationPaper
from server.core.clock import now
from server.core.i18n import language, offered
from server.core.problems import Problem
from server.vocabulary import Tier

blueprint = Blueprint("situation", __name__, url_prefix="/desk/situation")

MOST_AT_ONCE = 3_000
MIMETYPES = {PaperForm.PDF: "application/pdf", PaperForm.HTML: "text/html; charset=utf-8"}
ENDINGS = {PaperForm.PDF: "pdf", PaperForm.HTML: "html"}


class TooMany(Exception):
    """There are more records to judge than a page may take."""


@blueprint.get("")
@requires("print_situation")
def show() -> str:
    """The report as it is now, and the way to print it."""
    return _page()


def _page(errors: list[dict[str, str]] | None = None) -> str:
    actor = current_actor()
    audience = _audience(actor)
    view, query = _asked(actor)
    said: dict[str, Any] = {"figures": None}
    try:
        since = papers.last_figures(audience, query)
        figures = papers.figures_for(audience, query, at=now(), since=since, progress=_refuse_many)
        said = {"figures": figures, "map": drawing(figures), **papers.context(figures, view=view.name if view else "", query=query)}
    except TooMany:
        pass
    return render_template(
        "coordination/telling/situation.html", **said, reader=audience, audiences=papers.audiences_for(actor), found=views.visible_to(actor),
        view=view, query=views.address_of(query), query_pairs=parse_qsl, languages=offered(), errors=errors or [], **_papers(actor),
        most=MOST_AT_ONCE, spoken=language(),
    )  # fmt: skip


def _papers(actor: Actor) -> dict[str, Any]:
    return {"papers": papers.papers_of(actor), "unfinished": papers.UNFINISHED, "done": PaperState.DONE}


def _refuse_many(_done: int, total: int) -> None:
    if total > MOST_AT_ONCE:
        raise TooMany


def _audience(actor: Actor) -> Tier:
    """The audience that was chosen, else the narrowest the person may print for; never a wider one by mistake."""
    allowed = papers.audiences_for(actor)
    audience = one_of(Tier, "audience", otherwise=allowed[0])
    if audience not in allowed:
        raise Problem("not_allowed")
    return audience


def _asked(actor: Actor) -> tuple[SavedView | None, views.Query]:
    """The saved view that was chosen, else the filters in the address as they stand."""
    number = identity("view")
    if number:
        view = views.get_view(actor, number)
        return view, view.query
    typed = request.form.get("query", "") or request.query_string.decode("utf-8", "replace")
    query = views.query_of(typed)
    return None, {name: values for name, values in query.items() if name not in ("audience", "language", "form")}


@blueprint.post("")
@requires("print_situation")
def print_it() -> Any:
    """Ask for a paper; the worker makes it."""
    actor = current_actor()
    view, query = _asked(actor)
    try:
        form, audience = one_of(PaperForm, "form", otherwise=PaperForm.PDF), _audience(actor)
        papers.ask(actor, audience=audience, language=request.form.get("language") or language(), form=form, query=query, view=view)
    except Problem as problem:
        if problem.code != "invalid_input":
            raise
        return _page(errors=told(problem)), 422
    return redirect("/desk/situation/papers", 303)


@blueprint.get("/papers")
@requires("print_situation")
def show_papers() -> str:
    """The papers of today: how far they are, and those that are ready."""
    return render_template("coordination/telling/papers.html", **_papers(current_actor()), languages=offered())


@blueprint.get("/papers/<uuid:paper_id>")
@requires("print_situation")
def fetch(paper_id: UUID) -> Response:
    """The paper itself, as a file."""
    paper = papers.get_paper(current_actor(), paper_id)
    if paper.state is not PaperState.DONE or paper.body is None:
        raise Problem("not_found")
    response = Response(paper.body, content_type=MIMETYPES[paper.form])
    response.headers["Content-Disposition"] = f'attachment; filename="{_file_name(paper)}"'
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _file_name(paper: SituationPaper) -> str:
    """Made of codes and the time of the figures, never of what somebody typed."""
    at = (paper.figures_at or paper.asked_at).strftime("%Y%m%d-%H%M")
    return f"situation-{paper.audience.value.lower()}-{at}-{paper.language}.{ENDINGS[paper.form]}"


@blueprint.post("/papers/<uuid:paper_id>/stop")
@requires("print_situation")
def stop(paper_id: UUID) -> Response:
    """Stop a paper that is not ready."""
    papers.cancel(current_actor(), paper_id)
    return redirect("/desk/situation/papers", 303)

