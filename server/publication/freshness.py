"""What the data page says of the current copy: how fresh, how sure and how coarse it is, in numbers of rows."""

from collections import Counter
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select

from server.core.database import public_session
from server.publication.models import PublishedIncident
from server.vocabulary import Certainty, GeometryLevel


@dataclass(frozen=True)
class Told:
    """Rows by certainty and by exactness of place, in the order of the lists, and the days between which they lie."""

    total: int
    certainties: dict[Certainty, int]
    levels: dict[GeometryLevel, int]
    first: date | None
    last: date | None


def told() -> Told:
    """The numbers of the public copy as it is now."""
    row = PublishedIncident
    counted = select(
        row.certainty, row.geo_level, func.count().label("n"), func.min(row.date_start).label("first"),
        func.max(row.date_end).label("last"),
    ).group_by(row.certainty, row.geo_level)  # fmt: skip
    found = public_session.execute(counted).all()
    certainties, levels = Counter[Certainty](), Counter[GeometryLevel]()
    for one in found:
        certainties[one.certainty] += one.n
        levels[one.geo_level] += one.n
    return Told(
        total=sum(one.n for one in found),
        certainties={code: certainties[code] for code in Certainty if certainties[code]},
        levels={code: levels[code] for code in GeometryLevel if levels[code]},
        first=min((one.first for one in found if one.first), default=None),
        last=max((one.last for one in found if one.last), default=None),
    )
