"""Publish more: areas held back, what partners took, and an index of the rows whose words a spreadsheet might run."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0017"
down_revision = "0016"

WORDS = (
    "country_iso3", "adm1_pcode", "adm1_name", "adm2_pcode", "adm2_name", "adm3_pcode", "adm3_name", "site_name", "event_ref",
    "summary",
)  # fmt: skip


LEVELS = ("POINT", "H3_9", "H3_8", "H3_7", "H3_6", "ADM2", "ADM1", "NONE")
LEVEL = sa.Enum(*LEVELS, name="geometry_level", native_enum=False, create_constraint=True, length=32)
KINDS = ("standing", "rows", "policy", "put_back", "release", "situation")


def upgrade() -> None:
    """Make the tables and the index; a proposal may let an area go."""
    _hold_areas()
    _tell_partners()
    _know_kinds((*KINDS, "let_go"))
    risky = " OR ".join(rf"{column} !~ '^[A-Za-z0-9\u00C0-\u1FFF\u3041-\uD7FF]'" for column in WORDS)
    op.get_bind().exec_driver_sql(f"CREATE INDEX ix_pub_incidents_formulas ON pub.incidents (position) WHERE {risky}")


def downgrade() -> None:
    """Hold nothing back, tell partners nothing, and look at every cell again."""
    op.drop_index("ix_pub_incidents_formulas", table_name="incidents", schema="pub")
    op.execute("DELETE FROM proposals WHERE kind = 'let_go'")
    _know_kinds(KINDS)
    for table in ("partner_disclosures", "partner_exports", "held_areas"):
        op.drop_table(table)


def _know_kinds(kinds: tuple[str, ...]) -> None:
    op.drop_constraint(op.f("ck_proposals_kind_known"), "proposals", type_="check")
    quoted = ",".join(f"'{kind}'" for kind in kinds)
    op.create_check_constraint(op.f("ck_proposals_kind_known"), "proposals", f"kind IN ({quoted})")


def _hold_areas() -> None:
    op.create_table(
        "held_areas",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("pcode", sa.String(length=32), nullable=False),
        sa.Column("held_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("held_by", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["held_by"], ["people.id"], name=op.f("fk_held_areas_held_by_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_held_areas")),
    )
    op.create_index(op.f("ix_held_areas_pcode"), "held_areas", ["pcode"], unique=False)


def _tell_partners() -> None:
    op.create_table(
        "partner_exports",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("export_id", sa.String(length=16), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.String(length=300), nullable=False),
        sa.Column("policy_version", sa.String(length=16), nullable=False),
        sa.Column("rows_total", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_partner_exports_person_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partner_exports")),
        sa.UniqueConstraint("export_id", name=op.f("uq_partner_exports_export_id")),
    )
    op.create_index(op.f("ix_partner_exports_person_id"), "partner_exports", ["person_id"], unique=False)
    op.create_table(
        "partner_disclosures",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("incident_id", sa.Uuid(), nullable=False),
        sa.Column("geo_level", LEVEL, nullable=False),
        sa.Column("area_code", sa.String(length=32), nullable=False),
        sa.Column("pcodes", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incidents.id"], name=op.f("fk_partner_disclosures_incident_id_incidents")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partner_disclosures")),
    )
    told = ["incident_id", "geo_level", "area_code"]
    op.create_index("ix_partner_disclosures_incident_id", "partner_disclosures", told, unique=True)
