"""Fresh databases and what their catalogues say, for tests of migrations and guards."""

from contextlib import contextmanager

from alembic import command
from alembic.config import Config
from sqlalchemy import NullPool, create_engine, text

from tests.conftest import MAIN, NAME, ROOT, _admin, drop

COLUMNS = """
SELECT n.nspname || '.' || c.relname || '.' || a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
       a.attidentity, a.attgenerated, pg_get_expr(d.adbin, d.adrelid)
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped AND {ours}
"""
CONSTRAINTS = """
SELECT n.nspname || '.' || c.relname || '.' || k.conname, pg_get_constraintdef(k.oid)
FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {ours}
"""
INDEXES = """
SELECT schemaname || '.' || tablename || '.' || indexname, indexdef FROM pg_indexes
WHERE schemaname IN ('public', 'vault', 'pub') AND tablename NOT LIKE 'procrastinate%'
AND tablename NOT IN ('spatial_ref_sys', 'alembic_version')
"""
OURS = """n.nspname IN ('public', 'vault', 'pub') AND c.relname NOT LIKE 'procrastinate%'
AND c.relname NOT IN ('spatial_ref_sys', 'alembic_version')"""
TRIGGERS = """
SELECT c.relname || '.' || t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
JOIN pg_namespace n ON n.oid = c.relnamespace WHERE NOT t.tgisinternal AND n.nspname IN ('public', 'vault', 'pub')
AND c.relname NOT LIKE 'procrastinate%'
"""
FUNCTIONS = """
SELECT p.oid::regprocedure::text FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE n.nspname IN ('public', 'vault', 'pub') AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
"""
SCHEMAS = "SELECT nspname FROM pg_namespace WHERE nspname IN ('vault', 'pub')"
POLICIES = "SELECT schemaname || '.' || tablename || '.' || policyname FROM pg_policies"


@contextmanager
def fresh_database(suffix):
    """An empty database with PostGIS, gone afterwards; gives its URL."""
    name = f"{NAME}_{suffix}"
    with _admin() as admin:
        drop(admin, name)
        admin.execute(text(f'CREATE DATABASE "{name}" TEMPLATE template_tessera'))
    yield MAIN.set(database=name)
    with _admin() as admin:
        drop(admin, name)


def config(url):
    """Alembic's configuration for a database."""
    made = Config(toml_file=ROOT / "pyproject.toml")
    made.set_main_option("script_location", str(ROOT / "migrations"))
    made.set_main_option("sqlalchemy.url", url.render_as_string(hide_password=False).replace("%", "%%"))
    return made


def upgrade(url, revision="head"):
    command.upgrade(config(url), revision)


def downgrade(url, revision):
    command.downgrade(config(url), revision)


@contextmanager
def connected(url):
    """A connection of its own that is closed for good, as the role of the URL."""
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def catalogue(url):
    """What the database says of its tables: columns, constraints and indexes by name, and guards."""
    with connected(url) as connection:
        said = {
            kind: {row[0]: tuple(row[1:]) for row in connection.execute(text(query.replace("{ours}", OURS)))}
            for kind, query in (("columns", COLUMNS), ("constraints", CONSTRAINTS), ("indexes", INDEXES))
        }
        guards = (("triggers", TRIGGERS), ("policies", POLICIES), ("functions", FUNCTIONS), ("schemas", SCHEMAS))
        said.update({kind: set(connection.scalars(text(query))) for kind, query in guards})
        return said
