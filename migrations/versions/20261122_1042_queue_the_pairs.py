"""What reviewing pairs and rebuilding the records needs: worth and claims of questions, witnesses, campaigns, acts done together."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add the columns and tables."""
    op.add_column("incidents", sa.Column("witness_count", sa.Integer(), server_default="0", nullable=False))
    op.add_column("incidents", sa.Column("disputed", postgresql.ARRAY(sa.String(32)), server_default=sa.text("'{}'"), nullable=False))
    op.execute("UPDATE incidents SET witness_count = report_count")
    op.add_column("incident_changes", sa.Column("batch_id", sa.Uuid()))
    op.create_index("ix_incident_changes_batch_id", "incident_changes", ["batch_id"], postgresql_where=sa.text("batch_id IS NOT NULL"))
    _change_suggestions()
    _create_campaigns()


def _change_suggestions() -> None:
    op.add_column("suggestions", sa.Column("worth", sa.Float(), server_default="0", nullable=False))
    op.add_column("suggestions", sa.Column("claimed_by", sa.Uuid()))
    op.add_column("suggestions", sa.Column("claimed_until", sa.DateTime(timezone=True)))
    op.add_column("suggestions", sa.Column("skipped_by", postgresql.ARRAY(sa.Uuid()), server_default=sa.text("'{}'"), nullable=False))
    op.add_column("suggestions", sa.Column("proposed_by", sa.Uuid()))
    op.add_column("suggestions", sa.Column("proposed_for", sa.Uuid()))
    op.add_column("suggestions", sa.Column("proposed_answer", sa.String(16)))
    for column, table in (("claimed_by", "people"), ("proposed_by", "people"), ("proposed_for", "organisations")):
        op.create_foreign_key(f"fk_suggestions_{column}_{table}", "suggestions", table, [column], ["id"])
    op.drop_index("ix_suggestions_open", "suggestions")
    op.create_index("ix_suggestions_open", "suggestions", ["worth"], postgresql_where=sa.text("settled_at IS NULL"))


def _create_campaigns() -> None:
    op.create_table(
        "campaigns",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True)),
        sa.Column("settled_by", sa.Uuid()),
        sa.Column("outcome", sa.String(16)),
        sa.Column("batch_id", sa.Uuid()),
        sa.CheckConstraint("kind IN ('words','photo','burst')", name=op.f("ck_campaigns_kind_known")),
        sa.ForeignKeyConstraint(["settled_by"], ["people.id"], name=op.f("fk_campaigns_settled_by_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaigns")),
    )
    op.create_index("ix_campaigns_open", "campaigns", ["found_at"], postgresql_where=sa.text("settled_at IS NULL"))
    op.create_table(
        "campaign_reports",
        sa.Column("report_id", sa.Uuid(), nullable=False),
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("joined_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["report_id"], ["reports.id"], name=op.f("fk_campaign_reports_report_id_reports"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaigns.id"], name=op.f("fk_campaign_reports_campaign_id_campaigns")),
        sa.PrimaryKeyConstraint("report_id", name=op.f("pk_campaign_reports")),
    )
    op.create_index(op.f("ix_campaign_reports_campaign_id"), "campaign_reports", ["campaign_id"])
    op.create_table(
        "report_marks",
        sa.Column("report_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("cell", sa.String(16), server_default="", nullable=False),
        sa.Column("marks", postgresql.ARRAY(sa.BigInteger()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("posts", postgresql.ARRAY(sa.BigInteger()), server_default=sa.text("'{}'"), nullable=False),
        sa.ForeignKeyConstraint(["report_id"], ["reports.id"], name=op.f("fk_report_marks_report_id_reports"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("report_id", name=op.f("pk_report_marks")),
    )
    op.create_index("ix_report_marks_marks", "report_marks", ["marks"], postgresql_using="gin")
    op.create_index("ix_report_marks_cell", "report_marks", ["cell", "at"])


def downgrade() -> None:
    """Take them away again."""
    for table in ("report_marks", "campaign_reports", "campaigns"):
        op.drop_table(table)
    op.drop_index("ix_suggestions_open", "suggestions")
    for column in ("worth", "claimed_by", "claimed_until", "skipped_by", "proposed_by", "proposed_for", "proposed_answer"):
        op.drop_column("suggestions", column)
    op.create_index("ix_suggestions_open", "suggestions", ["score"], postgresql_where=sa.text("settled_at IS NULL"))
    op.drop_index("ix_incident_changes_batch_id", "incident_changes")
    op.drop_column("incident_changes", "batch_id")
    op.drop_column("incidents", "disputed")
    op.drop_column("incidents", "witness_count")
