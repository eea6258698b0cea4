"""Small named worlds for the publication rules: a record, the places around it, what was said of the area."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import h3

from server.publication.cases import AreaMode, Candidate, Surroundings, Verdict
from server.publication.coarsening import Whereabouts
from server.publication.policy import policy
from server.publication.rules import judge
from server.vocabulary import Certainty, ContextMode, EventPrecision, SensitivityClass, SiteType, Tier, WorkflowState

STRUCK_AT = datetime(2026, 3, 1, 22, 30, tzinfo=UTC)  # a Sunday, late: the day and the week of the place end within the hour
KEY = b"a key for tests, thirty-two bytes"
LON, LAT = 21.0122, 52.2297  # a town that is not at war
AREAS = ("ADM1", "ADM2")
CELLS = ("H3_9", "H3_8", "H3_7", "H3_6")
LEFT_OVER = ("ADM1-ADM2:S1<5", "ADM1-ADM2:S2<3", "ADM1-ADM2:S3<3")  # the districts of a region that hide too few
PLACES = (*CELLS, *AREAS, *(f"{cell}&ADM{depth}" for cell in CELLS for depth in (1, 2, 3)), *LEFT_OVER)


def record(site_type: SiteType = SiteType.RES_APT, **changes: Any) -> Candidate:
    """A confirmed, decided record of one strike on one place, reported as it happened."""
    usual = Candidate(
        id=UUID("7f1a4b9e-2d7c-4c43-9d5a-0d6f3a9f2b11"),
        certainty=Certainty.CONFIRMED,
        workflow=WorkflowState.DECIDED,
        site_type=site_type,
        place=Whereabouts(h3_r9=h3.latlng_to_cell(LAT, LON, 9), pcodes=("PL14", "PL1465", "PL146501")),
        evidence_received_at={"values": STRUCK_AT},
        event_earliest=STRUCK_AT,
        event_latest=STRUCK_AT,
        event_precision=EventPrecision.EXACT_MIN,
        time_zone="Europe/Warsaw",
        lon=LON,
        lat=LAT,
    )
    return replace(usual, **changes)


def plenty(site_type: SiteType = SiteType.RES_APT, n: int = 40) -> dict[tuple[str, str], int]:
    """`n` sites of a type, its group and its class (and of every class) everywhere around."""
    kinds = [site_type.value, site_type.group.value, *(kind.value for kind in SensitivityClass)]
    return {(kind, area): n for kind in kinds for area in PLACES}


def said(mode: ContextMode, *, days: int = 20) -> AreaMode:
    """What a protection focal point said of the area on the day before the strike."""
    return AreaMode(mode=mode, from_at=STRUCK_AT - timedelta(days=1), until_at=STRUCK_AT + timedelta(days=days))


def world(mode: ContextMode | None = ContextMode.CONFLICT_ACTIVE, *, hours: float = 0, **changes: Any) -> Surroundings:
    """The world so many hours after the strike, in one mode (None: nobody said anything), with plenty of places."""
    now = STRUCK_AT + timedelta(hours=hours)
    contexts = (
        ()
        if mode is None
        else (AreaMode(mode=mode, from_at=now - timedelta(days=1), until_at=now + timedelta(days=5)),)
    )
    usual = Surroundings(now=now, contexts=contexts, k=plenty(), holdback_key=KEY)
    return replace(usual, **changes)


def shown(candidate: Candidate, surroundings: Surroundings, *, tier: Tier = Tier.PUBLIC) -> Verdict:
    """The verdict of the policy in force."""
    return judge(candidate, surroundings=surroundings, tier=tier, policy=policy())
