"""Saved views: a name over the desk's filters, one's own or shared. What a view asks is kept as the address had it.

Filters come and go with releases of the program. A filter of a view that is no longer known, or a value that is no longer in
its list, is left out and named; it is never silently dropped, and never makes the view unusable.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

from marshmallow import ValidationError
from sqlalchemy import ColumnElement, or_, select, update
from werkzeug.datastructures import MultiDict

from server.accounts.policy import Actor, may
from server.coordination.telling_models import FeedKey, SavedView, Sharing
from server.core import ledger
from server.core.clock import now
from server.core.database import session
from server.core.problems import Problem
from server.matching import filters
from server.vocabulary import Role

Query = dict[str, list[str]]

NOT_FILTERS = frozenset({"cursor", "lang", "view"})
WAYS_TO_SHOW = frozenset({"areas"})  # kept with a view, and no filter
MOST_FILTERS, MOST_VALUES, LONGEST = 40, 60, 120
MOST_VIEWS = 200


@dataclass(frozen=True)
class Asked:
    """What a query asks as the filters understand it, and the names of what they do not."""

    filters: dict[str, Any]
    unknown: tuple[str, ...]


def understood(query: Mapping[str, list[str]]) -> Asked:
    """Read a kept query with the filters of today."""
    known = {name: values for name, values in query.items() if name in filters.IncidentFilter().fields}
    unknown = [name for name in query if name not in known and name not in WAYS_TO_SHOW]
    try:
        return Asked(filters.read(MultiDict(known)), tuple(unknown))
    except ValidationError as refused:
        wrong = [name for name in refused.messages if isinstance(name, str)]
        kept = {name: values for name, values in known.items() if name not in wrong}
        return Asked(filters.read(MultiDict(kept)), (*unknown, *wrong))


def said(asked: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the filters that ask for something: whatever is not as it is when nothing was asked."""
    silent = filters.read(MultiDict())
    return {name: value for name, value in asked.items() if value != silent.get(name)}


def query_of(address: str) -> Query:
    """The filters in the query of an address, as lists; what only pages through a list is left out."""
    found: Query = {}
    for name, value in parse_qsl(address.lstrip("?")[:4000]):
        if name not in NOT_FILTERS and len(name) <= LONGEST and len(found) < MOST_FILTERS:
            found.setdefault(name, []).append(value[:LONGEST])
    return {name: values[:MOST_VALUES] for name, values in found.items()}


def address_of(query: Mapping[str, list[str]]) -> str:
    """The same as the query of an address, without its question mark."""
    return urlencode([(name, value) for name, values in sorted(query.items()) for value in values])


def visible_to(actor: Actor) -> list[SavedView]:
    """The views an actor may use, by name: their own, those of their organisation, and those of the whole response."""
    wanted = select(SavedView).where(_may_use(actor), SavedView.ended_at.is_(None))
    return list(session.scalars(wanted.order_by(SavedView.name, SavedView.id).limit(MOST_VIEWS)))


def get_view(actor: Actor, view_id: UUID | None) -> SavedView:
    """One view that an actor may use; Problem ``not_found`` else."""
    found = session.scalar(select(SavedView).where(SavedView.id == view_id, SavedView.ended_at.is_(None), _may_use(actor)))
    if found is None:
        raise Problem("not_found")
    return found


def _may_use(actor: Actor) -> ColumnElement[bool]:
    ways = [SavedView.person_id == actor.person_id]
    if may(actor, "see_desk"):
        ways.append(SavedView.sharing == Sharing.RESPONSE)
        if actor.organisation_id:
            ways.append((SavedView.sharing == Sharing.ORGANISATION) & (SavedView.organisation_id == actor.organisation_id))
    return or_(*ways)


def may_change(actor: Actor, view: SavedView) -> bool:
    """Whose view it is changes it; what the whole response shares, a coordinator too."""
    return view.person_id == actor.person_id or (view.sharing is Sharing.RESPONSE and Role.COORD in actor.roles)


def save(actor: Actor, *, name: str, sharing: Sharing, query: Query) -> SavedView:
    """Keep a new view; Problem ``invalid_input`` for one without a name, or to be shared by somebody of no organisation."""
    view = SavedView(
        name=_named(name), sharing=_shared(actor, sharing), query=query, person_id=actor.person_id, organisation_id=actor.organisation_id
    )
    session.add(view)
    session.flush()
    ledger.record("view.saved", view.id, actor_id=actor.person_id, sharing=sharing.value)
    return view


def change(actor: Actor, view_id: UUID, *, name: str, sharing: Sharing, query: Query | None = None) -> SavedView:
    """Give a view another name, other readers, or (where ``query`` is given) other filters."""
    view = _mine_to_change(actor, view_id)
    view.name, view.sharing, view.changed_at = _named(name), _shared(actor, sharing), now()
    if query is not None:
        view.query = query
    ledger.record("view.saved", view.id, actor_id=actor.person_id, sharing=sharing.value)
    return view


def end(actor: Actor, view_id: UUID) -> None:
    """Delete a view; its feeds end with it."""
    view = _mine_to_change(actor, view_id)
    view.ended_at = now()
    session.execute(update(FeedKey).where(FeedKey.view_id == view.id, FeedKey.revoked_at.is_(None)).values(revoked_at=now()))
    ledger.record("view.ended", view.id, actor_id=actor.person_id)


def _mine_to_change(actor: Actor, view_id: UUID) -> SavedView:
    view = get_view(actor, view_id)
    if not may_change(actor, view):
        raise Problem("not_allowed")
    return view


def _named(name: str) -> str:
    kept = "".join(letter for letter in " ".join(name.split()) if letter.isprintable())[:100].strip()
    if not kept:
        raise Problem("invalid_input", errors=[{"field": "name", "code": "required", "message": ""}])
    return kept


def _shared(actor: Actor, sharing: Sharing) -> Sharing:
    if sharing is Sharing.ORGANISATION and actor.organisation_id is None:
        raise Problem("invalid_input", errors=[{"field": "sharing", "code": "invalid", "message": ""}])
    return sharing
