"""What the clock asks for: a backup each night where one is set up, and a restore tried out each week."""

from server.core.database import settled
from server.core.jobs import job
from server.core.settings import settings
from server.keeping import alarms, service, steadiness, watching


@job("keeping.make_backup")
def make_backup() -> None:
    """A night has passed: back up, where BACKUP_FOLDER and BACKUP_KEYS are set."""
    if settings().backup_folder and settings().backup_keys:
        service.backup()


@job("keeping.rehearse_restore")
def rehearse_restore() -> None:
    """A week has passed: try a restore out, where backups are made."""
    if settings().backup_folder and settings().backup_keys:
        service.drill()


@job("keeping.raise_alarms")
def raise_alarms() -> None:
    """Some minutes have passed: look, and tell the operator what changed."""
    with settled():
        alarms.raise_what_is_due()


@job("keeping.raise_urgent_alarms")
def raise_urgent_alarms() -> None:
    """A minute has passed: look at what cannot wait."""
    with settled():
        steadiness.is_doubtful()
        alarms.raise_what_is_due(watching.URGENT)
