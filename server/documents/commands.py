"""``flask docs``: write the reference anew from the code."""

import click
from flask import Flask, current_app


def init_app(app: Flask) -> None:
    """Add the command."""
    app.cli.add_command(docs)


@click.command("docs")
def docs() -> None:
    """Write the generated pages of docs/ anew; a test fails when they are stale."""
    from server.documents import reference

    changed = reference.write(current_app._get_current_object())  # type: ignore[attr-defined] # noqa: SLF001
    click.echo("\n".join(f"docs/{name}" for name in changed) or "Everything was up to date.")
