"""Changes to the rules while they are in force: tightening needs one person, loosening two people and an end.

The file ``policy.yaml`` stays as it is; a change says one cell of its public table anew. The last agreed change of a cell
counts; when it ends, the one before it, or the file, counts again.
"""

import hashlib
from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import replace
from datetime import datetime
from typing import Any

from server.accounts.policy import Actor
from server.core.clock import now as present
from server.core.numbers import whole
from server.core.problems import Problem
from server.publication import proposals
from server.publication.coarsening import steps
from server.publication.policy import Policy, UnusablePolicy, as_published, policy, read
from server.publication.rule_models import Proposal
from server.vocabulary import ContextMode, GeometryLevel, SensitivityClass, Tier, TimeLevel

FIELDS = ("delay_h", "geom", "time", "k")
MOST_HOURS, MOST_PLACES = 24 * 366, 1_000


def in_force(now: datetime) -> Policy:
    """The policy of the file with every change that holds now; its version names both."""
    changes = proposals.in_force("policy", now)
    if not changes:
        return policy()
    made = read(_raw(changes))
    return replace(made, version=_version(made.version, changes))


def published_body(now: datetime) -> dict[str, Any]:
    """The rules in force as plain data for everybody, with what was changed and until when."""
    changes = proposals.in_force("policy", now)
    told = [{**_change(item), "until": item.until_at and item.until_at.date().isoformat()} for item in changes]
    return {**_raw(changes), "policy_version": in_force(now).version, "changes_in_force": told}


def propose_change(actor: Actor, change: Mapping[str, Any], *, reason: str, until: datetime | None = None) -> Proposal:
    """Propose a change of one cell, ``{context, sensitivity, field, value}``.

    What only tightens holds at once by one person's word. What loosens waits for a second person and must end.
    """
    asked, now = _read_change(change), present()
    before = in_force(now)
    raw = _raw(proposals.in_force("policy", now))
    try:
        after = read(amended(raw, asked))
    except UnusablePolicy as error:
        raise _invalid("value") from error
    if not reason.strip():
        raise _invalid("reason")
    if loosens(before, after):
        if until is None:
            raise _invalid("until")
        return proposals.propose(actor, kind="policy", body={**asked, "loosens": True}, reason=reason, until=until)
    made = proposals.propose(actor, kind="policy", body={**asked, "loosens": False}, reason=reason)
    return proposals.settle_alone(actor, made)


def end_change(actor: Actor, found: Proposal) -> Proposal:
    """End a loosening before its time. A tightening can only be loosened again, by two people."""
    if found.agreed_at is not None and not found.body.get("loosens"):
        raise Problem("second_person_needed")
    return proposals.end(actor, found.id)


def loosens(before: Policy, after: Policy) -> bool:
    """Whether anything is shown sooner, finer or among fewer places after a change than before it."""
    return any(
        new.delay < old.delay or new.time < old.time or new.k < old.k or not set(steps(new)) <= set(steps(old))
        for old, new in ((before.rows[key], after.rows[key]) for key in before.rows)
    )


def amended(raw: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """The table with one cell said anew. A finer place keeps all coarser steps to fall back on."""
    made = deepcopy(dict(raw))
    row = made[Tier.PUBLIC.value][change["context"]][change["sensitivity"]]
    if change["field"] == "geom":
        row["fallback"] = [row["geom"], *row["fallback"]]
    row[change["field"]] = change["value"]
    return made


def _raw(changes: Iterable[Proposal]) -> dict[str, Any]:
    raw = as_published()
    for item in changes:
        raw = amended(raw, _change(item))
    return raw


def _change(item: Proposal) -> dict[str, Any]:
    return {name: item.body[name] for name in ("context", "sensitivity", "field", "value")}


def _read_change(change: Mapping[str, Any]) -> dict[str, Any]:
    """The change with its words checked; Problem ``invalid_input`` naming the field that is wrong."""
    modes = [mode.value for mode in ContextMode if mode is not ContextMode.MIXED]
    for name, known in (("context", modes), ("sensitivity", SensitivityClass.codes()), ("field", FIELDS)):
        if change.get(name) not in known:
            raise _invalid(name)
    return {**{name: change[name] for name in ("context", "sensitivity", "field")}, "value": _value(change)}


def _value(change: Mapping[str, Any]) -> int | str:
    field, value = change["field"], change.get("value")
    if field in ("delay_h", "k"):
        number = whole(str(value))
        if number is None or number > (MOST_HOURS if field == "delay_h" else MOST_PLACES):
            raise _invalid("value")
        return number
    known = GeometryLevel.codes() if field == "geom" else [TimeLevel.DAY, TimeLevel.WEEK, TimeLevel.MONTH]
    if value not in known or value == GeometryLevel.NONE:
        raise _invalid("value")
    return str(getattr(value, "value", value))


def _version(base: str, changes: Iterable[Proposal]) -> str:
    named = hashlib.sha256("".join(item.id.hex for item in changes).encode()).hexdigest()
    return f"{base}+{named[:6]}"


def _invalid(field: str) -> Problem:
    return Problem("invalid_input", errors=[{"field": field, "code": "invalid", "message": ""}])
