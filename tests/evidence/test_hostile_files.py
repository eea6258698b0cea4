"""Files made to harm: each is refused with its reason, and none reaches a decoder that it could hurt."""

import contextlib
import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from server.evidence import darkroom
from server.evidence.inspection import MAX_BYTES, MAX_PARTS, Kind, PhotoRefused, Refusal, inspect, is_bare_jpeg
from tests.evidence.pictures import (
    box,
    encoded,
    four_corners,
    heif_claiming,
    jpeg_with,
    moving,
    png,
    png_bomb,
    png_chunk,
    png_with,
    webp_with,
)

pytestmark = pytest.mark.pure

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><rect width="9" height="9"/></svg>'
EPS = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EndComments\nshowpage\n%%EOF\n"
JPEG = encoded(four_corners())
PNG = encoded(four_corners(), "PNG")
HEIC = encoded(four_corners(), "HEIF")
WEBP = encoded(four_corners(), "WEBP")


def tiff_of_many_pages():
    pages = [Image.new("1", (4, 4)) for _ in range(50)]
    return encoded(pages[0], "TIFF", save_all=True, append_images=pages[1:])


def cut(data, share):
    return data[: int(len(data) * share)]


def png_without_end():
    return PNG[: PNG.rindex(b"IEND") - 4]


def two_frame_headers():
    frame = JPEG[JPEG.index(b"\xff\xc0") :][:19]
    return JPEG[:2] + frame + JPEG[2:]


