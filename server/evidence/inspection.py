"""What a file is, told from its bytes alone: never from its name, never from what the sender calls it.

Pure, and quick: only headers are read here. Decoding, which is where hostile files bite, happens in the
darkroom, and only for files this page let through.
"""

import re
import struct
from collections.abc import Callable, Iterator
from enum import StrEnum

from server.core.choices import N_, Choice

MAX_BYTES = 15_000_000
# Fifty "megapixels" as phones are sold: 8192 x 6144 is the largest common sensor grid of that name.
MAX_PIXELS = 8192 * 6144

# No honest photo has more pieces than this; a walk over millions of empty ones would keep a worker busy.
MAX_PARTS = 50_000

JPEG_START = b"\xff\xd8\xff"
PNG_START = b"\x89PNG\r\n\x1a\n"
HEIF_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"mif1"})
HEIF_SEQUENCES = frozenset({b"hevc", b"hevx", b"hevm", b"hevs", b"msf1"})
JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
JPEG_BARE = frozenset({*range(0xD0, 0xD9), 0x01})

# Within the pixels 0xFF is followed by 0x00 or a restart mark. Any other mark but the last, the end, is no pixel.
_MARK_IN_PIXELS = re.compile(rb"\xff[^\x00\xd0-\xd7]", re.DOTALL)


class Kind(StrEnum):
    """The four kinds of picture a phone makes; the value is Pillow's name of the format."""

    JPEG = "JPEG"
    PNG = "PNG"
    WEBP = "WEBP"
    HEIF = "HEIF"


class Refusal(Choice):
    """Why a photo was not kept, in words for the person who sent it. The report itself is kept always."""

    EMPTY = "EMPTY", N_("The file is empty.")
    TOO_MANY_BYTES = "TOO_MANY_BYTES", N_("The file is larger than 15 MB.")
    NOT_A_PHOTO = "NOT_A_PHOTO", N_("This is not a photo we can take. Send a JPEG, PNG, WebP or HEIC picture.")
    MOVING = "MOVING", N_("This is a moving picture. Send a still photo.")
    CUT_SHORT = "CUT_SHORT", N_("The photo did not arrive whole. Send it again.")
    TOO_MANY_PIXELS = "TOO_MANY_PIXELS", N_("The picture is larger than 50 megapixels. Send a smaller one.")
    UNREADABLE = "UNREADABLE", N_("The photo is damaged and cannot be opened.")
    NO_ROOM = "NO_ROOM", N_("There is no room for photos at this moment. Send it again later.")
    LOST = "LOST", N_("The photo was damaged in our keeping.")
    TOO_HEAVY = "TOO_HEAVY", N_("Opening the photo takes too much memory or time. Send a smaller or simpler one.")


class PhotoRefused(ValueError):
    """This file is not kept; `why` says so in the person's language."""

    def __init__(self, why: Refusal) -> None:
        super().__init__(why.value)
        self.why = why


def inspect(data: bytes) -> Kind:
    """The kind of a photo fit for the darkroom; PhotoRefused for anything else."""
    _check_length(data)
    kind = _kind(data)
    width, height = _READERS[kind](data)
    if width < 1 or height < 1:
        raise PhotoRefused(Refusal.UNREADABLE)
    if width * height > MAX_PIXELS:
        raise PhotoRefused(Refusal.TOO_MANY_PIXELS)
    return kind


def is_bare_jpeg(data: bytes) -> bool:
    """True when a JPEG holds pixels and nothing else: no EXIF, XMP, profile, comment, nothing after its end."""
    if not data.startswith(JPEG_START):
        return False
    try:
        segments = list(_jpeg_segments(data))
    except (PhotoRefused, struct.error, IndexError):
        return False
    marks = list(_MARK_IN_PIXELS.finditer(data, segments[-1][1]))
    return not any(_carries_words(marker) for marker, _ in segments) and [mark.span() for mark in marks] == [
        (len(data) - 2, len(data))
    ]


def jpeg_size(data: bytes) -> tuple[int, int]:
    """Width and height; a JPEG has exactly one frame header."""
    sizes = [struct.unpack_from(">HH", data, at + 1) for marker, at in _jpeg_segments(data) if marker in JPEG_FRAMES]
    if len(sizes) != 1:
        raise PhotoRefused(Refusal.UNREADABLE)
    height, width = sizes[0]
    return width, height


def _carries_words(marker: int) -> bool:
    return marker == 0xFE or 0xE1 <= marker <= 0xEF


def _check_length(data: bytes) -> None:
    if not data:
        raise PhotoRefused(Refusal.EMPTY)
    if len(data) > MAX_BYTES:
        raise PhotoRefused(Refusal.TOO_MANY_BYTES)


def _kind(data: bytes) -> Kind:
    if data.startswith(JPEG_START):
        return Kind.JPEG
    if data.startswith(PNG_START):
        return Kind.PNG
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return Kind.WEBP
    if data[4:8] == b"ftyp":
        return _heif_kind(data)
    raise PhotoRefused(Refusal.NOT_A_PHOTO)


def _heif_kind(data: bytes) -> Kind:
    """HEIF only, not its relatives in the same wrapping: MP4 and MOV films, AVIF, bursts of frames."""
    end = min(struct.unpack_from(">I", data)[0], 256)
    brands = [data[8:12], *(data[at : at + 4] for at in range(16, end, 4))]
    if brands[0] in HEIF_SEQUENCES:
        raise PhotoRefused(Refusal.MOVING)
    if brands[0] not in HEIF_BRANDS or b"avif" in brands or b"avis" in brands:
        raise PhotoRefused(Refusal.NOT_A_PHOTO)
    return Kind.HEIF


