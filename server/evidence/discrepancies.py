"""Where a photo does not fit the report it came with. Pure. Flags ask a person to look; they refuse nothing."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from server.core.geography import metres_between
from server.evidence.darkroom import CameraFacts

# reference: standards §6.2, "EXIF GPS > 500 m or time > 24 h from claim"
FAR_M = 500
LATE = timedelta(hours=24)
# A picture seen before is "recycled" when it was said to show another place or another time, not when two people
# who stood in one street sent the same post.
ELSEWHERE_M = 2_000
ANOTHER_TIME = timedelta(days=7)


@dataclass(frozen=True)
class Claim:
    """Where (lon, lat, metres of uncertainty) and when (earliest, latest) a report says it happened."""

    point: tuple[float, float] | None = None
    accuracy_m: float = 0.0
    event: tuple[datetime, datetime] | None = None


def flags_of(camera: CameraFacts, claim: Claim) -> list[str]:
    """`photo_far_from_pin` and `photo_time_differs`, where camera and report contradict each other."""
    flags = []
    if camera.point and claim.point and metres_between(*camera.point, *claim.point) > FAR_M + claim.accuracy_m:
        flags.append("photo_far_from_pin")
    if camera.taken and claim.event and _gap(camera.taken, claim.event) > LATE:
        flags.append("photo_time_differs")
    return flags


def is_another_occasion(one: Claim, other: Claim) -> bool:
    """True when two reports cannot speak of one moment at one place."""
    if one.point and other.point:
        slack_m = ELSEWHERE_M + one.accuracy_m + other.accuracy_m
        if metres_between(*one.point, *other.point) > slack_m:
            return True
    return bool(one.event and other.event and _gap(one.event, other.event) > ANOTHER_TIME)


def _gap(one: tuple[datetime, datetime], other: tuple[datetime, datetime]) -> timedelta:
    """The time between two intervals; zero or less when they touch."""
    return max(one[0] - other[1], other[0] - one[1])
