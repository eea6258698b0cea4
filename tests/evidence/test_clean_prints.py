"""Nothing that a camera, an editor or an attacker wrote into a file is left in the picture Tessera keeps."""

import base64
import json
import struct
import zlib

import pytest

from server.evidence import darkroom
from tests.evidence.pictures import (
    RED,
    a_zip,
    box,
    close,
    corners,
    encoded,
    exif,
    four_corners,
    jpeg_with,
    opened,
    png_with,
    webp_with,
    wide_profile,
)

pytestmark = pytest.mark.pure

PACKED = zlib.compress(b"planted-ztxt")
XMP = b"http://ns.adobe.com/xap/1.0/\0"
OTHER_PICTURE = jpeg_with((0xFE, b"planted-thumbnail"), picture=four_corners((160, 120)).rotate(180))


def tiff_words(*pairs):
    """EXIF of the simplest kind: one table of words."""
    head, body, at = b"", b"", 8 + 2 + 12 * len(pairs) + 4
    for tag, word in pairs:
        padded = word + b"\0" * (8 - len(word))
        head += struct.pack(">HHII", tag, 2, len(padded), at + len(body))
        body += padded
    return b"MM\0\x2a\0\0\0\x08" + struct.pack(">H", len(pairs)) + head + b"\0\0\0\0" + body


def planted_exif(**words):
    return encoded(four_corners(), exif=exif(**words))


def iptc(tag, word):
    record = b"\x1c\x02" + bytes([tag]) + struct.pack(">H", len(word)) + word
    return jpeg_with((0xED, b"Photoshop 3.0\0" + b"8BIM\4\4\0\0" + struct.pack(">I", len(record)) + record))


def xmp(name, word):
    return jpeg_with((0xE1, XMP + b"<x:xmpmeta><%s>%s</%s></x:xmpmeta>" % (name, word, name)))


def heic(**options):
    return encoded(four_corners(), "HEIF", **options)


