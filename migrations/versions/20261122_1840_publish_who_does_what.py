"""Publish who does what where: the public table, who agreed to be named, what was told, what was stopped, what was frozen."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0019"
down_revision = "0018"

SECTORS = (
    "SHL", "CCM", "PRO-MIN", "FSC", "WSH", "LOG", "PRO-CPN", "PRO", "EDU", "NUT", "HEA", "ERY", "TEL", "PRO-GBV", "PRO-HLP", "MS",
)  # fmt: skip
STATES = ("PLANNED", "ONGOING", "COMPLETED", "SUSPENDED")
LEVELS = ("POINT", "H3_9", "H3_8", "H3_7", "H3_6", "ADM2", "ADM1", "NONE")
UNITS = ("PERSON", "HOUSEHOLD", "PIECE", "KIT", "LITRE", "KG", "M2", "KW", "VEHICLE", "TEAM", "DAY")


def upgrade() -> None:
    """Make the tables; the public role reads the one of schema pub by the grants that stand."""
    _publish()
    _agree()
    _remember()


def downgrade() -> None:
    """Forget the public table, the agreements and what was told."""
    for table in ("release_activities", "activity_stops", "activity_memory", "organisation_namings"):
        op.drop_table(table)
    op.drop_table("activities", schema="pub")


def _codes(name: str, codes: tuple[str, ...]) -> sa.Enum:
    return sa.Enum(*codes, name=name, native_enum=False, create_constraint=True, length=32)


def _publish() -> None:
    op.create_table(
        "activities",
        sa.Column("row_id", sa.String(length=16), nullable=False),
        sa.Column("release_id", sa.String(length=32), nullable=False),
        sa.Column("org_name", sa.String(length=200), nullable=False),
        sa.Column("org_acronym", sa.String(length=32), nullable=True),
        sa.Column("org_type", sa.String(length=8), nullable=True),
        sa.Column("sector_code", _codes("sector", SECTORS), nullable=False),
        sa.Column("status", _codes("activity_status", STATES), nullable=False),
        sa.Column("start", sa.String(length=7), nullable=False),
        sa.Column("country_iso3", sa.String(length=3), nullable=True),
        sa.Column("adm1_pcode", sa.String(length=32), nullable=False),
        sa.Column("adm1_name", sa.String(length=200), nullable=True),
        sa.Column("adm2_pcode", sa.String(length=32), nullable=True),
        sa.Column("adm2_name", sa.String(length=200), nullable=True),
        sa.Column("geo_level", _codes("geometry_level", LEVELS), nullable=False),
        sa.Column("activities", sa.Integer(), nullable=True),
        sa.Column("beneficiaries_planned", sa.Integer(), nullable=True),
        sa.Column("beneficiaries_reached", sa.Integer(), nullable=True),
        sa.Column("unit", _codes("need_unit", UNITS), nullable=False),
        sa.Column("policy_version", sa.String(length=16), nullable=False),
        sa.Column("redaction", sa.String(length=120), nullable=False),
        sa.Column("licence", sa.String(length=32), server_default="CC-BY-4.0", nullable=False),
        sa.PrimaryKeyConstraint("row_id", name=op.f("pk_activities")),
        schema="pub",
    )
    op.create_index("ix_pub_activities_adm1_pcode", "activities", ["adm1_pcode", "adm2_pcode"], unique=False, schema="pub")


def _agree() -> None:
    op.create_table(
        "organisation_namings",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("wording", sa.String(length=16), nullable=False),
        sa.Column("agreed_by", sa.Uuid(), nullable=False),
        sa.Column("agreed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_by", sa.Uuid(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["agreed_by"], ["people.id"], name=op.f("fk_organisation_namings_agreed_by_people")),
        sa.ForeignKeyConstraint(["ended_by"], ["people.id"], name=op.f("fk_organisation_namings_ended_by_people")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_organisation_namings_organisation_id_organisations")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisation_namings")),
    )
    op.create_index(
        "ix_organisation_namings_in_force", "organisation_namings", ["organisation_id"], unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )  # fmt: skip


def _remember() -> None:
    json = postgresql.JSONB(astext_type=sa.Text())
    op.create_table(
        "activity_memory",
        sa.Column("activity_id", sa.Uuid(), nullable=False),
        sa.Column("told", json, nullable=True),
        sa.Column("pending", json, nullable=True),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["activity_id"], ["activities.id"], name=op.f("fk_activity_memory_activity_id_activities"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("activity_id", name=op.f("pk_activity_memory")),
    )
    op.create_table(
        "activity_stops",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("stopped_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_activity_stops")),
    )
    op.create_index(
        "ix_activity_stops_in_force", "activity_stops", ["code"], unique=True, postgresql_where=sa.text("lifted_at IS NULL")
    )
    op.create_table(
        "release_activities",
        sa.Column("edition", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("row_id", sa.String(length=16), nullable=False),
        sa.Column("row", json, nullable=False),
        sa.PrimaryKeyConstraint("edition", "row_id", name=op.f("pk_release_activities")),
    )
