"""``flask demo``: a believable exercise, in the private cluster or where DEMO is set, and nowhere else."""

from pathlib import Path

import click
from flask import Flask

from server.core.response import this_response
from server.core.settings import VAR, settings
from server.exercise import service


def init_app(app: Flask) -> None:
    """Add the command."""
    app.cli.add_command(demo)


@click.command()
@click.option("--small", is_flag=True, help="About 600 reports instead of about 5,000.")
@click.option(
    "--logins", type=click.Path(path_type=Path), default=VAR / "demo.json", help="Where the demo logins are written."
)
def demo(small: bool, logins: Path) -> None:
    """Load the exercise: made-up damage round real towns of a country at peace."""
    if not settings().demo or not settings().exercise:
        raise click.ClickException(
            "The exercise is loaded only with DEMO=1 and EXERCISE=1, so that it never mixes with a live response."
        )
    if this_response().stage:
        raise click.ClickException("This response is live or closed: nothing made up is ever loaded into it.")
    if service.is_loaded():
        click.echo("There are reports in this database already; the exercise is not loaded again.")
        return
    made = service.make(service.SMALL if small else service.LARGE, say=click.echo)
    service.write_logins(made, logins)
    click.echo(f"The demo logins are in {logins}.")
