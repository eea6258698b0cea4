"""What working through the unread needs: a queue for each record, claims, duties, handovers and notes; acts on many; complaints; tables."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0014"
down_revision = "0013"

QUEUE = """CASE WHEN merged_into IS NOT NULL OR workflow NOT IN ('NEW', 'REOPENED') THEN NULL
 WHEN people_trapped THEN 1
 WHEN split_part(site_type, '.', 1) IN ('HEA', 'WSH', 'ENE', 'COM')
  AND (functional_status IN ('F1', 'F2') OR (coalesce(functional_status, 'F0') = 'F0' AND damage_best >= 3)) THEN 2
 WHEN hazards && ARRAY['HZ.UXO','HZ.MINE','HZ.SUBMUN','HZ.COLLAPSE','HZ.FIRE','HZ.GAS','HZ.POWER','HZ.CHEM','HZ.RAD','HZ.RESTRIKE']::varchar[] THEN 3
 WHEN s_class IN ('S3', 'S4') THEN 4 ELSE 5 END"""


def upgrade() -> None:
    """Give each unread record its queue, and add the tables."""
    op.add_column("incidents", sa.Column("queue", sa.SmallInteger(), sa.Computed(QUEUE, persisted=True)))
    op.create_index(
        "ix_incidents_queue",
        "incidents",
        ["queue", "opened_at", "id"],
        unique=False,
        postgresql_where=sa.text("queue IS NOT NULL"),
    )
    _divide_the_work()
    _keep_acts()
    _keep_complaints()
    _look_at_tables()


def _divide_the_work() -> None:
    op.create_table(
        "work_claims",
        sa.Column("incident_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name=op.f("fk_work_claims_incident_id_incidents")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_work_claims_person_id_people")),
        sa.PrimaryKeyConstraint("incident_id", name=op.f("pk_work_claims")),
    )
    op.create_table(
        "work_handovers",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("from_id", sa.Uuid(), nullable=False),
        sa.Column("to_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("records", sa.Integer(), nullable=False),
        sa.Column("note", sa.String(length=1000), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["from_id"], ["people.id"], name=op.f("fk_work_handovers_from_id_people")),
        sa.ForeignKeyConstraint(["to_id"], ["people.id"], name=op.f("fk_work_handovers_to_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_work_handovers")),
    )
    op.create_index(op.f("ix_work_handovers_to_id"), "work_handovers", ["to_id"], unique=False)
    op.create_table(
        "work_notes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("incident_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("words", sa.String(length=2000), nullable=False),
        sa.Column("mentions", postgresql.ARRAY(sa.Uuid()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name=op.f("fk_work_notes_incident_id_incidents")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_work_notes_person_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_work_notes")),
    )
    op.create_index(op.f("ix_work_notes_incident_id"), "work_notes", ["incident_id"], unique=False)
    op.create_table(
        "work_duties",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("incident_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("given_by", sa.Uuid(), nullable=True),
        sa.Column("given_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("handover_id", sa.Uuid(), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["given_by"], ["people.id"], name=op.f("fk_work_duties_given_by_people")),
        sa.ForeignKeyConstraint(
            ["handover_id"], ["work_handovers.id"], name=op.f("fk_work_duties_handover_id_work_handovers")
        ),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name=op.f("fk_work_duties_incident_id_incidents")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_work_duties_person_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_work_duties")),
    )
    op.create_index(
        "ix_work_duties_person", "work_duties", ["person_id"], unique=False, postgresql_where=sa.text("done_at IS NULL")
    )
    op.create_index(
        "ix_work_duties_present",
        "work_duties",
        ["incident_id"],
        unique=True,
        postgresql_where=sa.text("done_at IS NULL"),
    )


def _keep_acts() -> None:
    op.create_table(
        "bulk_acts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("what", sa.String(length=32), nullable=False),
        sa.Column("value", sa.String(length=64), nullable=False),
        sa.Column("asked", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("state", sa.String(length=16), server_default="PREVIEW", nullable=False),
        sa.Column("total", sa.Integer(), server_default="0", nullable=False),
        sa.Column("done", sa.Integer(), server_default="0", nullable=False),
        sa.Column("stop_asked", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_by", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "state IN ('PREVIEW','RUNNING','DONE','STOPPED','UNDOING','UNDONE')", name=op.f("ck_bulk_acts_state_known")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_bulk_acts_person_id_people")),
        sa.ForeignKeyConstraint(["undone_by"], ["people.id"], name=op.f("fk_bulk_acts_undone_by_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bulk_acts")),
    )
    op.create_index("ix_bulk_acts_person", "bulk_acts", ["person_id", "at"], unique=False)
    op.create_table(
        "bulk_rows",
        sa.Column("act_id", sa.Uuid(), nullable=False),
        sa.Column("incident_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("before", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("after", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("outcome", sa.String(length=16), server_default="WAITING", nullable=False),
        sa.Column("reason", sa.String(length=64), server_default="", nullable=False),
        sa.CheckConstraint(
            "outcome IN ('WAITING','DONE','REFUSED','UNDONE','KEPT')", name=op.f("ck_bulk_rows_outcome_known")
        ),
        sa.ForeignKeyConstraint(
            ["act_id"], ["bulk_acts.id"], name=op.f("fk_bulk_rows_act_id_bulk_acts"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name=op.f("fk_bulk_rows_incident_id_incidents")),
        sa.PrimaryKeyConstraint("act_id", "incident_id", name=op.f("pk_bulk_rows")),
    )
    op.create_index(
        "ix_bulk_rows_waiting",
        "bulk_rows",
        ["act_id", "incident_id"],
        unique=False,
        postgresql_where=sa.text("outcome = 'WAITING'"),
    )


def _keep_complaints() -> None:
    op.create_table(
        "complaints",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "WRONG_INFO",
                "NOT_HELPED",
                "PERSONAL_DATA",
                "CONDUCT",
                "ABUSE",
                "SITE",
                "OTHER",
                name="complaint_kind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "state",
            sa.Enum(
                "OPEN", "READ", "ANSWERED", name="complaint_state", native_enum=False, create_constraint=True, length=32
            ),
            server_default="OPEN",
            nullable=False,
        ),
        sa.Column("lang", sa.String(length=8), server_default="en", nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_answer", sa.LargeBinary(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_by", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["answered_by"], ["people.id"], name=op.f("fk_complaints_answered_by_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_complaints")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_complaints_code_hash")),
        schema="vault",
    )
    op.create_index("ix_vault_complaints_state", "complaints", ["state", "received_at"], unique=False, schema="vault")


def _look_at_tables() -> None:
    op.create_table(
        "table_uploads",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("chosen", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_table_uploads_person_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_table_uploads")),
        schema="vault",
    )


def downgrade() -> None:
    """Take them away again."""
    op.drop_table("table_uploads", schema="vault")
    op.drop_index("ix_incidents_queue", table_name="incidents", postgresql_where=sa.text("queue IS NOT NULL"))
    op.drop_column("incidents", "queue")
    op.drop_index("ix_work_duties_present", table_name="work_duties", postgresql_where=sa.text("done_at IS NULL"))
    op.drop_index("ix_work_duties_person", table_name="work_duties", postgresql_where=sa.text("done_at IS NULL"))
    op.drop_table("work_duties")
    op.drop_index("ix_bulk_rows_waiting", table_name="bulk_rows", postgresql_where=sa.text("outcome = 'WAITING'"))
    op.drop_table("bulk_rows")
    op.drop_index(op.f("ix_work_notes_incident_id"), table_name="work_notes")
    op.drop_table("work_notes")
    op.drop_index(op.f("ix_work_handovers_to_id"), table_name="work_handovers")
    op.drop_table("work_handovers")
    op.drop_table("work_claims")
    op.drop_index("ix_vault_complaints_state", table_name="complaints", schema="vault")
    op.drop_table("complaints", schema="vault")
    op.drop_index("ix_bulk_acts_person", table_name="bulk_acts")
    op.drop_table("bulk_acts")
