"""Code lists whose members carry their own words, so that a code and its label can never drift apart.

Pure: the standard library only, so that judgement modules may import it.
"""

from enum import StrEnum
from functools import cached_property
from typing import Self


def N_(text: str) -> str:  # noqa: N802 - the gettext convention, known to the extractor
    """Mark `text` for translation where it is declared; it is translated where it is shown."""
    return text


class Choice(StrEnum):
    """A code with English words: declare members as `("CODE", N_("English words")[, icon[, facts…]])`.

    A member *is* its code (a `str`): it compares, hashes, stores and serialises as the code alone.
    A subclass that needs further facts takes them, in order, in its own `__init__`.
    """

    label: str
    icon: str

    def __new__(cls, code: str, label: str = "", icon: str = "", *_facts: object) -> Self:
        """Make the member a `str` equal to `code`, carrying its label and icon."""
        member = str.__new__(cls, code)
        member._value_ = code
        member.label = label
        member.icon = icon
        return member

    @classmethod
    def codes(cls) -> tuple[str, ...]:
        """Return every code of the list, in the order of declaration."""
        return tuple(member.value for member in cls)


class OrderedChoice(Choice):
    """A code list whose declaration order means something: `<` and `max` follow it, not the alphabet."""

    @cached_property
    def rank(self) -> int:
        """Return the place of this member in its list, the first being 0."""
        return type(self)._member_names_.index(self._name_)

    def __lt__(self, other: str) -> bool:
        """Tell whether this member is declared before `other`; TypeError for anything not of this list."""
        return self.rank < self._rank_of(other)

    def __le__(self, other: str) -> bool:
        """Tell whether this member is `other` or declared before it."""
        return self.rank <= self._rank_of(other)

    def __gt__(self, other: str) -> bool:
        """Tell whether this member is declared after `other`."""
        return self.rank > self._rank_of(other)

    def __ge__(self, other: str) -> bool:
        """Tell whether this member is `other` or declared after it."""
        return self.rank >= self._rank_of(other)

    def _rank_of(self, other: str) -> int:
        if not isinstance(other, type(self)):
            # Falling back to the alphabet would put INTERNAL before PUBLIC without a sound.
            message = f"{type(self).__name__} cannot be ordered against {other!r}"
            raise TypeError(message)
        return other.rank
