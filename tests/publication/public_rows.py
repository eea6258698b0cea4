"""Public rows put straight into the public copy, with words that nobody should be able to do harm with."""

from datetime import date
from itertools import count

from geoalchemy2.shape import from_shape
from shapely.geometry import MultiPolygon, box

from server.core.database import session
from server.publication.about import About
from server.publication.models import PublishedArea, PublishedBatch, PublishedIncident

RELEASE = "EXERCISE-2026-11-01.1"
ABOUT = About(
    release_id=RELEASE, policy_version="2026.1", published_on=date(2026, 11, 1), is_exercise=True,
    response_name="Flood & fire", address="https://example.org/data",
)  # fmt: skip
DISTRICT, CELL = "0071", "881f1d4887fffff"

_numbers = count(1)


def data_set(**about):
    """A batch, a district and a cell that rows may name."""
    usual = {
        "release_id": RELEASE,
        "published_on": date(2026, 11, 1),
        "policy_version": "2026.1",
        "rows_total": 0,
        "is_exercise": True,
    }
    session.add(PublishedBatch(**{**usual, **about}))
    for code, level, name, shape in (
        (DISTRICT, "ADM2", "Süd", box(10, 59, 10.5, 59.5)),
        (CELL, "H3_8", "", box(10.2, 59.1, 10.21, 59.11)),
    ):
        session.add(
            PublishedArea(code=code, geo_level=level, name=name, shape=from_shape(MultiPolygon([shape]), srid=4326))
        )
    session.flush()


def public_row(**changes):
    """A row known by its district, unless said otherwise."""
    number = next(_numbers)
    usual = {
        "incident_id": f"INC-{number:08}", "release_id": RELEASE, "record_status": "new", "certainty": "CONFIRMED",
        "date_start": date(2026, 11, 1), "date_end": date(2026, 11, 2), "date_precision": "DAY", "country_iso3": "NOR",
        "adm1_pcode": "007", "adm1_name": "Nord", "adm2_pcode": DISTRICT, "adm2_name": "Süd", "geo_level": "ADM2",
        "site_type": "RES.APT", "site_group": "RES", "sector": "SHL", "damage_best": 3, "damage_min": 2, "damage_max": 4,
        "cause_group": "NATURAL", "summary": "Homes damaged.", "policy_version": "2026.1", "redaction": "ADM2 DAY",
        "position": number, "area_code": DISTRICT, "cell_key": 0,
    }  # fmt: skip
    made = PublishedIncident(**{**usual, **changes})
    session.add(made)
    session.flush()
    return made


def in_cell(**changes):
    """A row known by its H3 cell."""
    return public_row(
        **{"geo_level": "H3_8", "h3_cell": CELL, "area_code": CELL, "adm2_pcode": None, "adm2_name": None, **changes}
    )


def as_point(**changes):
    """A row known as a point in the south west."""
    usual = {
        "geo_level": "POINT",
        "lat": -48.1,
        "lon": -70.25,
        "area_code": "891f1d48803ffff",
        "h3_cell": "891f1d48803ffff",
    }
    return public_row(**{**usual, "access_constraints": ["ACC.UXO", "ACC.DEBRIS"][:1], **changes})
