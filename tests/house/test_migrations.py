"""Migrations and guards: what the migrations build is what the models say, and PostgreSQL itself keeps the promises."""

import pytest
from alembic.script import ScriptDirectory
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError

from server.core.columns import PIN_DECIMALS
from server.core.database import Base, make_engine, see_as, session
from server.core.geography import cell_key
from server.core.settings import settings
from tests.house.databases import catalogue, config, connected, downgrade, fresh_database, upgrade
from tests.house.rooms import import_every_room

import_every_room()

PERSONAL = ("reports", "vault.report_secrets", "vault.copies_aside", "vault.amendments", "vault.questions", "photos", "photo_redactions", "text_redactions")
POLICIES = ("may_add", "may_see", "may_change", "may_remove")
GUARDS = {
    "ledger.append_only", "ledger.append_only_all", "ledger_seals.append_only", "ledger_seals.append_only_all",
    "incidents.note_change", "incidents.note_new_on_map", "incidents.note_map_change", "incidents.note_gone_from_map", "needs.note_need", "needs.note_need_change",
}  # fmt: skip


def degrees(most):
    """Degrees as every door hands them on: rounded to seven decimals."""
    return st.floats(-most, most).map(lambda number: round(number, PIN_DECIMALS))


@pytest.mark.committed
@pytest.mark.slow
def test_every_revision_goes_up_and_down_and_up_again(app):
    with fresh_database("updown") as url:
        revisions = [script.revision for script in ScriptDirectory.from_config(config(url)).walk_revisions()][::-1]
        assert len(revisions) >= 3
        before, was = "base", catalogue(url)
        for revision in revisions:
            upgrade(url, revision)
            built = catalogue(url)
            assert built != was, f"{revision} changes nothing"
            downgrade(url, before)
            assert catalogue(url) == was, f"going down from {revision} leaves something behind"
            upgrade(url, revision)
            assert catalogue(url) == built, f"going up to {revision} again gives something else"
            before, was = revision, built
        downgrade(url, "base")
        assert not any(catalogue(url).values())


@pytest.mark.committed
def test_the_head_of_the_migrations_is_what_the_models_say(app):
    with fresh_database("head") as by_migrations, fresh_database("models") as by_models:
        upgrade(by_migrations)
        upgrade(by_models, "0001")
        engine = create_engine(by_models)
        Base.metadata.create_all(engine)
        engine.dispose()
        migrated, modelled = catalogue(by_migrations), catalogue(by_models)
    for kind in ("columns", "constraints", "indexes"):
        missing = {name for name in modelled[kind] if name not in migrated[kind]}
        extra = {name for name in migrated[kind] if name not in modelled[kind] and "alembic_version" not in name}
        other = {name for name in modelled[kind] if name in migrated[kind] and modelled[kind][name] != migrated[kind][name]}
        assert (kind, missing, extra, other) == (kind, set(), set(), set())
    assert migrated["triggers"] == GUARDS


def test_row_level_security_is_forced_on_everything_personal(database):
    found = database.execute(
        text("SELECT schemaname || '.' || tablename AS place, policyname FROM pg_policies WHERE schemaname IN ('public', 'vault')")
    )
    wanted = {(name if "." in name else f"public.{name}", policy) for name in PERSONAL for policy in POLICIES}
    assert {tuple(row) for row in found} == wanted
    forced = database.scalars(text("SELECT oid::regclass::text FROM pg_class WHERE relrowsecurity AND relforcerowsecurity"))
    assert set(forced) == set(PERSONAL)
    owner = database.execute(text("SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user")).one()
    assert tuple(owner) == (False, False)


