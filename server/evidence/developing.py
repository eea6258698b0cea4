"""The one program that opens what strangers send. It runs alone, as a child of the darkroom, one photo to a life.

Nothing of Tessera is imported here: the child is started with `python -I`, an empty environment and two
pipes. Before it reads a byte of the photo it gives up memory, time, files, sockets and, when it has them, root's
rights. In: one frame of JSON (what to do), one frame of bytes. Out: one frame of JSON, two of JPEG.
"""

import contextlib
import io
import json
import math
import os
import resource
import struct
import sys
import warnings
from datetime import datetime, timedelta
from statistics import median
from typing import IO, Any

# The plugins are imported now, because later the child can open no file: Pillow looks for them when it meets a need.
from PIL import (
    ExifTags,
    Image,
    ImageCms,
    ImageFile,
    JpegImagePlugin,  # noqa: F401
    MpoImagePlugin,  # noqa: F401
    PngImagePlugin,  # noqa: F401
    TiffImagePlugin,  # noqa: F401
    WebPImagePlugin,  # noqa: F401
)

UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
# A camera's clock without its zone may stand anywhere on Earth: up to fourteen hours from UTC.
ANY_ZONE = timedelta(hours=14)
HASH_SIDE, HASH_BITS = 32, 8
COVER = (20, 32, 43)
NOBODY = 65534


def main() -> None:
    """Answer one request and end."""
    order = json.loads(read_frame(sys.stdin.buffer))
    give_up_rights(order)
    say_ready(order)
    data = read_frame(sys.stdin.buffer)
    for part in develop(data, order):
        sys.stdout.buffer.write(struct.pack(">I", len(part)) + part)
    sys.stdout.buffer.flush()


def say_ready(order: dict[str, Any]) -> None:
    """From here on a failure is the photo's; before, it was this machine's, and the photo must not suffer for it."""
    sys.stdout.buffer.write(order["ready"].encode())
    sys.stdout.buffer.flush()


def read_frame(stream: IO[bytes]) -> bytes:
    """Four bytes of length, then that many bytes; EOFError when fewer come."""
    length = struct.unpack(">I", _exactly(stream, 4))[0]
    return _exactly(stream, length)


def _exactly(stream: IO[bytes], length: int) -> bytes:
    data = stream.read(length)
    if len(data) != length:
        raise EOFError("the frame is shorter than it says")
    return data


def give_up_rights(order: dict[str, Any]) -> None:
    """From here on: so much memory, so many seconds, no new file, no socket, no child, no other user's rights."""
    Image.preinit()
    if order["kind"] == "HEIF":
        _learn_heif()
    for name, most in order["limits"].items():
        resource.setrlimit(getattr(resource, name), (most, most))
    if os.geteuid() == 0:
        _become_nobody()
    Image.MAX_IMAGE_PIXELS = order["max_pixels"]
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    warnings.simplefilter("ignore")
    warnings.simplefilter("error", Image.DecompressionBombWarning)


def _become_nobody() -> None:
    """Root no more. The root of a container without other users cannot change, and is nobody outside of it anyway."""
    with contextlib.suppress(OSError):
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)


def _learn_heif() -> None:
    """A HEIC carries a small picture beside the large one; taking it would show what somebody else chose."""
    import pillow_heif

    pillow_heif.register_heif_opener(thumbnails=False, depth_images=False, aux_images=False, decode_threads=1)


