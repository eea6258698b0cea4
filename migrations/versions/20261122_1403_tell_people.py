"""Tell people: saved views, situation papers, alert rules, the inbox, signed webhooks and their log, keys of news feeds."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0012"

TABLES = ("saved_views", "webhooks", "alert_rules", "deliveries", "feed_keys", "situation_papers", "delivery_attempts", "notices")


def upgrade() -> None:
    """Add the tables, those that others point at first."""
    _saved_views()
    _webhooks()
    _alert_rules()
    _deliveries()
    _feed_keys()
    _situation_papers()
    _delivery_attempts()
    _notices()


def downgrade() -> None:
    """Take them away again."""
    for table in reversed(TABLES):
        op.drop_table(table)


def _saved_views() -> None:
    op.create_table(
        "saved_views",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("query", postgresql.JSONB(), nullable=False),
        sa.Column("sharing", sa.String(32), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid()),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("sharing IN ('OWN','ORGANISATION','RESPONSE')", name=op.f("ck_saved_views_sharing")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"], name=op.f("fk_saved_views_organisation_id_organisations")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_saved_views_person_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_views")),
    )
    op.create_index(op.f("ix_saved_views_organisation_id"), "saved_views", ["organisation_id"])
    op.create_index(op.f("ix_saved_views_person_id"), "saved_views", ["person_id"])


def _webhooks() -> None:
    op.create_table(
        "webhooks",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid()),
        sa.Column("address", sa.String(500), nullable=False),
        sa.Column("turn", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"], name=op.f("fk_webhooks_organisation_id_organisations")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_webhooks_person_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhooks")),
    )
    op.create_index(op.f("ix_webhooks_organisation_id"), "webhooks", ["organisation_id"])
    op.create_index(op.f("ix_webhooks_person_id"), "webhooks", ["person_id"])


def _alert_rules() -> None:
    op.create_table(
        "alert_rules",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid()),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("kinds", postgresql.ARRAY(sa.String(32)), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("adm", sa.String(32), server_default="", nullable=False),
        sa.Column("sectors", postgresql.ARRAY(sa.String(32)), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("certainty", sa.String(32)),
        sa.Column("threshold", sa.Integer()),
        sa.Column("mailing", sa.String(32), nullable=False),
        sa.Column("webhook_id", sa.Uuid()),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("certainty IN ('RUMOUR','POSSIBLE','PROBABLE','CONFIRMED','REFUTED')", name=op.f("ck_alert_rules_certainty")),
        sa.CheckConstraint("mailing IN ('NONE','HOURLY','DAILY')", name=op.f("ck_alert_rules_mailing")),
        sa.CheckConstraint(
            "kinds <@ ARRAY['NEW','TRAPPED','HOSPITAL','HAZARD','CERTAINTY','COUNT','NEED','REFERRAL',"
            "'ANSWER']::varchar[]",
            name=op.f("ck_alert_rules_kinds_listed"),
        ),
        sa.CheckConstraint(
            "sectors <@ ARRAY['SHL','CCM','PRO-MIN','FSC','WSH','LOG','PRO-CPN','PRO','EDU','NUT','HEA','ERY',"
            "'TEL','PRO-GBV','PRO-HLP','MS']::varchar[]",
            name=op.f("ck_alert_rules_sectors_listed"),
        ),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"], name=op.f("fk_alert_rules_organisation_id_organisations")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_alert_rules_person_id_people")),
        sa.ForeignKeyConstraint(["webhook_id"], ["webhooks.id"], name=op.f("fk_alert_rules_webhook_id_webhooks")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert_rules")),
    )
    op.create_index(op.f("ix_alert_rules_organisation_id"), "alert_rules", ["organisation_id"])
    op.create_index(op.f("ix_alert_rules_person_id"), "alert_rules", ["person_id"])
    op.create_index(op.f("ix_alert_rules_webhook_id"), "alert_rules", ["webhook_id"])


def _deliveries() -> None:
    op.create_table(
        "deliveries",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("webhook_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("incident_id", sa.Uuid()),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True)),
        sa.Column("delivered_at", sa.DateTime(timezone=True)),
        sa.Column("outcome", sa.String(32), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name=op.f("fk_deliveries_incident_id_incidents")),
        sa.ForeignKeyConstraint(["webhook_id"], ["webhooks.id"], name=op.f("fk_deliveries_webhook_id_webhooks")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deliveries")),
        sa.UniqueConstraint("webhook_id", "kind", "subject_id", name=op.f("uq_deliveries_webhook_id_kind_subject_id")),
    )
    op.create_index("ix_deliveries_due", "deliveries", ["next_at"], postgresql_where=sa.text("next_at IS NOT NULL"))
    op.create_index(op.f("ix_deliveries_incident_id"), "deliveries", ["incident_id"])


def _feed_keys() -> None:
    op.create_table(
        "feed_keys",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("view_id", sa.Uuid(), nullable=False),
        sa.Column("key_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_feed_keys_person_id_people")),
        sa.ForeignKeyConstraint(["view_id"], ["saved_views.id"], name=op.f("fk_feed_keys_view_id_saved_views")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feed_keys")),
        sa.UniqueConstraint("key_hash", name=op.f("uq_feed_keys_key_hash")),
    )
    op.create_index(op.f("ix_feed_keys_person_id"), "feed_keys", ["person_id"])
    op.create_index(op.f("ix_feed_keys_view_id"), "feed_keys", ["view_id"])


def _situation_papers() -> None:
    op.create_table(
        "situation_papers",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("view_id", sa.Uuid()),
        sa.Column("query", postgresql.JSONB(), nullable=False),
        sa.Column("audience", sa.String(32), nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("form", sa.String(32), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("steps_done", sa.Integer(), server_default="0", nullable=False),
        sa.Column("steps_total", sa.Integer(), server_default="0", nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("figures_at", sa.DateTime(timezone=True)),
        sa.Column("body", sa.LargeBinary()),
        sa.CheckConstraint("audience IN ('PUBLIC','PARTNER','COORD','INTERNAL')", name=op.f("ck_situation_papers_tier")),
        sa.CheckConstraint("form IN ('PDF','HTML')", name=op.f("ck_situation_papers_paper_form")),
        sa.CheckConstraint("state IN ('WAITING','WORKING','DONE','CANCELLED','FAILED')", name=op.f("ck_situation_papers_paper_state")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_situation_papers_person_id_people")),
        sa.ForeignKeyConstraint(["view_id"], ["saved_views.id"], name=op.f("fk_situation_papers_view_id_saved_views")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_situation_papers")),
    )
    op.create_index("ix_situation_papers_person_id", "situation_papers", ["person_id", "asked_at"])
    op.create_index(op.f("ix_situation_papers_view_id"), "situation_papers", ["view_id"])


def _delivery_attempts() -> None:
    op.create_table(
        "delivery_attempts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("delivery_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("outcome", sa.String(32), nullable=False),
        sa.Column("status", sa.Integer()),
        sa.Column("took_ms", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["delivery_id"], ["deliveries.id"], name=op.f("fk_delivery_attempts_delivery_id_deliveries")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery_attempts")),
    )
    op.create_index(op.f("ix_delivery_attempts_delivery_id"), "delivery_attempts", ["delivery_id"])


def _notices() -> None:
    op.create_table(
        "notices",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("rule_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("incident_id", sa.Uuid()),
        sa.Column("count", sa.Integer(), server_default="1", nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True)),
        sa.Column("mailed_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint(
            "kind IN ('NEW','TRAPPED','HOSPITAL','HAZARD','CERTAINTY','COUNT','NEED','REFERRAL',"
            "'ANSWER')",
            name=op.f("ck_notices_alert_kind"),
        ),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name=op.f("fk_notices_incident_id_incidents")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_notices_person_id_people")),
        sa.ForeignKeyConstraint(["rule_id"], ["alert_rules.id"], name=op.f("fk_notices_rule_id_alert_rules")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices")),
        sa.UniqueConstraint("rule_id", "person_id", "kind", "subject_id", name=op.f("uq_notices_rule_id_person_id_kind_subject_id")),
    )
    op.create_index(op.f("ix_notices_incident_id"), "notices", ["incident_id"])
    op.create_index("ix_notices_person_id", "notices", ["person_id", "at"])
    op.create_index("ix_notices_unread", "notices", ["person_id"], postgresql_where=sa.text("read_at IS NULL"))
