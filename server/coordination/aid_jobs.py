"""What aid does after an event and by the clock."""

from uuid import UUID

from server.coordination import assignments, gaps, need_seeds, referrals
from server.core.database import settled
from server.core.jobs import job

SMALL = 1_000


@job("coordination.note_needs")
def note_needs(subject: str) -> None:
    """A damage record changed: bring its needs in line with what its reports say."""
    with settled():
        need_seeds.note_needs([UUID(subject)])


@job("coordination.note_unseen_needs")
def note_unseen_needs() -> None:
    """Look at the needs of damage records that came in bulk."""
    found = need_seeds.MOST
    while found == need_seeds.MOST:
        with settled():
            found = need_seeds.note_unseen()


@job("coordination.fold_need_counts")
def fold_need_counts() -> None:
    """Gather the changes of needs into their counts."""
    folded = SMALL
    while folded >= SMALL:
        with settled():
            folded = gaps.fold()


@job("coordination.keep_time_of_aid")
def keep_time_of_aid() -> None:
    """End offers and assignments whose time ran out, and remind of those that soon will."""
    with settled():
        referrals.keep_time()
        assignments.keep_time()
