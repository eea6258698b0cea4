"""What the worker is asked to do with photos."""

from uuid import UUID

from server.core.jobs import job
from server.evidence import custody, imagery, imagery_large, originals, redacting, uploads


@job("evidence.clean_photo")
def clean_photo(subject: str) -> None:
    """A photo was received: develop it."""
    custody.clean_photo(UUID(subject))


@job("evidence.erase_photos")
def erase_photos(subject: str) -> None:
    """A report was taken back: its photos go."""
    custody.erase_photos(UUID(subject))


@job("evidence.remove_covered")
def remove_covered(subject: str) -> None:
    """Parts of a photo were painted over: the plain files of before go."""
    redacting.remove_covered(UUID(subject))


@job("evidence.verify_photos")
def verify_photos() -> None:
    """A night has passed: read a share of the photos again, and sweep out what belongs to none."""
    custody.verify_photos()
    custody.remove_leftovers()


@job("evidence.sweep_uploads")
def sweep_uploads() -> None:
    """Forget uploads that were waited for long enough, with their bytes, and satellite files that were tried and not kept."""
    uploads.sweep()
    imagery.sweep_tried()


@job("evidence.read_imagery")
def read_imagery(subject: str) -> None:
    """A large satellite file was taken in: read it, so that somebody can look at what would come of it."""
    imagery_large.read_through(UUID(subject))


@job("evidence.shred_old_originals")
def shred_old_originals() -> None:
    """Destroy originals that were kept as evidence for two years and not handed over."""
    originals.shred_old_originals()