def develop(data: bytes, order: dict[str, Any]) -> list[bytes]:
    """[facts, photo, thumbnail], or [{"refused": code}] when this is no picture that can be opened whole."""
    try:
        picture = Image.open(io.BytesIO(data), formats=[order["kind"]])
        if picture.width * picture.height > order["max_pixels"]:
            return [_json({"refused": "TOO_MANY_PIXELS"})]
        picture.draft("RGB", (order["photo_px"],) * 2)
        # The pixels before the words: reading a PNG's EXIF loads the pixels too, and would swallow their errors.
        picture.load()
        facts = read_facts(picture)
        canvas = paint(picture, longest=order["photo_px"], turned=facts.pop("orientation"))
    except (MemoryError, Image.DecompressionBombError, Image.DecompressionBombWarning):
        return [_json({"refused": "TOO_HEAVY"})]
    except Exception as error:  # noqa: BLE001 - whatever a decoder stumbles over, the answer is the same
        return [_json({"refused": "CUT_SHORT" if "truncated" in str(error) else "UNREADABLE"})]
    cover(canvas, order.get("parts", []))
    small = canvas.copy()
    small.thumbnail((order["thumbnail_px"],) * 2, Image.Resampling.LANCZOS)
    found = {**facts, "width": canvas.width, "height": canvas.height, "phash": fingerprint(canvas)}
    return [_json(found), _jpeg(canvas, order["quality"]), _jpeg(small, order["quality"])]


def _json(value: dict[str, Any]) -> bytes:
    return json.dumps(value).encode()


def _jpeg(canvas: Image.Image, quality: int) -> bytes:
    out = io.BytesIO()
    canvas.save(out, "JPEG", quality=quality, optimize=True)
    return out.getvalue()


# --- pixels


def paint(picture: Image.Image, *, longest: int, turned: int) -> Image.Image:
    """The pixels alone, upright, in sRGB, on a fresh white canvas no longer than `longest` on either side."""
    profile = picture.info.get("icc_profile")
    picture = _plain(picture)
    picture.thumbnail((longest, longest), Image.Resampling.LANCZOS)
    picture = _in_srgb(picture, profile)
    if turned in UPRIGHT:
        picture = picture.transpose(UPRIGHT[turned])
    canvas = Image.new("RGB", picture.size, "white")
    canvas.paste(picture, (0, 0), picture if picture.mode == "RGBA" else None)
    return canvas


def cover(canvas: Image.Image, parts: list[list[float]]) -> None:
    """Paint parts over with one flat colour: what is blurred can be sharpened again. Parts are (left, top, width, height), 0 to 1."""
    for left, top, width, height in parts:
        corner = (math.floor(left * canvas.width), math.floor(top * canvas.height))
        other = (math.ceil((left + width) * canvas.width), math.ceil((top + height) * canvas.height))
        canvas.paste(COVER, (*corner, min(other[0], canvas.width), min(other[1], canvas.height)))


def _plain(picture: Image.Image) -> Image.Image:
    """L, RGB, RGBA or CMYK with eight bits to a channel, so that shrinking mixes colours and not palette numbers."""
    if picture.mode.startswith("I"):
        return _eight_bits(picture)
    if picture.has_transparency_data:
        return picture.convert("RGBA")
    return picture if picture.mode in {"L", "RGB", "CMYK"} else picture.convert("L" if picture.mode == "1" else "RGB")


def _eight_bits(picture: Image.Image) -> Image.Image:
    """Sixteen bits of grey to eight by the high byte; Pillow's own conversion clips everything above 255 to white."""
    return picture.convert("I").point([value >> 8 for value in range(65536)], "L")


def _in_srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    """The colours the camera meant; an odd or broken profile is passed over, the pixels stay."""
    if profile and picture.mode in {"RGB", "CMYK"}:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            target = ImageCms.createProfile("sRGB")
            return ImageCms.profileToProfile(picture, source, target, outputMode="RGB") or picture.convert("RGB")
        except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
            return picture.convert("RGB")
    return picture if picture.mode == "RGBA" else picture.convert("RGB")


def fingerprint(canvas: Image.Image) -> str:
    """64 bits in hex that stay when a picture is shrunk or compressed again: the DCT hash as ImageHash computes it."""
    grey = canvas.convert("L").resize((HASH_SIDE, HASH_SIDE), Image.Resampling.LANCZOS)
    rows = [list[float](grey.tobytes()[at : at + HASH_SIDE]) for at in range(0, HASH_SIDE**2, HASH_SIDE)]
    low = _transposed([_low_waves(column) for column in _transposed([_low_waves(row) for row in rows])])
    waves = [wave for row in low for wave in row]
    middle = median(waves)
    return f"{int(''.join('1' if wave > middle else '0' for wave in waves), 2):016x}"


