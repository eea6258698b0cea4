"""Administrative areas (COD-AB): which ones a point lies in, and in what mode they are."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text

from server.core.database import session
from server.places.models import AreaContext
from server.vocabulary import ContextMode

NEAR_M = 500.0
LONGEST_CONTEXT = timedelta(days=30)


class UnusableContext(ValueError):
    """A context that may not be set; the message is a sentence for the person who tried."""


@dataclass(frozen=True, kw_only=True)
class AreaCodes:
    """The P-codes of a point, None where it lies in no known area; `is_near` when one was only within 500 m.

    A point beside every area stays a point: it is flagged by `is_placed` being false, never refused.
    """

    adm0: str | None = None
    adm1: str | None = None
    adm2: str | None = None
    adm3: str | None = None
    cod_version: str | None = None
    is_near: bool = False

    @property
    def is_placed(self) -> bool:
        """True when at least one area is known."""
        return any((self.adm0, self.adm1, self.adm2, self.adm3))

    @property
    def deepest(self) -> str | None:
        """The P-code of the smallest known area."""
        return self.adm3 or self.adm2 or self.adm1 or self.adm0


# Only who lies in no area looks beside itself.
_AREAS = text("""
    WITH points AS (
        SELECT n, ST_SetSRID(ST_MakePoint(lon, lat), 4326) AS point, lat
        FROM unnest(CAST(:lons AS float8[]), CAST(:lats AS float8[])) WITH ORDINALITY AS given (lon, lat, n)),
    inside AS MATERIALIZED (
        SELECT DISTINCT ON (n, area.level) n, area.level, area.pcode, area.cod_version
        FROM points JOIN admin_areas area ON ST_Intersects(area.shape, points.point)
        ORDER BY n, area.level, area.valid_on DESC NULLS LAST, area.cod_version DESC, area.pcode),
    beside AS (
        SELECT DISTINCT ON (n, area.level) n, area.level, area.pcode, area.cod_version
        FROM (SELECT * FROM points WHERE n NOT IN (SELECT n FROM inside)) AS alone JOIN admin_areas area
            ON area.shape && ST_Expand(point, least(1.0, :metres / 110000.0 / greatest(0.01, cos(radians(lat)))), 0.005)
            AND ST_DWithin(area.shape::geography, point::geography, :metres)
        ORDER BY n, area.level, ST_Distance(area.shape::geography, point::geography), area.valid_on DESC NULLS LAST,
            area.pcode)
    SELECT *, false AS is_near FROM inside UNION ALL SELECT *, true FROM beside""")


def assign_areas(lon: float, lat: float) -> AreaCodes:
    """Return the areas of one point (WGS 84 degrees): those it lies in, else the nearest within 500 m."""
    return assign_areas_many([(lon, lat)])[0]


def assign_areas_many(points: Sequence[tuple[float, float]]) -> list[AreaCodes]:
    """Return the areas of each point (lon, lat), in the order given: one query however many there are."""
    given = {"lons": [lon for lon, _lat in points], "lats": [lat for _lon, lat in points], "metres": NEAR_M}
    codes = [AreaCodes() for _ in points]
    for row in session.execute(_AREAS, given):
        known = codes[row.n - 1]
        codes[row.n - 1] = replace(known, cod_version=row.cod_version, is_near=row.is_near, **{f"adm{row.level}": row.pcode})
    return codes


_CONTEXTS = text("""
    WITH RECURSIVE line AS (
        SELECT asked, asked AS pcode, 0 AS step FROM unnest(CAST(:pcodes AS text[])) AS asked
        UNION
        SELECT line.asked, area.parent_pcode, line.step + 1
        FROM line JOIN admin_areas area ON area.pcode = line.pcode
        WHERE area.parent_pcode IS NOT NULL AND line.step < 4
    )
    SELECT DISTINCT ON (asked) asked, context.mode, context.until_at
    FROM line JOIN area_contexts context ON context.pcode = line.pcode AND context.from_at <= :at
    ORDER BY asked, step, context.from_at DESC, context.until_at""")


def context_at(pcode: str | None, at: datetime) -> ContextMode:
    """Return the mode of an area at a time; what is unknown or has expired is active conflict."""
    return contexts_at([pcode], at)[pcode] if pcode else ContextMode.CONFLICT_ACTIVE


def is_active_conflict(lon: float, lat: float, at: datetime) -> bool:
    """Whether a place is in active conflict at a time; so is every place nobody said anything of."""
    return context_at(assign_areas(lon, lat).adm2, at) is ContextMode.CONFLICT_ACTIVE


def contexts_at(pcodes: Iterable[str], at: datetime) -> dict[str, ContextMode]:
    """Return {P-code: mode at a time}.

    The newest statement about the area itself counts, else that about the area it is part of. When it has expired the
    area is in active conflict, whatever was said before: an older statement never comes back by itself.
    """
    asked = list(dict.fromkeys(pcodes))
    modes = dict.fromkeys(asked, ContextMode.CONFLICT_ACTIVE)
    for row in session.execute(_CONTEXTS, {"pcodes": asked, "at": at}):
        if row.until_at > at:
            modes[row.asked] = ContextMode(row.mode)
    return modes


def set_context(
    pcode: str, mode: ContextMode, *, from_at: datetime, until_at: datetime, set_by: UUID | None, reason: str
) -> AreaContext:
    """Say in what mode an area is, for at most 30 days, and return the row; else UnusableContext with a sentence."""
    if not timedelta() < until_at - from_at <= LONGEST_CONTEXT:
        raise UnusableContext("A context must end after it begins, and within 30 days.")
    if not reason.strip():
        raise UnusableContext("A context needs a reason.")
    row = AreaContext(
        pcode=pcode, mode=mode, from_at=from_at, until_at=until_at, set_by=set_by, reason=reason.strip()[:500]
    )
    session.add(row)
    session.flush()
    return row
