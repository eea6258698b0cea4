"""Create every table of the house."""

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Create the tables in the order of their references."""
    op.create_geospatial_table('admin_areas',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('level', sa.SmallInteger(), nullable=False),
    sa.Column('pcode', sa.String(length=32), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('names', postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
    sa.Column('parent_pcode', sa.String(length=32), nullable=True),
    sa.Column('country', sa.String(length=3), nullable=False),
    sa.Column('cod_version', sa.String(length=32), nullable=False),
    sa.Column('valid_on', sa.Date(), nullable=True),
    sa.Column('shape', Geometry(geometry_type='MULTIPOLYGON', srid=4326, dimension=2, spatial_index=False, from_text='ST_GeomFromEWKT', name='geometry', nullable=False), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_admin_areas')),
    sa.UniqueConstraint('pcode', 'cod_version', name=op.f('uq_admin_areas_pcode_cod_version'))
    )
    op.create_geospatial_index('idx_admin_areas_shape', 'admin_areas', ['shape'], unique=False, postgresql_using='gist', postgresql_ops={})
    op.create_index(op.f('ix_admin_areas_level'), 'admin_areas', ['level'], unique=False)
    op.create_index(op.f('ix_admin_areas_pcode'), 'admin_areas', ['pcode'], unique=False)
    op.create_geospatial_table('baseline_sites',
    sa.Column('id', sa.BigInteger(), nullable=False),
    sa.Column('source', sa.String(length=64), nullable=False),
    sa.Column('source_dated_on', sa.Date(), nullable=False),
    sa.Column('site_type', sa.Enum('RES.APT', 'RES.HOUSE', 'RES.COLLECTIVE', 'RES.CAMP', 'RES.INSTITUTION', 'SHE.BOMB', 'SHE.HUB', 'HEA.HOSP', 'HEA.MATERNITY', 'HEA.CLINIC', 'HEA.PHARM', 'HEA.AMB', 'HEA.BLOOD', 'EDU.PRE', 'EDU.SCHOOL', 'EDU.HIGHER', 'EDU.OTH', 'WSH.TREAT', 'WSH.STORE', 'WSH.NET', 'WSH.WASTE', 'WSH.SOLID', 'WSH.DAM', 'ENE.GEN', 'ENE.NUC', 'ENE.SUB', 'ENE.LINE', 'ENE.HEAT', 'ENE.GAS', 'ENE.FUEL', 'TRA.ROAD', 'TRA.BRIDGE', 'TRA.RAIL', 'TRA.PORT', 'TRA.AIR', 'TRA.BUS', 'COM.MAST', 'COM.DATA', 'FOO.MARKET', 'FOO.STORE', 'FOO.PROC', 'FOO.FARM', 'GOV.ADMIN', 'GOV.FIRE', 'GOV.POLICE', 'GOV.PRISON', 'CUL.RELIG', 'CUL.HERIT', 'CUL.CEM', 'HUM.OFFICE', 'HUM.SAFE', 'IND.GEN', 'IND.CHEM', 'SOC.CHILD', 'SOC.SPORT', 'ENV.LAND', 'MEDIA', 'OTH', 'UNK', name='site_type', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('name', sa.String(length=200), server_default='', nullable=False),
    sa.Column('point', Geometry(geometry_type='POINT', srid=4326, dimension=2, spatial_index=False, from_text='ST_GeomFromEWKT', name='geometry', nullable=False), nullable=False),
    sa.Column('h3_r9', sa.String(length=16), nullable=False),
    sa.Column('adm1_pcode', sa.String(length=32), nullable=True),
    sa.Column('adm2_pcode', sa.String(length=32), nullable=True),
    sa.Column('adm3_pcode', sa.String(length=32), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_baseline_sites'))
    )
    op.create_geospatial_index('idx_baseline_sites_point', 'baseline_sites', ['point'], unique=False, postgresql_using='gist', postgresql_ops={})
    op.create_index('ix_baseline_sites_h3_r9', 'baseline_sites', ['h3_r9'], unique=False)
    op.create_index('ix_baseline_sites_type_adm1', 'baseline_sites', ['site_type', 'adm1_pcode'], unique=False)
    op.create_index('ix_baseline_sites_type_adm2', 'baseline_sites', ['site_type', 'adm2_pcode'], unique=False)
    op.create_table('events',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('glide', sa.String(length=32), server_default='', nullable=False),
    sa.Column('cause_group', sa.Enum('CONFLICT', 'NATURAL', 'TECHNOLOGICAL', 'ARSON_CRIME', 'UNK', name='cause_group', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('began_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_events')),
    sa.UniqueConstraint('public_id', name=op.f('uq_events_public_id'))
    )
    op.create_geospatial_table('gazetteer_places',
    sa.Column('id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('names', postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
    sa.Column('country', sa.String(length=2), nullable=False),
    sa.Column('admin1', sa.String(length=200), server_default='', nullable=False),
    sa.Column('population', sa.BigInteger(), server_default='0', nullable=False),
    sa.Column('point', Geometry(geometry_type='POINT', srid=4326, dimension=2, spatial_index=False, from_text='ST_GeomFromEWKT', name='geometry', nullable=False), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_gazetteer_places'))
    )
    op.create_geospatial_index('idx_gazetteer_places_point', 'gazetteer_places', ['point'], unique=False, postgresql_using='gist', postgresql_ops={})
    op.create_table('ledger',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('actor_id', sa.Uuid(), nullable=True),
    sa.Column('event', sa.String(length=64), nullable=False),
    sa.Column('subject_id', sa.Uuid(), nullable=False),
    sa.Column('details', postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
    sa.Column('transaction', sa.BigInteger(), server_default=sa.text('pg_current_xact_id()::text::bigint'), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ledger'))
    )
    op.create_index(op.f('ix_ledger_subject_id'), 'ledger', ['subject_id'], unique=False)
    op.create_table('ledger_seals',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('sealed_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('entry_ids', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('root', sa.LargeBinary(length=32), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ledger_seals'))
    )
    op.create_table('map_cells',
    sa.Column('level', sa.SmallInteger(), nullable=False),
    sa.Column('cell', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('n', sa.Integer(), nullable=False),
    sa.Column('d0', sa.Integer(), nullable=False),
    sa.Column('d1', sa.Integer(), nullable=False),
    sa.Column('d2', sa.Integer(), nullable=False),
    sa.Column('d3', sa.Integer(), nullable=False),
    sa.Column('d4', sa.Integer(), nullable=False),
    sa.Column('du', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('level', 'cell', name=op.f('pk_map_cells'))
    )
    op.create_table('map_changes',
    sa.Column('cell_key', sa.BigInteger(), nullable=False),
    sa.Column('step', sa.SmallInteger(), nullable=False),
    sa.Column('grade', sa.SmallInteger(), nullable=False)
    )
    op.create_table('organisations',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('acronym', sa.String(length=32), server_default='', nullable=False),
    sa.Column('kind', sa.Enum('ACADEMIC', 'DONOR', 'GOVERNMENT', 'INTL_NGO', 'INTL_ORG', 'NATIONAL_NGO', 'PRIVATE', 'RED_CROSS', 'UN', name='organisation_type', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_organisations')),
    sa.UniqueConstraint('name', name=op.f('uq_organisations_name'))
    )
    op.create_table('outbox',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('event', sa.String(length=64), nullable=False),
    sa.Column('subject_id', sa.Uuid(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_outbox'))
    )
    op.create_geospatial_table('areas',
    sa.Column('code', sa.String(length=32), nullable=False),
    sa.Column('geo_level', sa.Enum('POINT', 'H3_9', 'H3_8', 'H3_7', 'H3_6', 'ADM2', 'ADM1', 'NONE', name='geometry_level', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('name', sa.String(length=200), server_default='', nullable=False),
    sa.Column('shape', Geometry(geometry_type='MULTIPOLYGON', srid=4326, dimension=2, spatial_index=False, from_text='ST_GeomFromEWKT', name='geometry', nullable=False), nullable=False),
    sa.PrimaryKeyConstraint('code', name=op.f('pk_areas')),
    schema='pub'
    )
    op.create_geospatial_index('idx_areas_shape', 'areas', ['shape'], unique=False, schema='pub', postgresql_using='gist', postgresql_ops={})
    op.create_table('batches',
    sa.Column('release_id', sa.String(length=32), nullable=False),
    sa.Column('published_on', sa.Date(), nullable=False),
    sa.Column('policy_version', sa.String(length=16), nullable=False),
    sa.Column('rows_total', sa.Integer(), nullable=False),
    sa.Column('revoked', postgresql.ARRAY(sa.String(length=16)), server_default=sa.text("'{}'"), nullable=False),
    sa.Column('is_exercise', sa.Boolean(), server_default=sa.text('false'), nullable=False),
    sa.PrimaryKeyConstraint('release_id', name=op.f('pk_batches')),
    schema='pub'
    )
    op.create_table('incidents',
    sa.Column('incident_id', sa.String(length=16), nullable=False),
    sa.Column('release_id', sa.String(length=32), nullable=False),
    sa.Column('record_status', sa.String(length=16), nullable=False),
    sa.Column('certainty', sa.Enum('RUMOUR', 'POSSIBLE', 'PROBABLE', 'CONFIRMED', 'REFUTED', name='certainty', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('date_start', sa.Date(), nullable=True),
    sa.Column('date_end', sa.Date(), nullable=True),
    sa.Column('date_precision', sa.Enum('MINUTE', 'HOUR', 'DAY', 'WEEK', 'MONTH', name='time_level', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('country_iso3', sa.String(length=3), nullable=True),
    sa.Column('adm1_pcode', sa.String(length=32), nullable=True),
    sa.Column('adm1_name', sa.String(length=200), nullable=True),
    sa.Column('adm2_pcode', sa.String(length=32), nullable=True),
    sa.Column('adm2_name', sa.String(length=200), nullable=True),
    sa.Column('adm3_pcode', sa.String(length=32), nullable=True),
    sa.Column('adm3_name', sa.String(length=200), nullable=True),
    sa.Column('geo_level', sa.Enum('POINT', 'H3_9', 'H3_8', 'H3_7', 'H3_6', 'ADM2', 'ADM1', 'NONE', name='geometry_level', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('h3_cell', sa.String(length=16), nullable=True),
    sa.Column('lat', sa.Float(), nullable=True),
    sa.Column('lon', sa.Float(), nullable=True),
    sa.Column('site_type', sa.Enum('RES.APT', 'RES.HOUSE', 'RES.COLLECTIVE', 'RES.CAMP', 'RES.INSTITUTION', 'SHE.BOMB', 'SHE.HUB', 'HEA.HOSP', 'HEA.MATERNITY', 'HEA.CLINIC', 'HEA.PHARM', 'HEA.AMB', 'HEA.BLOOD', 'EDU.PRE', 'EDU.SCHOOL', 'EDU.HIGHER', 'EDU.OTH', 'WSH.TREAT', 'WSH.STORE', 'WSH.NET', 'WSH.WASTE', 'WSH.SOLID', 'WSH.DAM', 'ENE.GEN', 'ENE.NUC', 'ENE.SUB', 'ENE.LINE', 'ENE.HEAT', 'ENE.GAS', 'ENE.FUEL', 'TRA.ROAD', 'TRA.BRIDGE', 'TRA.RAIL', 'TRA.PORT', 'TRA.AIR', 'TRA.BUS', 'COM.MAST', 'COM.DATA', 'FOO.MARKET', 'FOO.STORE', 'FOO.PROC', 'FOO.FARM', 'GOV.ADMIN', 'GOV.FIRE', 'GOV.POLICE', 'GOV.PRISON', 'CUL.RELIG', 'CUL.HERIT', 'CUL.CEM', 'HUM.OFFICE', 'HUM.SAFE', 'IND.GEN', 'IND.CHEM', 'SOC.CHILD', 'SOC.SPORT', 'ENV.LAND', 'MEDIA', 'OTH', 'UNK', name='site_type', native_enum=False, create_constraint=True, length=32), nullable=True),
    sa.Column('site_group', sa.Enum('RES', 'SHE', 'HEA', 'EDU', 'WSH', 'ENE', 'TRA', 'COM', 'FOO', 'GOV', 'CUL', 'HUM', 'IND', 'SOC', 'ENV', 'MEDIA', 'OTH', 'UNK', name='site_group', native_enum=False, create_constraint=True, length=32), nullable=True),
    sa.Column('site_name', sa.String(length=200), nullable=True),
    sa.Column('sector', sa.Enum('SHL', 'CCM', 'PRO-MIN', 'FSC', 'WSH', 'LOG', 'PRO-CPN', 'PRO', 'EDU', 'NUT', 'HEA', 'ERY', 'TEL', 'PRO-GBV', 'PRO-HLP', 'MS', name='sector', native_enum=False, create_constraint=True, length=32), nullable=True),
    sa.Column('damage_best', sa.SmallInteger(), nullable=True),
    sa.Column('damage_min', sa.SmallInteger(), nullable=True),
    sa.Column('damage_max', sa.SmallInteger(), nullable=True),
    sa.Column('cause_group', sa.Enum('CONFLICT', 'NATURAL', 'TECHNOLOGICAL', 'ARSON_CRIME', 'UNK', name='cause_group', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('weapon_type', sa.Enum('WPN.UAV.OWA', 'WPN.UAV.FPV', 'WPN.UAV.DROP', 'WPN.MSL.BAL', 'WPN.MSL.CRU', 'WPN.MSL.OTH', 'WPN.BOMB', 'WPN.ROCKET', 'WPN.ARTY', 'WPN.MORTAR', 'WPN.CLUSTER', 'WPN.INCEND', 'WPN.MINE', 'WPN.ERW', 'WPN.IED', 'WPN.GRENADE', 'WPN.SMALL', 'WPN.CHEM', 'WPN.UNSPEC', 'CF.LOOT', 'CF.OCCUPY', 'CF.ARSON', 'NAT.EQ', 'NAT.FLOOD', 'NAT.LANDSLIDE', 'NAT.STORM', 'NAT.TSUNAMI', 'NAT.WILDFIRE', 'NAT.VOLC', 'NAT.COLD', 'NAT.DROUGHT', 'TEC.DAM', 'TEC.INDUSTRIAL', 'TEC.FIRE', 'TEC.CHEM', 'TEC.NUC', 'TEC.COLLAPSE', 'ARS', 'UNK', name='weapon_type', native_enum=False, create_constraint=True, length=32), nullable=True),
    sa.Column('functional_status', sa.Enum('F4', 'F3', 'F2', 'F1', 'F0', name='functional_status', native_enum=False, create_constraint=True, length=32), nullable=True),
    sa.Column('access_constraints', postgresql.ARRAY(sa.String(length=32)), nullable=True),
    sa.Column('affected_band', sa.Enum('A1_9', 'A10_49', 'A50_199', 'A200_999', 'A1000_4999', 'A5000_PLUS', name='affected_band', native_enum=False, create_constraint=True, length=32), nullable=True),
    sa.Column('event_ref', sa.String(length=32), nullable=True),
    sa.Column('summary', sa.String(length=300), nullable=False),
    sa.Column('policy_version', sa.String(length=16), nullable=False),
    sa.Column('redaction', sa.String(length=64), nullable=False),
    sa.Column('licence', sa.String(length=32), server_default='CC-BY-4.0', nullable=False),
    sa.Column('position', sa.BigInteger(), nullable=False),
    sa.Column('area_code', sa.String(length=32), nullable=False),
    sa.Column('cell_key', sa.BigInteger(), nullable=False),
    sa.CheckConstraint("access_constraints <@ ARRAY['ACC.OPEN','ACC.DEBRIS','ACC.ROAD_DAMAGED','ACC.BRIDGE_OUT','ACC.FLOOD','ACC.UXO','ACC.HOSTILITIES','ACC.CURFEW','ACC.CHECKPOINT','ACC.PERMISSION','ACC.FUEL','ACC.WEATHER','ACC.UNK']::varchar[]", name=op.f('ck_incidents_access_constraints_listed')),
    sa.PrimaryKeyConstraint('incident_id', name=op.f('pk_incidents')),
    sa.UniqueConstraint('position', name=op.f('uq_incidents_position')),
    schema='pub'
    )
    op.create_index(op.f('ix_incidents_area_code'), 'incidents', ['area_code'], unique=False, schema='pub')
    op.create_index('ix_pub_incidents_adm2_pcode', 'incidents', ['adm2_pcode'], unique=False, schema='pub')
    op.create_index('ix_pub_incidents_date_start', 'incidents', ['date_start'], unique=False, schema='pub')
    op.create_index('ix_pub_incidents_map', 'incidents', ['cell_key'], unique=False, schema='pub')
    op.create_table('map_cells',
    sa.Column('level', sa.SmallInteger(), nullable=False),
    sa.Column('cell', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('n', sa.Integer(), nullable=False),
    sa.Column('d0', sa.Integer(), nullable=False),
    sa.Column('d1', sa.Integer(), nullable=False),
    sa.Column('d2', sa.Integer(), nullable=False),
    sa.Column('d3', sa.Integer(), nullable=False),
    sa.Column('d4', sa.Integer(), nullable=False),
    sa.Column('du', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('level', 'cell', name=op.f('pk_map_cells')),
    schema='pub'
    )
    op.create_table('roles',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('name', sa.String(length=32), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_roles')),
    sa.UniqueConstraint('name', name=op.f('uq_roles_name'))
    )
    op.create_geospatial_table('sites',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False),
    sa.Column('site_type', sa.Enum('RES.APT', 'RES.HOUSE', 'RES.COLLECTIVE', 'RES.CAMP', 'RES.INSTITUTION', 'SHE.BOMB', 'SHE.HUB', 'HEA.HOSP', 'HEA.MATERNITY', 'HEA.CLINIC', 'HEA.PHARM', 'HEA.AMB', 'HEA.BLOOD', 'EDU.PRE', 'EDU.SCHOOL', 'EDU.HIGHER', 'EDU.OTH', 'WSH.TREAT', 'WSH.STORE', 'WSH.NET', 'WSH.WASTE', 'WSH.SOLID', 'WSH.DAM', 'ENE.GEN', 'ENE.NUC', 'ENE.SUB', 'ENE.LINE', 'ENE.HEAT', 'ENE.GAS', 'ENE.FUEL', 'TRA.ROAD', 'TRA.BRIDGE', 'TRA.RAIL', 'TRA.PORT', 'TRA.AIR', 'TRA.BUS', 'COM.MAST', 'COM.DATA', 'FOO.MARKET', 'FOO.STORE', 'FOO.PROC', 'FOO.FARM', 'GOV.ADMIN', 'GOV.FIRE', 'GOV.POLICE', 'GOV.PRISON', 'CUL.RELIG', 'CUL.HERIT', 'CUL.CEM', 'HUM.OFFICE', 'HUM.SAFE', 'IND.GEN', 'IND.CHEM', 'SOC.CHILD', 'SOC.SPORT', 'ENV.LAND', 'MEDIA', 'OTH', 'UNK', name='site_type', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('name', sa.String(length=200), server_default='', nullable=False),
    sa.Column('in_use_as', sa.Enum('COLLECTIVE', 'SHELTER', 'AID', 'HEALTH', name='in_use_as', native_enum=False, create_constraint=True, length=32), nullable=True),
    sa.Column('point', Geometry(geometry_type='POINT', srid=4326, dimension=2, spatial_index=False, from_text='ST_GeomFromEWKT', name='geometry', nullable=False), nullable=False),
    sa.Column('accuracy_m', sa.Float(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_sites')),
    sa.UniqueConstraint('public_id', name=op.f('uq_sites_public_id'))
    )
    op.create_geospatial_index('idx_sites_point', 'sites', ['point'], unique=False, postgresql_using='gist', postgresql_ops={})
    op.create_table('gazetteer_names',
    sa.Column('place_id', sa.Integer(), nullable=False),
    sa.Column('folded', sa.String(length=200), nullable=False),
    sa.ForeignKeyConstraint(['place_id'], ['gazetteer_places.id'], name=op.f('fk_gazetteer_names_place_id_gazetteer_places'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('place_id', 'folded', name=op.f('pk_gazetteer_names'))
    )
    op.create_index('ix_gazetteer_names_prefix', 'gazetteer_names', ['folded'], unique=False, postgresql_ops={'folded': 'text_pattern_ops'})
    op.create_index('ix_gazetteer_names_trigram', 'gazetteer_names', ['folded'], unique=False, postgresql_using='gin', postgresql_ops={'folded': 'gin_trgm_ops'})
    op.create_geospatial_table('incidents',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False),
    sa.Column('site_id', sa.Uuid(), nullable=True),
    sa.Column('event_id', sa.Uuid(), nullable=True),
    sa.Column('point', Geometry(geometry_type='POINT', srid=4326, dimension=2, spatial_index=False, from_text='ST_GeomFromEWKT', name='geometry'), nullable=True),
    sa.Column('accuracy_m', sa.Float(), nullable=True),
    sa.Column('cell_key', sa.BigInteger(), sa.Computed('tessera_cell_key(point)', persisted=True), nullable=True),
    sa.Column('h3_r9', sa.String(length=16), nullable=True),
    sa.Column('adm1_pcode', sa.String(length=32), nullable=True),
    sa.Column('adm2_pcode', sa.String(length=32), nullable=True),
    sa.Column('adm3_pcode', sa.String(length=32), nullable=True),
    sa.Column('event_earliest', sa.DateTime(timezone=True), nullable=True),
    sa.Column('event_latest', sa.DateTime(timezone=True), nullable=True),
    sa.Column('event_precision', sa.Enum('EXACT_MIN', 'HOUR', 'DAYPART', 'DAY', 'WEEK', 'MONTH', 'UNK', name='event_precision', native_enum=False, create_constraint=True, length=32), server_default='UNK', nullable=False),
    sa.Column('site_type', sa.Enum('RES.APT', 'RES.HOUSE', 'RES.COLLECTIVE', 'RES.CAMP', 'RES.INSTITUTION', 'SHE.BOMB', 'SHE.HUB', 'HEA.HOSP', 'HEA.MATERNITY', 'HEA.CLINIC', 'HEA.PHARM', 'HEA.AMB', 'HEA.BLOOD', 'EDU.PRE', 'EDU.SCHOOL', 'EDU.HIGHER', 'EDU.OTH', 'WSH.TREAT', 'WSH.STORE', 'WSH.NET', 'WSH.WASTE', 'WSH.SOLID', 'WSH.DAM', 'ENE.GEN', 'ENE.NUC', 'ENE.SUB', 'ENE.LINE', 'ENE.HEAT', 'ENE.GAS', 'ENE.FUEL', 'TRA.ROAD', 'TRA.BRIDGE', 'TRA.RAIL', 'TRA.PORT', 'TRA.AIR', 'TRA.BUS', 'COM.MAST', 'COM.DATA', 'FOO.MARKET', 'FOO.STORE', 'FOO.PROC', 'FOO.FARM', 'GOV.ADMIN', 'GOV.FIRE', 'GOV.POLICE', 'GOV.PRISON', 'CUL.RELIG', 'CUL.HERIT', 'CUL.CEM', 'HUM.OFFICE', 'HUM.SAFE', 'IND.GEN', 'IND.CHEM', 'SOC.CHILD', 'SOC.SPORT', 'ENV.LAND', 'MEDIA', 'OTH', 'UNK', name='site_type', native_enum=False, create_constraint=True, length=32), server_default='UNK', nullable=False),
    sa.Column('in_use_as', sa.Enum('COLLECTIVE', 'SHELTER', 'AID', 'HEALTH', name='in_use_as', native_enum=False, create_constraint=True, length=32), nullable=True),
    sa.Column('s_class', sa.Enum('S0', 'S1', 'S2', 'S3', 'S4', name='sensitivity_class', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('cause_group', sa.Enum('CONFLICT', 'NATURAL', 'TECHNOLOGICAL', 'ARSON_CRIME', 'UNK', name='cause_group', native_enum=False, create_constraint=True, length=32), server_default='UNK', nullable=False),
    sa.Column('weapon_type', sa.Enum('WPN.UAV.OWA', 'WPN.UAV.FPV', 'WPN.UAV.DROP', 'WPN.MSL.BAL', 'WPN.MSL.CRU', 'WPN.MSL.OTH', 'WPN.BOMB', 'WPN.ROCKET', 'WPN.ARTY', 'WPN.MORTAR', 'WPN.CLUSTER', 'WPN.INCEND', 'WPN.MINE', 'WPN.ERW', 'WPN.IED', 'WPN.GRENADE', 'WPN.SMALL', 'WPN.CHEM', 'WPN.UNSPEC', 'CF.LOOT', 'CF.OCCUPY', 'CF.ARSON', 'NAT.EQ', 'NAT.FLOOD', 'NAT.LANDSLIDE', 'NAT.STORM', 'NAT.TSUNAMI', 'NAT.WILDFIRE', 'NAT.VOLC', 'NAT.COLD', 'NAT.DROUGHT', 'TEC.DAM', 'TEC.INDUSTRIAL', 'TEC.FIRE', 'TEC.CHEM', 'TEC.NUC', 'TEC.COLLAPSE', 'ARS', 'UNK', name='weapon_type', native_enum=False, create_constraint=True, length=32), nullable=True),
    sa.Column('damage_min', sa.SmallInteger(), nullable=True),
    sa.Column('damage_max', sa.SmallInteger(), nullable=True),
    sa.Column('damage_best', sa.SmallInteger(), nullable=True),
    sa.Column('functional_status', sa.Enum('F4', 'F3', 'F2', 'F1', 'F0', name='functional_status', native_enum=False, create_constraint=True, length=32), nullable=True),
    sa.Column('hazards', sa.ARRAY(sa.String(length=32)), server_default=sa.text("'{}'"), nullable=False),
    sa.Column('needs', sa.ARRAY(sa.String(length=32)), server_default=sa.text("'{}'"), nullable=False),
    sa.Column('access_constraints', sa.ARRAY(sa.String(length=32)), server_default=sa.text("'{}'"), nullable=False),
    sa.Column('people_trapped', sa.Boolean(), server_default=sa.text('false'), nullable=False),
    sa.Column('certainty', sa.Enum('RUMOUR', 'POSSIBLE', 'PROBABLE', 'CONFIRMED', 'REFUTED', name='certainty', native_enum=False, create_constraint=True, length=32), server_default='RUMOUR', nullable=False),
    sa.Column('workflow', sa.Enum('NEW', 'TRIAGE', 'NEEDS_INFO', 'IN_VERIFICATION', 'DECIDED', 'CLOSED', 'QUARANTINED', 'WITHDRAWN', 'MERGED_INTO', 'REOPENED', name='workflow_state', native_enum=False, create_constraint=True, length=32), server_default='NEW', nullable=False),
    sa.Column('report_count', sa.Integer(), server_default='0', nullable=False),
    sa.Column('photo_count', sa.Integer(), server_default='0', nullable=False),
    sa.Column('first_received_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('evidence_received_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('prior_incident_id', sa.Uuid(), nullable=True),
    sa.Column('merged_into', sa.Uuid(), nullable=True),
    sa.Column('embargo_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('killed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('fixed_fields', postgresql.ARRAY(sa.String(length=32)), server_default=sa.text("'{}'"), nullable=False),
    sa.Column('version', sa.Integer(), server_default='1', nullable=False),
    sa.Column('opened_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('changed_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('on_map', sa.Boolean(), sa.Computed("point IS NOT NULL AND merged_into IS NULL AND workflow NOT IN ('MERGED_INTO', 'WITHDRAWN', 'QUARANTINED')", persisted=True), nullable=False),
    sa.CheckConstraint("access_constraints <@ ARRAY['ACC.OPEN','ACC.DEBRIS','ACC.ROAD_DAMAGED','ACC.BRIDGE_OUT','ACC.FLOOD','ACC.UXO','ACC.HOSTILITIES','ACC.CURFEW','ACC.CHECKPOINT','ACC.PERMISSION','ACC.FUEL','ACC.WEATHER','ACC.UNK']::varchar[]", name=op.f('ck_incidents_access_constraints_listed')),
    sa.CheckConstraint("hazards <@ ARRAY['HZ.UXO','HZ.MINE','HZ.SUBMUN','HZ.COLLAPSE','HZ.FIRE','HZ.GAS','HZ.POWER','HZ.CHEM','HZ.RAD','HZ.ASB','HZ.WATER','HZ.SEWAGE','HZ.BODY','HZ.RESTRIKE','HZ.CRIME','HZ.NONE','HZ.UNK']::varchar[]", name=op.f('ck_incidents_hazards_listed')),
    sa.CheckConstraint("needs <@ ARRAY['SAR','EVAC','MED','MED_SUPPLY','SHELTER','NFI','REPAIR_LIGHT','REPAIR_STRUCT','WATER','SANITATION','FOOD','INFANT','CASH','POWER','FUEL','HEAT','TELECOM','DEBRIS','EOD','TRANSPORT','PROTECTION','MHPSS','CHILD_PROT','LEGAL_HLP','INFO','ANIMAL','OTH']::varchar[]", name=op.f('ck_incidents_needs_listed')),
    sa.CheckConstraint('damage_min <= damage_max', name=op.f('ck_incidents_damage_in_order')),
    sa.CheckConstraint('event_earliest IS NULL OR event_latest IS NULL OR event_earliest <= event_latest', name=op.f('ck_incidents_event_in_order')),
    sa.ForeignKeyConstraint(['event_id'], ['events.id'], name=op.f('fk_incidents_event_id_events')),
    sa.ForeignKeyConstraint(['merged_into'], ['incidents.id'], name=op.f('fk_incidents_merged_into_incidents')),
    sa.ForeignKeyConstraint(['prior_incident_id'], ['incidents.id'], name=op.f('fk_incidents_prior_incident_id_incidents')),
    sa.ForeignKeyConstraint(['site_id'], ['sites.id'], name=op.f('fk_incidents_site_id_sites')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_incidents')),
    sa.UniqueConstraint('public_id', name=op.f('uq_incidents_public_id'))
    )
    op.create_index('ix_incidents_place_and_time', 'incidents', ['point', sa.text("tstzrange(event_earliest, event_latest, '[]')")], unique=False, postgresql_using='gist')
    op.create_index('ix_incidents_adm2_pcode', 'incidents', ['adm2_pcode'], unique=False)
    op.create_index('ix_incidents_changed_at', 'incidents', ['changed_at'], unique=False)
    op.create_index(op.f('ix_incidents_event_id'), 'incidents', ['event_id'], unique=False)
    op.create_index('ix_incidents_event_latest', 'incidents', ['event_latest'], unique=False)
    op.create_index('ix_incidents_map', 'incidents', ['cell_key'], unique=False, postgresql_include=['damage_best', 'certainty'], postgresql_where=sa.text('on_map'))
    op.create_index(op.f('ix_incidents_merged_into'), 'incidents', ['merged_into'], unique=False)
    op.create_index(op.f('ix_incidents_prior_incident_id'), 'incidents', ['prior_incident_id'], unique=False)
    op.create_index(op.f('ix_incidents_site_id'), 'incidents', ['site_id'], unique=False)
    op.create_table('people',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('email', sa.String(length=255), nullable=False),
    sa.Column('password', sa.String(length=255), nullable=True),
    sa.Column('active', sa.Boolean(), nullable=False),
    sa.Column('fs_uniquifier', sa.String(length=64), nullable=False),
    sa.Column('alias', sa.String(length=64), nullable=False),
    sa.Column('language', sa.String(length=8), server_default='en', nullable=False),
    sa.Column('organisation_id', sa.Uuid(), nullable=True),
    sa.Column('tf_primary_method', sa.String(length=64), nullable=True),
    sa.Column('tf_totp_secret', sa.String(length=255), nullable=True),
    sa.Column('mf_recovery_codes', postgresql.JSONB(astext_type=sa.Text()), nullable=True),
    sa.Column('created_on', sa.Date(), server_default=sa.text('CURRENT_DATE'), nullable=False),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisations.id'], name=op.f('fk_people_organisation_id_organisations')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_people')),
    sa.UniqueConstraint('email', name=op.f('uq_people_email')),
    sa.UniqueConstraint('fs_uniquifier', name=op.f('uq_people_fs_uniquifier'))
    )
    op.create_index(op.f('ix_people_organisation_id'), 'people', ['organisation_id'], unique=False)
    op.create_table('api_keys',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('organisation_id', sa.Uuid(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('prefix', sa.String(length=16), nullable=False),
    sa.Column('key_hash', sa.LargeBinary(length=32), nullable=False),
    sa.Column('created_by', sa.Uuid(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('revoked_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['created_by'], ['people.id'], name=op.f('fk_api_keys_created_by_people')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisations.id'], name=op.f('fk_api_keys_organisation_id_organisations')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_api_keys')),
    sa.UniqueConstraint('prefix', name=op.f('uq_api_keys_prefix'))
    )
    op.create_index(op.f('ix_api_keys_organisation_id'), 'api_keys', ['organisation_id'], unique=False)
    op.create_table('area_contexts',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('pcode', sa.String(length=32), nullable=False),
    sa.Column('mode', sa.Enum('CONFLICT_ACTIVE', 'CONFLICT_LOW', 'POST_CONFLICT', 'DISASTER', 'MIXED', name='context_mode', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('from_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('until_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('set_by', sa.Uuid(), nullable=True),
    sa.Column('reason', sa.String(length=500), nullable=False),
    sa.ForeignKeyConstraint(['set_by'], ['people.id'], name=op.f('fk_area_contexts_set_by_people')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_area_contexts'))
    )
    op.create_index(op.f('ix_area_contexts_pcode'), 'area_contexts', ['pcode'], unique=False)
    op.create_table('disclosures',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('incident_id', sa.Uuid(), nullable=False),
    sa.Column('published_id', sa.String(length=16), nullable=False),
    sa.Column('geo_level', sa.Enum('POINT', 'H3_9', 'H3_8', 'H3_7', 'H3_6', 'ADM2', 'ADM1', 'NONE', name='geometry_level', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('area_code', sa.String(length=32), nullable=False),
    sa.Column('fields', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('first_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('release_id', sa.String(length=32), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['incident_id'], ['incidents.id'], name=op.f('fk_disclosures_incident_id_incidents')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_disclosures'))
    )
    op.create_index('ix_disclosures_incident_id', 'disclosures', ['incident_id'], unique=False)
    op.create_index(op.f('ix_disclosures_published_id'), 'disclosures', ['published_id'], unique=False)
    op.create_table('imports',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('source', sa.String(length=64), nullable=False),
    sa.Column('begun_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('person_id', sa.Uuid(), nullable=True),
    sa.Column('organisation_id', sa.Uuid(), nullable=True),
    sa.Column('mapping', postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
    sa.Column('rows_new', sa.Integer(), server_default='0', nullable=False),
    sa.Column('rows_changed', sa.Integer(), server_default='0', nullable=False),
    sa.Column('rows_same', sa.Integer(), server_default='0', nullable=False),
    sa.Column('rows_refused', sa.Integer(), server_default='0', nullable=False),
    sa.Column('refused_ref', sa.String(length=64), nullable=True),
    sa.Column('refused_key', sa.LargeBinary(), nullable=True),
    sa.Column('undone_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisations.id'], name=op.f('fk_imports_organisation_id_organisations')),
    sa.ForeignKeyConstraint(['person_id'], ['people.id'], name=op.f('fk_imports_person_id_people')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_imports'))
    )
    op.create_table('incident_changes',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('incident_id', sa.Uuid(), nullable=False),
    sa.Column('other_id', sa.Uuid(), nullable=True),
    sa.Column('kind', sa.String(length=32), nullable=False),
    sa.Column('before', postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
    sa.Column('after', postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
    sa.Column('reason', sa.String(length=500), server_default='', nullable=False),
    sa.Column('person_id', sa.Uuid(), nullable=True),
    sa.Column('at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('undone_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('undone_by', sa.Uuid(), nullable=True),
    sa.ForeignKeyConstraint(['incident_id'], ['incidents.id'], name=op.f('fk_incident_changes_incident_id_incidents')),
    sa.ForeignKeyConstraint(['other_id'], ['incidents.id'], name=op.f('fk_incident_changes_other_id_incidents')),
    sa.ForeignKeyConstraint(['person_id'], ['people.id'], name=op.f('fk_incident_changes_person_id_people')),
    sa.ForeignKeyConstraint(['undone_by'], ['people.id'], name=op.f('fk_incident_changes_undone_by_people')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_incident_changes'))
    )
    op.create_index(op.f('ix_incident_changes_incident_id'), 'incident_changes', ['incident_id'], unique=False)
    op.create_index(op.f('ix_incident_changes_other_id'), 'incident_changes', ['other_id'], unique=False)
    op.create_table('person_roles',
    sa.Column('person_id', sa.Uuid(), nullable=False),
    sa.Column('role_id', sa.Uuid(), nullable=False),
    sa.ForeignKeyConstraint(['person_id'], ['people.id'], name=op.f('fk_person_roles_person_id_people'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['role_id'], ['roles.id'], name=op.f('fk_person_roles_role_id_roles'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('person_id', 'role_id', name=op.f('pk_person_roles'))
    )
    op.create_table('sign_ins',
    sa.Column('key_hash', sa.LargeBinary(length=32), nullable=False),
    sa.Column('person_id', sa.Uuid(), nullable=True),
    sa.Column('contents', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('begun_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('used_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.ForeignKeyConstraint(['person_id'], ['people.id'], name=op.f('fk_sign_ins_person_id_people'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('key_hash', name=op.f('pk_sign_ins'))
    )
    op.create_index(op.f('ix_sign_ins_person_id'), 'sign_ins', ['person_id'], unique=False)
    op.create_index(op.f('ix_sign_ins_used_at'), 'sign_ins', ['used_at'], unique=False)
    op.create_table('verification_decisions',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('incident_id', sa.Uuid(), nullable=False),
    sa.Column('incident_version', sa.Integer(), nullable=False),
    sa.Column('from_certainty', sa.Enum('RUMOUR', 'POSSIBLE', 'PROBABLE', 'CONFIRMED', 'REFUTED', name='from_certainty', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('to_certainty', sa.Enum('RUMOUR', 'POSSIBLE', 'PROBABLE', 'CONFIRMED', 'REFUTED', name='to_certainty', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('rule_id', sa.String(length=32), nullable=False),
    sa.Column('basis', postgresql.ARRAY(sa.String(length=40)), server_default=sa.text("'{}'"), nullable=False),
    sa.Column('rationale', sa.String(length=2000), nullable=False),
    sa.Column('decided_by', sa.Uuid(), nullable=False),
    sa.Column('decided_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('second_needed', sa.Boolean(), server_default=sa.text('false'), nullable=False),
    sa.Column('second_by', sa.Uuid(), nullable=True),
    sa.Column('second_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('in_force', sa.Boolean(), server_default=sa.text('true'), nullable=False),
    sa.Column('undone_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('undone_by', sa.Uuid(), nullable=True),
    sa.CheckConstraint('length(rationale) >= 20', name=op.f('ck_verification_decisions_rationale_long_enough')),
    sa.CheckConstraint('second_by IS NULL OR second_by <> decided_by', name=op.f('ck_verification_decisions_two_persons')),
    sa.ForeignKeyConstraint(['decided_by'], ['people.id'], name=op.f('fk_verification_decisions_decided_by_people')),
    sa.ForeignKeyConstraint(['incident_id'], ['incidents.id'], name=op.f('fk_verification_decisions_incident_id_incidents')),
    sa.ForeignKeyConstraint(['second_by'], ['people.id'], name=op.f('fk_verification_decisions_second_by_people')),
    sa.ForeignKeyConstraint(['undone_by'], ['people.id'], name=op.f('fk_verification_decisions_undone_by_people')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_verification_decisions'))
    )
    op.create_index(op.f('ix_verification_decisions_incident_id'), 'verification_decisions', ['incident_id'], unique=False)
    op.create_geospatial_table('reports',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('site_type', sa.Enum('RES.APT', 'RES.HOUSE', 'RES.COLLECTIVE', 'RES.CAMP', 'RES.INSTITUTION', 'SHE.BOMB', 'SHE.HUB', 'HEA.HOSP', 'HEA.MATERNITY', 'HEA.CLINIC', 'HEA.PHARM', 'HEA.AMB', 'HEA.BLOOD', 'EDU.PRE', 'EDU.SCHOOL', 'EDU.HIGHER', 'EDU.OTH', 'WSH.TREAT', 'WSH.STORE', 'WSH.NET', 'WSH.WASTE', 'WSH.SOLID', 'WSH.DAM', 'ENE.GEN', 'ENE.NUC', 'ENE.SUB', 'ENE.LINE', 'ENE.HEAT', 'ENE.GAS', 'ENE.FUEL', 'TRA.ROAD', 'TRA.BRIDGE', 'TRA.RAIL', 'TRA.PORT', 'TRA.AIR', 'TRA.BUS', 'COM.MAST', 'COM.DATA', 'FOO.MARKET', 'FOO.STORE', 'FOO.PROC', 'FOO.FARM', 'GOV.ADMIN', 'GOV.FIRE', 'GOV.POLICE', 'GOV.PRISON', 'CUL.RELIG', 'CUL.HERIT', 'CUL.CEM', 'HUM.OFFICE', 'HUM.SAFE', 'IND.GEN', 'IND.CHEM', 'SOC.CHILD', 'SOC.SPORT', 'ENV.LAND', 'MEDIA', 'OTH', 'UNK', name='site_type', native_enum=False, create_constraint=True, length=32), nullable=True),
    sa.Column('in_use_as', sa.Enum('COLLECTIVE', 'SHELTER', 'AID', 'HEALTH', name='in_use_as', native_enum=False, create_constraint=True, length=32), nullable=True),
    sa.Column('damage', sa.Enum('D0', 'D1', 'D2', 'D3', 'D4', 'DU', name='damage_grade', native_enum=False, create_constraint=True, length=32), nullable=True),
    sa.Column('damage_min', sa.Integer(), nullable=True),
    sa.Column('damage_max', sa.Integer(), nullable=True),
    sa.Column('source_scale', sa.String(length=32), nullable=True),
    sa.Column('source_grade', sa.String(length=64), nullable=True),
    sa.Column('point', Geometry(geometry_type='POINT', srid=4326, dimension=2, spatial_index=False, from_text='ST_GeomFromEWKT', name='geometry'), nullable=True),
    sa.Column('pin_method', sa.Enum('MAP_TAP', 'DEVICE_GPS', 'ADDRESS', 'COORDINATES', 'PLUSCODE', 'MGRS', 'PHOTO_EXIF', name='pin_method', native_enum=False, create_constraint=True, length=32), nullable=True),
    sa.Column('pin_accuracy_m', sa.Float(), nullable=True),
    sa.Column('event_earliest', sa.DateTime(timezone=True), nullable=True),
    sa.Column('event_latest', sa.DateTime(timezone=True), nullable=True),
    sa.Column('event_precision', sa.Enum('EXACT_MIN', 'HOUR', 'DAYPART', 'DAY', 'WEEK', 'MONTH', 'UNK', name='event_precision', native_enum=False, create_constraint=True, length=32), server_default='UNK', nullable=False),
    sa.Column('cause', sa.Enum('DRONE', 'MISSILE', 'BOMB', 'SHELLING', 'MINE', 'FIRE', 'NATURAL', 'UNK', name='citizen_cause', native_enum=False, create_constraint=True, length=32), nullable=True),
    sa.Column('functional_status', sa.Enum('F4', 'F3', 'F2', 'F1', 'F0', name='functional_status', native_enum=False, create_constraint=True, length=32), nullable=True),
    sa.Column('needs', sa.ARRAY(sa.String(length=32)), server_default=sa.text("'{}'"), nullable=False),
    sa.Column('hazards', sa.ARRAY(sa.String(length=32)), server_default=sa.text("'{}'"), nullable=False),
    sa.Column('access_constraints', sa.ARRAY(sa.String(length=32)), server_default=sa.text("'{}'"), nullable=False),
    sa.Column('people_trapped', sa.Boolean(), nullable=True),
    sa.Column('casualties', postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
    sa.Column('witness_proximity', sa.Enum('INSIDE', 'SAW_IT', 'SAW_AFTER', 'HEARD_SOUND', 'TOLD', name='witness_proximity', native_enum=False, create_constraint=True, length=32), nullable=True),
    sa.Column('source_type', sa.Enum('SELF_WITNESS', 'SELF_OWNER', 'FIELD_NGO', 'FIELD_UN', 'RC_MOVEMENT', 'AUTH_LOCAL', 'AUTH_NATIONAL', 'EMERGENCY_SVC', 'UTILITY', 'FACILITY_STAFF', 'MEDIA_LOCAL', 'MEDIA_INTL', 'SOCIAL_MEDIA', 'SAT_ANALYST', 'SAT_MODEL', 'DRONE', 'SENSOR', 'PARTNER_DB', 'HEARSAY', name='source_type', native_enum=False, create_constraint=True, length=32), server_default='SELF_WITNESS', nullable=False),
    sa.Column('same_damage_as', sa.String(length=16), nullable=True),
    sa.Column('is_minor', sa.Boolean(), server_default=sa.text('false'), nullable=False),
    sa.Column('consents', postgresql.ARRAY(sa.String(length=32)), server_default=sa.text("'{}'"), nullable=False),
    sa.Column('lang', sa.String(length=8), server_default='en', nullable=False),
    sa.Column('channel', sa.Enum('WEB', 'API', 'BULK', 'SMS', 'PHONE', 'OPENROSA', 'OPEN311', name='channel', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('form_version', sa.String(length=32), server_default='', nullable=False),
    sa.Column('received_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('payload_sha256', sa.LargeBinary(length=32), nullable=False),
    sa.Column('receipt_hash', sa.LargeBinary(length=32), nullable=True),
    sa.Column('handling', sa.Enum('RECEIVED', 'READ', 'QUESTION', 'CLOSED', name='handling_state', native_enum=False, create_constraint=True, length=32), server_default='RECEIVED', nullable=False),
    sa.Column('flags', postgresql.ARRAY(sa.String(length=32)), server_default=sa.text("'{}'"), nullable=False),
    sa.Column('quarantine', postgresql.ARRAY(sa.String(length=32)), server_default=sa.text("'{}'"), nullable=False),
    sa.Column('media_expected', sa.Integer(), server_default='0', nullable=False),
    sa.Column('organisation_id', sa.Uuid(), nullable=True),
    sa.Column('person_id', sa.Uuid(), nullable=True),
    sa.Column('import_id', sa.Uuid(), nullable=True),
    sa.Column('withdrawn_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('superseded_by', sa.Uuid(), nullable=True),
    sa.CheckConstraint("access_constraints <@ ARRAY['ACC.OPEN','ACC.DEBRIS','ACC.ROAD_DAMAGED','ACC.BRIDGE_OUT','ACC.FLOOD','ACC.UXO','ACC.HOSTILITIES','ACC.CURFEW','ACC.CHECKPOINT','ACC.PERMISSION','ACC.FUEL','ACC.WEATHER','ACC.UNK']::varchar[]", name=op.f('ck_reports_access_constraints_listed')),
    sa.CheckConstraint("hazards <@ ARRAY['HZ.UXO','HZ.MINE','HZ.SUBMUN','HZ.COLLAPSE','HZ.FIRE','HZ.GAS','HZ.POWER','HZ.CHEM','HZ.RAD','HZ.ASB','HZ.WATER','HZ.SEWAGE','HZ.BODY','HZ.RESTRIKE','HZ.CRIME','HZ.NONE','HZ.UNK']::varchar[]", name=op.f('ck_reports_hazards_listed')),
    sa.CheckConstraint("needs <@ ARRAY['SAR','EVAC','MED','MED_SUPPLY','SHELTER','NFI','REPAIR_LIGHT','REPAIR_STRUCT','WATER','SANITATION','FOOD','INFANT','CASH','POWER','FUEL','HEAT','TELECOM','DEBRIS','EOD','TRANSPORT','PROTECTION','MHPSS','CHILD_PROT','LEGAL_HLP','INFO','ANIMAL','OTH']::varchar[]", name=op.f('ck_reports_needs_listed')),
    sa.CheckConstraint('event_earliest IS NULL OR event_latest IS NULL OR event_earliest <= event_latest', name=op.f('ck_reports_event_in_order')),
    sa.CheckConstraint('pin_accuracy_m IS NULL OR pin_accuracy_m >= 0', name=op.f('ck_reports_accuracy_positive')),
    sa.ForeignKeyConstraint(['import_id'], ['imports.id'], name=op.f('fk_reports_import_id_imports')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisations.id'], name=op.f('fk_reports_organisation_id_organisations')),
    sa.ForeignKeyConstraint(['person_id'], ['people.id'], name=op.f('fk_reports_person_id_people')),
    sa.ForeignKeyConstraint(['superseded_by'], ['reports.id'], name=op.f('fk_reports_superseded_by_reports')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_reports'))
    )
    op.create_index('ix_reports_import_id', 'reports', ['import_id'], unique=False, postgresql_where=sa.text('import_id IS NOT NULL'))
    op.create_index('ix_reports_organisation_id', 'reports', ['organisation_id'], unique=False, postgresql_where=sa.text('organisation_id IS NOT NULL'))
    op.create_index('ix_reports_receipt_hash', 'reports', ['receipt_hash'], unique=False, postgresql_where=sa.text('receipt_hash IS NOT NULL'))
    op.create_index('ix_reports_received_at', 'reports', ['received_at'], unique=False)
    op.create_table('assessments',
    sa.Column('report_id', sa.Uuid(), nullable=False),
    sa.Column('source_grade', sa.Enum('A', 'B', 'C', 'D', 'E', 'F', name='admiralty_source', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('item_grade', sa.Enum('1', '2', '3', '4', '5', '6', name='admiralty_item', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('stance', sa.Enum('SUPPORTS', 'CONTRADICTS', 'CONTEXT', name='stance', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('media_located', sa.Boolean(), server_default=sa.text('false'), nullable=False),
    sa.Column('media_timed', sa.Boolean(), server_default=sa.text('false'), nullable=False),
    sa.Column('person_id', sa.Uuid(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.ForeignKeyConstraint(['person_id'], ['people.id'], name=op.f('fk_assessments_person_id_people')),
    sa.ForeignKeyConstraint(['report_id'], ['reports.id'], name=op.f('fk_assessments_report_id_reports')),
    sa.PrimaryKeyConstraint('report_id', name=op.f('pk_assessments'))
    )
    op.create_table('attachments',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('report_id', sa.Uuid(), nullable=False),
    sa.Column('incident_id', sa.Uuid(), nullable=False),
    sa.Column('score', sa.Float(), nullable=True),
    sa.Column('reasons', postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'"), nullable=False),
    sa.Column('weights_version', sa.String(length=32), server_default='', nullable=False),
    sa.Column('person_id', sa.Uuid(), nullable=True),
    sa.Column('begun_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['incident_id'], ['incidents.id'], name=op.f('fk_attachments_incident_id_incidents')),
    sa.ForeignKeyConstraint(['person_id'], ['people.id'], name=op.f('fk_attachments_person_id_people')),
    sa.ForeignKeyConstraint(['report_id'], ['reports.id'], name=op.f('fk_attachments_report_id_reports')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_attachments'))
    )
    op.create_index('ix_attachments_incident', 'attachments', ['incident_id'], unique=False, postgresql_where=sa.text('ended_at IS NULL'))
    op.create_index('ix_attachments_present', 'attachments', ['report_id'], unique=True, postgresql_where=sa.text('ended_at IS NULL'))
    op.create_table('imported_rows',
    sa.Column('source', sa.String(length=64), nullable=False),
    sa.Column('row_key', sa.String(length=128), nullable=False),
    sa.Column('report_id', sa.Uuid(), nullable=False),
    sa.Column('row_sha256', sa.LargeBinary(length=32), nullable=False),
    sa.Column('import_id', sa.Uuid(), nullable=False),
    sa.ForeignKeyConstraint(['import_id'], ['imports.id'], name=op.f('fk_imported_rows_import_id_imports')),
    sa.ForeignKeyConstraint(['report_id'], ['reports.id'], name=op.f('fk_imported_rows_report_id_reports')),
    sa.PrimaryKeyConstraint('source', 'row_key', name=op.f('pk_imported_rows'))
    )
    op.create_index(op.f('ix_imported_rows_import_id'), 'imported_rows', ['import_id'], unique=False)
    op.create_index('ix_imported_rows_report_id', 'imported_rows', ['report_id'], unique=False)
    op.create_table('pair_rulings',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('report_a', sa.Uuid(), nullable=False),
    sa.Column('report_b', sa.Uuid(), nullable=False),
    sa.Column('ruling', sa.String(length=8), nullable=False),
    sa.Column('change_id', sa.Uuid(), nullable=True),
    sa.Column('person_id', sa.Uuid(), nullable=True),
    sa.Column('made_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("ruling IN ('must','cannot')", name=op.f('ck_pair_rulings_ruling_known')),
    sa.CheckConstraint('report_a < report_b', name=op.f('ck_pair_rulings_pair_in_order')),
    sa.ForeignKeyConstraint(['change_id'], ['incident_changes.id'], name=op.f('fk_pair_rulings_change_id_incident_changes')),
    sa.ForeignKeyConstraint(['person_id'], ['people.id'], name=op.f('fk_pair_rulings_person_id_people')),
    sa.ForeignKeyConstraint(['report_a'], ['reports.id'], name=op.f('fk_pair_rulings_report_a_reports')),
    sa.ForeignKeyConstraint(['report_b'], ['reports.id'], name=op.f('fk_pair_rulings_report_b_reports')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_pair_rulings'))
    )
    op.create_index(op.f('ix_pair_rulings_change_id'), 'pair_rulings', ['change_id'], unique=False)
    op.create_index('ix_pair_rulings_pair', 'pair_rulings', ['report_a', 'report_b'], unique=True, postgresql_where=sa.text('ended_at IS NULL'))
    op.create_index('ix_pair_rulings_report_b', 'pair_rulings', ['report_b'], unique=False)
    op.create_geospatial_table('photos',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('report_id', sa.Uuid(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('state', sa.String(length=16), server_default='EXPECTED', nullable=False),
    sa.Column('original_sha256', sa.LargeBinary(length=32), nullable=False),
    sa.Column('original_bytes', sa.BigInteger(), nullable=False),
    sa.Column('incoming_ref', sa.String(length=64), nullable=True),
    sa.Column('wrapped_key', sa.LargeBinary(), nullable=True),
    sa.Column('clean_sha256', sa.String(length=64), nullable=True),
    sa.Column('thumbnail_sha256', sa.String(length=64), nullable=True),
    sa.Column('width', sa.Integer(), nullable=True),
    sa.Column('height', sa.Integer(), nullable=True),
    sa.Column('perceptual_hash', sa.BigInteger(), nullable=True),
    sa.Column('taken_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('taken_point', Geometry(geometry_type='POINT', srid=4326, dimension=2, spatial_index=False, from_text='ST_GeomFromEWKT', name='geometry'), nullable=True),
    sa.Column('flags', postgresql.ARRAY(sa.String(length=32)), server_default=sa.text("'{}'"), nullable=False),
    sa.Column('refusal', sa.String(length=64), nullable=True),
    sa.Column('announced_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('received_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("state IN ('EXPECTED','RECEIVED','CLEAN','REFUSED')", name=op.f('ck_photos_state_known')),
    sa.ForeignKeyConstraint(['report_id'], ['reports.id'], name=op.f('fk_photos_report_id_reports'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_photos'))
    )
    op.create_index('ix_photos_original_sha256', 'photos', ['original_sha256'], unique=False)
    op.create_index('ix_photos_perceptual_hash', 'photos', ['perceptual_hash'], unique=False)
    op.create_index(op.f('ix_photos_report_id'), 'photos', ['report_id'], unique=False)
    op.create_table('suggestions',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('incident_id', sa.Uuid(), nullable=False),
    sa.Column('other_id', sa.Uuid(), nullable=False),
    sa.Column('report_id', sa.Uuid(), nullable=True),
    sa.Column('relation', sa.String(length=16), server_default='same', nullable=False),
    sa.Column('score', sa.Float(), nullable=False),
    sa.Column('reasons', postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'"), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('settled_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('settled_by', sa.Uuid(), nullable=True),
    sa.Column('outcome', sa.String(length=16), nullable=True),
    sa.CheckConstraint("relation IN ('same','second_strike')", name=op.f('ck_suggestions_relation_known')),
    sa.ForeignKeyConstraint(['incident_id'], ['incidents.id'], name=op.f('fk_suggestions_incident_id_incidents')),
    sa.ForeignKeyConstraint(['other_id'], ['incidents.id'], name=op.f('fk_suggestions_other_id_incidents')),
    sa.ForeignKeyConstraint(['report_id'], ['reports.id'], name=op.f('fk_suggestions_report_id_reports')),
    sa.ForeignKeyConstraint(['settled_by'], ['people.id'], name=op.f('fk_suggestions_settled_by_people')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_suggestions'))
    )
    op.create_index('ix_suggestions_open', 'suggestions', ['score'], unique=False, postgresql_where=sa.text('settled_at IS NULL'))
    op.create_index('ix_suggestions_other_id', 'suggestions', ['other_id'], unique=False)
    op.create_index('ix_suggestions_pair', 'suggestions', ['incident_id', 'other_id'], unique=True)
    op.create_index(op.f('ix_suggestions_report_id'), 'suggestions', ['report_id'], unique=False)
    op.create_table('amendments',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('report_id', sa.Uuid(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('sealed', sa.LargeBinary(), nullable=False),
    sa.ForeignKeyConstraint(['report_id'], ['reports.id'], name=op.f('fk_amendments_report_id_reports'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_amendments')),
    schema='vault'
    )
    op.create_index(op.f('ix_amendments_report_id'), 'amendments', ['report_id'], unique=False, schema='vault')
    op.create_table('copies_aside',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('report_id', sa.Uuid(), nullable=False),
    sa.Column('received_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('payload_sha256', sa.LargeBinary(length=32), nullable=False),
    sa.Column('wrapped_key', sa.LargeBinary(), nullable=True),
    sa.Column('sealed', sa.LargeBinary(), nullable=False),
    sa.ForeignKeyConstraint(['report_id'], ['reports.id'], name=op.f('fk_copies_aside_report_id_reports'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_copies_aside')),
    schema='vault'
    )
    op.create_index(op.f('ix_copies_aside_report_id'), 'copies_aside', ['report_id'], unique=False, schema='vault')
    op.create_table('report_secrets',
    sa.Column('report_id', sa.Uuid(), nullable=False),
    sa.Column('wrapped_key', sa.LargeBinary(), nullable=True),
    sa.Column('sealed', sa.LargeBinary(), nullable=False),
    sa.ForeignKeyConstraint(['report_id'], ['reports.id'], name=op.f('fk_report_secrets_report_id_reports'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('report_id', name=op.f('pk_report_secrets')),
    schema='vault'
    )


def downgrade() -> None:
    """Undo it."""
    op.drop_table('report_secrets', schema='vault')
    op.drop_index(op.f('ix_copies_aside_report_id'), table_name='copies_aside', schema='vault')
    op.drop_table('copies_aside', schema='vault')
    op.drop_index(op.f('ix_amendments_report_id'), table_name='amendments', schema='vault')
    op.drop_table('amendments', schema='vault')
    op.drop_index(op.f('ix_suggestions_report_id'), table_name='suggestions')
    op.drop_index('ix_suggestions_pair', table_name='suggestions')
    op.drop_index('ix_suggestions_other_id', table_name='suggestions')
    op.drop_index('ix_suggestions_open', table_name='suggestions', postgresql_where=sa.text('settled_at IS NULL'))
    op.drop_table('suggestions')
    op.drop_index(op.f('ix_photos_report_id'), table_name='photos')
    op.drop_index('ix_photos_perceptual_hash', table_name='photos')
    op.drop_index('ix_photos_original_sha256', table_name='photos')
    op.drop_geospatial_table('photos')
    op.drop_index('ix_pair_rulings_report_b', table_name='pair_rulings')
    op.drop_index('ix_pair_rulings_pair', table_name='pair_rulings', postgresql_where=sa.text('ended_at IS NULL'))
    op.drop_index(op.f('ix_pair_rulings_change_id'), table_name='pair_rulings')
    op.drop_table('pair_rulings')
    op.drop_index('ix_imported_rows_report_id', table_name='imported_rows')
    op.drop_index(op.f('ix_imported_rows_import_id'), table_name='imported_rows')
    op.drop_table('imported_rows')
    op.drop_index('ix_attachments_present', table_name='attachments', postgresql_where=sa.text('ended_at IS NULL'))
    op.drop_index('ix_attachments_incident', table_name='attachments', postgresql_where=sa.text('ended_at IS NULL'))
    op.drop_table('attachments')
    op.drop_table('assessments')
    op.drop_index('ix_reports_received_at', table_name='reports')
    op.drop_index('ix_reports_receipt_hash', table_name='reports', postgresql_where=sa.text('receipt_hash IS NOT NULL'))
    op.drop_index('ix_reports_organisation_id', table_name='reports', postgresql_where=sa.text('organisation_id IS NOT NULL'))
    op.drop_index('ix_reports_import_id', table_name='reports', postgresql_where=sa.text('import_id IS NOT NULL'))
    op.drop_geospatial_table('reports')
    op.drop_index(op.f('ix_verification_decisions_incident_id'), table_name='verification_decisions')
    op.drop_table('verification_decisions')
    op.drop_index(op.f('ix_sign_ins_used_at'), table_name='sign_ins')
    op.drop_index(op.f('ix_sign_ins_person_id'), table_name='sign_ins')
    op.drop_table('sign_ins')
    op.drop_table('person_roles')
    op.drop_index(op.f('ix_incident_changes_other_id'), table_name='incident_changes')
    op.drop_index(op.f('ix_incident_changes_incident_id'), table_name='incident_changes')
    op.drop_table('incident_changes')
    op.drop_table('imports')
    op.drop_index(op.f('ix_disclosures_published_id'), table_name='disclosures')
    op.drop_index('ix_disclosures_incident_id', table_name='disclosures')
    op.drop_table('disclosures')
    op.drop_index(op.f('ix_area_contexts_pcode'), table_name='area_contexts')
    op.drop_table('area_contexts')
    op.drop_index(op.f('ix_api_keys_organisation_id'), table_name='api_keys')
    op.drop_table('api_keys')
    op.drop_index(op.f('ix_people_organisation_id'), table_name='people')
    op.drop_table('people')
    op.drop_index(op.f('ix_incidents_site_id'), table_name='incidents')
    op.drop_index(op.f('ix_incidents_prior_incident_id'), table_name='incidents')
    op.drop_index(op.f('ix_incidents_merged_into'), table_name='incidents')
    op.drop_index('ix_incidents_map', table_name='incidents', postgresql_include=['damage_best', 'certainty'], postgresql_where=sa.text('on_map'))
    op.drop_index('ix_incidents_event_latest', table_name='incidents')
    op.drop_index(op.f('ix_incidents_event_id'), table_name='incidents')
    op.drop_index('ix_incidents_changed_at', table_name='incidents')
    op.drop_index('ix_incidents_adm2_pcode', table_name='incidents')
    op.drop_index('ix_incidents_place_and_time', table_name='incidents', postgresql_using='gist')
    op.drop_geospatial_table('incidents')
    op.drop_index('ix_gazetteer_names_trigram', table_name='gazetteer_names', postgresql_using='gin', postgresql_ops={'folded': 'gin_trgm_ops'})
    op.drop_index('ix_gazetteer_names_prefix', table_name='gazetteer_names', postgresql_ops={'folded': 'text_pattern_ops'})
    op.drop_table('gazetteer_names')
    op.drop_geospatial_index('idx_sites_point', table_name='sites', postgresql_using='gist', column_name='point')
    op.drop_geospatial_table('sites')
    op.drop_table('roles')
    op.drop_table('map_cells', schema='pub')
    op.drop_index('ix_pub_incidents_map', table_name='incidents', schema='pub')
    op.drop_index('ix_pub_incidents_date_start', table_name='incidents', schema='pub')
    op.drop_index('ix_pub_incidents_adm2_pcode', table_name='incidents', schema='pub')
    op.drop_index(op.f('ix_incidents_area_code'), table_name='incidents', schema='pub')
    op.drop_table('incidents', schema='pub')
    op.drop_table('batches', schema='pub')
    op.drop_geospatial_index('idx_areas_shape', table_name='areas', schema='pub', postgresql_using='gist', column_name='shape')
    op.drop_geospatial_table('areas', schema='pub')
    op.drop_table('outbox')
    op.drop_table('organisations')
    op.drop_table('map_changes')
    op.drop_table('map_cells')
    op.drop_table('ledger_seals')
    op.drop_index(op.f('ix_ledger_subject_id'), table_name='ledger')
    op.drop_table('ledger')
    op.drop_geospatial_index('idx_gazetteer_places_point', table_name='gazetteer_places', postgresql_using='gist', column_name='point')
    op.drop_geospatial_table('gazetteer_places')
    op.drop_table('events')
    op.drop_index('ix_baseline_sites_type_adm2', table_name='baseline_sites')
    op.drop_index('ix_baseline_sites_type_adm1', table_name='baseline_sites')
    op.drop_index('ix_baseline_sites_h3_r9', table_name='baseline_sites')
    op.drop_geospatial_index('idx_baseline_sites_point', table_name='baseline_sites', postgresql_using='gist', column_name='point')
    op.drop_geospatial_table('baseline_sites')
    op.drop_index(op.f('ix_admin_areas_pcode'), table_name='admin_areas')
    op.drop_index(op.f('ix_admin_areas_level'), table_name='admin_areas')
    op.drop_geospatial_index('idx_admin_areas_shape', table_name='admin_areas', postgresql_using='gist', column_name='shape')
    op.drop_geospatial_table('admin_areas')
