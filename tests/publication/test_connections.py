"""Connections for other people's programs, each opened by such a program: GDAL, tile readers, feed readers, harvesters."""

import csv
import io
import json
import math
import subprocess
import threading
import urllib.request

import mapbox_vector_tile
import pytest
from defusedxml import ElementTree
from openapi_spec_validator import OpenAPIV30SpecValidator
from shapely.geometry import shape
from werkzeug.serving import make_server

from server.publication.about import CAVEATS
from server.vocabulary import CROSSWALKS, SiteType, code_lists

PUBLIC = "/api/v1/public"
ATOM = {"a": "http://www.w3.org/2005/Atom", "g": "http://www.georss.org/georss"}


@pytest.fixture
def some(norway, publish):
    """A home known by its cell, a school by a larger one, and a road where a disaster was, as a point."""
    norway.said("CONFLICT_ACTIVE", pcode=norway.DISTRICTS[0])
    norway.said("DISASTER", pcode=norway.DISTRICTS[1])
    norway.incident()
    norway.incident(SiteType.EDU_SCHOOL)
    norway.incident(SiteType.TRA_ROAD, lon=10.8, lat=59.2)
    publish()


@pytest.fixture
def address(app, published):
    """The public side behind a real server, for programs that are not ours."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def ogr(source, *words):
    """The features that GDAL reads, as GeoJSON."""
    asked = ["ogr2ogr", "-f", "GeoJSON", "/vsistdout/", source, *words]
    done = subprocess.run(asked, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["features"]


# ── OGC API – Features ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.committed
def test_gdal_reads_the_live_layer_page_by_page_by_box_and_by_day(address):
    layer = f"OAPIF:{address}/ogc"
    every = ogr(layer, "incidents", "-oo", "PAGE_SIZE=1")
    assert len(every) == 2
    assert len({one["properties"]["incident_id"] for one in every}) == 2
    [east] = ogr(layer, "incidents", "-spat", "10.6", "59.1", "10.9", "59.4")
    assert shape(east["geometry"]).geom_type == "Point"
    assert ogr(layer, "incidents", "-spat", "20", "50", "21", "51") == []
    with_days = f"{address}/ogc/collections/incidents/items?datetime=2026-10-30/2026-11-01"
    assert len(ogr(f"GeoJSON:{with_days}")) == 2
    assert ogr(f"GeoJSON:{address}/ogc/collections/incidents/items?datetime=2026-11-10/..") == []


@pytest.mark.committed
def test_a_session_as_qgis_has_it_adds_the_layer_the_tiles_and_the_file(address, tmp_path):
    """QGIS reads through GDAL: the landing page with its layers, a tile of the background, and the downloaded GeoPackage."""
    seen = subprocess.run(["ogrinfo", f"OAPIF:{address}/ogc"], capture_output=True, text=True, check=True, timeout=60)
    assert "1: incidents" in seen.stdout
    told = json.loads(_asked(f"{address}{PUBLIC}/tiles.json"))
    assert told["tiles"][0].startswith(address)
    kept = tmp_path / "tile.mvt"
    x, y = int((10.2 + 180) / 360 * 2**12), int((1 - math.asinh(math.tan(math.radians(59.12))) / math.pi) / 2 * 2**12)
    kept.write_bytes(_asked(told["tiles"][0].format(z=12, x=x, y=y)))
    areas = ogr(f"MVT:{kept}", "areas", "-oo", f"X={x}", "-oo", f"Y={y}", "-oo", "Z=12")
    assert areas
    assert all(shape(one["geometry"]).geom_type in ("Polygon", "MultiPolygon") for one in areas)
    file = tmp_path / "damage.gpkg"
    file.write_bytes(_asked(f"{address}{PUBLIC}/incidents.gpkg"))
    assert {one["properties"]["geo_level"] for one in ogr(str(file))} == {"H3_8", "POINT"}


def _asked(address):
    with urllib.request.urlopen(address) as answer:  # noqa: S310 - our own server
        return answer.read()


def test_the_layer_says_what_it_conforms_to_and_describes_itself_in_openapi(client, some):
    said = client.get("/ogc/conformance").get_json()["conformsTo"]
    assert {name.rpartition("/")[2] for name in said} == {"core", "geojson", "oas30"}
    [described] = [link["href"] for link in client.get("/ogc").get_json()["links"] if link["rel"] == "service-desc"]
    contract = client.get(described).get_json()
    assert contract["openapi"].startswith("3.0")
    items = contract["paths"]["/ogc/collections/incidents/items"]["get"]["parameters"]
    assert {"bbox", "datetime", "limit", "cursor"} <= {one["name"] for one in items}
    for path in contract["paths"]:
        if "{" not in path:
            assert client.get(path).status_code == 200


def test_a_feature_leads_to_its_collection_and_the_collection_says_where_and_when(client, some):
    extent = client.get("/ogc/collections/incidents").get_json()["extent"]
    assert extent["temporal"]["interval"][0][0].endswith("T00:00:00Z")
    [first, *_] = client.get("/ogc/collections/incidents/items").get_json()["features"]
    one = client.get(f"/ogc/collections/incidents/items/{first['id']}").get_json()
    assert {link["rel"] for link in one["links"]} == {"self", "collection"}
    assert one["geometry"] == first["geometry"]


ITEMS = "/ogc/collections/incidents/items"


@pytest.mark.parametrize(
    "query",
    ["sortby=lat", "filter=lat>59", "crs=http://x", "point=1", "f=html", "bbox-crs=http://www.opengis.net/def/crs/EPSG/0/3857",
     "bbox=1,2,3,4,5", "bbox=10,59,0,11,60,0,1", "bbox=10,59,0,11", "datetime=..", "limit=-1", "limit=1.5"],
)  # fmt: skip
def test_the_layer_refuses_what_it_does_not_know(client, some, query):
    assert client.get(f"{ITEMS}?{query}").status_code == 400


def test_no_other_address_of_the_layer_takes_a_parameter_that_its_contract_does_not_name(client, some):
    paths = [path for path in client.get("/ogc/api").get_json()["paths"] if not path.endswith(("/items", "}"))]
    assert len(paths) == 5
    for path in paths:
        assert client.get(path, query_string={"f": "json", "lang": "fr"}).status_code == 200
        for query in ("bbox=1,2,3,4", "f=html", "x=1"):
            assert client.get(f"{path}?{query}").status_code == 400
    assert client.get("/ogc/").get_json() == client.get("/ogc").get_json(), "an address is often pasted with its slash"


def test_a_box_with_heights_open_ends_and_too_high_a_limit_are_read_as_the_standard_reads_them(client, some):
    def numbers(query):
        found = client.get(f"{ITEMS}?{query}")
        assert found.status_code == 200, query
        return {one["id"] for one in found.get_json()["features"]}

    assert numbers("bbox=10.6,59.1,-50,10.9,59.4,900") == numbers("bbox=10.6,59.1,10.9,59.4") < numbers("")
    crs84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
    assert numbers(f"bbox=10.6,59.1,10.9,59.4&bbox-crs={crs84}") == numbers("bbox=10.6,59.1,10.9,59.4")
    for query in ("datetime=../..", "datetime=2020-01-01/", "datetime=/2030-01-01T00:00:00Z", "limit=1000000000", "f=geojson"):
        assert numbers(query) == numbers("")


def test_the_contracts_are_valid_to_their_judge_and_the_layers_says_what_the_standard_looks_for(client, some):
    told = client.get("/ogc/api")
    assert told.headers["Content-Type"] == "application/vnd.oai.openapi+json;version=3.0"
    OpenAPIV30SpecValidator(told.get_json(force=True)).validate()
    asked = {one["name"]: one for one in told.get_json(force=True)["paths"][ITEMS]["get"]["parameters"]}
    box, limit, when = (asked[name] for name in ("bbox", "limit", "datetime"))
    assert {(one["in"], one["required"], one["style"], one["explode"]) for one in (box, limit, when)} == {("query", False, "form", False)}
    assert box["schema"] == {"type": "array", "minItems": 4, "maxItems": 6, "items": {"type": "number"}}
    assert (limit["schema"]["minimum"], limit["schema"]["maximum"], limit["schema"]["default"]) == (1, 1000, 100)
    assert when["schema"] == {"type": "string"}
    values = {"bbox": "10,59,11,60", "limit": "1", "datetime": "2026-10-31", "f": "json", "since": "2026-01-01", "damage": "3"}
    for name in asked.keys() & values.keys():
        assert client.get(ITEMS, query_string={name: values[name]}).status_code == 200, name


# ── Vector tiles ─────────────────────────────────────────────────────────────────────────────────────────────────────


def tile(client, z, x, y):
    answer = client.get(f"{PUBLIC}/tiles/{z}/{x}/{y}.mvt")
    assert (answer.status_code, answer.mimetype) == (200, "application/vnd.mapbox-vector-tile")
    return mapbox_vector_tile.decode(answer.data) if answer.data else {}


def counted(world, *layers):
    return sum(one["properties"]["n"] for layer in layers for one in world.get(layer, {"features": []})["features"])


def test_each_record_counts_once_at_every_zoom_and_is_a_point_only_where_it_is_public_as_one(client, some):
    for z in range(15):
        edge = 2**z
        wanted = {
            (int((lon + 180) / 360 * edge), int((1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2 * edge))
            for lon in (10.0, 10.18, 10.2, 10.22, 10.8) for lat in (59.1, 59.12, 59.14, 59.2)
        }
        seen = [tile(client, z, x, y) for x, y in wanted]
        points = sum(len(one.get("incidents", {"features": []})["features"]) for one in seen)
        drawn = {one["properties"].get("code", "cell"): one["properties"]["n"] for world in seen for layer in ("cells", "areas") if layer in world for one in world[layer]["features"]}
        total = points + sum(counted(world, "cells") for world in seen) + sum(n for code, n in drawn.items() if code != "cell")
        assert (z, total) == (z, 3)
        assert points == (1 if z >= 11 else 0)


def test_areas_and_squares_are_outlines_and_their_counts_add_up(client, some):
    world = tile(client, 0, 0, 0)
    for layer in ("cells", "areas"):
        for one in world.get(layer, {"features": []})["features"]:
            assert one["geometry"]["type"] in ("Polygon", "MultiPolygon")
            told = one["properties"]
            assert told["n"] == sum(told[name] for name in ("d0", "d1", "d2", "d3", "d4", "du"))
    assert not tile(client, 5, 0, 0)


def test_tilejson_leads_a_program_to_the_tiles(client, some):
    said = client.get(f"{PUBLIC}/tiles.json").get_json()
    assert said["tilejson"] == "3.0.0"
    assert {layer["id"] for layer in said["vector_layers"]} == {"cells", "areas", "incidents"}
    first = said["tiles"][0].replace("{z}", "0").replace("{x}", "0").replace("{y}", "0")
    assert client.get(first).status_code == 200
    west, south, east, north = said["bounds"]
    assert west < 10.2 < east
    assert south < 59.12 < north
    assert client.get(f"{PUBLIC}/tiles/2/9/0.mvt").status_code == 404


@pytest.mark.committed
def test_gdal_reads_a_tile(address):
    [point] = ogr(f"MVT:{address}{PUBLIC}/tiles/12/2170/1207.mvt", "incidents", "-oo", "X=2170", "-oo", "Y=1207", "-oo", "Z=12", "-t_srs", "EPSG:4326")
    lon, lat = point["geometry"]["coordinates"]
    assert (round(lon, 2), round(lat, 2)) == (10.8, 59.2)


# ── Feed and catalogues ──────────────────────────────────────────────────────────────────────────────────────────────


def test_the_feed_is_atom_with_places_and_tells_no_hour(client, some):
    answer = client.get(f"{PUBLIC}/feed.atom")
    feed = ElementTree.fromstring(answer.data)
    entries = feed.findall("a:entry", ATOM)
    assert len(entries) == 3
    assert {one.text[10:] for one in feed.iterfind(".//a:updated", ATOM)} == {"T00:00:00Z"}
    assert len(feed.findall(".//g:polygon", ATOM)) == 2
    [point] = [one.text for one in feed.iterfind(".//g:point", ATOM)]
    assert point == "59.2 10.8"
    assert client.get(entries[0].find("a:link", ATOM).get("href")).status_code == 200
    same = client.get(f"{PUBLIC}/feed.atom", headers={"If-None-Match": answer.headers["ETag"]})
    assert same.status_code == 304


def test_gdal_reads_the_places_of_the_feed(client, some, tmp_path):
    kept = tmp_path / "feed.atom"
    kept.write_bytes(client.get(f"{PUBLIC}/feed.atom").data)
    shapes = [shape(one["geometry"]).geom_type for one in ogr(str(kept))]
    assert sorted(shapes) == ["Point", "Polygon", "Polygon"]


def test_the_catalogue_and_the_page_tell_harvesters_the_same(client, some):
    catalogue = client.get(f"{PUBLIC}/catalog.jsonld")
    assert (catalogue.mimetype, catalogue.get_json(force=True)["@type"]) == ("application/ld+json", "dcat:Catalog")
    page = client.get("/data").get_data(as_text=True)
    block = page.partition('<script type="application/ld+json">')[2].partition("</script>")[0]
    told = json.loads(block)
    assert told == client.get(f"{PUBLIC}/dataset.jsonld").get_json(force=True)
    assert told["@type"] == "Dataset"
    assert CAVEATS[2] in told["description"]


# ── Codes ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def table(client, path):
    answer = client.get(f"{PUBLIC}{path}")
    assert answer.mimetype == "text/csv"
    return list(csv.DictReader(io.StringIO(answer.get_data(as_text=True))))


def test_code_lists_crosswalks_and_columns_come_as_tables(client):
    codes = table(client, "/codelists.csv")
    assert len(codes) == sum(len(kind) for kind in code_lists())
    assert [row["code"] for row in table(client, "/codelists/certainty.csv")][:2] == ["RUMOUR", "POSSIBLE"]
    assert client.get(f"{PUBLIC}/codelists/nothing.csv").status_code == 404
    assert len(table(client, "/crosswalks.csv")) == sum(len(values) for values in CROSSWALKS.values())
    columns = {row["column"]: row for row in table(client, "/columns.csv")}
    assert (columns["lat"]["type"], columns["damage_best"]["type"], columns["date_start"]["type"]) == ("number", "integer", "date")
    assert columns["certainty"]["codelist"] == "certainty"
