"""What follows from a second person's word, and from taking one back, by the kind of what was proposed."""

from collections.abc import Callable, Mapping
from typing import Any, Final
from uuid import UUID

from flask_babel import gettext as _

from server.accounts.policy import Actor
from server.core.database import session
from server.core.i18n import words
from server.publication import changing, holding, proposals, situations, takedown
from server.publication.rule_models import Proposal
from server.vocabulary import ContextMode

AGREE: Final[Mapping[str, Callable[[Actor, UUID], object]]] = {
    "put_back": takedown.agree_put_back,
    "situation": situations.agree,
    "let_go": holding.agree,
}
"""Kinds of which something follows at once; of all others it is enough that they are agreed."""
END: Final[Mapping[str, Callable[[Actor, Proposal], object]]] = {"policy": changing.end_change}
"""Kinds that one person alone may not always end."""


SAID: Final[Mapping[str, Callable[[dict[str, Any]], str]]] = {
    "standing": lambda body: _("The routine may go out for %(n)s days.", n=body["days"]),
    "rows": lambda body: _("Signatures under %(n)s rows.", n=len(body["rows"])),
    "put_back": lambda body: _("Put back: %(records)s", records=", ".join(_put_back(body)[:20])),
    "situation": lambda body: f"{body['pcode']}: {words(ContextMode(body['mode']))}",
    "let_go": lambda body: _("Let the area go before its time: %(area)s", area=body["pcode"]),
    "policy": lambda body: f"{body['context']} · {body['sensitivity']} · {body['field']} = {body['value']}",
}
"""What a proposal proposes, in a sentence made of its body."""


def sentence(found: Proposal) -> str:
    """What a proposal proposes; its kind where there is no sentence for it."""
    return SAID[found.kind](found.body) if found.kind in SAID else found.kind


def agree(actor: Actor, proposal_id: UUID) -> None:
    """Agree to what another person proposed, and do what follows. Problem when it is over, or the same person."""
    AGREE.get(_kind(proposal_id), proposals.agree)(actor, proposal_id)


def end(actor: Actor, proposal_id: UUID) -> None:
    """End a proposal or an agreement before its time."""
    found = session.get(Proposal, proposal_id)
    if found is not None and found.kind in END:
        END[found.kind](actor, found)
    else:
        proposals.end(actor, proposal_id)


def _put_back(body: dict[str, Any]) -> list[str]:
    return [*body["records"], *(f"5W {code}" for code in body.get("activities", []))]


def _kind(proposal_id: UUID) -> str:
    found = session.get(Proposal, proposal_id)
    return found.kind if found else ""
