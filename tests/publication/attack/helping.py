"""Who helps where: organisations at work in the land at war, and the way of attack on the public 5W.

The stranger knows which organisations exist in the country, reads the table every day, and wants to know who is where and since when.
"""

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

from server.accounts.models import Organisation, Person
from server.accounts.policy import Actor
from server.coordination.activity_models import Activity
from server.core.database import session, settled
from server.publication import naming
from server.vocabulary import ActivityStatus, NeedType, NeedUnit, Role
from tests.publication import town
from tests.publication.attack.country import SEED
from tests.publication.attack.judge import Truth
from tests.publication.attack.stranger import PUBLIC, Claim, Stranger
from tests.publication.attack.ways import way

HELPERS = "who helps where and since when"
AGREED, SILENT = "Nordmark Relief", ("Bread for Nordmark", "Clean Wells", "Tents and Roofs")
NEEDS = (
    NeedType.WATER,
    NeedType.FOOD,
    NeedType.SHELTER,
    NeedType.MED,
    NeedType.INFANT,
    NeedType.TELECOM,
    NeedType.EOD,
    NeedType.TRANSPORT,
)


def settle_helpers() -> list[Truth]:
    """Four organisations with eight works in October, each beginning on a day of its own; one of them agreed to be named."""
    dice, truths = random.Random(SEED), []
    with settled():
        houses = [Organisation(id=uuid4(), name=name, kind="NATIONAL_NGO") for name in (AGREED, *SILENT)]
        session.add_all(houses)
        who = Person(email="relief@example.org", alias="Relief", active=True)
        session.add(who)
        session.flush()
        naming.agree(
            Actor(person_id=who.id, organisation_id=houses[0].id, roles=frozenset({Role.PARTNER})), name=AGREED
        )
        for at, need in enumerate(NEEDS):
            house, begins = houses[at % 4], date(2026, 10, 7) + timedelta(days=dice.randrange(20))
            lon = 10.2 if dice.random() < 0.5 else 10.8
            truths.append(_work(house, need, begins, lon))
    return truths


def _work(house: Organisation, need: NeedType, begins: date, lon: float) -> Truth:
    region, district, _ = town.pcodes(lon, 59.12)
    what = f"{need.label} at the gate of {begins}"
    session.add(
        Activity(
            organisation_id=house.id, need_type=need, sector=need.sector, what=what, status=ActivityStatus.ONGOING, starts_on=begins,
            adm1_pcode=region, adm2_pcode=district, unit=NeedUnit.PERSON, reached=40 + begins.day, planned=500 + begins.day,
        )
    )  # fmt: skip
    return Truth(
        row="", lon=lon, lat=59.12, kind=f"5W {need.sector.value}", struck_at=datetime(begins.year, begins.month, begins.day, tzinfo=UTC),
        adm1=region, adm2=district, sensitivity="S4", secrets=frozenset({what, *([] if house.name == AGREED else [house.name])}),
    )  # fmt: skip


@way(HELPERS)
def helpers(stranger: Stranger) -> Iterator[Claim]:
    """Compare each day's table with the day before, ask for single districts, look for names, and name the last nameless one."""
    before: set[str] = set()
    for day, rows in stranger.work:
        for row in (row for row in rows if row["row_id"] not in before):
            yield _since(row, day, stranger)
        before = {row["row_id"] for row in rows}
    for code in [code for code in stranger.areas if len(code) > len(town.REGION)]:
        for row in stranger.json(f"{PUBLIC}/activities?limit=1000&adm={code}").get("items", []):
            yield Claim(way=HELPERS, kind=f"5W {row['sector_code']}", area=stranger.areas[code])
    releases = stranger.json(f"{PUBLIC}/releases").get("items", [])
    files = [f"{PUBLIC}/releases/{one['number']}/5w-{one['number']}.csv" for one in releases]
    words = " ".join(
        stranger.get(name).text for name in (f"{PUBLIC}/activities.csv", f"{PUBLIC}/activities?limit=1000", *files)
    )
    told = {name for name in (AGREED, *SILENT) if name in words}
    yield from (Claim(way=HELPERS, secret=name) for name in told)
    hidden = {AGREED, *SILENT} - told
    if told and len(hidden) == 1:
        yield Claim(way=HELPERS, secret=hidden.pop())


def _since(row, day: date, stranger: Stranger) -> Claim:
    """A row that appears in its own month began a day or two before; one that appears later may have begun on any of its days."""
    first = date.fromisoformat(f"{row['start']}-01")
    last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    days = (max(first, day - timedelta(days=2)), day) if day <= last else (first, last)
    return Claim(
        way=HELPERS,
        kind=f"5W {row['sector_code']}",
        days=days,
        area=stranger.areas[row["adm2_pcode"] or row["adm1_pcode"]],
    )
