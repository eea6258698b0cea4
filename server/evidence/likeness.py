"""How alike two pictures are, from their 64-bit fingerprints. Pure.

A fingerprint is the DCT hash that ImageHash computes: 16 hex digits in files, a signed 64-bit number in PostgreSQL.
"""

SAME_PICTURE_BITS = 6
# Half of the bits of a picture with something in it are ones, by construction. A night sky or a finger on the lens has
# too few waves for that, and is like every other night sky.
FEWEST_ONES = 28
_ALL_BITS = (1 << 64) - 1


def signed_phash(digits: str) -> int:
    """The number PostgreSQL keeps for 16 hex digits; ValueError for anything else."""
    if len(digits) != 16:
        raise ValueError("a fingerprint has 16 hex digits")
    number = int(digits, 16)
    return number - (1 << 64) if number >> 63 else number


def phash_digits(number: int) -> str:
    """The 16 hex digits of a number that PostgreSQL kept."""
    return f"{number & _ALL_BITS:016x}"


def distance(one: int, other: int) -> int:
    """How many of the 64 bits differ."""
    return ((one ^ other) & _ALL_BITS).bit_count()


def is_same_picture(one: int, other: int) -> bool:
    """True when one picture is the other, re-sent, shrunk or compressed again."""
    return distance(one, other) <= SAME_PICTURE_BITS


def is_telling(number: int) -> bool:
    """False for a picture so plain that its fingerprint would fit any other plain picture."""
    return distance(number, 0) >= FEWEST_ONES
