"""A made-up town for tests of the public copy: one region, two districts, four municipalities, and places that exist."""

from datetime import UTC, date, datetime, timedelta
from itertools import count

import h3
from geoalchemy2.shape import from_shape
from shapely.geometry import MultiPolygon, Point, box

from server.core.database import session
from server.matching.models import Incident
from server.places.models import AdminArea, AreaContext, BaselineSite
from server.publication.approving import Agreements
from server.vocabulary import CauseGroup, Certainty, ContextMode, EventPrecision, SiteType, WorkflowState

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
STRUCK_AT = NOW - timedelta(days=20)
WEST, SOUTH, SIDE = 10.0, 59.0, 0.5  # a piece of Norway that is not at war; each district is half a degree wide
REGION, DISTRICTS = "NO90", ("NO9001", "NO9002")
MIDDLE = (10.25, 59.25)  # in the middle of the first district's first municipality … see `areas`

_numbers = count(1)


class _Everything:
    """Signatures under whatever there is."""

    def __contains__(self, fingerprint):
        return True


AGREED = Agreements(standing=True, signed=_Everything())


def areas():
    """A region of two districts side by side, each of two municipalities one above the other."""
    _area(1, REGION, "Nordmark", None, box(WEST, SOUTH, WEST + 2 * SIDE, SOUTH + SIDE))
    for at, pcode in enumerate(DISTRICTS):
        west = WEST + at * SIDE
        _area(2, pcode, f"District {at + 1}", REGION, box(west, SOUTH, west + SIDE, SOUTH + SIDE))
        for half in (0, 1):
            south = SOUTH + half * SIDE / 2
            _area(
                3,
                f"{pcode}{half + 1:02}",
                f"Town {at + 1}{half + 1}",
                pcode,
                box(west, south, west + SIDE, south + SIDE / 2),
            )
    session.flush()


def _area(level, pcode, name, parent, shape):
    session.add(
        AdminArea(
            level=level,
            pcode=pcode,
            name=name,
            parent_pcode=parent,
            country="NOR",
            cod_version="test",
            shape=from_shape(MultiPolygon([shape]), srid=4326),
        )
    )


def pcodes(lon, lat):
    district = DISTRICTS[int((lon - WEST) // SIDE)]
    return REGION, district, f"{district}{int((lat - SOUTH) // (SIDE / 2)) + 1:02}"


def baseline(site_type, lon, lat, n=12, name=""):
    """`n` places of a type that exist within a few steps of a point."""
    region, district, town = pcodes(lon, lat)
    session.add_all(
        BaselineSite(
            source="test", source_dated_on=date(2026, 1, 1), site_type=site_type, name=name and f"{name} {i}",
            point=from_shape(Point(lon, lat), srid=4326), h3_r9=h3.latlng_to_cell(lat, lon, 9),
            adm1_pcode=region, adm2_pcode=district, adm3_pcode=town,
        )
        for i in range(n)
    )  # fmt: skip
    session.flush()


def said(mode, *, pcode=REGION, since=NOW - timedelta(days=2), until=NOW + timedelta(days=20)):
    """What the protection focal point said of an area."""
    context = AreaContext(pcode=pcode, mode=ContextMode(mode), from_at=since, until_at=until, reason="test")
    session.add(context)
    session.flush()
    return context


def incident(site_type=SiteType.RES_APT, lon=MIDDLE[0] - 0.05, lat=SOUTH + 0.12, **changes):
    """A confirmed, decided damage record, struck and reported twenty days ago."""
    region, district, town = pcodes(lon, lat)
    usual = {
        "public_id": f"INC-T{next(_numbers):07}",
        "site_type": site_type,
        "s_class": site_type.sensitivity,
        "point": from_shape(Point(lon, lat), srid=4326),
        "h3_r9": h3.latlng_to_cell(lat, lon, 9),
        "adm1_pcode": region, "adm2_pcode": district, "adm3_pcode": town,
        "event_earliest": STRUCK_AT, "event_latest": STRUCK_AT, "event_precision": EventPrecision.DAY,
        "cause_group": CauseGroup.NATURAL, "damage_min": 2, "damage_max": 3, "damage_best": 3,
        "certainty": Certainty.CONFIRMED, "workflow": WorkflowState.DECIDED,
        "report_count": 2, "first_received_at": STRUCK_AT, "evidence_received_at": STRUCK_AT,
    }  # fmt: skip
    made = Incident(**{**usual, **changes})
    session.add(made)
    session.flush()
    return made
