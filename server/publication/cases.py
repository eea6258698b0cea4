"""What goes into a judgement on publication, and what comes out of it. Pure, frozen."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from server.core.choices import N_, Choice
from server.publication.coarsening import Counts, Disclosure, Whereabouts
from server.publication.policy import Approval
from server.vocabulary import (
    CauseGroup,
    Certainty,
    ContextMode,
    Decision,
    EventPrecision,
    GeometryLevel,
    InUseAs,
    LegalProfile,
    MediaLevel,
    SensitivityClass,
    SourceType,
    TimeLevel,
    WorkflowState,
)


class Reason(Choice):
    """Why a verdict is what it is, for the person at the desk who previews it."""

    CERTAINTY = "CERTAINTY", N_("Not certain enough for this audience.")
    MILITARY = "MILITARY", N_("Military places are never kept or shown.")
    GONE = "GONE", N_("Quarantined, taken back or merged into another damage record.")
    KILLED = "KILLED", N_("Taken down by a person; two people must agree to show it again.")
    UNDECIDED = "UNDECIDED", N_("Nobody has decided yet, or the decision is under review.")
    EMBARGO = "EMBARGO", N_("Under an embargo.")
    AREA_HELD = "AREA_HELD", N_("The area is held back for now; what is public of it stays as it is.")
    WAITING = "WAITING", N_("Too soon after it happened, or after the evidence came in.")
    CONTEXT_UNKNOWN = (
        "CONTEXT_UNKNOWN",
        N_("No one has said what situation the area is in, so it counts as active conflict."),
    )
    CONTEXT_EXPIRED = (
        "CONTEXT_EXPIRED",
        N_("What was said of the area's situation has expired, so it counts as active conflict."),
    )
    RAISED = "RAISED", N_("Treated as more sensitive because of how the place is used.")
    COARSENED = (
        "COARSENED",
        N_("Shown larger than usual: too few such places exist there, or the place is not known exactly."),
    )
    NO_SAFE_PLACE = "NO_SAFE_PLACE", N_("No area is large enough to hide the place.")
    AREA_LEFT_OUT = (
        "AREA_LEFT_OUT",
        N_("The name of the smaller area is left out: with the cell it would point at one place."),
    )
    KIND_COARSENED = "KIND_COARSENED", N_("The kind of place is left out or widened: too few of that kind exist there.")
    PHOTO_LEFT_OUT = "PHOTO_LEFT_OUT", N_("Photos are left out: they would show the place more exactly than the map.")
    WORDS_LEFT_OUT = (
        "WORDS_LEFT_OUT",
        N_("The reporter's words are left out; a sentence made from the codes stands in their place."),
    )
    ALREADY_DISCLOSED = "ALREADY_DISCLOSED", N_("A more exact place was public before and cannot be taken back.")
    REFINED = "REFINED", N_("More exact than what was public before; the rules allow it now.")


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """What the rules may know of a damage record.

    `evidence_received_at` is, for each value that would be shown, when the evidence that first carried it came in.
    """

    id: UUID
    certainty: Certainty
    workflow: WorkflowState
    site_type: str
    place: Whereabouts
    evidence_received_at: Mapping[str, datetime]
    in_use_as: InUseAs | None = None
    raised_to: SensitivityClass | None = None
    event_earliest: datetime | None = None
    event_latest: datetime | None = None
    event_precision: EventPrecision = EventPrecision.UNK
    time_zone: str = "UTC"
    lon: float | None = None
    lat: float | None = None
    is_military: bool = False
    is_quarantined: bool = False
    is_withdrawn: bool = False
    is_killed: bool = False
    embargo_until: datetime | None = None
    area_held_until: datetime | None = None
    has_words: bool = False
    has_photos: bool = False
    shows_minors: bool = False
    source_kinds: frozenset[SourceType] = frozenset()
    damage_min: int | None = None
    damage_max: int | None = None
    damage_best: int | None = None
    cause_group: CauseGroup = CauseGroup.UNK
    counts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class AreaMode:
    """What one person said of the situation in an area, and until when it holds."""

    mode: ContextMode
    from_at: datetime
    until_at: datetime


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """The world around the record: clock, situation, how many such places exist, what is out already."""

    now: datetime
    contexts: tuple[AreaMode, ...] = ()
    k: Counts = field(default_factory=dict)
    disclosed: tuple[Disclosure, ...] = ()
    legal_profile: LegalProfile = LegalProfile.NONE
    holdback_key: bytes = b""
    has_protection_role: bool = False
    of_class: Callable[[SensitivityClass, str], tuple[int, ...]] | None = None  # `k` of all types of a class at once


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What may be shown, and why. Only ``Decision.PUBLISH`` may be written; a HOLD tells what would be shown later.

    `cell_or_pcode` is None for a point; `area_depth` counts the administrative columns that may stand beside it; dates
    are those of the site's own calendar, None when nobody knows; `field_mask` names what must stay blank. `context` is the
    strictest that applies; `due_at` is when the clock alone could change the verdict, None when only a change can.
    """

    decision: Decision
    policy_version: str
    geometry_level: GeometryLevel = GeometryLevel.NONE
    cell_or_pcode: str | None = None
    area_depth: int = 0
    sensitivity: SensitivityClass = SensitivityClass.S4
    time_level: TimeLevel = TimeLevel.MONTH
    date_start: date | None = None
    date_end: date | None = None
    field_mask: frozenset[str] = frozenset()
    media_level: MediaLevel = MediaLevel.NONE
    reasons: tuple[Reason, ...] = ()
    hold_until: datetime | None = None
    already_disclosed: GeometryLevel | None = None
    context: ContextMode = ContextMode.CONFLICT_ACTIVE
    hourly: bool = False
    approval: Approval = Approval.SIGNATURES
    due_at: datetime | None = None
