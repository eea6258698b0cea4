"""A server fit to be live, and what its people do on its pages."""

import os
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from server.keeping import sealing
from server.response import checklist, closing, going_live, key_holding

OF_ITS_OWN = "k7Qd2xVb9TzR4mWf8Lp3Yh6Nc1Gs5Ja0UeXi"


@pytest.fixture
def set_as(monkeypatch):
    """The same server with other settings, for the modules that open and close a response."""

    def change(**more):
        chosen = replace(going_live.settings(), **more)
        for module in (going_live, checklist, closing, key_holding):
            monkeypatch.setattr(module, "settings", lambda: chosen)

    return change


@pytest.fixture(autouse=True)
def no_wait(monkeypatch):
    """No other process has anything under way here when a response is closed."""
    monkeypatch.setattr(closing, "LAST_REPORTS", timedelta(0))


@pytest.fixture
def console(app):
    """Run `flask response …` as the operator; gives exit code and what it said."""

    def run(*words):
        done = app.test_cli_runner().invoke(args=["response", *words])
        return done.exit_code, done.output

    return run


@pytest.fixture
def fit(set_as, database):
    """No demo, a secret of its own, the name it is reached by; and everybody has a second factor."""
    set_as(demo=False, secret_key=OF_ITS_OWN, trusted_hosts=("localhost",))
    database.execute(text("UPDATE people SET tf_primary_method = 'authenticator'"))


@pytest.fixture
def sealed_to(set_as, tmp_path):
    """A folder for backups and the two holders' keys: gives the folder and a file with one secret key."""
    pairs = [sealing.new_identity() for _holder in range(2)]
    folder, secret = tmp_path / "backups", tmp_path / "holder.key"
    folder.mkdir()
    secret.write_text(pairs[0][0] + os.linesep)
    set_as(backup_folder=str(folder), backup_keys=tuple(public for _secret, public in pairs))
    return folder, secret


