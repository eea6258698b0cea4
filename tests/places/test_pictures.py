"""Streets and satellite pictures under the desk's map: out of files, or fetched by us; nothing but pictures, to nobody but the desk."""

import http.server
import io
import sqlite3
import threading
from dataclasses import replace

import pytest
from PIL import Image
from pmtiles.tile import Compression, TileType, zxy_to_tileid
from pmtiles.writer import Writer

from server.core.settings import UnusableSettings, settings
from server.places import pictures


def a_picture(colour):
    file = io.BytesIO()
    Image.new("RGB", (256, 256), colour).save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def configured(monkeypatch):
    def configure(**told):
        monkeypatch.setattr(pictures, "settings", lambda: replace(settings(), **told))

    yield configure
    pictures._finder.cache_clear()


def pmtiles(folder):
    path = folder / "satellite.pmtiles"
    with path.open("wb") as file:
        archive = Writer(file)
        archive.write_tile(zxy_to_tileid(3, 4, 2), a_picture("green"))
        head = {
            "tile_type": TileType.PNG,
            "tile_compression": Compression.NONE,
            "min_lon_e7": 0,
            "min_lat_e7": 0,
            "max_lon_e7": 1,
            "max_lat_e7": 1,
            "center_lon_e7": 0,
            "center_lat_e7": 0,
            "center_zoom": 3,
        }
        archive.finalize(head, {})
    return str(path)


def mbtiles(folder):
    path = folder / "streets.mbtiles"
    with sqlite3.connect(path) as file:
        file.execute("CREATE TABLE tiles (zoom_level int, tile_column int, tile_row int, tile_data blob)")
        file.execute(
            "INSERT INTO tiles VALUES (3, 4, 5, ?)", (a_picture("red"),)
        )  # counted from the south: 2 from the north
    file.close()
    return str(path)


def test_files_of_both_kinds_are_served_and_offered_with_their_credit(configured, as_, tmp_path):
    configured(
        street_tiles=mbtiles(tmp_path),
        street_credit="© the <people> of the streets",
        satellite_tiles=pmtiles(tmp_path),
        satellite_credit="© Sky",
    )
    chipo = as_("chipo")
    for name, colour in (("streets", "red"), ("satellite", "green")):
        answer = chipo.get(f"/desk/ground/{name}/3/4/2")
        assert (answer.status_code, answer.mimetype, answer.data) == (200, "image/png", a_picture(colour))
        assert "private" in answer.headers["Cache-Control"]
        assert chipo.get(f"/desk/ground/{name}/3/4/3").status_code == 204
    page = chipo.get("/desk").text
    assert "Satellite" in page
    assert (
        "© the \\u003cpeople\\u003e of the streets" in page or "\\u00a9 the \\u003cpeople\\u003e of the streets" in page
    )


def test_nothing_is_offered_where_nothing_is_configured(as_):
    chipo = as_("chipo")
    assert "pictures-words" not in chipo.get("/desk").text
    assert chipo.get("/desk/ground/streets/3/4/2").status_code == 404


def test_strangers_and_tiles_that_are_none_are_refused(configured, as_, client, tmp_path):
    configured(street_tiles=mbtiles(tmp_path))
    assert client.get("/desk/ground/streets/3/4/2").status_code in (302, 401)
    assert as_("eve").get("/desk/ground/streets/3/4/2").status_code == 403
    for tile in ("satellite/3/4/2", "streets/3/8/2", "streets/25/0/0"):
        assert as_("chipo").get(f"/desk/ground/{tile}").status_code == 404


def test_files_and_addresses_that_cannot_be_used_are_named(configured, tmp_path):
    for where, said in (
        (str(tmp_path / "no.mbtiles"), "MBTiles"),
        (str(tmp_path / "no.pmtiles"), "PMTiles"),
        ("https://tiles.example/{z}.png", "must hold"),
    ):
        configured(street_tiles=where)
        with pytest.raises(UnusableSettings, match=said):
            pictures.chosen()


class Elsewhere(http.server.BaseHTTPRequestHandler):
    """Somebody who has pictures, and other things."""

    asked: list = []

    def do_GET(self):
        self.asked.append((self.path, dict(self.headers)))
        place = self.path.removesuffix(".png")
        status, body = {
            "/3/4/2": (200, a_picture("blue")),
            "/3/4/3": (200, b"<script>"),
            "/3/4/4": (302, b""),
            "/3/4/5": (200, b"\x89PNG" + bytes(3_000_000)),
        }.get(place, (404, b""))
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "/3/4/2.png")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_said):
        """In silence."""


@pytest.fixture
def elsewhere(monkeypatch):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere)
    Elsewhere.asked.clear()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setattr(pictures, "_is_address", lambda where: where.startswith("http"))
    yield f"http://127.0.0.1:{server.server_port}/{{z}}/{{x}}/{{y}}.png"
    server.shutdown()
    server.server_close()


def test_an_address_is_asked_by_us_once_and_learns_nothing_of_who_looks(configured, elsewhere, as_):
    configured(satellite_tiles=elsewhere)
    chipo = as_("chipo")
    for _ in range(2):
        assert chipo.get("/desk/ground/satellite/3/4/2").data == a_picture("blue")
    assert [path for path, _headers in Elsewhere.asked] == ["/3/4/2.png"]
    assert not {"cookie", "referer", "x-forwarded-for"} & {name.lower() for name in Elsewhere.asked[0][1]}


@pytest.mark.parametrize("row", [3, 4, 5, 6])
def test_what_is_no_picture_too_large_elsewhere_or_missing_is_an_empty_tile(configured, elsewhere, as_, row):
    configured(satellite_tiles=elsewhere)
    answer = as_("chipo").get(f"/desk/ground/satellite/3/4/{row}")
    assert (answer.status_code, answer.data) == (204, b"")


def test_an_exercise_fetches_nothing(configured, elsewhere, as_, monkeypatch):
    monkeypatch.setattr(pictures, "may_send_out", lambda: False)
    configured(satellite_tiles=elsewhere)
    assert as_("chipo").get("/desk/ground/satellite/3/4/2").status_code == 404
    assert Elsewhere.asked == []
