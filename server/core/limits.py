"""The limiter's memory: counts of all processes of this server together, on no disk (``core/tally.py``)."""

from limits.storage import Storage

from server.core.tally import TALLY

SCHEME = "shared"


class SharedStorage(Storage):
    """What flask-limiter asks of a storage, for ``shared://``."""

    STORAGE_SCHEME = [SCHEME]

    @property
    def base_exceptions(self) -> type[Exception]:
        """No error is expected of memory."""
        return MemoryError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count under ``key``; the sum of its window, which lasts ``expiry`` seconds."""
        return TALLY.hit(f"limit {key}", window_s=expiry, amount=amount)

    def get(self, key: str) -> int:
        """The sum of the present window."""
        return TALLY.look(f"limit {key}")

    def get_expiry(self, key: str) -> float:
        """When the present window ends."""
        return TALLY.ends_at(f"limit {key}")

    def check(self) -> bool:
        """Memory is always there."""
        return True

    def reset(self) -> int | None:
        """Begin anew with everything."""
        TALLY.forget_all()
        return None

    def clear(self, key: str) -> None:
        """Begin anew with one key."""
        TALLY.forget(f"limit {key}")

