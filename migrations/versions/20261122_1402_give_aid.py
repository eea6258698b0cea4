"""Needs, claims and deliveries; activities (5W), referrals, assignments; counts of needs kept by a trigger and a log."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

NOTE_NEED = """
CREATE FUNCTION tessera_note_need() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP <> 'INSERT' THEN
    INSERT INTO need_changes VALUES (coalesce(OLD.adm1_pcode, ''), coalesce(OLD.adm2_pcode, ''), OLD.sector, OLD.urgency, OLD.status, -1);
  END IF;
  IF TG_OP <> 'DELETE' THEN
    INSERT INTO need_changes VALUES (coalesce(NEW.adm1_pcode, ''), coalesce(NEW.adm2_pcode, ''), NEW.sector, NEW.urgency, NEW.status, 1);
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER note_need AFTER INSERT OR DELETE ON needs FOR EACH ROW EXECUTE FUNCTION tessera_note_need();
CREATE TRIGGER note_need_change AFTER UPDATE ON needs FOR EACH ROW
  WHEN ((OLD.adm1_pcode, OLD.adm2_pcode, OLD.sector, OLD.urgency, OLD.status)
    IS DISTINCT FROM (NEW.adm1_pcode, NEW.adm2_pcode, NEW.sector, NEW.urgency, NEW.status))
  EXECUTE FUNCTION tessera_note_need();
