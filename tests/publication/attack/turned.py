"""The rules turned round: what a blank says to somebody who knows when the rules leave something blank.

The period of a row tells its class (`/data` lists the places of each), and what other rows of the same area name is not what
this one hides.
"""

from collections.abc import Iterator
from typing import Any

from shapely import unary_union
from shapely.geometry import Point

from server.vocabulary import SensitivityClass, SiteType
from tests.publication.attack.stranger import Claim, KnownSite, Stranger, around
from tests.publication.attack.ways import way

TURNED = "the rules turned round"
CLASSES = {
    "DAY": {SensitivityClass.S0, SensitivityClass.S1, SensitivityClass.S2},
    "WEEK": {SensitivityClass.S3},
    "MONTH": {SensitivityClass.S4},
}
K = 3


@way(TURNED)
def turned(stranger: Stranger) -> Iterator[Claim]:
    """Of the places in a row's area leave those of another class, sector or group, and of kinds that other rows there name."""
    rows = list(stranger.rows.values())
    for row in rows:
        alike = [other for other in rows if _where(other) == _where(row)]
        named = {other["site_type"] for other in alike if other["site_type"]}
        inside = [site for site in stranger.sites if stranger.shown(row).contains(Point(site.lon, site.lat))]
        fits = [site for site in inside if _may_be(site, row, named)]
        if 0 < len(fits) < K:
            yield Claim(
                way=TURNED, row=row["incident_id"], area=unary_union([around(one.lon, one.lat, 60) for one in fits])
            )


def _where(row: dict[str, Any]) -> tuple[Any, ...]:
    return row["geo_level"], row["h3_cell"], row["adm1_pcode"], row["adm2_pcode"], row["date_precision"]


def _may_be(site: KnownSite, row: dict[str, Any], named: set[str]) -> bool:
    """Whether a known place may be the row's: of its type where one is named, else of one that would not have been."""
    kind = next(one for one in SiteType if one == site.kind)
    told = {"site_type": kind.value, "site_group": kind.group.value, "sector": kind.sector.value}
    agrees = all(row[name] in (None, value) for name, value in told.items())
    return (
        agrees
        and kind.sensitivity in CLASSES[row["date_precision"]]
        and (bool(row["site_type"]) or site.kind not in named)
    )
