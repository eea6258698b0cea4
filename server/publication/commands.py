"""The public side's commands: publish now, write a public file."""

from datetime import timedelta
from pathlib import Path
from uuid import UUID

import click
from flask import Flask
from flask.cli import AppGroup

from server.accounts.service import actor_of
from server.core.clock import now
from server.core.database import public_session, settled
from server.publication import agreeing, changing, current, proposals, reading, service, situations, utility
from server.publication.formats import FORMATS
from server.publication.source import Source
from server.vocabulary import ContextMode

publication_group = AppGroup("publication", help="Make a batch of the public copy by hand.")


def init_app(app: Flask) -> None:
    """Add the commands."""
    app.cli.add_command(publication_group)
    app.cli.add_command(export)


@publication_group.command("publish")
@click.option("--anew", is_flag=True, help="Judge every record, not only those that can have changed.")
def publish(*, anew: bool) -> None:
    """Let the rules judge now, without waiting for the hour of the batch."""
    with settled():
        batch = service.publish_batch(now(), anew=anew)
    click.echo(f"{batch.release_id}: {batch.new} new, {batch.updated} changed, {len(batch.removed)} taken out.")
    for why, records in sorted(batch.withheld.items()):
        click.echo(f"  not shown ({why}): {records}")


@publication_group.command("utility")
def show_utility() -> None:
    """Say what hiding costs: which share of what is due is public, how late and how coarse."""
    for line in (*utility.in_lines(utility.by_class()), "", *utility.in_lines(utility.by_district())):
        click.echo(line)
    for kind, records, known in utility.hidden_for_want_of_a_list():
        click.echo(f"hidden: {records} of {kind.value}; the lists know {known} such places")


@publication_group.command("change")
@click.argument("email")
@click.option("--context", required=True, help="for example CONFLICT_ACTIVE")
@click.option("--sensitivity", required=True, help="S0 to S4")
@click.option("--field", type=click.Choice(changing.FIELDS), required=True)
@click.option("--value", required=True, help="hours, a level of place or time, or a number of places")
@click.option("--days", type=click.IntRange(1, 90), help="after which a loosening ends")
@click.option("--reason", required=True)
def change(email: str, days: int | None, reason: str, **asked: str) -> None:
    """Propose a change of the rules in the name of EMAIL. Tightening holds at once; loosening waits for a second person."""
    with settled():
        until = now() + timedelta(days=days) if days else None
        made = changing.propose_change(actor_of(email), asked, reason=reason, until=until)
        waits = made.agreed_at is None
        click.echo(f"{made.id}: {'waits for a second person' if waits else 'holds from now on'}.")


@publication_group.command("agree")
@click.argument("email")
@click.argument("proposal", type=click.UUID)
def agree(email: str, proposal: UUID) -> None:
    """Agree as EMAIL to what another person proposed."""
    with settled():
        agreeing.agree(actor_of(email), proposal)
        click.echo("It holds from now on.")


@publication_group.command("situation")
@click.argument("email")
@click.argument("pcode")
@click.argument("mode", type=click.Choice(list(ContextMode.codes())))
@click.option("--days", type=click.IntRange(1, situations.LONGEST_DAYS), required=True, help="how long it holds")
@click.option("--reason", required=True, help="who agreed it, and why")
def situation(email: str, pcode: str, mode: str, days: int, reason: str) -> None:
    """Say in the name of EMAIL in what situation an area is. What is stricter holds at once; looser waits for a second person."""
    with settled():
        waits = situations.say(actor_of(email), pcode=pcode, mode=ContextMode(mode), days=days, reason=reason)
        number = proposals.waiting(now())[0].id if waits else None
    told = f"waits for a second person: flask publication agree EMAIL {number}" if waits else f"holds for {days} days"
    click.echo(f"{pcode} is {mode}: {told}.")


@click.command("export")
@click.argument("out", type=click.Path(dir_okay=False, writable=True, path_type=Path))
@click.option("--format", "name", type=click.Choice(sorted(FORMATS)), default="csv", show_default=True)
def export(out: Path, name: str) -> None:
    """Write all public damage records to the file OUT."""
    current.be_patient(public_session)
    newest, kind = reading.latest(), FORMATS[name]
    size = kind.write(Source(public_session.connection(), current.about(newest)), out)
    click.echo(
        f"{out}: data set {newest.release_id if newest else '(none yet)'}, {reading.count({})} rows, {size} bytes."
    )
