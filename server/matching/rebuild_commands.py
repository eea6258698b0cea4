"""``flask --app wsgi matching rebuild``: judge all reports anew, show what would change, and do it once a person said yes."""

from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import click

from server.core.database import settled
from server.core.settings import settings
from server.matching.planning import Plan

FOLDER = Path("var/rebuild")


@click.command("rebuild")
@click.option("--yes", is_flag=True, help="Apply without asking.")
@click.option("--go-on", metavar="PLAN", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Go on with a plan that was stopped.")
@click.option("--undo", "undo_batch", metavar="BATCH", type=click.UUID, help="Take a rebuild back, all of it.")
def rebuild(yes: bool, go_on: Path | None, undo_batch: UUID | None) -> None:  # noqa: FBT001 - an option of a command is a boolean by nature
    """Judge all reports together anew; show the difference to the present records; apply it when confirmed."""
    from server.matching import rebuilding
    from server.matching.weights import default_weights

    if undo_batch:
        _undo(undo_batch)
        return
    path = go_on
    if path is None:
        with click.progressbar(length=2 * rebuilding.count_reports(), label="Reading and judging") as bar:
            made = rebuilding.make_plan(default_weights(settings().matching_weights), bar.update)
        _show(made)
        if not made.steps:
            return
        path = FOLDER / f"{datetime.now(UTC):%Y%m%d-%H%M%S}.jsonl"
        rebuilding.keep_plan(made, path)
        click.echo(f"The plan is kept in {path}; --go-on takes it up again.")
        if not yes and not click.confirm("Apply it?"):
            click.echo("Nothing was changed.")
            return
    steps = max(0, len(path.read_text(encoding="utf-8").splitlines()) - 1)
    with click.progressbar(length=steps, label="Applying") as bar:
        number, done, passed = rebuilding.apply_plan(path, bar.update)
    click.echo(f"{done} records were brought in line, {passed} passed over because they changed meanwhile. --undo {number} takes it back.")


def _show(made: Plan) -> None:
    rows = (
        ("reports judged", made.reports),
        ("records now", made.records_now),
        ("records then", made.records_then),
        ("records that join another", made.joins),
        ("reports that move alone", made.moves),
        ("records that open", made.opens),
        ("records left as people made them", made.left_to_people),
    )
    for label, number in rows:
        click.echo(f"  {label:34} {number:>12,}")
    for step in made.steps[:10]:
        click.echo(f"  {step.home or 'a new record'} ← {len(step.joins)} records, {sum(len(reports) for _from, reports in step.comes)} reports")
    if len(made.steps) > 10:
        click.echo(f"  … and {len(made.steps) - 10:,} more")


def _undo(number: UUID) -> None:
    from server.matching import rebuilding
    from server.matching.undoing import standing_in

    with settled():
        count = len(standing_in(number))
    if not count:
        raise click.ClickException("No act of this rebuild stands.")
    with click.progressbar(length=count, label="Taking back") as bar:
        done, left = rebuilding.take_back(number, bar.update)
    click.echo(f"{done} acts were taken back, {left} left because somebody built upon them.")
