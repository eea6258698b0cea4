"""What was done to keep the house, and how it went."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Create the list of works, and what was told of them."""
    op.create_table(
        "upkeep",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("BACKUP", "DRILL", "RESTORE", "CHECK", name="upkeep_kind", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("went_well", sa.Boolean(), nullable=False),
        sa.Column("figures", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_upkeep")),
    )
    op.create_table(
        "alarms",
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_alarms")),
    )
    op.create_index(op.f("ix_upkeep_ended_at"), "upkeep", ["ended_at"], unique=False)


def downgrade() -> None:
    """Drop both."""
    op.drop_table("alarms")
    op.drop_table("upkeep")
