"""The town of the public copy's tests, for the census of what leaves the house."""

from tests.publication.conftest import norway, publish

__all__ = ["norway", "publish"]
