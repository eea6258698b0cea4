"""Pages of dated data sets: for the steward to prepare, read and sign one; for everybody, what one holds and how to check it."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, redirect, render_template
from sqlalchemy import select

from server.accounts.models import Person
from server.accounts.policy import may
from server.accounts.service import current_actor, must, requires
from server.core.clock import now
from server.core.database import session
from server.publication import explaining, five_w_files, five_w_frozen, frozen, release_reading, releases, signing
from server.publication.about import LICENCE_NAME, LICENCE_URL
from server.publication.approving import needs_two_people
from server.publication.connections import about
from server.publication.formats import FORMATS
from server.publication.release_gate import TESTS
from server.publication.release_models import ADDED, CHANGED, REMOVED, ReleaseDraft
from server.vocabulary import ActivityStatus, Sector

blueprint = Blueprint("release_pages", __name__)

MOST = 100  # rows of each kind on a preview: enough to read, and the numbers above say how many there are
SETS = 50


blueprint.context_processor(explaining.reading_words)


@blueprint.get("/data/<number>")
def show_release(number: str) -> str:
    """One dated data set: its files, what changed with it, and how to check that nobody changed it."""
    release = release_reading.release(number)
    said = about(release)
    return render_template(
        "publication/release.html", release=release, files=release_reading.files(release.number), formats=FORMATS, activity_files=five_w_files.LABELS,
        key=signing.public_key(), citation=said.citation, active="data",
        licence_name=LICENCE_NAME, licence_url=LICENCE_URL,
    )  # fmt: skip


@blueprint.get("/desk/releases")
@requires("approve_release")
def show_list() -> str:
    """The dated data sets there are, the one that is being prepared, and the button that begins one."""
    found, _more = release_reading.releases(size=SETS)
    return render_template(
        "publication/releases.html", releases=found, draft=releases.under_way(), may_prepare=may(current_actor(), "prepare_release"),
        active="releases",
    )  # fmt: skip


@blueprint.post("/desk/releases")
@requires("prepare_release")
def prepare() -> Response:
    """Freeze what is public now as a data set to be."""
    draft = releases.prepare(must("prepare_release"))
    return redirect(f"/desk/releases/{draft.id}", 303)  # type: ignore[return-value]


@blueprint.get("/desk/releases/<uuid:draft_id>")
@requires("approve_release")
def show_draft(draft_id: UUID) -> str:
    """What would appear, change and disappear, what the tests found, who has signed; and the buttons."""
    draft = releases.draft_of(draft_id)
    shown = {change: frozen.differences(draft.edition, change, most=MOST) for change in (ADDED, CHANGED, REMOVED)}
    return render_template(
        "publication/release_draft.html", draft=draft, counts=frozen.counts(draft.edition),
        differences={change: [_readable(one) for one in found] for change, found in shown.items()},
        tests=TESTS, columns={one.name: one for one in explaining.columns()}, signed=_signed(draft),
        activities=_activities(draft), sectors={one.value: one for one in Sector},
        states_of_work={one.value: one for one in ActivityStatus},
        needs_two=needs_two_people(now()), may_prepare=may(current_actor(), "prepare_release"), most=MOST, active="releases",
    )  # fmt: skip


@blueprint.post("/desk/releases/<uuid:draft_id>/approve")
@requires("approve_release")
def approve(draft_id: UUID) -> Response:
    """Sign; with the last signature that is needed, the data set is public."""
    releases.approve(must("approve_release"), draft_id)
    return redirect(f"/desk/releases/{draft_id}", 303)  # type: ignore[return-value]


@blueprint.post("/desk/releases/<uuid:draft_id>/discard")
@requires("prepare_release")
def discard(draft_id: UUID) -> Response:
    """Throw it away; nothing of it was public."""
    releases.discard(must("prepare_release"), draft_id)
    return redirect("/desk/releases", 303)  # type: ignore[return-value]


def _activities(draft: ReleaseDraft) -> dict[str, list[dict[str, Any]]]:
    """What of the 5W appears, changes and disappears against the newest data set that stands."""
    before = release_reading.before(draft.edition)
    return five_w_frozen.differences(draft.edition, before.edition if before else None)


def _readable(one: frozen.Difference) -> dict[str, Any]:
    """A difference as the page shows it: rows with real dates, and the values that changed."""
    return {
        "incident_id": one.incident_id,
        "row": _dated(one.after or one.before or {}),
        "fields": [(name, (one.before or {}).get(name), (one.after or {}).get(name)) for name in one.fields]
        if one.before and one.after
        else [],
    }


def _dated(row: Mapping[str, Any]) -> dict[str, Any]:
    days = {name: date.fromisoformat(row[name]) if row.get(name) else None for name in ("date_start", "date_end")}
    return {**row, **days}


def _signed(draft: ReleaseDraft) -> list[tuple[str, Any]]:
    """Who signed, by the name others see, and when."""
    given = releases.approvals(draft.id)
    people = select(Person.id, Person.alias).where(Person.id.in_([row.person_id for row in given]))
    names = {row.id: row.alias for row in session.execute(people)}
    return [(names[row.person_id], row.approved_at) for row in given]