"""
TABLES = ("need_changes", "need_counts", "activities", "needs", "assignments", "need_claims", "need_deliveries", "referrals", "site_notes")


def upgrade() -> None:
    """Make the tables, and the trigger that notes each need for the counts."""
    _create_need_changes()
    _create_need_counts()
    _create_activities()
    _create_needs()
    _create_assignments()
    _create_need_claims()
    _create_need_deliveries()
    _create_referrals()
    _create_site_notes()
    op.create_index(
        "ix_incidents_protected", "incidents", ["s_class", "cell_key"], postgresql_where=sa.text("on_map AND s_class IN ('S3', 'S4')")
    )
    op.execute(NOTE_NEED)


def downgrade() -> None:
    """Take all of it away."""
    op.drop_index("ix_incidents_protected", "incidents")
    for table in reversed(TABLES):
        op.drop_table(table)
    op.execute("DROP FUNCTION tessera_note_need()")


def _create_need_changes() -> None:
    op.create_table('need_changes',
        sa.Column('adm1_pcode', sa.String(length=32), nullable=False),
        sa.Column('adm2_pcode', sa.String(length=32), nullable=False),
        sa.Column('sector', sa.String(length=32), nullable=False),
        sa.Column('urgency', sa.String(length=32), nullable=False),
        sa.Column('status', sa.String(length=32), nullable=False),
        sa.Column('step', sa.SmallInteger(), nullable=False)
    )


def _create_need_counts() -> None:
    op.create_table('need_counts',
        sa.Column('adm1_pcode', sa.String(length=32), nullable=False),
        sa.Column('adm2_pcode', sa.String(length=32), nullable=False),
        sa.Column('sector', sa.String(length=32), nullable=False),
        sa.Column('urgency', sa.String(length=32), nullable=False),
        sa.Column('status', sa.String(length=32), nullable=False),
        sa.Column('n', sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint('adm1_pcode', 'adm2_pcode', 'sector', 'urgency', 'status', name=op.f('pk_need_counts'))
    )


def _create_activities() -> None:
    op.create_table('activities',
        sa.Column('id', sa.Uuid(), nullable=False),
        sa.Column('organisation_id', sa.Uuid(), nullable=False),
        sa.Column('implementing_partner', sa.String(length=200), server_default='', nullable=False),
        sa.Column('sector', sa.Enum('SHL', 'CCM', 'PRO-MIN', 'FSC', 'WSH', 'LOG', 'PRO-CPN', 'PRO', 'EDU', 'NUT', 'HEA', 'ERY', 'TEL', 'PRO-GBV', 'PRO-HLP', 'MS', name='sector', native_enum=False, create_constraint=True, length=32), nullable=False),
        sa.Column('need_type', sa.Enum('SAR', 'EVAC', 'MED', 'MED_SUPPLY', 'SHELTER', 'NFI', 'REPAIR_LIGHT', 'REPAIR_STRUCT', 'WATER', 'SANITATION', 'FOOD', 'INFANT', 'CASH', 'POWER', 'FUEL', 'HEAT', 'TELECOM', 'DEBRIS', 'EOD', 'TRANSPORT', 'PROTECTION', 'MHPSS', 'CHILD_PROT', 'LEGAL_HLP', 'INFO', 'ANIMAL', 'OTH', name='need_type', native_enum=False, create_constraint=True, length=32), nullable=False),
        sa.Column('what', sa.String(length=200), nullable=False),
        sa.Column('status', sa.Enum('PLANNED', 'ONGOING', 'COMPLETED', 'SUSPENDED', name='activity_status', native_enum=False, create_constraint=True, length=32), nullable=False),
        sa.Column('starts_on', sa.Date(), nullable=False),
        sa.Column('ends_on', sa.Date(), nullable=True),
        sa.Column('adm1_pcode', sa.String(length=32), nullable=True),
        sa.Column('adm2_pcode', sa.String(length=32), nullable=True),
        sa.Column('incident_id', sa.Uuid(), nullable=True),
        sa.Column('site_id', sa.Uuid(), nullable=True),
        sa.Column('planned', sa.Integer(), nullable=True),
        sa.Column('reached', sa.Integer(), nullable=True),
        sa.Column('unit', sa.Enum('PERSON', 'HOUSEHOLD', 'PIECE', 'KIT', 'LITRE', 'KG', 'M2', 'KW', 'VEHICLE', 'TEAM', 'DAY', name='need_unit', native_enum=False, create_constraint=True, length=32), server_default='PERSON', nullable=False),
        sa.Column('person_id', sa.Uuid(), nullable=True),
        sa.Column('opened_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
        sa.Column('changed_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
        sa.Column('version', sa.Integer(), server_default='1', nullable=False),
        sa.CheckConstraint('ends_on IS NULL OR starts_on <= ends_on', name=op.f('ck_activities_days_in_order')),
        sa.CheckConstraint('planned IS NULL OR planned >= 0', name=op.f('ck_activities_planned_not_negative')),
        sa.CheckConstraint('reached IS NULL OR reached >= 0', name=op.f('ck_activities_reached_not_negative')),
        sa.ForeignKeyConstraint(['incident_id'], ['incidents.id'], name=op.f('fk_activities_incident_id_incidents')),
        sa.ForeignKeyConstraint(['organisation_id'], ['organisations.id'], name=op.f('fk_activities_organisation_id_organisations')),
        sa.ForeignKeyConstraint(['person_id'], ['people.id'], name=op.f('fk_activities_person_id_people')),
        sa.ForeignKeyConstraint(['site_id'], ['sites.id'], name=op.f('fk_activities_site_id_sites')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_activities'))
    )
    op.create_index('ix_activities_area', 'activities', ['adm2_pcode', 'sector'], unique=False)
    op.create_index(op.f('ix_activities_incident_id'), 'activities', ['incident_id'], unique=False)
    op.create_index(op.f('ix_activities_organisation_id'), 'activities', ['organisation_id'], unique=False)
    op.create_index(op.f('ix_activities_site_id'), 'activities', ['site_id'], unique=False)
    op.create_index('ix_activities_starts_on', 'activities', ['starts_on', 'id'], unique=False)


def _create_needs() -> None:
    op.create_table('needs',
        sa.Column('id', sa.Uuid(), nullable=False),
        sa.Column('incident_id', sa.Uuid(), nullable=False),
        sa.Column('need_type', sa.Enum('SAR', 'EVAC', 'MED', 'MED_SUPPLY', 'SHELTER', 'NFI', 'REPAIR_LIGHT', 'REPAIR_STRUCT', 'WATER', 'SANITATION', 'FOOD', 'INFANT', 'CASH', 'POWER', 'FUEL', 'HEAT', 'TELECOM', 'DEBRIS', 'EOD', 'TRANSPORT', 'PROTECTION', 'MHPSS', 'CHILD_PROT', 'LEGAL_HLP', 'INFO', 'ANIMAL', 'OTH', name='need_type', native_enum=False, create_constraint=True, length=32), nullable=False),
        sa.Column('sector', sa.Enum('SHL', 'CCM', 'PRO-MIN', 'FSC', 'WSH', 'LOG', 'PRO-CPN', 'PRO', 'EDU', 'NUT', 'HEA', 'ERY', 'TEL', 'PRO-GBV', 'PRO-HLP', 'MS', name='sector', native_enum=False, create_constraint=True, length=32), nullable=False),
        sa.Column('urgency', sa.Enum('U1', 'U2', 'U3', 'U4', name='urgency', native_enum=False, create_constraint=True, length=32), nullable=False),
        sa.Column('for_whom', sa.Enum('ALL', 'CHILDREN', 'WOMEN', 'OLDER', 'DISABLED', 'PATIENTS', 'DISPLACED', 'STAFF', name='for_whom', native_enum=False, create_constraint=True, length=32), server_default='ALL', nullable=False),
        sa.Column('people_min', sa.Integer(), nullable=True),
        sa.Column('people_max', sa.Integer(), nullable=True),
        sa.Column('quantity', sa.Numeric(precision=12, scale=2), nullable=True),
        sa.Column('unit', sa.Enum('PERSON', 'HOUSEHOLD', 'PIECE', 'KIT', 'LITRE', 'KG', 'M2', 'KW', 'VEHICLE', 'TEAM', 'DAY', name='need_unit', native_enum=False, create_constraint=True, length=32), nullable=True),
        sa.Column('met_quantity', sa.Numeric(precision=12, scale=2), server_default='0', nullable=False),
        sa.Column('status', sa.Enum('OPEN', 'REFERRED', 'IN_PROGRESS', 'PARTIALLY_MET', 'MET', 'CLOSED_UNMET', 'DUPLICATE', 'NOT_VALID', name='need_status', native_enum=False, create_constraint=True, length=32), server_default='OPEN', nullable=False),
        sa.Column('is_seeded', sa.Boolean(), server_default=sa.text('false'), nullable=False),
        sa.Column('is_handled', sa.Boolean(), server_default=sa.text('false'), nullable=False),
        sa.Column('organisation_id', sa.Uuid(), nullable=True),
        sa.Column('report_id', sa.Uuid(), nullable=True),
        sa.Column('adm1_pcode', sa.String(length=32), nullable=True),
        sa.Column('adm2_pcode', sa.String(length=32), nullable=True),
        sa.Column('close_reason', sa.String(length=500), server_default='', nullable=False),
        sa.Column('opened_by', sa.Uuid(), nullable=True),
        sa.Column('opened_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
        sa.Column('changed_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
        sa.Column('closed_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('version', sa.Integer(), server_default='1', nullable=False),
        sa.CheckConstraint('met_quantity >= 0', name=op.f('ck_needs_met_not_negative')),
        sa.CheckConstraint('people_min IS NULL OR people_max IS NULL OR people_min <= people_max', name=op.f('ck_needs_people_in_order')),
        sa.CheckConstraint('quantity IS NULL OR quantity > 0', name=op.f('ck_needs_quantity_positive')),
        sa.ForeignKeyConstraint(['incident_id'], ['incidents.id'], name=op.f('fk_needs_incident_id_incidents')),
        sa.ForeignKeyConstraint(['opened_by'], ['people.id'], name=op.f('fk_needs_opened_by_people')),
        sa.ForeignKeyConstraint(['organisation_id'], ['organisations.id'], name=op.f('fk_needs_organisation_id_organisations')),
        sa.ForeignKeyConstraint(['report_id'], ['reports.id'], name=op.f('fk_needs_report_id_reports')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_needs'))
    )
    op.create_index('ix_needs_adm1_sector', 'needs', ['adm1_pcode', 'sector', 'urgency', 'opened_at', 'id'], unique=False)
    op.create_index('ix_needs_adm2_sector', 'needs', ['adm2_pcode', 'sector', 'urgency', 'opened_at', 'id'], unique=False)
    op.create_index(op.f('ix_needs_incident_id'), 'needs', ['incident_id'], unique=False)
    op.create_index('ix_needs_live', 'needs', ['urgency', 'opened_at', 'id'], unique=False, postgresql_where=sa.text("status IN ('OPEN','REFERRED','IN_PROGRESS','PARTIALLY_MET')"))
    op.create_index('ix_needs_status', 'needs', ['status', 'urgency', 'opened_at', 'id'], unique=False)
    op.create_index('ix_needs_seeded', 'needs', ['incident_id', 'need_type'], unique=True, postgresql_where=sa.text('is_seeded'))


def _create_assignments() -> None:
    op.create_table('assignments',
        sa.Column('id', sa.Uuid(), nullable=False),
        sa.Column('incident_id', sa.Uuid(), nullable=False),
        sa.Column('need_id', sa.Uuid(), nullable=True),
        sa.Column('organisation_id', sa.Uuid(), nullable=False),
        sa.Column('state', sa.Enum('OFFERED', 'ACCEPTED', 'DECLINED', 'HANDED_BACK', 'ENDED', 'EXPIRED', name='offer_state', native_enum=False, create_constraint=True, length=32), server_default='OFFERED', nullable=False),
        sa.Column('s_class', sa.Enum('S0', 'S1', 'S2', 'S3', 'S4', name='sensitivity_class', native_enum=False, create_constraint=True, length=32), nullable=False),
        sa.Column('task', sa.String(length=500), server_default='', nullable=False),
        sa.Column('reason', sa.String(length=500), server_default='', nullable=False),
        sa.Column('offered_by', sa.Uuid(), nullable=True),
        sa.Column('offered_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
        sa.Column('until_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('answered_by', sa.Uuid(), nullable=True),
        sa.Column('answered_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(['answered_by'], ['people.id'], name=op.f('fk_assignments_answered_by_people')),
        sa.ForeignKeyConstraint(['incident_id'], ['incidents.id'], name=op.f('fk_assignments_incident_id_incidents')),
        sa.ForeignKeyConstraint(['need_id'], ['needs.id'], name=op.f('fk_assignments_need_id_needs')),
        sa.ForeignKeyConstraint(['offered_by'], ['people.id'], name=op.f('fk_assignments_offered_by_people')),
        sa.ForeignKeyConstraint(['organisation_id'], ['organisations.id'], name=op.f('fk_assignments_organisation_id_organisations')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_assignments'))
    )
    op.create_index(op.f('ix_assignments_incident_id'), 'assignments', ['incident_id'], unique=False)
    op.create_index(op.f('ix_assignments_need_id'), 'assignments', ['need_id'], unique=False)
    op.create_index('ix_assignments_organisation', 'assignments', ['organisation_id', 'state'], unique=False)
    op.create_index('ix_assignments_standing', 'assignments', ['incident_id', 'organisation_id'], unique=True, postgresql_where=sa.text("state IN ('OFFERED','ACCEPTED')"))
    op.create_index('ix_assignments_until', 'assignments', ['until_at'], unique=False, postgresql_where=sa.text("state IN ('OFFERED','ACCEPTED')"))


def _create_need_claims() -> None:
    op.create_table('need_claims',
        sa.Column('id', sa.Uuid(), nullable=False),
        sa.Column('need_id', sa.Uuid(), nullable=False),
        sa.Column('organisation_id', sa.Uuid(), nullable=False),
        sa.Column('activity_id', sa.Uuid(), nullable=True),
        sa.Column('person_id', sa.Uuid(), nullable=True),
        sa.Column('quantity', sa.Numeric(precision=12, scale=2), nullable=True),
        sa.Column('begun_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
        sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint('quantity IS NULL OR quantity > 0', name=op.f('ck_need_claims_quantity_positive')),
        sa.ForeignKeyConstraint(['activity_id'], ['activities.id'], name=op.f('fk_need_claims_activity_id_activities')),
        sa.ForeignKeyConstraint(['need_id'], ['needs.id'], name=op.f('fk_need_claims_need_id_needs')),
        sa.ForeignKeyConstraint(['organisation_id'], ['organisations.id'], name=op.f('fk_need_claims_organisation_id_organisations')),
        sa.ForeignKeyConstraint(['person_id'], ['people.id'], name=op.f('fk_need_claims_person_id_people')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_need_claims'))
    )
    op.create_index(op.f('ix_need_claims_activity_id'), 'need_claims', ['activity_id'], unique=False)
    op.create_index(op.f('ix_need_claims_need_id'), 'need_claims', ['need_id'], unique=False)
    op.create_index('ix_need_claims_organisation', 'need_claims', ['organisation_id'], unique=False, postgresql_where=sa.text('ended_at IS NULL'))
    op.create_index('ix_need_claims_standing', 'need_claims', ['need_id', 'organisation_id'], unique=True, postgresql_where=sa.text('ended_at IS NULL'))


def _create_need_deliveries() -> None:
    op.create_table('need_deliveries',
        sa.Column('id', sa.Uuid(), nullable=False),
        sa.Column('need_id', sa.Uuid(), nullable=False),
        sa.Column('organisation_id', sa.Uuid(), nullable=False),
        sa.Column('person_id', sa.Uuid(), nullable=True),
        sa.Column('quantity', sa.Numeric(precision=12, scale=2), nullable=False),
        sa.Column('at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
        sa.Column('undone_at', sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint('quantity > 0', name=op.f('ck_need_deliveries_quantity_positive')),
        sa.ForeignKeyConstraint(['need_id'], ['needs.id'], name=op.f('fk_need_deliveries_need_id_needs')),
        sa.ForeignKeyConstraint(['organisation_id'], ['organisations.id'], name=op.f('fk_need_deliveries_organisation_id_organisations')),
        sa.ForeignKeyConstraint(['person_id'], ['people.id'], name=op.f('fk_need_deliveries_person_id_people')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_need_deliveries'))
    )
    op.create_index(op.f('ix_need_deliveries_need_id'), 'need_deliveries', ['need_id'], unique=False)


def _create_referrals() -> None:
    op.create_table('referrals',
        sa.Column('id', sa.Uuid(), nullable=False),
        sa.Column('need_id', sa.Uuid(), nullable=False),
        sa.Column('from_organisation_id', sa.Uuid(), nullable=True),
        sa.Column('organisation_id', sa.Uuid(), nullable=False),
        sa.Column('state', sa.Enum('OFFERED', 'ACCEPTED', 'DECLINED', 'HANDED_BACK', 'ENDED', 'EXPIRED', name='offer_state', native_enum=False, create_constraint=True, length=32), server_default='OFFERED', nullable=False),
        sa.Column('note', sa.String(length=500), server_default='', nullable=False),
        sa.Column('reason', sa.String(length=500), server_default='', nullable=False),
        sa.Column('offered_by', sa.Uuid(), nullable=True),
        sa.Column('offered_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
        sa.Column('answer_by', sa.DateTime(timezone=True), nullable=False),
        sa.Column('reminded_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('answered_by', sa.Uuid(), nullable=True),
        sa.Column('answered_at', sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(['answered_by'], ['people.id'], name=op.f('fk_referrals_answered_by_people')),
        sa.ForeignKeyConstraint(['from_organisation_id'], ['organisations.id'], name=op.f('fk_referrals_from_organisation_id_organisations')),
        sa.ForeignKeyConstraint(['need_id'], ['needs.id'], name=op.f('fk_referrals_need_id_needs')),
        sa.ForeignKeyConstraint(['offered_by'], ['people.id'], name=op.f('fk_referrals_offered_by_people')),
        sa.ForeignKeyConstraint(['organisation_id'], ['organisations.id'], name=op.f('fk_referrals_organisation_id_organisations')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_referrals'))
    )
    op.create_index('ix_referrals_answer_by', 'referrals', ['answer_by'], unique=False, postgresql_where=sa.text("state = 'OFFERED'"))
    op.create_index(op.f('ix_referrals_need_id'), 'referrals', ['need_id'], unique=False)
    op.create_index('ix_referrals_open', 'referrals', ['need_id', 'organisation_id'], unique=True, postgresql_where=sa.text("state = 'OFFERED'"))
    op.create_index('ix_referrals_waiting', 'referrals', ['organisation_id'], unique=False, postgresql_where=sa.text("state = 'OFFERED'"))


def _create_site_notes() -> None:
    op.create_table('site_notes',
        sa.Column('id', sa.Uuid(), nullable=False),
        sa.Column('site_id', sa.Uuid(), nullable=False),
        sa.Column('seen_on', sa.Date(), nullable=False),
        sa.Column('is_repair', sa.Boolean(), server_default=sa.text('false'), nullable=False),
        sa.Column('damage_left', sa.SmallInteger(), nullable=True),
        sa.Column('functional_status', sa.Enum('F4', 'F3', 'F2', 'F1', 'F0', name='functional_status', native_enum=False, create_constraint=True, length=32), nullable=True),
        sa.Column('words', sa.String(length=500), server_default='', nullable=False),
        sa.Column('organisation_id', sa.Uuid(), nullable=True),
        sa.Column('person_id', sa.Uuid(), nullable=True),
        sa.Column('at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
        sa.Column('undone_at', sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint('damage_left BETWEEN 0 AND 4', name=op.f('ck_site_notes_grade_known')),
        sa.CheckConstraint('is_repair OR functional_status IS NOT NULL', name=op.f('ck_site_notes_says_something')),
        sa.ForeignKeyConstraint(['organisation_id'], ['organisations.id'], name=op.f('fk_site_notes_organisation_id_organisations')),
        sa.ForeignKeyConstraint(['person_id'], ['people.id'], name=op.f('fk_site_notes_person_id_people')),
        sa.ForeignKeyConstraint(['site_id'], ['sites.id'], name=op.f('fk_site_notes_site_id_sites')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_site_notes'))
    )
    op.create_index(op.f('ix_site_notes_site_id'), 'site_notes', ['site_id'], unique=False)
