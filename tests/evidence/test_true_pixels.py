"""What was photographed is what is shown: upright, in the right colours, whatever the file was made of."""

from datetime import UTC, datetime

import imagehash
import pytest
from PIL import Image, ImageCms, ImageOps

from server.evidence import darkroom, developing
from server.evidence.likeness import distance, is_same_picture, phash_digits, signed_phash
from tests.evidence.pictures import (
    BLUE,
    GREEN,
    RED,
    YELLOW,
    close,
    corners,
    encoded,
    exif,
    four_corners,
    opened,
    png,
    png_with,
)

pytestmark = pytest.mark.pure

UPRIGHT = [RED, GREEN, BLUE, YELLOW]


def shown(data):
    return opened(darkroom.develop(data).photo)


def clear_half(mode):
    """The four corners with the lower half see-through."""
    picture = four_corners().convert("RGBA")
    picture.paste((0, 0, 0, 0), (0, 120, 320, 240))
    return picture.convert(mode)


def grey(rgb):
    return Image.new("RGB", (1, 1), rgb).convert("L").getpixel((0, 0))


def sixteen_bit_rows(channels):
    """Lines of a 16-bit PNG: dark grey to the left, light grey to the right; the low byte is noise."""
    dark, light = bytes([60, 255] * channels), bytes([180, 1] * channels)
    return [dark * 20 + light * 20] * 30


@pytest.mark.parametrize("turned", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_turned_photo_stands_upright(kind, turned):
    data = encoded(four_corners(), kind, exif=exif(orientation=turned))
    expected = ImageOps.exif_transpose(opened(data))
    found = shown(data)
    assert found.size == expected.size
    assert close(corners(found), corners(expected))


@pytest.mark.parametrize("turned", [0, 9, 65535])
def test_a_turn_that_does_not_exist_is_no_turn(turned):
    assert close(corners(shown(encoded(four_corners(), exif=exif(orientation=turned)))), UPRIGHT)


SAME_COLOURS = {
    "jpeg": encoded(four_corners(), quality=95),
    "progressive jpeg": encoded(four_corners(), progressive=True),
    "png": encoded(four_corners(), "PNG"),
    "webp": encoded(four_corners(), "WEBP", lossless=True),
    "heif": encoded(four_corners(), "HEIF", quality=90),
    "palette": encoded(four_corners().convert("P", palette=Image.Palette.ADAPTIVE), "PNG"),
    "png with alpha": encoded(four_corners().convert("RGBA"), "PNG"),
    "cmyk": encoded(four_corners().convert("CMYK"), "JPEG", quality=95),
    "webp with alpha": encoded(four_corners().convert("RGBA"), "WEBP", lossless=True, exact=True),
    "heif with alpha": encoded(four_corners().convert("RGBA"), "HEIF", quality=90),
}


@pytest.mark.parametrize("name", SAME_COLOURS)
def test_colours_stay_what_they_were(name):
    assert close(corners(shown(SAME_COLOURS[name])), UPRIGHT)


def test_grey_stays_grey():
    expected = [(grey(colour),) * 3 for colour in UPRIGHT]
    assert close(corners(shown(encoded(four_corners().convert("L"), "JPEG"))), expected)
    assert close(corners(shown(encoded(four_corners().convert("L"), "PNG"))), expected)


def test_one_bit_is_black_and_white():
    half = Image.new("1", (40, 30))
    half.paste(1, (20, 0, 40, 30))
    assert close(corners(shown(encoded(half, "PNG"))), [(0, 0, 0), (255, 255, 255)] * 2)


@pytest.mark.parametrize(("colour", "channels"), [(0, 1), (2, 3)], ids=["grey", "rgb"])
def test_sixteen_bits_keep_their_tones(colour, channels):
    found = shown(png(40, 30, 16, colour, sixteen_bit_rows(channels)))
    assert close(corners(found), [(60, 60, 60), (180, 180, 180)] * 2)


def test_sixteen_bit_grey_with_alpha_keeps_its_tones():
    rows = [bytes([60, 9, 255, 255]) * 20 + bytes([180, 9, 255, 255]) * 20] * 30
    assert close(corners(shown(png(40, 30, 16, 4, rows))), [(60, 60, 60), (180, 180, 180)] * 2)


@pytest.mark.parametrize(
    ("kind", "mode"), [("PNG", "RGBA"), ("PNG", "LA"), ("PNG", "P"), ("WEBP", "RGBA"), ("HEIF", "RGBA")]
)
def test_what_is_see_through_lies_on_white(kind, mode):
    picture = clear_half("RGBA").quantize(16) if mode == "P" else clear_half(mode)
    found = corners(shown(encoded(picture, kind)))
    assert close(found[2:], [(255, 255, 255)] * 2)
    expected = [(grey(RED),) * 3, (grey(GREEN),) * 3] if mode == "LA" else [RED, GREEN]
    assert close(found[:2], expected)


def test_a_colour_declared_see_through_lies_on_white():
    data = png_with((b"tRNS", b"".join(value.to_bytes(2, "big") for value in RED)), picture=four_corners())
    assert close(corners(shown(data)), [(255, 255, 255), GREEN, BLUE, YELLOW])


def test_a_wide_colour_profile_is_turned_into_ordinary_colours():
    """A phone that swaps two colours by its profile must not swap them on our screens."""
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    red, blue = lab.index(b"rXYZ"), lab.index(b"bXYZ")
    swapped = bytearray(lab)
    swapped[red + 4 : red + 8], swapped[blue + 4 : blue + 8] = lab[blue + 4 : blue + 8], lab[red + 4 : red + 8]
    found = corners(shown(encoded(four_corners(), icc_profile=bytes(swapped), quality=95)))
    assert found[0][2] > found[0][0] + 100
    assert close(corners(shown(encoded(four_corners(), icc_profile=lab, quality=95))), UPRIGHT)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIF"])
def test_a_large_photo_is_brought_to_its_measures(kind):
    found = darkroom.develop(encoded(four_corners((3000, 1500)), kind))
    assert (found.width, found.height) == opened(found.photo).size == (2048, 1024)
    assert opened(found.thumbnail).size == (320, 160)


def test_a_small_photo_is_not_blown_up():
    found = darkroom.develop(encoded(four_corners((100, 60))))
    assert opened(found.photo).size == opened(found.thumbnail).size == (100, 60)


@pytest.mark.parametrize("size", [(1, 1), (1, 4000), (4000, 1), (3, 2)])
def test_odd_shapes_are_photos_too(size):
    assert max(opened(darkroom.develop(encoded(Image.new("RGB", size, RED), "PNG")).photo).size) <= 2048


# ─── likeness ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def scene(seed=0, size=(640, 480)):
    noise = Image.effect_noise((16, 12), 90 + seed).resize(size, Image.Resampling.BICUBIC)
    return Image.merge("RGB", (noise, noise.transpose(0), four_corners(size).convert("L")))


def test_the_fingerprint_is_the_one_imagehash_computes():
    picture = scene()
    assert developing.fingerprint(picture) == str(imagehash.phash(picture))


def test_the_same_photo_sent_again_is_the_same_picture_and_another_is_not():
    picture = scene()
    first = darkroom.develop(encoded(picture, quality=95)).phash
    again = darkroom.develop(encoded(picture.resize((500, 375)), "WEBP", quality=40)).phash
    turned = darkroom.develop(encoded(picture.rotate(180))).phash
    assert is_same_picture(first, again)
    assert not is_same_picture(first, turned)


def test_a_fingerprint_fits_a_signed_column_and_comes_back():
    for digits in ("0000000000000000", "ffffffffffffffff", "8000000000000000", "7fffffffffffffff"):
        assert -(2**63) <= signed_phash(digits) < 2**63
        assert phash_digits(signed_phash(digits)) == digits
    assert distance(signed_phash("f" * 16), 0) == 64
    with pytest.raises(ValueError, match="16 hex"):
        signed_phash("ff")


# ─── what the camera wrote, read once ─────────────────────────────────────────────────────────────────────────────────


def camera(**words):
    return darkroom.develop(encoded(four_corners((16, 12)), exif=exif(**words))).camera


@pytest.mark.parametrize(("lon", "lat"), [(35.0345, 48.5001), (-70.25, -33.5), (36.5, -1.25), (-0.5, 51.5)])
def test_the_place_comes_longitude_first_with_its_sign(lon, lat):
    assert camera(lon=lon, lat=lat).point == pytest.approx((lon, lat), abs=1e-5)


def test_the_satellites_clock_beats_the_cameras():
    at = datetime(2026, 11, 20, 8, 30, 5, tzinfo=UTC)
    found = camera(lon=35.0, lat=48.0, gps_time=at, taken="1999:01:01 00:00:00").taken
    assert found == (at, at)


def test_a_clock_with_its_zone_is_one_instant():
    at = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)
    assert camera(taken="2026:11:20 10:30:00", zone="+02:00").taken == (at, at)


