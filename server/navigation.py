"""What the desk's pages are, in the order of a shift: the most used on the bar, the rest in one menu. Each person sees what they may open."""

from typing import NamedTuple

from server.accounts.policy import Actor, may
from server.accounts.service import current_actor
from server.core.choices import N_


class Entry(NamedTuple):
    """A page of the desk: the name templates give as ``active``, its address, its words (msgid), the action it needs."""

    name: str
    address: str
    words: str
    action: str


BAR = (
    Entry("desk", "/desk", N_("Map and list"), "see_desk"),
    Entry("review", "/desk/review", N_("Doubtful pairs"), "answer_pairs"),
    Entry("waiting", "/desk/reports", N_("Waiting reports"), "see_reports"),
)
MENU = (
    Entry("publication", "/desk/publication", N_("Publication"), "see_publication"),
    Entry("map", "/map", N_("What the public sees"), "see_desk"),
    Entry("status", "/desk/status", N_("State of the server"), "see_status"),
)


def desk_navigation(actor: Actor | None = None) -> dict[str, list[Entry]]:
    """The entries ``actor`` (the present one) may open: ``{"bar": [...], "menu": [...]}``."""
    actor = actor or current_actor()
    return {
        "bar": [entry for entry in BAR if may(actor, entry.action)],
        "menu": [entry for entry in MENU if may(actor, entry.action)],
    }
