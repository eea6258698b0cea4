"""How sure we may be, by rules a machine can check, and which moves of work are allowed. Pure.

The rules are those of ``reference/standards`` §2.8. A machine alone never says more than POSSIBLE; PROBABLE, CONFIRMED and
REFUTED are a person's decision, and the rule that allows it is named with it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from server.core.choices import N_
from server.vocabulary import AdmiraltyItem, AdmiraltySource, Certainty, ContextMode, Stance, WorkflowState

LADDER = (Certainty.RUMOUR, Certainty.POSSIBLE, Certainty.PROBABLE, Certainty.CONFIRMED)
TWO_PERSON_MODES = {ContextMode.CONFLICT_ACTIVE, ContextMode.CONFLICT_LOW, ContextMode.MIXED}
SHORTEST_REASON = 20


@dataclass(frozen=True, kw_only=True)
class Item:
    """One account of an incident as the rules see it. Letters and digits are Admiralty grades; unjudged is F6.

    ``media_elsewhere``: a person found that its picture shows another place or another time.
    """

    report_id: str
    originator: str
    source_grade: AdmiraltySource = AdmiraltySource.F
    item_grade: AdmiraltyItem = AdmiraltyItem.I6
    stance: Stance = Stance.SUPPORTS
    first_hand: bool = False
    photo_hashes: tuple[int, ...] = ()
    media_located: bool = False
    media_timed: bool = False
    organisation: str | None = None
    is_field_visit: bool = False
    is_imagery: bool = False
    is_hint: bool = False
    copy_sha256: str = ""
    media_elsewhere: bool = False

    @property
    def has_media(self) -> bool:
        """Whether a usable photo came with it, or a copy of one is kept."""
        return bool(self.photo_hashes or self.copy_sha256)


@dataclass(frozen=True, kw_only=True)
class Step:
    """One condition of a rule: what is counted, how many there are and how many the rule asks for. ``rule`` groups them."""

    rule: str
    counted: str
    there_are: int
    needed: int

    @property
    def is_met(self) -> bool:
        """Whether there are enough."""
        return self.there_are >= self.needed


@dataclass(frozen=True, kw_only=True)
class Finding:
    """Whether a certainty is allowed, by which rule; or the sentence that says what is missing."""

    allowed: bool
    rule: str = ""
    missing: str = ""
    basis: tuple[str, ...] = ()
    needs_second: bool = field(default=False)


def at_least(item: Item, source: str, digit: str) -> bool:
    """Whether an item is graded ``source`` and ``digit`` or better (A before F, 1 before 6)."""
    return item.source_grade.value <= source and item.item_grade.value <= digit


def independent(items: Iterable[Item]) -> list[Item]:
    """One item of each originator and of each photo: five posts of one picture are one item. Stable by report id.

    Of those that are one, the one is kept whose photo a person located.
    """
    kept: list[Item] = []
    for item in sorted(items, key=lambda found: (not found.media_located, -len(found.photo_hashes), found.report_id)):
        if not any(_same_origin(item, other) for other in kept):
            kept.append(item)
    return kept


def _same_origin(one: Item, other: Item) -> bool:
    if one.originator == other.originator or (one.copy_sha256 and one.copy_sha256 == other.copy_sha256):
        return True
    return any(likeness(a, b) for a in one.photo_hashes for b in other.photo_hashes)


def likeness(one: int, other: int) -> bool:
    """Whether two 64-bit perceptual hashes show the same picture (at most six bits apart)."""
    return ((one ^ other) & 0xFFFFFFFFFFFFFFFF).bit_count() <= 6


def mechanical(items: Sequence[Item]) -> Certainty:
    """What the house may say by itself: RUMOUR, or POSSIBLE."""
    return Certainty.POSSIBLE if _possible(_supporting(items)) else Certainty.RUMOUR


def judge(to: Certainty, items: Sequence[Item], *, mode: ContextMode, verifier_organisation: str | None) -> Finding:
    """Whether a person may decide ``to`` on these items, in this context."""
    if to == Certainty.REFUTED:
        return _refuted(items)
    supporting = _supporting(items)
    if to == Certainty.RUMOUR:
        return Finding(allowed=True, rule="rumour", basis=_ids(supporting))
    if to == Certainty.POSSIBLE:
        return _finding(
            _possible(supporting),
            N_("POSSIBLE needs one report graded C3 or better, or one first-hand report with a usable photo."),
        )
    if to == Certainty.PROBABLE:
        return _finding(
            _probable(supporting),
            N_(
                "PROBABLE needs two independent reports graded C3 or better, or one graded B2 with a photo located "
                "within 100 m, or three independent first-hand reports of which two have different photos located by a "
                "person."
            ),
        )
    return _confirmed(supporting, mode, verifier_organisation)


def _supporting(items: Iterable[Item]) -> list[Item]:
    return [item for item in items if item.stance == Stance.SUPPORTS]


def _ids(items: Iterable[Item]) -> tuple[str, ...]:
    return tuple(sorted(item.report_id for item in items))


def _finding(found: tuple[str, list[Item]] | None, missing: str) -> Finding:
    if found is None:
        return Finding(allowed=False, missing=missing)
    return Finding(allowed=True, rule=found[0], basis=_ids(found[1]))


def _possible(items: Sequence[Item]) -> tuple[str, list[Item]] | None:
    if graded := _graded(items):
        return "possible.graded", graded[:1]
    if seen := [item for item in items if item.first_hand and item.has_media]:
        return "possible.first_hand_photo", seen[:1]
    if imagery := [item for item in items if item.is_imagery or item.is_hint]:
        return "possible.imagery", imagery[:1]
    return None


def _probable(items: Sequence[Item]) -> tuple[str, list[Item]] | None:
    graded = independent(_graded(items))
    if len(graded) >= 2:
        return "probable.two_independent", graded[:2]
    if located := [item for item in items if at_least(item, "B", "2") and item.has_media and item.media_located]:
        return "probable.located_photo", located[:1]
    witnesses, located = _residents(items)
    if len(witnesses) >= 3 and len(located) >= 2:
        others = [item for item in witnesses if item not in located[:2]]
        return "probable.three_witnesses", [*located[:2], others[0]]
    return None


def _residents(items: Sequence[Item]) -> tuple[list[Item], list[Item]]:
    """The independent first-hand accounts, and those of them whose photos a person located; no two share a photo."""
    witnesses = independent(item for item in items if item.first_hand)
    return witnesses, [item for item in witnesses if item.has_media and item.media_located]


def steps(to: Certainty, items: Sequence[Item]) -> list[Step]:
    """What each rule that leads to a certainty counts, so that a refusal says how far it is: meeting all of one rule is enough."""
    supporting = _supporting(items)
    graded = independent(_graded(supporting))
    if to == Certainty.PROBABLE:
        witnesses, located = _residents(supporting)
        strong = [item for item in supporting if at_least(item, "B", "2") and item.has_media and item.media_located]
        return [
            Step(rule="1", counted=N_("independent reports graded C3 or better"), there_are=len(graded), needed=2),
            Step(rule="2", counted=N_("graded B2 or better, with a photo located within 100 m"), there_are=len(strong), needed=1),
            Step(rule="3", counted=N_("independent first-hand reports"), there_are=len(witnesses), needed=3),
            Step(rule="3", counted=N_("of them with different photos located by a person"), there_are=len(located), needed=2),
        ]
    return _steps_to_confirmed(supporting, graded) if to == Certainty.CONFIRMED else []


def _steps_to_confirmed(supporting: Sequence[Item], graded: Sequence[Item]) -> list[Step]:
    visits, strong, imagery, ground = _grounds(supporting)
    beside = len(graded) if not strong else max(2, len(graded)) if _apart(strong, _graded(supporting)) else 1
    below = len(independent(ground)) if not imagery or _apart(imagery, ground) else 0
    return [
        Step(rule="1", counted=N_("field visits with photos"), there_are=len(visits), needed=1),
        Step(rule="2", counted=N_("graded B2 or better, with a photo located and dated"), there_are=len(strong), needed=1),
        Step(rule="2", counted=N_("independent reports graded C3 or better"), there_are=beside, needed=2),
        Step(rule="3", counted=N_("satellite images read by a person"), there_are=len(imagery), needed=1),
        Step(rule="3", counted=N_("independent reports from the ground graded C3 or better"), there_are=below, needed=1),
    ]


def _graded(items: Iterable[Item]) -> list[Item]:
    return [item for item in items if at_least(item, "C", "3")]


def _grounds(items: Sequence[Item]) -> tuple[list[Item], list[Item], list[Item], list[Item]]:
    """What may confirm: visits with photos, accounts with a photo located and dated, images, graded accounts from the ground."""
    visits = [item for item in items if item.is_field_visit and item.has_media]
    strong = [item for item in items if at_least(item, "B", "2") and item.has_media and item.media_located and item.media_timed]
    imagery = [item for item in items if item.is_imagery]
    return visits, strong, imagery, [item for item in _graded(items) if not item.is_imagery]


def _apart(some: Sequence[Item], others: Sequence[Item]) -> list[Item]:
    """One of each, of two origins; empty where all are of one."""
    return next(([one, other] for one in some for other in others if not _same_origin(one, other)), [])


def _confirmed(items: Sequence[Item], mode: ContextMode, verifier_organisation: str | None) -> Finding:
    """What others reported comes first, so that nobody is refused for what their own organisation reported beside them."""
    found = _confirming(sorted(items, key=lambda item: item.organisation is not None and item.organisation == verifier_organisation))
    if found is None:
        return Finding(
            allowed=False,
            missing=N_(
                "CONFIRMED needs a field visit with photos, or two independent reports of which one is graded B2 with a "
                "photo located and dated, or satellite imagery and one independent report from the ground."
            ),
        )
    rule, basis = found
    if verifier_organisation and all(item.organisation == verifier_organisation for item in basis):
        return Finding(
            allowed=False,
            missing=N_("Somebody of another organisation must confirm what your own organisation reported."),
        )
    return Finding(allowed=True, rule=rule, basis=_ids(basis), needs_second=mode in TWO_PERSON_MODES)


def _confirming(items: Sequence[Item]) -> tuple[str, list[Item]] | None:
    visits, strong, imagery, ground = _grounds(items)
    if visits:
        return "confirmed.field_visit", visits[:1]
    if two := _apart(strong, _graded(items)):
        return "confirmed.two_independent", two
    if two := _apart(imagery, ground):
        return "confirmed.imagery_and_ground", two
    return None


def _refuted(items: Sequence[Item]) -> Finding:
    """Contradicted by a reliable source; or its picture was proven old or of elsewhere, and nothing else makes it possible."""
    against = [item for item in items if item.stance == Stance.CONTRADICTS and item.source_grade.value <= "B"]
    if against:
        return Finding(allowed=True, rule="refuted.contradicted", basis=_ids(against))
    elsewhere = [item for item in items if item.media_elsewhere]
    if elsewhere and _possible(_supporting(items)) is None:
        return Finding(allowed=True, rule="refuted.media_elsewhere", basis=_ids(elsewhere))
    return Finding(
        allowed=False,
        missing=N_(
            "REFUTED needs a contradicting report from a source graded A or B, or a picture that a person found to be of another "
            "place or time while nothing else supports the report. A withdrawal proves nothing."
        ),
    )


MOVES: dict[WorkflowState, frozenset[WorkflowState]] = {
    WorkflowState.NEW: frozenset({
        WorkflowState.TRIAGE, WorkflowState.NEEDS_INFO, WorkflowState.IN_VERIFICATION, WorkflowState.DECIDED,
        WorkflowState.CLOSED,
    }),
    WorkflowState.TRIAGE: frozenset({WorkflowState.NEEDS_INFO, WorkflowState.IN_VERIFICATION, WorkflowState.DECIDED, WorkflowState.CLOSED}),
    WorkflowState.NEEDS_INFO: frozenset({WorkflowState.TRIAGE, WorkflowState.IN_VERIFICATION, WorkflowState.DECIDED, WorkflowState.CLOSED}),
    WorkflowState.IN_VERIFICATION: frozenset({WorkflowState.NEEDS_INFO, WorkflowState.TRIAGE, WorkflowState.DECIDED, WorkflowState.CLOSED}),
    WorkflowState.DECIDED: frozenset({WorkflowState.REOPENED, WorkflowState.CLOSED}),
    WorkflowState.CLOSED: frozenset({WorkflowState.REOPENED}),
    WorkflowState.REOPENED: frozenset({
        WorkflowState.TRIAGE, WorkflowState.NEEDS_INFO, WorkflowState.IN_VERIFICATION, WorkflowState.DECIDED,
        WorkflowState.CLOSED,
    }),
}  # fmt: skip


def may_move(now: WorkflowState, to: WorkflowState) -> bool:
    """Whether work may go from one state to another; side states (merged, withdrawn, quarantined) are never reached by hand."""
    return to in MOVES.get(now, frozenset())