# Each: a file, and the bytes in it that must not come out. Words that a format compresses are still looked for.
PLANTED = {
    "exif make": (planted_exif(t271="planted-make"), b"planted-make"),
    "exif model": (planted_exif(t272="planted-model"), b"planted-model"),
    "exif description": (planted_exif(t270="planted-describe"), b"planted-describe"),
    "exif artist": (planted_exif(t315="planted-artist"), b"planted-artist"),
    "exif copyright": (planted_exif(t33432="planted-copyright"), b"planted-copyright"),
    "exif software": (planted_exif(t305="planted-software"), b"planted-software"),
    "exif host computer": (planted_exif(t316="planted-host"), b"planted-host"),
    "exif date": (planted_exif(taken="2026:11:20 10:11:12"), b"2026:11:20 10:11:12"),
    "exif owner": (planted_exif(t42032="planted-owner"), b"planted-owner"),
    "exif body serial": (planted_exif(t42033="planted-serial"), b"planted-serial"),
    "exif lens make": (planted_exif(t42035="planted-lensmake"), b"planted-lensmake"),
    "exif lens model": (planted_exif(t42036="planted-lens"), b"planted-lens"),
    "exif lens serial": (planted_exif(t42037="planted-lensserial"), b"planted-lensserial"),
    "exif image id": (planted_exif(t42016="planted-imageid"), b"planted-imageid"),
    "exif comment": (planted_exif(t37510=b"ASCII\0\0\0planted-usercomment"), b"planted-usercomment"),
    "maker note": (planted_exif(t37500=b"Apple iOS\0planted-makernote"), b"planted-makernote"),
    "windows author": (planted_exif(t40093="planted-author".encode("utf-16le")), "planted-author".encode("utf-16le")),
    "gps place": (planted_exif(lon=35.1234, lat=48.5678, t28=b"ASCII\0\0\0planted-area"), b"planted-area"),
    "gps method": (planted_exif(lon=35.1234, lat=48.5678, t27=b"ASCII\0\0\0planted-method"), b"planted-method"),
    "other thumbnail": (encoded(four_corners(), exif=tiff_words((0x0201, OTHER_PICTURE))), b"planted-thumbnail"),
    "xmp creator": (xmp(b"dc:creator", b"planted-creator"), b"planted-creator"),
    "xmp gps": (xmp(b"exif:GPSLatitude", b"planted-48,30N"), b"planted-48,30N"),
    "xmp face names": (xmp(b"mwg-rs:Name", "planted-Олена".encode()), "planted-Олена".encode()),
    "extended xmp": (jpeg_with((0xE1, b"http://ns.adobe.com/xmp/extension/\0planted-ext")), b"planted-ext"),
    "iptc byline": (iptc(80, b"planted-byline"), b"planted-byline"),
    "iptc caption": (iptc(120, b"planted-caption"), b"planted-caption"),
    "iptc city": (iptc(90, b"planted-city"), b"planted-city"),
    "colour profile": (encoded(four_corners(), icc_profile=wide_profile(b"planted-icc")), b"plan"),
    "broken colour profile": (encoded(four_corners(), icc_profile=b"planted-badicc" * 9), b"planted-badicc"),
    "jpeg comment": (jpeg_with((0xFE, b"planted-comment")), b"planted-comment"),
    "second jpeg comment": (jpeg_with((0xFE, b"x"), (0xFE, b"planted-second")), b"planted-second"),
    "content credentials": (jpeg_with((0xEB, b"JP\0\1\0\0\0\1" + box(b"jumb", b"planted-c2pa"))), b"planted-c2pa"),
    "picture index": (jpeg_with((0xE2, b"MPF\0planted-mpf")), b"planted-mpf"),
    "depth map": (jpeg_with((0xE8, b"planted-app8")), b"planted-app8"),
    "private segment": (jpeg_with((0xEF, b"planted-app15")), b"planted-app15"),
    "jpeg + zip": (jpeg_with(end=a_zip("planted-zip")), b"PK\3\4"),
    "jpeg + html": (jpeg_with(end=b"<script>planted-html</script>"), b"<script>"),
    "html in a jpeg comment": (jpeg_with((0xFE, b"<script>planted-inner</script>")), b"<script>"),
    "jpeg + pdf": (jpeg_with(end=encoded(four_corners(), "PDF")), b"%PDF"),
    "jpeg + film": (jpeg_with(end=box(b"ftyp", b"mp42") + box(b"mdat", b"planted-film")), b"planted-film"),
    "jpeg + second jpeg": (jpeg_with(end=OTHER_PICTURE), b"planted-thumbnail"),
    "png text": (png_with((b"tEXt", b"Author\0planted-text")), b"planted-text"),
    "png packed text": (png_with((b"zTXt", b"Author\0\0" + PACKED)), PACKED),
    "png international text": (png_with((b"iTXt", b"Author\0\0\0uk\0\0planted-itxt")), b"planted-itxt"),
    "png exif": (png_with((b"eXIf", tiff_words((0x013B, b"planted-pngexif")))), b"planted-pngexif"),
    "png time": (png_with((b"tIME", b"\x07\xea\x0b\x14\x0a\x0b\x0c")), b"\x07\xea\x0b\x14\x0a\x0b\x0c"),
    "png profile name": (png_with((b"iCCP", b"planted-name\0\0" + zlib.compress(b"icc"))), b"planted-name"),
    "png private chunk": (png_with((b"prVt", b"planted-chunk")), b"planted-chunk"),
    "png + tail": (png_with(end=b"planted-tail"), b"planted-tail"),
    "webp exif": (webp_with((b"EXIF", tiff_words((0x013B, b"planted-webpexif")))), b"planted-webpexif"),
    "webp xmp": (webp_with((b"XMP ", b"<x:xmpmeta>planted-webpxmp")), b"planted-webpxmp"),
    "webp profile": (webp_with((b"ICCP", b"planted-webpicc")), b"planted-webpicc"),
    "webp private chunk": (webp_with((b"prvt", b"planted-webpchunk")), b"planted-webpchunk"),
    "webp + tail": (webp_with(end=b"planted-webptail"), b"planted-webptail"),
    "heic exif": (heic(exif=exif(t315="planted-heicexif").tobytes()), b"planted-heicexif"),
    "heic xmp": (heic(xmp=b"<x:xmpmeta>planted-heicxmp</x:xmpmeta>"), b"planted-heicxmp"),
    "heic free box": (heic() + box(b"free", b"planted-free"), b"planted-free"),
    "heic uuid box": (heic() + box(b"uuid", b"0123456789abcdefplanted-uuid"), b"planted-uuid"),
}  # fmt: skip


def test_at_least_forty_identifiers_are_planted():
    assert len(PLANTED) >= 40


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_identifier_does_not_survive(name):
    data, word = PLANTED[name]
    assert word in data
    found = darkroom.develop(data)
    assert word not in found.photo
    assert word not in found.thumbnail
    for picture in map(opened, (found.photo, found.thumbnail)):
        assert set(picture.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
        assert dict(picture.getexif()) == {}


def test_the_small_picture_shows_what_the_large_one_shows_not_what_the_sender_hid():
    data, _ = PLANTED["other thumbnail"]
    found = darkroom.develop(data)
    assert close(corners(opened(found.thumbnail)), corners(opened(found.photo)))
    assert close(corners(opened(found.thumbnail))[:1], [RED])


def test_two_photos_with_other_words_and_equal_pixels_become_one_file():
    one, other = (darkroom.develop(PLANTED[name][0]) for name in ("exif owner", "jpeg comment"))
    assert one.photo == other.photo


def test_a_motion_photo_gives_its_still():
    data, _ = PLANTED["jpeg + film"]
    assert close(corners(opened(darkroom.develop(data).photo)), corners(four_corners()))


def test_facts_leave_the_child_as_numbers_only():
    """Words of the camera never travel: what is read is a place and an instant."""
    data = planted_exif(t315="planted-artist", lon=35.5, lat=48.25, taken="2026:11:20 10:00:00", zone="+02:00")
    answer = darkroom._ask_child(darkroom.Kind.JPEG, data)
    length = struct.unpack(">I", answer[:4])[0]
    assert set(json.loads(answer[4 : 4 + length])) == {"point", "taken", "width", "height", "phash"}
    assert b"planted" not in answer
    assert base64.b64encode(b"planted")[:8] not in answer
