"""What reporting from the field needs: uploads in parts, sealed envelopes, proofs of work, talk through the receipt."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

AT = sa.DateTime(timezone=True)
ANSWERS = ("SAME_DAMAGE", "NEW_STRIKE", "OTHER")
REPLIES = ("YES", "NO", "UNSURE")
QUESTIONS = (
    "WATER_OFF", "POWER_OFF", "HELP_CAME", "PEOPLE_THERE", "HIT_BEFORE", "WHICH_PART", "WHAT_TIME", "WHAT_PLACE", "OWN_WORDS",
)  # fmt: skip
SEES_ALL = "current_setting('tessera.scope', true) = 'all'"
THROUGH_REPORT = f"{SEES_ALL} OR EXISTS (SELECT FROM reports WHERE reports.id = report_id)"
EVIDENCE = {
    "evidence_sha256": sa.LargeBinary(32), "evidence_bytes": sa.BigInteger(), "evidence_ref": sa.String(64),
    "evidence_key": sa.LargeBinary(), "evidence_at": AT,
}  # fmt: skip


def upgrade() -> None:
    """Add the columns and tables, and guard what is personal."""
    _add_columns()
    _add_keys()
    _add_questions()
    _add_uploads()


def _codes(name: str, codes: tuple[str, ...]) -> sa.Enum:
    return sa.Enum(*codes, name=name, native_enum=False, create_constraint=True, length=32)


def _add_columns() -> None:
    op.add_column("reports", sa.Column("hint_seen", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.add_column("reports", sa.Column("answer_kind", _codes("hint_answer", ANSWERS)))
    op.add_column("reports", sa.Column("answer_about", sa.String(16)))
    for name, kind in EVIDENCE.items():
        op.add_column("photos", sa.Column(name, kind))


def _add_keys() -> None:
    op.create_table(
        "reporting_keys",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key_id", sa.String(16), nullable=False),
        sa.Column("public_key", sa.LargeBinary(65), nullable=False),
        sa.Column("wrapped_private", sa.LargeBinary()),
        sa.Column("made_at", AT, server_default=sa.func.now(), nullable=False),
        sa.Column("replaced_at", AT),
        sa.Column("destroyed_at", AT),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reporting_keys")),
        sa.UniqueConstraint("key_id", name=op.f("uq_reporting_keys_key_id")),
        schema="vault",
    )


def _add_questions() -> None:
    op.create_table(
        "questions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("report_id", sa.Uuid(), nullable=False),
        sa.Column("asked_at", AT, server_default=sa.func.now(), nullable=False),
        sa.Column("asked_by", sa.Uuid()),
        sa.Column("question", _codes("reporter_question", QUESTIONS), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("answered_at", AT),
        sa.Column("answer", _codes("reply_choice", REPLIES)),
        sa.Column("sealed_answer", sa.LargeBinary()),
        sa.ForeignKeyConstraint(["report_id"], ["reports.id"], name=op.f("fk_questions_report_id_reports"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["asked_by"], ["people.id"], name=op.f("fk_questions_asked_by_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_questions")),
        schema="vault",
    )
    op.create_index(op.f("ix_questions_report_id"), "questions", ["report_id"], schema="vault")
    op.execute("ALTER TABLE vault.questions ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE vault.questions FORCE ROW LEVEL SECURITY")
    op.execute("CREATE POLICY may_add ON vault.questions FOR INSERT WITH CHECK (true)")
    op.execute(f"CREATE POLICY may_see ON vault.questions FOR SELECT USING ({THROUGH_REPORT})")
    op.execute(f"CREATE POLICY may_change ON vault.questions FOR UPDATE USING ({THROUGH_REPORT})")
    op.execute(f"CREATE POLICY may_remove ON vault.questions FOR DELETE USING ({SEES_ALL})")


def _add_uploads() -> None:
    op.create_table(
        "uploads",
        sa.Column("media_id", sa.Uuid(), nullable=False),
        sa.Column("part", sa.String(16), nullable=False),
        sa.Column("report_id", sa.Uuid(), nullable=False),
        sa.Column("length", sa.BigInteger(), nullable=False),
        sa.Column("lane", sa.String(16), nullable=False),
        sa.Column("begun_at", AT, server_default=sa.func.now(), nullable=False),
        sa.Column("expires_at", AT, nullable=False),
        sa.Column("finished_at", AT),
        sa.Column("sealed_sha256", sa.LargeBinary(32)),
        sa.CheckConstraint("part IN ('photo','original')", name=op.f("ck_uploads_part_known")),
        sa.CheckConstraint("lane IN ('enrolled','partner','public')", name=op.f("ck_uploads_lane_known")),
        sa.PrimaryKeyConstraint("media_id", "part", name=op.f("pk_uploads")),
    )
    op.create_index("ix_uploads_report_id", "uploads", ["report_id"])
    op.create_index("ix_uploads_expires_at", "uploads", ["expires_at"])
    op.create_table(
        "used_proofs",
        sa.Column("challenge_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("expires_at", AT, nullable=False),
        sa.PrimaryKeyConstraint("challenge_hash", name=op.f("pk_used_proofs")),
    )
    op.create_index("ix_used_proofs_expires_at", "used_proofs", ["expires_at"])


def downgrade() -> None:
    """Take all of it back."""
    op.drop_table("used_proofs")
    op.drop_table("uploads")
    op.drop_table("questions", schema="vault")
    op.drop_table("reporting_keys", schema="vault")
    for name in EVIDENCE:
        op.drop_column("photos", name)
    for name in ("answer_about", "answer_kind", "hint_seen"):
        op.drop_column("reports", name)
