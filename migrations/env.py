"""How migrations run: in one transaction each, one runner at a time, never waiting long for a lock a live server holds."""

from alembic import context
from geoalchemy2 import alembic_helpers
from sqlalchemy import Connection, NullPool, create_engine, text

import server.accounts.models
import server.coordination.activity_models
import server.coordination.need_models
import server.coordination.site_models
import server.coordination.telling_models
import server.core.erasure
import server.core.ledger
import server.core.response
import server.evidence.imagery_models
import server.evidence.models
import server.evidence.upload_models
import server.intake.proof_models
import server.keeping.models
import server.matching.map_models
import server.matching.models
import server.places.models
import server.publication.five_w_models
import server.publication.models
import server.publication.release_models
import server.publication.rule_models
import server.reports.imports
import server.reports.keys
import server.reports.models
import server.reports.questions
import server.reports.redactions
import server.response.models
import server.verification.item_models
import server.verification.models  # noqa: F401 - each import adds its tables to the metadata
from server.core.database import Base
from server.core.settings import settings

ONE_RUNNER = 0x7E55E7A
SCHEMAS = {None, "public", "vault", "pub"}


def is_ours(name: str | None, kind: str, parents: dict[str, str | None]) -> bool:
    """Leave the queue's tables to Procrastinate and PostGIS's to PostGIS."""
    if kind == "schema":
        return name in SCHEMAS
    return not (kind == "table" and name and (name.startswith("procrastinate_") or name == "spatial_ref_sys"))


def migrate(connection: Connection) -> None:
    """Run the pending migrations on ``connection``."""
    connection.execute(text("SET lock_timeout = '4s'"))
    connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": ONE_RUNNER})
    connection.commit()
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        include_name=is_ours,
        include_schemas=True,
        include_object=alembic_helpers.include_object,
        process_revision_directives=alembic_helpers.writer,
        render_item=alembic_helpers.render_item,
        transaction_per_migration=True,
        compare_server_default=False,
    )
    with context.begin_transaction():
        context.run_migrations()
    connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": ONE_RUNNER})
    connection.commit()


# The tests name a database; otherwise pyproject.toml, which has no such section, sends us to the settings.
named = context.config.file_config.get("alembic", "sqlalchemy.url", fallback=None)
engine = create_engine(named or settings().database_url, hide_parameters=True, poolclass=NullPool)  # what breaks off lets its lock go
with engine.connect() as opened:
    migrate(opened)
engine.dispose()
