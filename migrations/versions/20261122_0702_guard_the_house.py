"""Guard the house: row-level security, an append-only ledger, the map's change log, the queue, and the public role's grants."""

from alembic import op
from procrastinate.schema import SchemaManager
from sqlalchemy import make_url, text

from server.core.settings import settings

revision = "0003"
down_revision = "0002"

PERSONAL = ("vault.report_secrets", "vault.copies_aside", "vault.amendments", "photos")

# `all`: the intake, the worker and staff of the response; `own`: members of one organisation; anything else sees no row.
SEES_ALL = "current_setting('tessera.scope', true) = 'all'"
SEES_OWN = (
    "current_setting('tessera.scope', true) = 'own' "
    "AND organisation_id::text = current_setting('tessera.organisation', true)"
)

APPEND_ONLY = """
CREATE FUNCTION tessera_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'The ledger is append-only.' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON ledger FOR EACH ROW EXECUTE FUNCTION tessera_append_only();
CREATE TRIGGER append_only_all BEFORE TRUNCATE ON ledger FOR EACH STATEMENT EXECUTE FUNCTION tessera_append_only();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON ledger_seals FOR EACH ROW EXECUTE FUNCTION tessera_append_only();
CREATE TRIGGER append_only_all BEFORE TRUNCATE ON ledger_seals FOR EACH STATEMENT EXECUTE FUNCTION tessera_append_only();
"""

MAP_CHANGES = """
CREATE FUNCTION tessera_note_new_on_map() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO map_changes VALUES (NEW.cell_key, 1, coalesce(NEW.damage_best, 5));
  RETURN NULL;
END $$;
CREATE FUNCTION tessera_note_map_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.on_map THEN
    INSERT INTO map_changes VALUES (OLD.cell_key, -1, coalesce(OLD.damage_best, 5));
  END IF;
  IF TG_OP = 'UPDATE' AND NEW.on_map THEN
    INSERT INTO map_changes VALUES (NEW.cell_key, 1, coalesce(NEW.damage_best, 5));
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER note_new_on_map AFTER INSERT ON incidents
  FOR EACH ROW WHEN (NEW.on_map) EXECUTE FUNCTION tessera_note_new_on_map();
CREATE TRIGGER note_map_change AFTER UPDATE ON incidents
  FOR EACH ROW WHEN ((OLD.on_map, OLD.cell_key, OLD.damage_best) IS DISTINCT FROM (NEW.on_map, NEW.cell_key, NEW.damage_best))
  EXECUTE FUNCTION tessera_note_map_change();
CREATE TRIGGER note_gone_from_map AFTER DELETE ON incidents
  FOR EACH ROW WHEN (OLD.on_map) EXECUTE FUNCTION tessera_note_map_change();
"""


def upgrade() -> None:
    """Switch every guard on."""
    _protect_reports()
    op.execute(APPEND_ONLY)
    op.execute(MAP_CHANGES)
    op.get_bind().connection.driver_connection.execute(SchemaManager.get_schema())
    if role := _public_role():
        op.execute(f'GRANT USAGE ON SCHEMA pub TO "{role}"')
        op.execute(f'GRANT SELECT ON ALL TABLES IN SCHEMA pub TO "{role}"')
        op.execute(f'ALTER DEFAULT PRIVILEGES IN SCHEMA pub GRANT SELECT ON TABLES TO "{role}"')


def _protect_reports() -> None:
    """Force row-level security, so that it binds the owner of the tables too."""
    for table in ("reports", *PERSONAL):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY may_add ON {table} FOR INSERT WITH CHECK (true)")
    own = f"{SEES_ALL} OR ({SEES_OWN})"
    through_report = f"{SEES_ALL} OR EXISTS (SELECT FROM reports WHERE reports.id = report_id)"
    for table, rule in (("reports", own), *((table, through_report) for table in PERSONAL)):
        op.execute(f"CREATE POLICY may_see ON {table} FOR SELECT USING ({rule})")
        op.execute(f"CREATE POLICY may_change ON {table} FOR UPDATE USING ({rule})")
        op.execute(f"CREATE POLICY may_remove ON {table} FOR DELETE USING ({SEES_ALL})")


def _public_role() -> str | None:
    """The role of PUBLIC_DATABASE_URL, where it is another than the application's own and exists."""
    role = make_url(settings().public_database_url or settings().database_url).username
    if not role or role == make_url(settings().database_url).username:
        return None
    return op.get_bind().scalar(text("SELECT rolname FROM pg_roles WHERE rolname = :role"), {"role": role})


def downgrade() -> None:
    """Switch the guards off; the queue's tables go too."""
    for table in ("reports", *PERSONAL):
        for policy in ("may_add", "may_see", "may_change", "may_remove"):
            op.execute(f"DROP POLICY {policy} ON {table}")
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
    op.execute("DROP FUNCTION tessera_note_new_on_map() CASCADE")
    op.execute("DROP FUNCTION tessera_note_map_change() CASCADE")
    op.execute("DROP FUNCTION tessera_append_only() CASCADE")
    op.execute("DROP TABLE procrastinate_workers, procrastinate_periodic_defers, procrastinate_events, procrastinate_jobs CASCADE")
    op.execute(
        "DO $$ DECLARE f record; BEGIN FOR f IN SELECT oid::regprocedure AS name FROM pg_proc "
        "WHERE proname LIKE 'procrastinate%' LOOP EXECUTE 'DROP FUNCTION IF EXISTS ' || f.name || ' CASCADE'; END LOOP; END $$"
    )
    op.execute("DROP TYPE IF EXISTS procrastinate_job_to_defer_v1, procrastinate_job_event_type, procrastinate_job_status CASCADE")
