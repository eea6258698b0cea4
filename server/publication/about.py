"""What every file of the open data says of itself: where it comes from, its licence, its rules, and what it is not. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

LICENCE: Final = "CC-BY-4.0"
LICENCE_NAME: Final = "CC BY 4.0"
LICENCE_URL: Final = "https://creativecommons.org/licenses/by/4.0/"
EXERCISE: Final = "EXERCISE: nothing in this file is real."
CAVEATS: Final = (
    "Rows come late on purpose and places are made coarser on purpose, to protect people.",
    "Places are areas unless geo_level is POINT: never take the middle of an area for the place.",
    "No record does not mean no damage.",
    "An empty cell is not known, or withheld; the column redaction says what was withheld.",
    "Rows may be taken out later: take them out of your copy too.",
    "Not for targeting, not for claims against anybody, and not a legal finding.",
)
CAVEAT: Final = " ".join(CAVEATS)


@dataclass(frozen=True, kw_only=True)
class About:
    """One data set in words: a dated release by its number, or the current copy by the number of its batch."""

    release_id: str
    policy_version: str = ""
    published_on: date | None = None
    is_exercise: bool = False
    response_name: str = "Tessera"
    address: str = ""

    @property
    def title(self) -> str:
        """What the data set is called."""
        return f"{'EXERCISE: ' if self.is_exercise else ''}{self.response_name}: damage records"

    @property
    def warnings(self) -> tuple[str, ...]:
        """The sentences that travel with the rows; that it is an exercise comes first."""
        return (EXERCISE, *CAVEATS) if self.is_exercise else CAVEATS

    @property
    def caveats(self) -> str:
        """The same as one text."""
        return " ".join(self.warnings)

    @property
    def citation(self) -> str:
        """How to name the data set where it is used."""
        return f"{self.title}. Data set {self.release_id or 'none yet'}. {LICENCE_NAME}."

    def facts(self) -> Iterator[tuple[str, str]]:
        """Name and value of everything a readme or the metadata of a file says, in order; nothing is empty."""
        told = {
            "title": self.title,
            "release_id": self.release_id,
            "published_on": self.published_on.isoformat() if self.published_on else "",
            "policy_version": self.policy_version,
            "licence": LICENCE,
            "licence_url": LICENCE_URL,
            "citation": self.citation,
            "caveats": self.caveats,
            "source": self.address,
            "exercise": EXERCISE if self.is_exercise else "",
        }
        yield from ((name, value) for name, value in told.items() if value)

    def text(self) -> str:
        """The same as a text file for people."""
        return "".join(f"{name}: {value}\r\n" for name, value in self.facts())
