"""The application over a database that other processes see, as the rooms behind the doors have it in their tests."""

from tests.evidence.conftest import live_app

__all__ = ["live_app"]
