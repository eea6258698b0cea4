"""What reporting from the field needs: uploads in parts, sealed envelopes, quotas, talk through the receipt."""

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Change nothing yet."""


def downgrade() -> None:
    """Nothing to take back."""