@pytest.fixture
def one_of_each(database):
    """One row in every personal table, of an organisation; written without saying who looks."""
    organisation = database.scalar(text("INSERT INTO organisations (id, name, kind) VALUES (gen_random_uuid(), 'Relief', 'INTL_NGO') RETURNING id"))
    person = "INSERT INTO people (id, email, alias, fs_uniquifier, active) VALUES (gen_random_uuid(), 'o@example.org', 'O', 'o', true) RETURNING id"
    report = {"report": "11111111-1111-4111-8111-111111111111", "organisation": organisation, "person": database.scalar(text(person))}
    for statement in (
        "INSERT INTO reports (id, channel, payload_sha256, organisation_id) VALUES (:report, 'API', sha256('x'), :organisation)",
        "INSERT INTO vault.report_secrets (report_id, wrapped_key, sealed) VALUES (:report, 'k', 's')",
        "INSERT INTO vault.copies_aside (id, report_id, payload_sha256, sealed) VALUES (gen_random_uuid(), :report, sha256('y'), 's')",
        "INSERT INTO vault.amendments (id, report_id, sealed) VALUES (gen_random_uuid(), :report, 's')",
        "INSERT INTO vault.questions (id, report_id, question, sealed) VALUES (gen_random_uuid(), :report, 'HELP_CAME', 's')",
        "INSERT INTO photos (id, report_id, position, state, original_sha256, original_bytes) VALUES (:report, :report, 1, 'EXPECTED', 'z', 1)",
        "INSERT INTO photo_redactions (id, photo_id, parts, from_sha256, from_thumbnail_sha256, to_sha256, person_id) VALUES (gen_random_uuid(), :report, '[]', 'a', 'b', 'c', :person)",
        "INSERT INTO text_redactions (id, report_id, field, span, person_id) VALUES (gen_random_uuid(), :report, 'text', '{0,1}', :person)",
    ):
        database.execute(text(statement), report)
    return organisation


def looking_as(database, scope, organisation=""):
    database.execute(
        text("SELECT set_config('tessera.scope', :scope, true), set_config('tessera.organisation', :organisation, true)"),
        {"scope": scope, "organisation": str(organisation)},
    )
    return {table: database.scalar(text(f"SELECT count(*) FROM {table}")) for table in PERSONAL}


def test_raw_sql_that_does_not_say_who_looks_sees_no_row_of_anybody(database, one_of_each):
    assert {table: database.scalar(text(f"SELECT count(*) FROM {table}")) for table in PERSONAL} == dict.fromkeys(PERSONAL, 0)
    for scope in ("", "none", "ALL", "everything"):
        assert looking_as(database, scope) == dict.fromkeys(PERSONAL, 0)


def test_who_sees_all_sees_all_and_an_organisation_sees_its_own(database, one_of_each):
    assert looking_as(database, "all") == dict.fromkeys(PERSONAL, 1)
    assert looking_as(database, "own", one_of_each) == dict.fromkeys(PERSONAL, 1)
    assert looking_as(database, "own", "22222222-2222-4222-8222-222222222222") == dict.fromkeys(PERSONAL, 0)
    assert looking_as(database, "own", "") == dict.fromkeys(PERSONAL, 0)


def test_raw_sql_that_does_not_say_who_looks_changes_and_removes_nothing(database, one_of_each):
    for table in PERSONAL:
        column = {"reports": "id", "photo_redactions": "photo_id"}.get(table, "report_id")
        assert database.execute(text(f"UPDATE {table} SET {column} = {column}")).rowcount == 0
        assert database.execute(text(f"DELETE FROM {table}")).rowcount == 0
    looking_as(database, "own", one_of_each)
    assert database.execute(text("DELETE FROM reports")).rowcount == 0  # an organisation reads and changes, it never deletes
    assert looking_as(database, "all") == dict.fromkeys(PERSONAL, 1)


@pytest.fixture
def one_connection(live_database):
    """The house's session over a pool of a single connection."""
    before = dict(session.session_factory.kw)
    engine = make_engine(live_database.render_as_string(hide_password=False), pool_size=1)
    session.remove()
    session.configure(bind=engine)
    yield
    session.remove()
    engine.dispose()
    session.session_factory.kw.clear()
    session.session_factory.kw.update(before)


@pytest.mark.committed
@pytest.mark.parametrize("ending", ["commit", "rollback", "remove"])
def test_who_looks_does_not_leak_through_the_pool(one_connection, ending):
    asked = text("SELECT coalesce(current_setting('tessera.scope', true), ''), pg_backend_pid()")
    see_as("all")
    scope, backend = session.execute(asked).one()
    assert scope == "all"
    getattr(session, ending)()
    session.remove()
    assert tuple(session.execute(asked).one()) == ("", backend)


