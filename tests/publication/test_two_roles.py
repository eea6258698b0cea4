"""The public side as it runs in life: the application writes over one connection, the public role reads over another."""

import io

import pandas as pd
import pytest
from sqlalchemy import text

from server.core.database import public_session, session, settled
from server.publication.service import publish_batch
from server.vocabulary import SiteType
from tests.publication import town

pytestmark = pytest.mark.committed
EVERY_PATH = [
    "/map", "/map.js", "/map/table", "/data", "/ogc", "/ogc/api", "/ogc/conformance", "/ogc/collections", "/ogc/collections/incidents",
    "/ogc/collections/incidents/items?bbox=10,59,11,60",
    *(f"/api/v1/public/{rest}" for rest in (
        "incidents", "incidents?bbox=10,59,11,60&damage=3,U", "incidents.csv", "incidents.hxl.csv", "incidents.geojson", "incidents-readme.txt",
        "map/0/0/0", "map/8/135/74", "map/12/2164/1189", "map/0/0/0?site_group=RES", "nearby?lon=10.2&lat=59.12", "batches",
        "policy", "codelists", "codelists/site-type", "codelists/site-type.csv", "codelists.csv", "crosswalks.csv", "columns.csv",
        "releases", "revocations", "signing-key", "verify-release", "tiles.json", "tiles/0/0/0.mvt", "tiles/12/2164/1207.mvt",
        "feed.atom", "catalog.jsonld", "dataset.jsonld",
    )),
]  # fmt: skip


def test_every_public_address_is_answered_by_a_role_that_can_read_nothing_else(published):
    statuses = {path: published.get(path).status_code for path in EVERY_PATH}
    assert statuses == dict.fromkeys(EVERY_PATH, 200)
    assert public_session.scalar(text("SELECT current_user")) == "tessera_public"


def test_one_record_and_one_area_are_answered_too(published):
    for item in published.get("/api/v1/public/incidents").get_json()["items"]:
        assert published.get(f"/map/{item['incident_id']}").status_code == 200
        assert published.get(f"/ogc/collections/incidents/items/{item['incident_id']}").status_code == 200
        if item["h3_cell"] and item["lat"] is None:
            assert published.get(f"/api/v1/public/areas/{item['geo_level']}/{item['h3_cell']}").status_code == 200


def test_a_file_is_streamed_over_connections_of_its_own(published):
    answer = published.get("/api/v1/public/incidents.csv")
    assert answer.is_streamed
    table = pd.read_csv(io.BytesIO(answer.data), encoding="utf-8-sig")
    assert sorted(table["geo_level"]) == ["H3_8", "POINT"]


def test_a_batch_is_seen_only_when_it_is_whole(published):
    with settled():
        town.incident(SiteType.TRA_ROAD)
    publish_batch(town.NOW, agreed=town.AGREED)
    with public_session.session_factory() as stranger:
        assert stranger.scalar(text("SELECT count(*) FROM pub.incidents")) == 2
    session.commit()
    session.remove()
    with public_session.session_factory() as stranger:
        assert stranger.scalar(text("SELECT count(*) FROM pub.incidents")) == 3
