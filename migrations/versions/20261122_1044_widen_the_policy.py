"""What the publication rules must remember: baselines, approvals, proposals, proofs of erasure."""

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Change nothing yet."""


def downgrade() -> None:
    """Nothing to take back."""
