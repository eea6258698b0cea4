"""An exercise beside a live response: a database, a store and a secret of its own, so that the two can never mix."""

import os
import secrets
import subprocess
import sys
from pathlib import Path

from sqlalchemy import URL, NullPool, create_engine, make_url, text

from server.core.settings import VAR, settings
from server.keeping.dumps import PLAIN
from server.keeping.errors import NotKept

HOUSE = Path(__file__).resolve().parents[2]
ENDING = "_exercise"
SILENT = ("BACKUP_FOLDER", "BACKUP_KEYS", "MAIL_URL", "ALARM_TO", "HDX_URL", "HDX_KEY", "METRICS_KEY", "DRILL_DATABASE_URL",
          "REPLICA_DATABASE_URL", "PUBLIC_REPLICA_DATABASE_URL", "REPLICATION_URL")  # fmt: skip
"""Settings that an exercise has none of: it keeps nothing, tells nobody, and reads no copy of the live database."""


def prepare(folder: Path = VAR / "exercise", *, filled: bool) -> Path:
    """Make the second database and the file of its settings; ``filled`` with the made-up reports. Where the file lies.

    NotKept when the database's role may not make another one.
    """
    own = make_url(settings().database_url)
    name = f"{own.database}{ENDING}"
    _make_database(own, name)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    chosen = settings_of(own.set(database=name), folder)
    file = folder / "env"
    file.unlink(missing_ok=True)  # its secret was read above; a file made anew is the owner's alone from its first byte
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        out.write("".join(f'{word}="{value}"\n' for word, value in chosen.items()))
    _run(chosen, "scripts/bring_up_to_date.py")
    if filled:
        _run(chosen, "-m", "flask", "--app", "wsgi", "demo", "--small", "--logins", str(folder / "logins.json"))
    return file


def _make_database(own: URL, name: str) -> None:
    engine = create_engine(own, isolation_level="AUTOCOMMIT", poolclass=NullPool, hide_parameters=True)
    try:
        with engine.connect() as connection:
            if connection.scalar(text("SELECT 1 FROM pg_database WHERE datname = :name"), {"name": name}):
                return
            if not connection.scalar(text("SELECT 1 FROM pg_database WHERE datname = 'template_tessera'")):
                raise NotKept(f"Make an empty database {name!r} with PostGIS first, owned by {own.username!r}; then run this again.")
            connection.execute(text(f'CREATE DATABASE "{name}" TEMPLATE template_tessera'))
    finally:
        engine.dispose()


def settings_of(url: URL, folder: Path) -> dict[str, str]:
    """The settings of the exercise at ``url``; the secret of one that was here before is kept."""
    public = settings().public_database_url
    kept = _kept(folder / "env").get("SECRET_KEY")
    return {
        "DATABASE_URL": url.render_as_string(hide_password=False),
        "PUBLIC_DATABASE_URL": make_url(public).set(database=url.database).render_as_string(hide_password=False) if public else "",
        "SECRET_KEY": kept or secrets.token_urlsafe(48), "STORAGE_URL": (folder / "storage").absolute().as_uri(),
        "EXERCISE": "true", "DEMO": "true", "SECURE_COOKIES": str(settings().secure_cookies).lower(),
        **dict.fromkeys(SILENT, ""),
    }  # fmt: skip


def _kept(file: Path) -> dict[str, str]:
    if not file.exists():
        return {}
    return {name: value.strip('"') for name, _, value in (line.partition("=") for line in file.read_text().splitlines())}


def _run(chosen: dict[str, str], *words: str) -> None:
    """Run our own program with these settings and none of the live ones."""
    done = subprocess.run([sys.executable, *words], cwd=HOUSE, env={**PLAIN, **chosen}, capture_output=True, text=True, check=False)
    if done.returncode:
        raise NotKept(f"The exercise could not be made: {done.stderr.strip().splitlines()[-1:] or done.returncode}")
