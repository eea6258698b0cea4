"""The commands of dated data sets: prepare one, look at it, publish it, and hand one on to HDX."""

import click
from flask import Flask
from flask.cli import AppGroup

from server.accounts.policy import SYSTEM
from server.core.clock import now
from server.core.database import session, settled
from server.core.problems import Problem
from server.publication import frozen, hdx, release_jobs, release_reading, releases
from server.publication.approving import needs_two_people
from server.publication.release_models import BLOCKED, WAITING, ReleaseDraft

release_group = AppGroup("release", help="Prepare, look at and publish dated data sets.")


def init_app(app: Flask) -> None:
    """Add the commands."""
    app.cli.add_command(release_group)


@release_group.command("list")
def list_releases() -> None:
    """All dated data sets, the last published first."""
    found, _more = release_reading.releases(size=1_000)
    for one in found:
        onward = f", replaced by {one.replaced_by}" if one.replaced_by else ""
        click.echo(f"{one.number}  {one.published_on}  {one.rows_total} rows  {one.state.lower()}{onward}")
    click.echo(f"{len(found)} dated data sets.")


@release_group.command("prepare")
def prepare() -> None:
    """Freeze the public copy, write every file and test it, in this process. Nothing is published by this."""
    with settled():
        draft_id = _asked(lambda: releases.prepare(SYSTEM)).id
    release_jobs.build_release(str(draft_id))
    show()


@release_group.command("show")
def show_command() -> None:
    """What would appear, change and disappear with the data set that is being prepared, and what its tests found."""
    show()


@release_group.command("discard")
def discard() -> None:
    """Throw the data set that is being prepared away."""
    with settled():
        draft = _present()
        releases.discard(SYSTEM, draft.id)
        click.echo(f"{draft.number} was thrown away.")


@release_group.command("publish")
def publish() -> None:
    """Publish the data set that waits, where one person's word is enough. In a conflict two people sign at the desk."""
    with settled():
        draft = _present()
        if draft.state != WAITING:
            raise click.ClickException(f"{draft.number} is not ready: {draft.state}.")
        if needs_two_people(now()):
            raise click.ClickException(
                "Rows of an area in conflict are in it: a steward and a protection officer sign it at /desk/releases."
            )
        session.execute(releases.ONE_WRITER)
        made = _asked(lambda: releases.publish(draft))
        click.echo(f"{made.number} is public: {made.rows_total} rows.")


@release_group.command("push-hdx")
@click.argument("number", default="latest")
@click.option("--address", default="", help="The address under which everybody reaches this Tessera, with https.")
@click.option("--dry-run", is_flag=True, help="Say what would be sent, and send nothing.")
def push_hdx(number: str, address: str, *, dry_run: bool) -> None:
    """Tell HDX of a dated data set, as private; its files stay here, so that taking one back works there too."""
    release = _asked(lambda: release_reading.release(number))
    for line in _asked(lambda: hdx.push(release, address=address, dry_run=dry_run)):
        click.echo(line)


def show() -> None:
    """Print the data set under way."""
    draft = _present()
    counted = ", ".join(f"{n} {word}" for word, n in frozen.counts(draft.edition).items())
    click.echo(f"{draft.number}: {draft.state}, {draft.rows_total} rows ({counted}), {len(draft.files)} files.")
    for test, found in draft.found.items():
        click.echo(f"  {test}: {'passed' if not found else 'STOPPED by ' + ' '.join(found)}")
    if draft.state == BLOCKED:
        raise click.ClickException("The tests stop it. Mend what they found, discard it and prepare again.")


def _present() -> ReleaseDraft:
    draft = releases.under_way()
    if draft is None:
        raise click.ClickException("No data set is being prepared.")
    return draft


def _asked(act):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN202
    """Do it, and say a refusal as a sentence."""
    try:
        return act()
    except Problem as refused:
        raise click.ClickException(f"{refused.title} {refused.detail}".strip()) from None
