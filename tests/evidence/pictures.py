"""Pictures for the tests, honest and hostile, drawn or forged byte by byte. Nothing is read from disk."""

import io
import struct
import zipfile
import zlib

import pillow_heif
from PIL import Image, ImageCms, ImageDraw, PngImagePlugin

pillow_heif.register_heif_opener()

RED, GREEN, BLUE, YELLOW = (200, 30, 30), (30, 160, 40), (30, 40, 190), (230, 210, 40)


def four_corners(size=(320, 240)):
    """A picture whose corners cannot be mistaken: red, green over blue, yellow."""
    picture = Image.new("RGB", size, RED)
    draw, (w, h) = ImageDraw.Draw(picture), size
    draw.rectangle((w // 2, 0, w, h // 2), GREEN)
    draw.rectangle((0, h // 2, w // 2, h), BLUE)
    draw.rectangle((w // 2, h // 2, w, h), YELLOW)
    return picture


def corners(picture):
    """The colours in the middle of the four quarters: top left, top right, bottom left, bottom right."""
    w, h = picture.size
    spots = [(w // 4, h // 4), (3 * w // 4, h // 4), (w // 4, 3 * h // 4), (3 * w // 4, 3 * h // 4)]
    return [picture.convert("RGB").getpixel(spot) for spot in spots]


def close(one, other, tolerance=16):
    pairs = zip(one, other, strict=True)
    return all(abs(a - b) <= tolerance for left, right in pairs for a, b in zip(left, right, strict=True))


def encoded(picture, kind="JPEG", **options):
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def opened(data):
    return Image.open(io.BytesIO(data))


# ─── forging ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def jpeg_with(*segments, picture=None, end=b""):
    """A JPEG with extra (marker, content) segments after its start and bytes after its end."""
    data = encoded(picture or four_corners())
    extra = b"".join(struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body for marker, body in segments)
    return data[:2] + extra + data[2:] + end


def png_chunk(name, body):
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png(width, height, bits, colour, rows, *chunks):
    """A PNG made by hand: `rows` are the bytes of each line."""
    head = png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0))
    packer = zlib.compressobj(9)
    pixels = b"".join(packer.compress(b"\0" + row) for row in rows) + packer.flush()
    middle = b"".join(png_chunk(*chunk) for chunk in chunks)
    return b"\x89PNG\r\n\x1a\n" + head + middle + png_chunk(b"IDAT", pixels) + png_chunk(b"IEND", b"")


def png_bomb(side):
    """A few kilobytes that swell to `side` squared pixels."""
    return png(side, side, 1, 0, (b"\0" * ((side + 7) // 8) for _ in range(side)))


def png_with(*chunks, end=b"", picture=None):
    data = encoded(picture or four_corners(), "PNG")
    return data[:33] + b"".join(png_chunk(*chunk) for chunk in chunks) + data[33:] + end


def webp_with(*chunks, picture=None, end=b"", flags=0):
    """An extended WebP with extra chunks after its pixels."""
    picture = picture or four_corners()
    pixels = encoded(picture, "WEBP", lossless=True)[12:]
    size = (picture.width - 1).to_bytes(3, "little") + (picture.height - 1).to_bytes(3, "little")
    extra = b"".join(name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) & 1) for name, body in chunks)
    body = b"WEBPVP8X" + struct.pack("<I", 10) + bytes([flags, 0, 0, 0]) + size + pixels + extra
    return b"RIFF" + struct.pack("<I", len(body)) + body + end


def box(name, body):
    return struct.pack(">I4s", len(body) + 8, name) + body


def heif_claiming(width, height, brands=b"heic\0\0\0\0mif1heic"):
    """A HEIF whose only picture says it is this large."""
    ispe = box(b"ispe", struct.pack(">III", 0, width, height))
    return box(b"ftyp", brands) + box(b"meta", b"\0\0\0\0" + box(b"iprp", box(b"ipco", ispe)))


def moving(kind, frames=3):
    pictures = [Image.new("RGB", (32, 32), (value * 40, 0, 0)) for value in range(frames)]
    return encoded(pictures[0], kind, save_all=True, append_images=pictures[1:], duration=50, loop=0)


def a_zip(text):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr("note.txt", text)
    return out.getvalue()


# ─── what a camera writes ─────────────────────────────────────────────────────────────────────────────────────────────


def exif(*, lon=None, lat=None, taken=None, zone=None, gps_time=None, orientation=None, **words):
    """EXIF as a phone writes it; `words` are further tags of the camera's table by number (`t315="…"`)."""
    table = Image.Exif()
    camera, gps = table.get_ifd(0x8769), table.get_ifd(0x8825)
    for tag, word in words.items():
        number = int(tag[1:])
        (camera if number in CAMERA_TAGS else gps if number < 0x20 else table)[number] = word
    if lon is not None:
        gps |= {1: "S" if lat < 0 else "N", 2: _sixties(lat), 3: "W" if lon < 0 else "E", 4: _sixties(lon)}
    if gps_time:
        gps |= {0x1D: gps_time.strftime("%Y:%m:%d"), 7: (gps_time.hour, gps_time.minute, gps_time.second)}
    camera |= {tag: word for tag, word in ((0x9003, taken), (0x9011, zone)) if word}
    if orientation:
        table[0x0112] = orientation
    table[0x8769], table[0x8825] = camera, gps
    return table


CAMERA_TAGS = {0x927C, 0x9286, 0xA420, 0xA430, 0xA431, 0xA433, 0xA434, 0xA435}


def _sixties(value):
    minutes, seconds = divmod(round(abs(value) * 3600, 3), 60)
    degrees, minutes = divmod(minutes, 60)
    return (degrees, minutes, seconds)


def wide_profile(name):
    """An ICC profile that carries a word, as profiles of cameras carry their maker's."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return profile.replace(b"sRGB", name[:4]) if b"sRGB" in profile else profile + name


def png_text(**words):
    info = PngImagePlugin.PngInfo()
    for key, word in words.items():
        info.add_text(key, word)
    return info
