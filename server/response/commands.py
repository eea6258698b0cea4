"""``flask response …``: open, look at, hand over and close the response from the server's own console."""

from pathlib import Path

import click
from flask import Flask
from flask.cli import AppGroup
from werkzeug.datastructures import MultiDict

from server.accounts.policy import SYSTEM, may
from server.accounts.service import actor_of
from server.core.database import see_as, session, settled
from server.core.problems import Problem
from server.core.response import READ, facts_as_said
from server.core.settings import VAR, settings
from server.response import beside, checklist, closing, export, going_live, handover, key_holding, opening, saying
from server.response.checklist import Standing

response_group = AppGroup("response", help="Open, look at, hand over and close the response.")
MARKS = {Standing.DONE: "done", Standing.WATCH: "soon", Standing.MISSING: "MISSING"}
SECTION = click.Choice(list(saying.SECTIONS))


def init_app(app: Flask) -> None:
    """Add the group."""
    app.cli.add_command(response_group)


@response_group.command("show")
def show() -> None:
    """Say what this response is, fact by fact."""
    facts = facts_as_said()
    for name in READ:
        value = getattr(facts, name)
        click.echo(f"{name:20} {', '.join(map(str, value)) if isinstance(value, tuple) else '' if value is None else value}")


@response_group.command("open")
def open_() -> None:
    """Make the code with which the first administrator gets in at /desk/setup; it is shown once and good for an hour."""
    with settled(), _plainly():
        code = opening.make_code()
    click.echo(f"Open /desk/setup in a browser and give this code within an hour:\n\n    {code}\n")


@response_group.command("set")
@click.argument("section", type=SECTION)
@click.argument("words", nargs=-1, required=True)
def set_(section: str, words: tuple[str, ...]) -> None:
    """Say the facts of a SECTION as on the desk's page, as NAME=VALUE; what is left out stays as it is."""
    with settled(), _plainly():
        form = _form(section, words)
        changed = saying.say(section, form, actor=SYSTEM)
    click.echo(f"Changed: {', '.join(changed)}." if changed else "Nothing changed.")


@response_group.command("check")
def check() -> None:
    """Say what is missing and what that costs, and what a live response must not run with. Fails while something is."""
    items = checklist.checklist()
    stands = going_live.dangers() if facts_as_said().stage else going_live.obstacles()
    for item in items:
        click.echo(f"{MARKS[item.standing]:8} {item.words}")
        if item.standing is not Standing.DONE:
            click.echo(f"         {item.costs}")
    for sentence in stands:
        click.echo(f"DANGER   {sentence}")
    if stands or not checklist.is_ready():
        raise SystemExit(1)


@response_group.command("go-live")
def go_live() -> None:
    """Declare the response live. It never becomes an exercise again."""
    with settled(), _plainly():
        going_live.go_live(SYSTEM)
    click.echo("Live. What is reported from now on is real.")


@response_group.command("close")
@click.option("--proposed-by", required=True, help="The e-mail address of the one who proposes it.")
@click.option("--agreed-by", required=True, help="The e-mail address of the second person, who agrees.")
@click.option("--reason", required=True, help="Why the response ends.")
def close(proposed_by: str, agreed_by: str, reason: str) -> None:
    """Close the response: no more reports, a last data set, everything exported and sealed, then what must go is destroyed."""
    with settled(), _plainly():
        first, second = (_closer(email) for email in (proposed_by, agreed_by))
        found = closing.agree(second, closing.propose(first, reason=reason).id).id
    closing.finish(found)
    done = session.get_one(closing.Closing, found).figures
    click.echo(f"Closed. Last data set: {done['release']['number'] or 'none'}. Everything lies sealed in {done['export']['archive']}.")
    click.echo(f"Destroyed: {done['shredded']['contacts']} contacts, {done['shredded']['words']} words, {done['shredded']['keys']} keys.")


@response_group.command("export")
@click.option("--to", "folder", type=click.Path(file_okay=False, path_type=Path), help="Where to; BACKUP_FOLDER when left out.")
def export_(folder: Path | None) -> None:
    """Export everything in open formats, sealed to BACKUP_KEYS."""
    place = folder or (Path(settings().backup_folder) if settings().backup_folder else None)
    if place is None:
        raise click.ClickException("BACKUP_FOLDER is not set; say --to FOLDER.")
    with settled():
        told = export.export(place, keys=settings().backup_keys)
    click.echo(f"{told['archive']}: {told['bytes']} bytes, SHA-256 {told['sha256']}.")


