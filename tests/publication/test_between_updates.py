"""Between two updates nothing public moves, whatever the desk does; and no public number counts more than the public rows."""

import re
from datetime import timedelta

import pytest

from server.core import tiles
from server.core.database import session
from server.matching.models import Incident
from server.vocabulary import Certainty, SiteType, WorkflowState

PUBLIC = "/api/v1/public"
PATHS = (
    "/incidents", "/incidents?site_group=HEA", "/incidents.csv", "/incidents.geojson", "/incidents.kml", "/batches", "/policy", "/releases",
    "/revocations", "/warnings", "/activities", "/activities.csv", "/tiles.json", "/tiles/3/4/2.mvt", "/map/3/4/2", "/map/9/270/150",
    "/feed.atom", "/catalog.jsonld", "/dataset.jsonld", "/nearby?lon=10.2&lat=59.12", "/areas/ADM2/NO9001", "/incidents/INC-00000000",
)  # fmt: skip
PAGES = (
    "/map",
    "/map.js",
    "/map/table",
    "/data",
    "/data/rules",
    "/bulletin",
    "/warnings",
    "/ogc",
    "/ogc/collections",
    "/ogc/collections/incidents",
)
TAKEN_AT = re.compile(rb'"timeStamp":"[^"]*"')


@pytest.fixture
def known(norway, publish):
    norway.said("CONFLICT_ACTIVE")
    made = [norway.incident(), norway.incident(SiteType.HEA_HOSP), norway.incident(SiteType.TRA_ROAD)]
    publish()
    return made


def told(client):
    """Everything the public side answers, with every header that could tell something."""
    tiles.forget_all()  # what is remembered for ten minutes must not hide what would move
    found = {}
    for path in (*(f"{PUBLIC}{one}" for one in PATHS), *PAGES, "/ogc/collections/incidents/items?limit=50"):
        answer = client.get(path)
        headers = {name: value for name, value in answer.headers if name not in ("Date", "Set-Cookie")}
        found[path] = answer.status_code, headers, TAKEN_AT.sub(b"", answer.data)
    return found


def test_whatever_the_desk_does_nothing_public_moves_until_the_next_update(client, known, norway, publish):
    before = told(client)
    home, hospital, road = known
    home.workflow, hospital.damage_best = WorkflowState.WITHDRAWN, 0
    road.certainty = Certainty.RUMOUR
    norway.incident(
        SiteType.HEA_HOSP, event_earliest=norway.NOW, event_latest=norway.NOW, evidence_received_at=norway.NOW
    )
    session.add_all(
        [norway.incident(SiteType.EDU_SCHOOL, in_use_as="COLLECTIVE"), norway.said("DISASTER", pcode="NO9002")]
    )
    session.flush()
    assert told(client) == before
    publish(norway.NOW + timedelta(days=1))
    after = told(client)
    assert after[f"{PUBLIC}/incidents"] != before[f"{PUBLIC}/incidents"], "the update does move it"


def test_every_number_that_is_public_counts_the_public_rows_alone(client, known, norway):
    norway.incident(certainty=Certainty.POSSIBLE)
    norway.incident(SiteType.SHE_BOMB)
    rows = len(client.get(f"{PUBLIC}/incidents").get_json()["items"])
    world = client.get(f"{PUBLIC}/map/0/0/0").get_json()
    bulletin = re.findall(r": <strong>(\d+)</strong>", client.get("/bulletin").text)
    assert session.query(Incident).count() == rows + 2
    assert {
        client.get(f"{PUBLIC}/incidents").get_json()["total"],
        client.get("/ogc/collections/incidents/items").get_json()["numberMatched"],
        client.get(f"{PUBLIC}/batches").get_json()["items"][0]["rows_total"],
        sum(cell[2] for cell in world["cells"]) + sum(area[2] for area in world["areas"]),
        sum(map(int, bulletin)),
        client.get(f"{PUBLIC}/incidents.csv").text.count("\r\n") - 1,
    } == {rows}
