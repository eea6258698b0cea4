"""Grow the house: the base of the database's log is a work of keeping too."""

from alembic import op

revision = "0011"
down_revision = "0010"

NAME = "ck_upkeep_upkeep_kind"
BEFORE = ("BACKUP", "DRILL", "RESTORE", "CHECK")


def upgrade() -> None:
    """Let the list of works name it."""
    _allow(*BEFORE, "BASE")


def downgrade() -> None:
    """Forget bases, and no longer let them in."""
    op.execute("DELETE FROM upkeep WHERE kind = 'BASE'")
    _allow(*BEFORE)


def _allow(*kinds: str) -> None:
    op.drop_constraint(op.f(NAME), "upkeep")
    op.create_check_constraint(op.f(NAME), "upkeep", f"kind IN ({', '.join(repr(kind) for kind in kinds)})")