def test_a_clock_without_a_zone_is_every_zone_at_once():
    earliest, latest = camera(taken="2026:11:20 12:00:00").taken
    assert earliest == datetime(2026, 11, 19, 22, tzinfo=UTC)
    assert latest == datetime(2026, 11, 21, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    "words", [{}, {"taken": "yesterday"}, {"taken": "0000:00:00 00:00:00"}, {"lon": 0.0, "lat": 0.0}]
)
def test_facts_that_are_none_are_none(words):
    found = camera(**words)
    assert found.point is None
    assert found.taken is None


def test_a_place_off_the_earth_is_no_place():
    assert camera(lon=200.0, lat=10.0).point is None


def test_broken_exif_costs_the_facts_and_not_the_photo():
    data = encoded(four_corners(), exif=b"Exif\0\0MM\0\x2a\xff\xff\xff\xff" + bytes(30))
    found = darkroom.develop(data)
    assert found.camera.point is None
    assert close(corners(opened(found.photo)), UPRIGHT)


def test_facts_are_read_from_every_kind():
    words = exif(lon=35.5, lat=48.25)
    for kind in ("JPEG", "PNG", "WEBP", "HEIF"):
        found = darkroom.develop(encoded(four_corners((64, 64)), kind, exif=words.tobytes()))
        assert found.camera.point == pytest.approx((35.5, 48.25), abs=1e-5), kind
