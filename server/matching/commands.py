"""``flask --app wsgi matching …``: cluster, suggest and train over CSV files, by the same judgement as the live system."""

import json
from pathlib import Path

import click
from flask import Flask
from flask.cli import AppGroup

from server.matching.files import UnusableFile
from server.matching.rebuild_commands import rebuild
from server.matching.weights import DEFAULT, UnusableWeights, Weights, load_weights

matching = AppGroup("matching", help="Find reports of one damage in a CSV file (.gz too), and learn from labelled ones.")

_source = click.argument("source", metavar="IN", type=click.Path(exists=True, dir_okay=False, path_type=Path))
_target = click.argument("target", metavar="OUT", type=click.Path(dir_okay=False, path_type=Path))
_weights = click.option("--weights", metavar="W", type=click.Path(dir_okay=False, path_type=Path), help="Another weights file.")


def init_app(app: Flask) -> None:
    """Add the commands."""
    matching.add_command(rebuild)
    app.cli.add_command(matching)


@matching.command("cluster")
@_source
@_target
@_weights
def cluster_file(source: Path, target: Path, weights: Path | None) -> None:
    """Write id,cluster,auto_cluster: the best guess, and what the automatic band alone would join."""
    from server.matching import batch

    try:
        reports, clusters = batch.cluster_file(source, target, _chosen(weights))
    except (UnusableFile, UnusableWeights) as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{reports} reports lie in {clusters} clusters.")


@matching.command("suggest")
@_source
@_target
@_weights
def suggest_file(source: Path, target: Path, weights: Path | None) -> None:
    """Write id,rank,candidate,score: for each report the earlier ones it may repeat."""
    from server.matching import batch

    try:
        count = batch.suggest_file(source, target, _chosen(weights))
    except (UnusableFile, UnusableWeights) as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{count} suggestions were written.")


@matching.command("train")
@click.argument("files", metavar="[IN] W", nargs=-1, required=True, type=click.Path(dir_okay=False, path_type=Path))
@click.option("--decisions", is_flag=True, help="Learn from what reviewers ruled, as it lies in the database; there is no IN then.")
@_weights
def train_file(files: tuple[Path, ...], decisions: bool, weights: Path | None) -> None:
    """Learn a weights file W from a CSV that also has cluster_id (and label), or from reviewers' rulings."""
    if len(files) != (1 if decisions else 2):
        raise click.UsageError("Give W alone with --decisions, else IN and W.")
    if decisions:
        _learn_from_people(files[0], weights or DEFAULT)
    else:
        _learn_from_labels(files[0], files[1], weights or DEFAULT)


def _learn_from_labels(source: Path, target: Path, start: Path) -> None:
    from server.matching import calibration

    if not source.is_file():
        raise click.ClickException(f"There is no file {source}.")
    try:
        load_weights(start)
        before = json.loads(start.read_text(encoding="utf-8"))
        reached = calibration.train_file(
            source, target, before, version=f"learnt from {source.name}"[:32], say=lambda line: click.echo(line, err=True)
        )
    except (UnusableFile, UnusableWeights) as error:
        raise click.ClickException(str(error)) from error
    click.echo(
        f"On places it had not learnt from: F1 {reached['f1']:.3f}; the automatic band finds {reached['automatic_recall']:.1%} of the "
        f"pairs and joins {reached['automatic_wrong']:.1%} of the incidents wrongly."
    )


def _learn_from_people(target: Path, start: Path) -> None:
    from server.matching import decisions

    try:
        heard = decisions.train_on_decisions(target, start)
    except decisions.TooFewDecisions as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"Learnt from {heard.together} pairs ruled to be one damage and {heard.apart} ruled to be two.")


def _chosen(weights: Path | None) -> Weights:
    return load_weights(weights or DEFAULT)
