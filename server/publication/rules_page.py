"""The rules of publication in plain words, for everybody; read from schema ``pub``, as they were followed last."""

from typing import Any

from flask import Blueprint, render_template
from sqlalchemy import select

from server.core.database import public_session
from server.publication import explaining, reading
from server.publication.policy import MODES, as_published, read
from server.publication.rule_models import PolicyVersion

blueprint = Blueprint("rules_page", __name__)


@blueprint.get("/data/rules")
def show_rules() -> str:
    """The table of the rules, what it means, and what was changed in it."""
    body = followed()
    rules = read(body)
    return render_template(
        "publication/rules.html", rules=rules, table=explaining.delays(rules), modes=MODES,
        changes=body.get("changes_in_force", []),
    )  # fmt: skip


def followed() -> dict[str, Any]:
    """The rules that the newest batch followed, as plain data; those of the file before the first batch."""
    newest = reading.latest()
    known = select(PolicyVersion.body).where(PolicyVersion.version == (newest.policy_version if newest else ""))
    return public_session.scalar(known) or as_published()