def _reading(read: Callable[[bytes], tuple[int, int]], data: bytes) -> tuple[int, int]:
    """Run a header reader; a header that ends too early means that the file was cut short."""
    try:
        return read(data)
    except (struct.error, IndexError):
        raise PhotoRefused(Refusal.CUT_SHORT) from None


def _jpeg_segments(data: bytes) -> Iterator[tuple[int, int]]:
    """(marker, offset of its content) up to the start of the pixels."""
    at = 2
    for _ in range(MAX_PARTS):
        marker = data[at + 1]
        if data[at] != 0xFF:
            raise PhotoRefused(Refusal.UNREADABLE)
        if marker == 0xFF or marker in JPEG_BARE:
            at += 1 if marker == 0xFF else 2
            continue
        yield marker, at + 4
        if marker == 0xDA:
            return
        at += 2 + struct.unpack_from(">H", data, at + 2)[0]
    raise PhotoRefused(Refusal.UNREADABLE)


def _png_size(data: bytes) -> tuple[int, int]:
    names = [name for name, _ in _png_chunks(data)]
    if names[0] != b"IHDR" or b"IDAT" not in names:
        raise PhotoRefused(Refusal.UNREADABLE)
    if b"acTL" in names or b"fcTL" in names:
        raise PhotoRefused(Refusal.MOVING)
    return struct.unpack_from(">II", data, 16)


def _png_chunks(data: bytes) -> Iterator[tuple[bytes, int]]:
    """(name, offset of its content) of every chunk up to the end mark, which must be there."""
    at = len(PNG_START)
    for _ in range(MAX_PARTS):
        length, name = struct.unpack_from(">I4s", data, at)
        yield name, at + 8
        if name == b"IEND":
            return
        at += 12 + length
    raise PhotoRefused(Refusal.UNREADABLE)


def _webp_size(data: bytes) -> tuple[int, int]:
    chunks = dict(_webp_chunks(data))
    if b"ANIM" in chunks or b"ANMF" in chunks:
        raise PhotoRefused(Refusal.MOVING)
    if b"VP8X" in chunks:
        at = chunks[b"VP8X"]
        if data[at] & 0x02:
            raise PhotoRefused(Refusal.MOVING)
        return _three_bytes(data, at + 4) + 1, _three_bytes(data, at + 7) + 1
    return _webp_frame_size(data, chunks)


def _webp_frame_size(data: bytes, chunks: dict[bytes, int]) -> tuple[int, int]:
    if b"VP8 " in chunks:
        width, height = struct.unpack_from("<HH", data, chunks[b"VP8 "] + 6)
        return width & 0x3FFF, height & 0x3FFF
    if b"VP8L" in chunks:
        packed = struct.unpack_from("<I", data, chunks[b"VP8L"] + 1)[0]
        return (packed & 0x3FFF) + 1, (packed >> 14 & 0x3FFF) + 1
    raise PhotoRefused(Refusal.UNREADABLE)


def _webp_chunks(data: bytes) -> Iterator[tuple[bytes, int]]:
    """(name, offset of its content) of every chunk inside the length that the file states."""
    end = 8 + struct.unpack_from("<I", data, 4)[0]
    if end > len(data):
        raise PhotoRefused(Refusal.CUT_SHORT)
    at = 12
    for _ in range(MAX_PARTS):
        if at + 8 > end:
            return
        name, length = struct.unpack_from("<4sI", data, at)
        yield name, at + 8
        at += 8 + length + (length & 1)
    raise PhotoRefused(Refusal.UNREADABLE)


def _three_bytes(data: bytes, at: int) -> int:
    return data[at] | data[at + 1] << 8 | data[at + 2] << 16


def _heif_size(data: bytes) -> tuple[int, int]:
    """The largest picture that the file's properties name (`meta/iprp/ipco/ispe`): the grid, not its tiles."""
    sizes = [
        struct.unpack_from(">II", data, ispe + 4)
        for meta, meta_end in _boxes(data, 0, len(data), b"meta")
        for iprp, iprp_end in _boxes(data, meta + 4, meta_end, b"iprp")
        for ipco, ipco_end in _boxes(data, iprp, iprp_end, b"ipco")
        for ispe, _ in _boxes(data, ipco, ipco_end, b"ispe")
    ]
    if not sizes:
        raise PhotoRefused(Refusal.CUT_SHORT)
    return max(sizes, key=lambda size: size[0] * size[1])


def _boxes(data: bytes, start: int, end: int, wanted: bytes) -> Iterator[tuple[int, int]]:
    """(start, end) of the content of each box of one name; a box longer than its parent is cut short."""
    for _ in range(MAX_PARTS):
        if start + 8 > end:
            return
        length, name = struct.unpack_from(">I4s", data, start)
        header = 8
        if length == 1:
            length, header = struct.unpack_from(">Q", data, start + 8)[0], 16
        box_end = end if length == 0 else start + length
        if box_end > end or box_end < start + header:
            raise PhotoRefused(Refusal.CUT_SHORT)
        if name == wanted:
            yield start + header, box_end
        start = box_end
    raise PhotoRefused(Refusal.UNREADABLE)


_READERS = {
    Kind.JPEG: lambda data: _reading(jpeg_size, data),
    Kind.PNG: lambda data: _reading(_png_size, data),
    Kind.WEBP: lambda data: _reading(_webp_size, data),
    Kind.HEIF: lambda data: _reading(_heif_size, data),
}
