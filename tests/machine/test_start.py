"""What a person is told when a start cannot work, and the secrets that a first start makes."""

import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.pure


@pytest.fixture
def checkout(tmp_path):
    shutil.copytree(ROOT / "scripts", tmp_path / "scripts", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def tell(checkout, *command, **environment):
    """Run a script without DATABASE_URL and SECRET_KEY unless they are given; (exit code, all that was said)."""
    ours = {"DATABASE_URL", "PUBLIC_DATABASE_URL", "SECRET_KEY"}
    kept = {name: value for name, value in os.environ.items() if name not in ours}
    done = subprocess.run(
        command, cwd=checkout, env=kept | environment, capture_output=True, text=True, check=False, timeout=60
    )
    return done.returncode, (done.stdout + done.stderr).strip()


@pytest.fixture
def taken_port():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield str(listening.getsockname()[1])


def test_a_port_in_use_gives_one_clear_sentence(checkout, taken_port):
    code, said = tell(checkout, "scripts/serve", "check", PORT=taken_port, HOST="127.0.0.1")
    assert code == 1
    assert said == f"Port {taken_port} on 127.0.0.1 is already in use; choose another, for example: make run PORT=8001"


@pytest.mark.parametrize("address", ["127.0.0.1:http", "127.0.0.1:0", "127.0.0.1:70000", "192.0.2.1:8000"])
def test_an_address_that_cannot_be_gives_one_sentence(checkout, address):
    host, port = address.split(":")
    code, said = tell(checkout, "scripts/serve", "check", PORT=port, HOST=host)
    assert (code, len(said.splitlines())) == (1, 1)


def test_nothing_to_stop_is_no_error(checkout):
    assert tell(checkout, "scripts/serve", "stop") == (0, "Web and worker were not running.")


@pytest.mark.parametrize("given", [{}, {"DATABASE_URL": "postgresql+psycopg://nobody@/none"}, {"SECRET_KEY": "k" * 40}])
def test_production_refuses_to_make_up_what_it_was_not_told(checkout, given):
    code, said = tell(checkout, "scripts/production", **given)
    missing = "SECRET_KEY" if "DATABASE_URL" in given else "DATABASE_URL"
    assert code == 1
    assert said.startswith(f"{missing} is not set")


def test_secrets_are_made_once_and_readable_by_their_owner_alone(checkout):
    tell(checkout, "scripts/settings")
    first = (checkout / "var/env").read_text()
    tell(checkout, "scripts/settings")
    assert (checkout / "var/env").read_text() == first
    assert (checkout / "var/env").stat().st_mode & 0o777 == 0o600
    assert len(re.search(r"^SECRET_KEY=(.*)$", first, re.MULTILINE)[1]) >= 32


def test_a_database_of_the_operators_gets_no_exercise(checkout):
    tell(checkout, "scripts/settings", DATABASE_URL="postgresql+psycopg://operator@/theirs")
    written = (checkout / "var/env").read_text()
    assert "EXERCISE" not in written
    assert "DEMO" not in written
    assert "DATABASE_URL" not in written


def test_without_apt_one_sentence_says_what_to_install(checkout, tmp_path):
    nothing = tmp_path / "nothing"
    nothing.mkdir()
    code, said = tell(checkout, sys.executable, "scripts/packages", "test", PATH=str(nothing))
    assert (code, len(said.splitlines())) == (1, 1), said
    assert "apt-get install" in said
    assert "chromium" in said