REFUSED = {
    "nothing at all": (b"", Refusal.EMPTY),
    "one byte": (b"\xff", Refusal.NOT_A_PHOTO),
    "zeros of the right length": (bytes(40_000), Refusal.NOT_A_PHOTO),
    "one byte too many": (JPEG + bytes(MAX_BYTES + 1 - len(JPEG)), Refusal.TOO_MANY_BYTES),
    "svg with a script": (SVG, Refusal.NOT_A_PHOTO),
    "svg behind a byte order mark": (b"\xef\xbb\xbf" + SVG, Refusal.NOT_A_PHOTO),
    "html": (b"<!doctype html><script>alert(1)</script>", Refusal.NOT_A_PHOTO),
    "encapsulated postscript": (EPS, Refusal.NOT_A_PHOTO),
    "postscript with a dos header": (b"\xc5\xd0\xd3\xc6" + bytes(26) + EPS, Refusal.NOT_A_PHOTO),
    "pdf": (encoded(four_corners(), "PDF"), Refusal.NOT_A_PHOTO),
    "photoshop": (b"8BPS\0\1" + bytes(40), Refusal.NOT_A_PHOTO),
    "icon": (encoded(four_corners((64, 64)), "ICO"), Refusal.NOT_A_PHOTO),
    "bitmap": (encoded(four_corners(), "BMP"), Refusal.NOT_A_PHOTO),
    "tiff of many pages": (tiff_of_many_pages(), Refusal.NOT_A_PHOTO),
    "still gif": (encoded(four_corners(), "GIF"), Refusal.NOT_A_PHOTO),
    "gif of many frames": (moving("GIF"), Refusal.NOT_A_PHOTO),
    "gifar": (encoded(four_corners(), "GIF") + b"PK\3\4", Refusal.NOT_A_PHOTO),
    "jpeg 2000": (encoded(four_corners(), "JPEG2000"), Refusal.NOT_A_PHOTO),
    "fli animation": (struct.pack("<IHHHH", 128, 0xAF11, 1, 8, 8) + bytes(116), Refusal.NOT_A_PHOTO),
    "zip": (b"PK\3\4" + bytes(60), Refusal.NOT_A_PHOTO),
    "program": (b"\x7fELF" + bytes(60), Refusal.NOT_A_PHOTO),
    "film from a phone named .jpg": (box(b"ftyp", b"qt  \0\0\0\0qt  ") + box(b"mdat", b"x" * 99), Refusal.NOT_A_PHOTO),
    "mp4": (box(b"ftyp", b"isom\0\0\2\0isommp41") + box(b"mdat", b"x" * 99), Refusal.NOT_A_PHOTO),
    "avif": (box(b"ftyp", b"avif\0\0\0\0mif1avif") + box(b"mdat", b"x" * 99), Refusal.NOT_A_PHOTO),
    "avif that calls itself heif": (heif_claiming(9, 9, b"mif1\0\0\0\0mif1avif"), Refusal.NOT_A_PHOTO),
    "heif burst": (heif_claiming(9, 9, b"hevc\0\0\0\0msf1hevc"), Refusal.MOVING),
    "animated webp": (moving("WEBP"), Refusal.MOVING),
    "webp of many frames": (moving("WEBP", 40), Refusal.MOVING),
    "webp that hides its frames": (webp_with((b"ANMF", bytes(24))), Refusal.MOVING),
    "webp that only says it moves": (webp_with(flags=0x02), Refusal.MOVING),
    "animated png": (moving("PNG"), Refusal.MOVING),
    "png that hides its frames": (png_with((b"fcTL", bytes(26))), Refusal.MOVING),
    "half a jpeg": (cut(JPEG, 0.5), Refusal.CUT_SHORT),
    "most of a jpeg": (cut(encoded(four_corners(), quality=95, subsampling=0), 0.9), Refusal.CUT_SHORT),
    "head of a jpeg": (JPEG[:40], Refusal.CUT_SHORT),
    "jpeg signature alone": (b"\xff\xd8\xff", Refusal.CUT_SHORT),
    "half a png": (cut(PNG, 0.5), Refusal.CUT_SHORT),
    "png without its end": (png_without_end(), Refusal.CUT_SHORT),
    "png signature alone": (PNG[:8], Refusal.CUT_SHORT),
    "half a webp": (cut(WEBP, 0.5), Refusal.CUT_SHORT),
    "half a heic": (cut(HEIC, 0.5), Refusal.CUT_SHORT),
    "heic signature alone": (HEIC[:24], Refusal.CUT_SHORT),
    "seventeen kilobytes that swell to 144 megapixels": (png_bomb(12_000), Refusal.TOO_MANY_PIXELS),
    "seventy kilobytes that swell to 625 megapixels": (png_bomb(25_000), Refusal.TOO_MANY_PIXELS),
    "png of 2^31 squared": (png(2**31 - 1, 2**31 - 1, 8, 2, [b"\0" * 30]), Refusal.TOO_MANY_PIXELS),
    "jpeg that claims 65535 squared": (
        JPEG.replace(struct.pack(">HH", 240, 320), b"\xff" * 4), Refusal.TOO_MANY_PIXELS
    ),
    "heif that claims 30000 squared": (heif_claiming(30_000, 30_000), Refusal.TOO_MANY_PIXELS),
    "webp that claims 16384 squared": (
        webp_with().replace(b"\x3f\1\0\xef\0\0", b"\xff\x3f\0" * 2), Refusal.TOO_MANY_PIXELS
    ),
    "png without width": (png(0, 9, 8, 0, [b""]), Refusal.UNREADABLE),
    "png without pixels": (PNG[:33] + png_chunk(b"IEND", b""), Refusal.UNREADABLE),
    "png whose pixels are no pixels": (
        PNG[:33] + png_chunk(b"IDAT", b"garbage") + png_chunk(b"IEND", b""), Refusal.UNREADABLE
    ),
    "png with a text bomb": (
        png_with((b"zTXt", b"Comment\0\0" + zlib.compress(bytes(80_000_000), 9))), Refusal.UNREADABLE
    ),
    "png of empty chunks": (PNG[:33] + png_chunk(b"teXt", b"") * MAX_PARTS + PNG[33:], Refusal.UNREADABLE),
    "jpeg of fill bytes": (b"\xff\xd8" + b"\xff" * 4_000_000, Refusal.UNREADABLE),
    "jpeg with two frame headers": (two_frame_headers(), Refusal.UNREADABLE),
    "jpeg of no segments": (b"\xff\xd8\xff\xe0\0\4ab" + b"noise" * 99, Refusal.UNREADABLE),
    "heif without a picture": (heif_claiming(9, 9), Refusal.UNREADABLE),
    "webp without a picture": (b"RIFF" + struct.pack("<I", 12) + b"WEBPXYZ \0\0\0\0", Refusal.UNREADABLE),
    "webp whose pixels are noise": (
        b"RIFF" + struct.pack("<I", 62) + b"WEBPVP8 " + struct.pack("<I", 50) + b"\x10\0\0\x9d\1\x2a\x40\0\x40\0" * 5,
        Refusal.UNREADABLE,
    ),
}  # fmt: skip


