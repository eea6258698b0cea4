"""Whole numbers that somebody typed into a form or an address. Pure."""

LONGEST = 9


def whole(word: str) -> int | None:
    """The number that up to nine digits of any script say; None for anything else, a raised ² and five thousand nines among it."""
    plain = word.strip()
    return int(plain) if plain.isdecimal() and len(plain) <= LONGEST else None