@pytest.mark.parametrize("attack", ["UPDATE {} SET id = id", "DELETE FROM {}", "TRUNCATE {}", "TRUNCATE {} CASCADE"])
@pytest.mark.parametrize("table", ["ledger", "ledger_seals"])
def test_the_ledger_refuses_to_be_changed(database, table, attack):
    database.execute(text("INSERT INTO ledger (event, subject_id) VALUES ('report.received', gen_random_uuid())"))
    database.execute(text("INSERT INTO ledger_seals (entry_ids, root) VALUES ('[]', sha256('x'))"))
    before = database.scalar(text(f"SELECT count(*) FROM {table}"))
    with pytest.raises(DBAPIError, match="append-only"), database.begin_nested():
        database.execute(text(attack.format(table)))
    assert database.scalar(text(f"SELECT count(*) FROM {table}")) == before == 1


TABLES_AND_RIGHTS = """
SELECT n.nspname || '.' || c.relname AS name, n.nspname = 'pub' AS is_public, r AS privilege
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace, unnest(ARRAY['SELECT','INSERT','UPDATE','DELETE','TRUNCATE']) r
WHERE c.relkind IN ('r', 'p', 'v', 'm') AND n.nspname IN ('public', 'vault', 'pub') AND has_table_privilege('tessera_public', c.oid, r)
AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
"""


def test_the_public_role_may_read_the_public_copy_and_nothing_else(database):
    found = database.execute(text(TABLES_AND_RIGHTS)).all()
    pub = {f"pub.{table.name}" for table in Base.metadata.tables.values() if table.schema == "pub"}
    assert {(row.name, row.privilege) for row in found} == {(name, "SELECT") for name in pub}
    rights = "has_schema_privilege('tessera_public', 'vault', 'USAGE'), has_schema_privilege('tessera_public', 'pub', 'CREATE'), "
    rights += "has_schema_privilege('tessera_public', 'public', 'CREATE')"
    assert tuple(database.execute(text(f"SELECT {rights}")).one()) == (False, False, False)
    sneaky = text(
        "SELECT proname FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace WHERE prosecdef AND nspname IN ('public', 'vault', 'pub') "
        "AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')"
    )
    assert list(database.scalars(sneaky)) == []
    assert database.scalar(text("SELECT count(*) FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.member WHERE r.rolname = 'tessera_public'")) == 0


@pytest.mark.parametrize("table", ["reports", "vault.report_secrets", "incidents", "people", "ledger", "procrastinate_jobs", "public.photos"])
def test_a_connection_of_the_public_role_is_refused_everything_private(app, table):
    with connected(settings().public_database_url) as stranger, pytest.raises(DBAPIError, match="permission denied"):
        stranger.execute(text(f"SELECT * FROM {table}"))


@hypothesis_settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.tuples(degrees(180), degrees(90)), min_size=1, max_size=60))
def test_the_database_and_the_program_put_a_point_into_the_same_cell(database, points):
    found = database.scalars(
        text(
            "SELECT tessera_cell_key(ST_SetSRID(ST_MakePoint(lon, lat), 4326)) FROM unnest(CAST(:lons AS float8[]), CAST(:lats AS float8[])) "
            "WITH ORDINALITY AS p(lon, lat, n) ORDER BY n"
        ),
        {"lons": [lon for lon, _lat in points], "lats": [lat for _lon, lat in points]},
    )
    assert list(found) == [cell_key(lon, lat) for lon, lat in points]


@pytest.mark.parametrize("point", [(-180, -90), (180, 90), (0, 0), (180, 0), (-180, 85.06), (179.9999999999, -85.05112878), (0, 85.05112878)])
def test_the_edges_of_the_world_lie_in_the_same_cell_for_both(database, point):
    found = database.scalar(text("SELECT tessera_cell_key(ST_SetSRID(ST_MakePoint(:lon, :lat), 4326))"), {"lon": point[0], "lat": point[1]})
    assert found == cell_key(*point)