def test_there_are_at_least_forty_ways_to_be_refused():
    assert len(REFUSED) >= 40


@pytest.mark.parametrize("name", REFUSED)
def test_a_hostile_file_is_refused_with_its_reason(name):
    data, why = REFUSED[name]
    with pytest.raises(PhotoRefused) as refused:
        darkroom.develop(data)
    assert refused.value.why is why


@pytest.mark.parametrize("name", [name for name, (_, why) in REFUSED.items() if why is Refusal.TOO_MANY_PIXELS])
def test_a_bomb_is_refused_before_any_process_is_started(name, monkeypatch):
    monkeypatch.setattr(darkroom, "PROGRAM", "/nowhere")
    monkeypatch.setattr(darkroom.subprocess, "Popen", None)
    with pytest.raises(PhotoRefused, match="TOO_MANY_PIXELS"):
        darkroom.develop(REFUSED[name][0])


def test_a_webp_that_lies_about_its_size_is_found_out_by_the_decoder():
    lying = webp_with(picture=four_corners((64, 64))).replace(b"\x3f\0\0" * 2, b"\x1f\0\0" * 2)
    with pytest.raises(PhotoRefused):
        darkroom.develop(lying)


@pytest.mark.parametrize(
    ("data", "kind"),
    [(JPEG, Kind.JPEG), (PNG, Kind.PNG), (WEBP, Kind.WEBP), (webp_with(), Kind.WEBP), (HEIC, Kind.HEIF)],
)
def test_an_honest_photo_of_each_kind_is_known_by_its_bytes(data, kind):
    assert inspect(data) is kind
    assert darkroom.develop(data).width == 320


def test_a_photo_of_fifty_megapixels_is_still_a_photo():
    found = darkroom.develop(encoded(Image.new("L", (8192, 6144), 90)))
    assert (found.width, found.height) == (2048, 1536)


def test_a_phone_that_puts_two_pictures_in_one_jpeg_is_not_turned_away():
    """MPO: portrait modes and stereo cameras write it under the name .jpg; the first picture is the photo."""
    pair = encoded(four_corners(), "MPO", save_all=True, append_images=[Image.new("RGB", (40, 40), "pink")])
    assert darkroom.develop(pair).width == 320


def test_every_reason_has_words_for_the_person():
    assert all(refusal.label.endswith(".") for refusal in Refusal)


def test_a_jpeg_with_words_is_not_bare_and_a_print_is():
    assert is_bare_jpeg(darkroom.develop(JPEG).photo)
    assert not is_bare_jpeg(jpeg_with((0xFE, b"a comment")))
    assert not is_bare_jpeg(jpeg_with((0xE1, b"Exif\0\0")))
    assert not is_bare_jpeg(JPEG + b"tail")
    assert not is_bare_jpeg(JPEG[:-2] + b"\xff\xe1\0\6abcd\xff\xd9")
    assert not is_bare_jpeg(JPEG + JPEG)
    assert not is_bare_jpeg(PNG)


@given(st.sampled_from([JPEG, PNG, WEBP, HEIC, webp_with(), heif_claiming(9, 9)]), st.data())
def test_no_broken_header_is_more_than_a_refusal(data, draw):
    """Bytes changed, cut out or put in anywhere: the inspection answers or refuses, it never stumbles."""
    at = draw.draw(st.integers(0, len(data) - 1))
    end = draw.draw(st.integers(at, min(len(data), at + 64)))
    broken = data[:at] + draw.draw(st.binary(max_size=16)) + data[end:]
    with contextlib.suppress(PhotoRefused):
        assert inspect(broken) in Kind
