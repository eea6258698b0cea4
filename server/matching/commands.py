"""``flask --app wsgi matching …``: cluster, suggest and train over CSV files, by the same judgement as the live system."""

import json
from pathlib import Path

import click
from flask import Flask
from flask.cli import AppGroup

from server.matching.files import UnusableFile
from server.matching.weights import DEFAULT, UnusableWeights, Weights, load_weights

matching = AppGroup("matching", help="Find reports of one damage in a CSV file (.gz too), and learn from labelled ones.")

_source = click.argument("source", metavar="IN", type=click.Path(exists=True, dir_okay=False, path_type=Path))
_target = click.argument("target", metavar="OUT", type=click.Path(dir_okay=False, path_type=Path))
_weights = click.option("--weights", metavar="W", type=click.Path(dir_okay=False, path_type=Path), help="Another weights file.")


def init_app(app: Flask) -> None:
    """Add the commands."""
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
@_source
@click.argument("target", metavar="W", type=click.Path(dir_okay=False, path_type=Path))
def train_file(source: Path, target: Path) -> None:
    """Learn a weights file W from a CSV that also has cluster_id (and label)."""
    from server.matching import calibration

    start = json.loads(DEFAULT.read_text(encoding="utf-8"))
    try:
        reached = calibration.train_file(source, target, start, version=f"learnt from {source.name}"[:32])
    except UnusableFile as error:
        raise click.ClickException(str(error)) from error
    click.echo(
        f"On what it learnt from: F1 {reached['f1']:.3f}; the automatic band finds {reached['automatic_recall']:.1%} of the pairs "
        f"and joins {reached['automatic_wrong']:.1%} of the incidents wrongly."
    )


def _chosen(weights: Path | None) -> Weights:
    return load_weights(weights or DEFAULT)
