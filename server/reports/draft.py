"""A Draft: what every door makes of what it was told, and the only thing ``reports.service.receive`` takes. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from server.vocabulary import Channel


@dataclass(frozen=True, kw_only=True)
class Original:
    """The photo as the camera made it: its size in bytes and the SHA-256 of its bytes."""

    size: int
    sha256: bytes


@dataclass(frozen=True, kw_only=True)
class Announced:
    """A photo that will follow: the sender's number for it, its size in bytes and the SHA-256 of its bytes.

    ``original`` is what will follow beside it, where the reporter offered it as evidence.
    """

    id: UUID
    size: int
    sha256: bytes
    original: Original | None = None


@dataclass(frozen=True, kw_only=True)
class Draft:
    """One report as a door understood it. ``values`` holds columns of ``reports`` named in ``NewReport``, already checked."""

    id: UUID
    channel: Channel
    values: Mapping[str, Any]
    body: bytes
    sha256: bytes
    text: str = ""
    place_text: str = ""
    contact: str = ""
    unread: Mapping[str, Any] = field(default_factory=dict)
    receipt_key: str = ""
    media: tuple[Announced, ...] = ()
    flags: tuple[str, ...] = ()
    import_id: UUID | None = None


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """What the sender gets back, the same however often the same report is sent."""

    id: UUID
    sha256: str
    received_at: datetime
    is_new: bool = False
    is_conflict: bool = False
    is_withdrawn: bool = False