@response_group.command("handover")
def hand_over() -> None:
    """Print who holds the keys, who works here, what is open, and how the house stands."""
    found = handover.gather()
    click.echo(f"{found.facts.name} ({'exercise' if found.facts.exercise else found.facts.stage.lower() or 'not live yet'})\n\nKeys")
    for key in found.keys:
        click.echo(f"  {key.words}: {key.fingerprint or 'none'}{'' if key.is_held else '  -- TWO HOLDERS ARE NEEDED'}")
        for holder in key.holders:
            click.echo(f"    {holder.holder}, confirmed {holder.confirmed_at:%Y-%m-%d}{'' if key.counts(holder) else ' (too old, or another key)'}")
    click.echo("\nPeople")
    for person in found.people:
        where = person.organisation.name if person.organisation else "-"
        click.echo(f"  {person.alias:24} {','.join(sorted(role.name for role in person.roles)):24} {where}")
    click.echo("\nOpen work")
    for words, number, _address in found.open_work:
        click.echo(f"  {number:7}  {words}")
    click.echo("\nThe house")
    for finding in found.house:
        click.echo(f"  {finding.state:6} {finding.label}: {finding.says % finding.values}")
    for item in found.missing:
        click.echo(f"  {MARKS[item.standing]:8} {item.words}")


@response_group.command("holder")
@click.argument("kind", type=click.Choice(list(key_holding.NAMES), case_sensitive=False))
@click.argument("name")
@click.option("--fingerprint", required=True, help="What the holder reads out; `flask response handover` shows the key in use.")
def holder(kind: str, name: str, fingerprint: str) -> None:
    """Note that NAME holds a key of a KIND."""
    with settled(), _plainly():
        key_holding.confirm(kind.upper(), name, seen=fingerprint, actor=SYSTEM)
    click.echo(f"Noted: {name} holds {kind.upper()}.")


@response_group.command("exercise")
@click.option("--filled/--empty", default=True, help="With made-up reports, or with nothing in it.")
@click.option("--folder", type=click.Path(file_okay=False, path_type=Path), default=VAR / "exercise", help="Where its settings and files go.")
def exercise(folder: Path, *, filled: bool) -> None:
    """Make an exercise beside this response, in a database of its own, and say how to start it."""
    file = beside.prepare(folder, filled=filled)
    click.echo(f"Ready. Start it beside the live one, on another port:\n\n    set -a; . {file}; set +a; PORT=8100 make serve\n")
    if filled:
        click.echo(f"The logins are in {folder / 'logins.json'}.")


def _form(section: str, words: tuple[str, ...]) -> MultiDict[str, str]:
    """The section's form as it stands, with what was given on the line in its place."""
    facts, form = facts_as_said(), MultiDict[str, str]()
    west, south, east, north = facts.operating_area or ("", "", "", "")
    stands = {**vars(facts), "west": west, "south": south, "east": east, "north": north, "countries": " ".join(facts.countries)}
    for name, value in stands.items():
        form.setlist(name, [str(one) for one in value] if isinstance(value, tuple) else [str(value)])
    for word in words:
        name, is_pair, value = word.partition("=")
        if not is_pair or name not in form:
            raise click.ClickException(f"{section}: {word!r} is not NAME=VALUE with a name of the page.")
        form.setlist(name, value.split(",") if name == "languages" else [value])
    return form


def _closer(email: str):  # type: ignore[no-untyped-def] # noqa: ANN202 - an Actor
    see_as("all")
    actor = actor_of(email)
    if not may(actor, "close_response"):
        raise click.ClickException(f"{email} may not close the response.")
    return actor


class _plainly:  # noqa: N801 - used as a function
    """A refusal of the house as a sentence on the console."""

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(self, _kind: object, fault: BaseException | None, _trace: object) -> None:
        if isinstance(fault, Problem):
            more = [error["message"] for error in fault.errors] + list(fault.more.get("obstacles", []))
            raise click.ClickException("\n".join([fault.title, *more])) from None
