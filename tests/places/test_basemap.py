"""The base map comes from our own server: tiles as they are stored, nothing for the sea, 404 for numbers that are none."""

import gzip
import hashlib

import mapbox_vector_tile
import pytest

from server.core.geography import mercator
from server.core.settings import UnusableSettings
from server.places.basemap import OWN_FILE, Archive, base_map

KYIV, DAMASCUS, SUVA = (30.52, 50.45), (36.29, 33.51), (178.44, -18.14)


def tile_at(client, lon, lat, zoom, headers=None):
    x, y = mercator(lon, lat)
    return client.get(f"/basemap/{zoom}/{int(x * 2**zoom)}/{int(y * 2**zoom)}", headers=headers or {})


def decoded(response):
    data = gzip.decompress(response.data) if response.headers.get("Content-Encoding") == "gzip" else response.data
    return mapbox_vector_tile.decode(data, default_options={"y_coord_down": True})


def names(tile, layer="places"):
    return {f["properties"]["name"]: f["properties"] for f in tile[layer]["features"]}


def test_a_tile_is_sent_as_it_is_stored_and_may_be_kept_for_a_month(client):
    response = tile_at(client, *KYIV, 6, {"Accept-Encoding": "gzip"})
    assert response.status_code == 200
    assert response.headers["Content-Encoding"] == "gzip"
    assert response.headers["Content-Type"] == "application/vnd.mapbox-vector-tile"
    assert response.headers["Cache-Control"] == "public, max-age=2592000"
    assert {"land", "places"} <= set(decoded(response))


def test_who_does_not_take_gzip_gets_it_unpacked(client):
    plain, packed = tile_at(client, *KYIV, 6), tile_at(client, *KYIV, 6, {"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in plain.headers
    assert plain.data == gzip.decompress(packed.data)


def test_towns_have_their_names_in_the_languages_of_the_pages(client):
    kyiv = names(decoded(tile_at(client, *KYIV, 6)))["Kyiv"]
    assert (kyiv["name_uk"], kyiv["name_ru"], kyiv["name_ar"]) == ("Київ", "Киев", "كييف")
    assert names(decoded(tile_at(client, *DAMASCUS, 6)))["Damascus"]["name_ar"] == "دمشق"


def test_low_zooms_carry_few_names_and_a_tile_is_never_heavy(client):
    shown = [label for label in names(decoded(tile_at(client, *KYIV, 6))).values() if label["z"] <= 6]
    assert 5 < len(shown) < 60
    assert len(tile_at(client, *KYIV, 6, {"Accept-Encoding": "gzip"}).data) < 40_000
    assert len(tile_at(client, 0, 0, 0, {"Accept-Encoding": "gzip"}).data) < 20_000


def test_no_stripe_runs_round_the_world_at_fiji(client):
    for lon in (-150.0, -90.0, 80.0):
        features = decoded(tile_at(client, lon, -17.0, 4)).get("land", {"features": []})["features"]
        assert not any(crosses_whole_tile(ring) for feature in features for ring in rings(feature))
    assert decoded(tile_at(client, *SUVA, 6))["land"]["features"]


def rings(feature):
    shape = feature["geometry"]
    polygons = shape["coordinates"] if shape["type"] == "MultiPolygon" else [shape["coordinates"]]
    return [polygon[0] for polygon in polygons]


def crosses_whole_tile(ring):
    """A band as wide as the tile and hardly any higher: what a wrongly joined ring looks like."""
    xs, ys = [p[0] for p in ring], [p[1] for p in ring]
    return max(xs) - min(xs) > 4096 and max(ys) - min(ys) < 400


def test_no_border_crosses_the_isthmus_of_crimea(client):
    box = [mercator(lon, lat) for lon, lat in ((33.0, 46.5), (35.6, 45.7))]
    tile, (column, row) = decoded(tile_at(client, 34.0, 46.2, 6)), (int(v * 64) for v in mercator(34.0, 46.2))
    (west, north), (east, south) = [((x * 64 - column) * 4096, (y * 64 - row) * 4096) for x, y in box]
    lines = [f["geometry"] for f in tile.get("border", {"features": []})["features"]]
    points = [p for line in lines for part in parts(line) for p in part]
    assert not [p for p in points if west < p[0] < east and north < p[1] < south]


def parts(line):
    return line["coordinates"] if line["type"] == "MultiLineString" else [line["coordinates"]]


def test_the_open_sea_is_no_content(client):
    response = tile_at(client, -30.0, 30.0, 6)
    assert (response.status_code, response.data) == (204, b"")


@pytest.mark.parametrize(
    "path", ["7/0/0", "99/0/0", "3/8/0", "3/0/8", "-1/0/0", "3/-1/0", "1.5/0/0", "3/1e1/0", "3/0/0.png", "9" * 400 + "/0/0"]
)
def test_numbers_that_name_no_tile_are_not_found(client, path):
    assert client.get(f"/basemap/{path}").status_code == 404


def test_the_address_names_the_file_so_that_a_new_one_is_fetched(app):
    with app.app_context():
        told = base_map()
    assert told.url.startswith("/basemap/{z}/{x}/{y}?v=")
    assert (told.kind, told.max_zoom) == ("vector", 6)
    assert "GeoNames" in told.attribution


def test_the_committed_file_is_small_and_says_where_it_comes_from():
    assert OWN_FILE.stat().st_size < 4_500_000
    readme = (OWN_FILE.parent / "README.md").read_text(encoding="utf-8")
    assert "CC BY 4.0" in readme
    assert "public domain" in readme


def test_an_operators_file_that_is_no_map_is_refused_with_a_sentence(tmp_path):
    broken = tmp_path / "streets.pmtiles"
    for content in (b"", b"not a map", hashlib.sha512(b"x").digest() * 4):
        broken.write_bytes(content)
        with pytest.raises(UnusableSettings, match="BASEMAP_FILE"):
            Archive(broken)
    with pytest.raises(UnusableSettings, match="BASEMAP_FILE"):
        Archive(tmp_path / "missing.pmtiles")
