"""``flask keys rotate-reporting``: a new key for what phones seal."""

import click
from flask import Flask

from server.accounts.commands import keys as group
from server.accounts.policy import SYSTEM
from server.core.database import settled
from server.reports import keys


def init_app(app: Flask) -> None:
    """Add the command to the group of keys."""
    del app
    group.add_command(rotate_reporting)


@click.command("rotate-reporting")
def rotate_reporting() -> None:
    """Put a new key for sealed reports in use. Phones that hold the old one are understood for 90 more days."""
    with settled():
        key_id = keys.rotate(actor=SYSTEM)
    click.echo(f"Phones now seal to key {key_id}. The key before it is opened for {keys.OPENED_FOR.days} more days.")
