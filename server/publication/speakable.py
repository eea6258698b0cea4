"""What XML 1.0 has no way to say, not even escaped, taken out of words: controls, halves of pairs, two that are no characters. Pure."""

import re
from typing import Final

_UNSPEAKABLE: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")


def speakable(words: str) -> str:
    """The words as XML can say them."""
    return _UNSPEAKABLE.sub("", words)
