"""What people need to be many: invitations, codes that work once, areas and sectors they work in."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0016"
down_revision = "0015"

AT = sa.DateTime(timezone=True)
ROLES = (
    "REPORTER", "FIELD", "TRIAGE", "VERIFIER", "COORD", "STEWARD", "PROTECTION", "ADMIN", "AUDITOR", "PARTNER", "AUTHORITY",
)  # fmt: skip
SECTORS = (
    "SHL", "CCM", "PRO-MIN", "FSC", "WSH", "LOG", "PRO-CPN", "PRO", "EDU", "NUT", "HEA", "ERY", "TEL", "PRO-GBV", "PRO-HLP", "MS",
)  # fmt: skip


def upgrade() -> None:
    """Add the columns of people, and the table of invitations."""
    op.add_column("people", sa.Column("tf_last_counter", sa.BigInteger()))
    op.add_column("people", sa.Column("areas", postgresql.ARRAY(sa.String(32)), server_default=sa.text("'{}'"), nullable=False))
    op.add_column("people", sa.Column("sectors", postgresql.ARRAY(sa.String(32)), server_default=sa.text("'{}'"), nullable=False))
    op.create_check_constraint(op.f("ck_people_sectors_listed"), "people", _only("sectors", SECTORS))
    op.create_table(
        "invitations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("email", sa.String(255), nullable=False),
        sa.Column("alias", sa.String(64), nullable=False),
        sa.Column("roles", postgresql.ARRAY(sa.String(32)), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("organisation_id", sa.Uuid()),
        sa.Column("invited_by", sa.Uuid()),
        sa.Column("invited_at", AT, server_default=sa.func.now(), nullable=False),
        sa.Column("expires_at", AT, nullable=False),
        sa.Column("used_at", AT),
        sa.Column("revoked_at", AT),
        sa.CheckConstraint(_only("roles", ROLES), name=op.f("ck_invitations_roles_listed")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"], name=op.f("fk_invitations_organisation_id_organisations")),
        sa.ForeignKeyConstraint(["invited_by"], ["people.id"], name=op.f("fk_invitations_invited_by_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitations")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_invitations_code_hash")),
    )


def _only(column: str, codes: tuple[str, ...]) -> str:
    return f"{column} <@ ARRAY[{','.join(repr(code) for code in codes)}]::varchar[]"


def downgrade() -> None:
    """Drop them."""
    op.drop_table("invitations")
    op.drop_constraint(op.f("ck_people_sectors_listed"), "people")
    for column in ("sectors", "areas", "tf_last_counter"):
        op.drop_column("people", column)
