"""All reports of the response judged together anew, and the records brought in line with it, act by act.

Reading and judging change nothing and let live intake go on. Applying goes through the same acts as a person's: locked, in the
ledger, each with its way back, all under one batch number. What a person worked on stays as it is.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from uuid import UUID, uuid4

from sqlalchemy import text

from server.accounts.policy import SYSTEM
from server.core.database import session, settled
from server.core.problems import Problem
from server.matching import acts, batch, candidates, links, undoing
from server.matching.accounts import Account, Columns
from server.matching.planning import Plan, Step, plan
from server.matching.weights import Weights
from server.reports import access

PIECE = 20_000
Progress = Callable[[int], None]

_COUNTING = "r.withdrawn_at IS NULL AND r.superseded_by IS NULL AND r.point IS NOT NULL"
_READ = text(f"""
SELECT r.id, ST_X(r.point) AS lon, ST_Y(r.point) AS lat, r.pin_accuracy_m, r.event_earliest, r.event_latest, r.received_at,
  r.site_type, r.damage_min, r.damage_max, r.source_type, r.import_id, r.flags, imports.source AS import_source,
  s.wrapped_key, s.sealed, (SELECT array_agg(p.perceptual_hash ORDER BY p.position) FROM photos p
   WHERE p.report_id = r.id AND p.state = 'CLEAN' AND p.perceptual_hash IS NOT NULL) AS photos
FROM reports r LEFT JOIN imports ON imports.id = r.import_id LEFT JOIN vault.report_secrets s ON s.report_id = r.id
WHERE r.id > :after AND {_COUNTING} ORDER BY r.id LIMIT :most""")  # noqa: S608 - this module's own words
# The planner holds the guard of the rows to let few through, and would sort all that are left anew for each piece.
_ALONG_THE_KEY = text("SET LOCAL enable_sort = off; SET LOCAL enable_bitmapscan = off")
# A million rows on a busy machine: the transaction only reads, and may take its time over them.
_PATIENTLY = text("SET LOCAL statement_timeout = '120s'; SET LOCAL idle_in_transaction_session_timeout = '10min'")
_LYING = text("SELECT report_id::text, incident_id::text FROM attachments WHERE ended_at IS NULL")
_RULED = text("SELECT report_a::text, report_b::text, ruling FROM pair_rulings WHERE ended_at IS NULL")
_PROTECTED = text("""
SELECT id::text FROM incidents WHERE merged_into IS NULL
  AND (workflow <> 'NEW' OR certainty NOT IN ('RUMOUR', 'POSSIBLE') OR fixed_fields <> '{}')
