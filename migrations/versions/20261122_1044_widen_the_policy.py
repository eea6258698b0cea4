"""What the publication rules must remember: verdicts, agreements, warnings, baselines as they were loaded, proofs of erasure."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Create the tables; the public role reads those of schema pub by the grants that stand."""
    op.create_table('baselines',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('source', sa.String(length=64), nullable=False),
    sa.Column('dated_on', sa.Date(), nullable=False),
    sa.Column('licence', sa.String(length=64), nullable=False),
    sa.Column('sites', sa.Integer(), nullable=False),
    sa.Column('twins', sa.Integer(), nullable=False),
    sa.Column('refused', sa.Integer(), nullable=False),
    sa.Column('loaded_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('replaced_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_baselines'))
    )
    op.create_table('erasure_proofs',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('kind', sa.String(length=32), nullable=False),
    sa.Column('subject_id', sa.Uuid(), nullable=True),
    sa.Column('cutoff', sa.DateTime(timezone=True), nullable=True),
    sa.Column('erased', sa.Integer(), nullable=False),
    sa.Column('left', sa.Integer(), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_erasure_proofs'))
    )
    op.create_index('ix_erasure_proofs_kind', 'erasure_proofs', ['kind', 'made_at'], unique=False)
    op.create_table('judged_worlds',
    sa.Column('id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('stamp', sa.String(length=64), nullable=False),
    sa.Column('areas', postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_judged_worlds'))
    )
    op.create_table('policy_versions',
    sa.Column('version', sa.String(length=16), nullable=False),
    sa.Column('in_force_on', sa.Date(), nullable=False),
    sa.Column('body', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.PrimaryKeyConstraint('version', name=op.f('pk_policy_versions')),
    schema='pub'
    )
    op.create_table('warnings',
    sa.Column('warning_id', sa.String(length=16), nullable=False),
    sa.Column('danger', sa.String(length=32), nullable=False),
    sa.Column('issuer', sa.String(length=200), nullable=False),
    sa.Column('geo_level', sa.String(length=8), nullable=False),
    sa.Column('area_code', sa.String(length=32), nullable=False),
    sa.Column('area_name', sa.String(length=200), nullable=False),
    sa.Column('shape', sa.Text(), nullable=False),
    sa.Column('issued_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('warning_id', name=op.f('pk_warnings')),
    schema='pub'
    )
    op.create_table('judgements',
    sa.Column('incident_id', sa.Uuid(), nullable=False),
    sa.Column('row_version', sa.BigInteger(), nullable=False),
    sa.Column('decision', sa.Enum('PUBLISH', 'HOLD_UNTIL', 'AGGREGATE_ONLY', 'SUPPRESS', name='decision', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('sensitivity', sa.Enum('S0', 'S1', 'S2', 'S3', 'S4', name='sensitivity_class', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('context', sa.Enum('CONFLICT_ACTIVE', 'CONFLICT_LOW', 'POST_CONFLICT', 'DISASTER', 'MIXED', name='context_mode', native_enum=False, create_constraint=True, length=32), nullable=True),
    sa.Column('geo_level', sa.Enum('POINT', 'H3_9', 'H3_8', 'H3_7', 'H3_6', 'ADM2', 'ADM1', 'NONE', name='geometry_level', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('area_code', sa.String(length=32), nullable=True),
    sa.Column('reasons', postgresql.ARRAY(sa.String(length=32)), server_default=sa.text("'{}'"), nullable=False),
    sa.Column('hold_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('waits_for', sa.String(length=16), server_default='', nullable=False),
    sa.Column('fingerprint', sa.String(length=64), server_default='', nullable=False),
    sa.Column('judged_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("waits_for IN ('','STANDING','SIGNATURES','GATE')", name=op.f('ck_judgements_waits_for_known')),
    sa.ForeignKeyConstraint(['incident_id'], ['incidents.id'], name=op.f('fk_judgements_incident_id_incidents'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('incident_id', name=op.f('pk_judgements'))
    )
    op.create_index('ix_judgements_due_at', 'judgements', ['due_at'], unique=False, postgresql_where=sa.text('due_at IS NOT NULL'))
    op.create_index('ix_judgements_waits_for', 'judgements', ['waits_for'], unique=False, postgresql_where=sa.text("waits_for <> ''"))
    op.create_table('proposals',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('kind', sa.String(length=16), nullable=False),
    sa.Column('body', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('reason', sa.String(length=500), server_default='', nullable=False),
    sa.Column('proposed_by', sa.Uuid(), nullable=False),
    sa.Column('proposed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('agreed_by', sa.Uuid(), nullable=True),
    sa.Column('agreed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('until_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ended_by', sa.Uuid(), nullable=True),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("kind IN ('standing','rows','policy','put_back','release','situation')", name=op.f('ck_proposals_kind_known')),
    sa.ForeignKeyConstraint(['agreed_by'], ['people.id'], name=op.f('fk_proposals_agreed_by_people')),
    sa.ForeignKeyConstraint(['ended_by'], ['people.id'], name=op.f('fk_proposals_ended_by_people')),
    sa.ForeignKeyConstraint(['proposed_by'], ['people.id'], name=op.f('fk_proposals_proposed_by_people')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_proposals'))
    )
    op.create_index('ix_proposals_kind', 'proposals', ['kind', 'proposed_at'], unique=False)
    op.create_table('warnings',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False),
    sa.Column('hazard', sa.Enum('HZ.UXO', 'HZ.MINE', 'HZ.SUBMUN', 'HZ.COLLAPSE', 'HZ.FIRE', 'HZ.GAS', 'HZ.POWER', 'HZ.CHEM', 'HZ.RAD', 'HZ.ASB', 'HZ.WATER', 'HZ.SEWAGE', 'HZ.BODY', 'HZ.RESTRIKE', 'HZ.CRIME', 'HZ.NONE', 'HZ.UNK', name='hazard', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('geo_level', sa.String(length=8), nullable=False),
    sa.Column('area_code', sa.String(length=32), nullable=False),
    sa.Column('is_generic', sa.Boolean(), nullable=False),
    sa.Column('issued_by', sa.Uuid(), nullable=True),
    sa.Column('issued_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['issued_by'], ['people.id'], name=op.f('fk_warnings_issued_by_people')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_warnings')),
    sa.UniqueConstraint('public_id', name=op.f('uq_warnings_public_id'))
    )
    op.add_column('baseline_sites', sa.Column('baseline_id', sa.Uuid(), nullable=True))
    op.create_index(op.f('ix_baseline_sites_baseline_id'), 'baseline_sites', ['baseline_id'], unique=False)
    op.create_foreign_key(op.f('fk_baseline_sites_baseline_id_baselines'), 'baseline_sites', 'baselines', ['baseline_id'], ['id'], ondelete='CASCADE')


def downgrade() -> None:
    """Undo it."""
    op.drop_constraint(op.f('fk_baseline_sites_baseline_id_baselines'), 'baseline_sites', type_='foreignkey')
    op.drop_index(op.f('ix_baseline_sites_baseline_id'), table_name='baseline_sites')
    op.drop_column('baseline_sites', 'baseline_id')
    op.drop_table('warnings')
    op.drop_index('ix_proposals_kind', table_name='proposals')
    op.drop_table('proposals')
    op.drop_index('ix_judgements_waits_for', table_name='judgements', postgresql_where=sa.text("waits_for <> ''"))
    op.drop_index('ix_judgements_due_at', table_name='judgements', postgresql_where=sa.text('due_at IS NOT NULL'))
    op.drop_table('judgements')
    op.drop_table('warnings', schema='pub')
    op.drop_table('policy_versions', schema='pub')
    op.drop_table('judged_worlds')
    op.drop_index('ix_erasure_proofs_kind', table_name='erasure_proofs')
    op.drop_table('erasure_proofs')
    op.drop_table('baselines')