def _low_waves(values: list[float]) -> list[float]:
    """The eight longest waves in a row of values (DCT-II)."""
    step = math.pi / (2 * len(values))
    return [sum(v * math.cos(step * k * (2 * n + 1)) for n, v in enumerate(values)) for k in range(HASH_BITS)]


def _transposed(rows: list[list[float]]) -> list[list[float]]:
    return [list(column) for column in zip(*rows, strict=True)]


# --- what the camera wrote


def read_facts(picture: Image.Image) -> dict[str, Any]:
    """{orientation, point: [lon, lat] | None, taken: [earliest, latest] ISO | None}; unreadable EXIF is no EXIF."""
    try:
        exif = picture.getexif()
        camera, gps = exif.get_ifd(ExifTags.IFD.Exif), exif.get_ifd(ExifTags.IFD.GPSInfo)
        turned = exif.get(ExifTags.Base.Orientation, 1)
    except Exception:  # noqa: BLE001 - EXIF is written by anybody; a broken one takes nothing from the pixels
        return {"orientation": 1, "point": None, "taken": None}
    return {"orientation": turned, "point": _or_none(_point, gps), "taken": _or_none(_taken, camera, gps)}


def _or_none(read: Any, *tables: dict[int, Any]) -> Any:
    try:
        return read(*tables)
    except Exception:  # noqa: BLE001 - as above: a fact that cannot be read is a fact we do not have
        return None


def _point(gps: dict[int, Any]) -> list[float] | None:
    lon = _degrees(gps[ExifTags.GPS.GPSLongitude], gps.get(ExifTags.GPS.GPSLongitudeRef, "E"))
    lat = _degrees(gps[ExifTags.GPS.GPSLatitude], gps.get(ExifTags.GPS.GPSLatitudeRef, "N"))
    believable = abs(lon) <= 180 and abs(lat) <= 90 and (lon, lat) != (0.0, 0.0)
    return [round(lon, 6), round(lat, 6)] if believable else None


def _degrees(parts: tuple[Any, ...], half: str) -> float:
    degrees, minutes, seconds = (float(part) for part in parts)
    value = degrees + minutes / 60 + seconds / 3600
    if not math.isfinite(value):
        raise ValueError("not a position")
    return -value if half in {"S", "W"} else value


def _taken(camera: dict[int, Any], gps: dict[int, Any]) -> list[str] | None:
    """The interval in which the picture was taken: one instant where the zone is known, else 28 hours."""
    if ExifTags.GPS.GPSDateStamp in gps and ExifTags.GPS.GPSTimeStamp in gps:
        hours, minutes, seconds = (int(float(part)) for part in gps[ExifTags.GPS.GPSTimeStamp])
        at = _moment(gps[ExifTags.GPS.GPSDateStamp], f" {hours:02}:{minutes:02}:{seconds:02}+00:00")
        return [at.isoformat()] * 2
    said = camera[ExifTags.Base.DateTimeOriginal]
    if zone := str(camera.get(ExifTags.Base.OffsetTimeOriginal, "")).strip("\0 "):
        return [_moment(said, zone).isoformat()] * 2
    at = _moment(said, "+00:00")
    return [(at - ANY_ZONE).isoformat(), (at + ANY_ZONE).isoformat()]


def _moment(said: Any, rest: str) -> datetime:
    """The instant of an EXIF date ("2026:11:20 10:30:00"); `strptime` would have to import a file we may not open."""
    day, _, clock = str(said).strip("\0 ").partition(" ")
    return datetime.fromisoformat(f"{day.replace(':', '-')} {clock}".strip() + rest)


if __name__ == "__main__":
    main()
