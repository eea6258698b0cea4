"""``flask reports erase`` and ``flask users erase``: all that one reporter said, or all that is kept about somebody with an account.

Both are erased at once, in every room, and proved.
"""

from uuid import UUID

import click
from flask import Flask
from flask.cli import AppGroup
from sqlalchemy import ColumnElement, func, select, text, update

from server.accounts import people
from server.accounts.commands import find_person, users
from server.accounts.erasing import erase_person
from server.accounts.policy import SYSTEM
from server.coordination import belongings
from server.core.database import see_as, session, settled
from server.core.erasure import prove
from server.evidence import custody
from server.evidence.models import Photo
from server.matching import service as matching
from server.reports import retention, service, vault
from server.reports.models import Report

_VERSIONS = text("""
WITH RECURSIVE one(id, superseded_by) AS (
    SELECT id, superseded_by FROM reports WHERE id = :id
    UNION SELECT r.id, r.superseded_by FROM one JOIN reports r ON r.superseded_by = one.id OR r.id = one.superseded_by)
SELECT id FROM one""")

reports_group = AppGroup("reports", help="What a reporter may ask of the house.")


def init_app(app: Flask) -> None:
    """Add the command."""
    app.cli.add_command(reports_group)


@reports_group.command("erase")
@click.argument("code")
def erase(code: str) -> None:
    """Take a report back and erase its words, contact and photos, and prove it."""
    report_id = _find(code)
    if report_id is None:
        raise click.ClickException("No report belongs to this code or number.")
    left = erase_report(report_id)
    if left:
        raise click.ClickException(f"Not everything went: {left} pieces are left.")
    click.echo("Erased: its words, contact and photos. What remains is that a report was taken back.")


@users.command("erase")
@click.argument("email")
def erase_user(email: str) -> None:
    """Erase all that is kept about somebody with an account, and prove it."""
    with settled():
        person = find_person(email)
        people.keep_an_administrator(person)
        belongings.remove(person.id)
        proof = erase_person(person, actor=SYSTEM, elsewhere=lambda: belongings.count_left(person.id))
        number, left = proof.id, proof.left
    if left:
        raise click.ClickException(f"Not everything went: {left} rows are left.")
    click.echo(f"Erased. Proof {number}: nothing is left.")


def erase_report(report_id: UUID) -> int:
    """Take one report back and erase all of it, with every version that a table brought before or after; returns what is left: 0."""
    with settled():
        see_as("all")
        versions = list(session.scalars(_VERSIONS, {"id": report_id}))
        # What was replaced is taken back like the rest, so that undoing an import brings none of it to life again.
        session.execute(update(Report).where(Report.id.in_(versions)).values(superseded_by=None))
    return sum(_erase_one(version) for version in versions)


def _erase_one(report_id: UUID) -> int:
    with settled():
        see_as("all")
        service.withdraw(report_id, actor=SYSTEM)
        service.erase_words(report_id)  # of a version that was replaced the words were kept
        matching.let_go_report(report_id)
    custody.erase_photos(report_id)
    with settled():
        words = retention.erase_report(report_id)
        photos = select(func.count()).select_from(Photo).where(Photo.report_id == report_id)
        return (
            words + prove("photos_of_one", erased=1, left=lambda: session.scalar(photos) or 0, subject=report_id).left
        )


def _find(code: str) -> UUID | None:
    see_as("all")
    return session.scalar(select(Report.id).where(_named(code)))


def _named(code: str) -> ColumnElement[bool]:
    try:
        return Report.id == UUID(code)
    except ValueError:
        return Report.receipt_hash == vault.receipt_hash(code)
