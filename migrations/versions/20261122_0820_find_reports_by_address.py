"""Find reports of one numbered place whose pins lie far apart, by a keyed hash that cannot be read back."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Create the table of keyed hashes."""
    op.create_table(
        "report_addresses",
        sa.Column("report_id", sa.Uuid(), nullable=False),
        sa.Column("address_key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["report_id"], ["reports.id"], name=op.f("fk_report_addresses_report_id_reports"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("report_id", "address_key", name=op.f("pk_report_addresses")),
    )
    op.create_index(op.f("ix_report_addresses_address_key"), "report_addresses", ["address_key"], unique=False)


def downgrade() -> None:
    """Drop it."""
    op.drop_table("report_addresses")