UNION SELECT incident_id::text FROM incident_changes WHERE person_id IS NOT NULL OR undone_by IS NOT NULL
UNION SELECT other_id::text FROM incident_changes WHERE (person_id IS NOT NULL OR undone_by IS NOT NULL) AND other_id IS NOT NULL""")


def count_reports() -> int:
    """How many reports take part."""
    with settled():
        access.enter(SYSTEM)
        return session.scalar(text(f"SELECT count(*) FROM reports r WHERE {_COUNTING}")) or 0  # noqa: S608 - as _READ


def make_plan(weights: Weights, progress: Progress) -> Plan:
    """Read and judge every report, and say what would change.

    ``progress`` is told how many more were read, and then once more how many were judged: twice the number of reports in all.
    """
    columns = Columns(_accounts(weights, progress), lean=True)
    now, must, cannot, protected = _as_it_is(set(columns.ids))
    compared = batch.compare(columns, weights, lambda share: progress(round(share * len(columns))))
    wanted = batch.automatic(compared, weights, must=must, cannot=cannot)
    return plan(now, wanted, protected=protected)


def _accounts(weights: Weights, progress: Progress) -> Iterator[Account]:
    after = UUID(int=0)
    while True:
        with settled():
            access.enter(SYSTEM)
            session.execute(_ALONG_THE_KEY)
            rows = session.execute(_READ, {"after": after, "most": PIECE}).mappings().all()
        if not rows:
            return
        after = rows[-1]["id"]
        yield from candidates.accounts_of(rows, weights)
        progress(len(rows))


Pairs = list[tuple[str, str]]


def _as_it_is(read: set[str]) -> tuple[dict[str, str], Pairs, Pairs, set[str]]:
    """How the reports lie, what people ruled, and which records people worked on; those are held together as they are."""
    with settled():
        session.execute(_PATIENTLY)
        lying, ruled, protected = session.execute(_LYING).all(), session.execute(_RULED).all(), set(session.scalars(_PROTECTED))
    now = {report: incident for report, incident in lying if report in read}
    ruled = [row for row in ruled if row[0] in read and row[1] in read]
    must = [(one, other) for one, other, ruling in ruled if ruling == "must"]
    first: dict[str, str] = {}
    kept = [report for report in sorted(now) if now[report] in protected]
    must += [(first[now[report]], report) for report in kept if first.setdefault(now[report], report) != report]
    return now, must, [(one, other) for one, other, ruling in ruled if ruling == "cannot"], protected


def keep_plan(made: Plan, path: Path) -> UUID:
    """Write a plan down (numbers of reports and records only), so that applying can go on after a stop; returns its batch."""
    number = uuid4()
    lines = [json.dumps({"batch": str(number), "steps": len(made.steps)}), *(json.dumps(asdict(step)) for step in made.steps)]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return number


def apply_plan(path: Path, progress: Progress) -> tuple[UUID, int, int]:
    """Carry out a kept plan from where it stopped; returns its batch, how many steps were done, and how many passed over.

    A step is passed over where something changed since it was planned: a person acted, a report was taken back.
    """
    head, *lines = path.read_text(encoding="utf-8").splitlines()
    number, mark = UUID(json.loads(head)["batch"]), path.with_suffix(".done")
    begun = int(mark.read_text()) if mark.exists() else 0
    progress(begun)
    done = passed = 0
    for place, line in enumerate(lines[begun:], start=begun + 1):
        try:
            with settled():
                access.enter(SYSTEM)
                _carry_out(_step(json.loads(line)), number)
            done += 1
        except Problem:
            passed += 1
        mark.write_text(str(place))
        progress(1)
    return number, done, passed


def _step(data: dict[str, object]) -> Step:
    comes = tuple((record, tuple(reports)) for record, reports in data["comes"])  # type: ignore[attr-defined]
    return Step(home=data["home"], joins=tuple(data["joins"]), comes=comes)  # type: ignore[arg-type]


def _carry_out(step: Step, number: UUID) -> None:
    """One record to be: single reports first, whole records then. Problem where things are not as they were planned."""
    home, comes = step.home, list(step.comes)
    _expect(step)
    if home is None:
        record, reports = comes.pop(0)
        change = acts.split(UUID(record), map(UUID, reports), actor=SYSTEM, reason="", batch_id=number)
        home = str(change.other_id)
    for _record, reports in comes:
        for report in reports:
            basis = acts.Basis(reasons=SOLVED, batch_id=number)
            acts.attach(UUID(report), UUID(home), actor=SYSTEM, reason="", basis=basis)
    for other in step.joins:
        acts.merge(UUID(home), UUID(other), actor=SYSTEM, reason="", manner=acts.Manner(batch_id=number))


SOLVED = [{"code": "solved_together", "params": {}, "contribution": 0.0}]


def _expect(step: Step) -> None:
    """Problem ``changed_meanwhile`` unless everything lies as it did, and nobody has worked on a record that would give something up."""
    for record, reports in step.comes:
        for report in reports:
            laid = links.present(UUID(report))
            if laid is None or str(laid.incident_id) != record:
                raise Problem("changed_meanwhile")
    giving = [*step.joins, *(record for record, _reports in step.comes)]
    links.locked(map(UUID, giving))
    if not all(acts.is_machine_s_own(UUID(record)) for record in giving):
        raise Problem("changed_meanwhile")


def take_back(number: UUID, progress: Progress) -> tuple[int, int]:
    """Undo a rebuild, the last act first; returns how many acts were taken back, and how many were left as somebody built upon them."""
    with settled():
        found = undoing.standing_in(number)
    done = left = 0
    for change_id in found:
        try:
            with settled():
                undoing.undo(change_id, actor=SYSTEM)
            done += 1
        except Problem:
            left += 1
        progress(1)
    return done, left
