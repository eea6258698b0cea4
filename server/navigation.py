"""What the desk's pages are, in the order of a shift: the most used on the bar, the rest in one menu. Each person sees what they may open."""

from typing import NamedTuple

from flask import Blueprint, redirect
from werkzeug.wrappers import Response

from server.accounts.policy import Actor, may
from server.accounts.service import current_actor, requires
from server.core.choices import N_

blueprint = Blueprint("navigation", __name__)


class Entry(NamedTuple):
    """A page of the desk: the name templates give as ``active``, its address, its words (msgid), the action it needs."""

    name: str
    address: str
    words: str
    action: str


class Group(NamedTuple):
    """Pages of the menu that belong together, under a heading (msgid)."""

    words: str
    entries: tuple[Entry, ...]


BAR = (
    Entry("desk", "/desk", N_("Map and list"), "see_desk"),
    Entry("work", "/desk/work", N_("Work the queue"), "work_queue"),
    Entry("review", "/desk/review", N_("Doubtful pairs"), "answer_pairs"),
    Entry("aid", "/desk/aid", N_("Needs and aid"), "see_desk"),
    Entry("inbox", "/desk/inbox", N_("Inbox"), "be_alerted"),
)
MENU = (
    Group(
        N_("Reports"),
        (
            Entry("waiting", "/desk/reports", N_("Waiting reports"), "see_reports"),
            Entry("new", "/desk/new", N_("Enter a call"), "enter_for_others"),
            Entry("papers", "/desk/paper/enter", N_("Enter papers"), "enter_for_others"),
            Entry("imports", "/desk/imports", N_("Bring in a table"), "import_tables"),
            Entry("imagery", "/desk/imagery", N_("Seen from above"), "see_evidence"),
            Entry("complaints", "/desk/complaints", N_("Complaints"), "see_complaints"),
        ),
    ),
    Group(
        N_("Telling others"),
        (
            Entry("situation", "/desk/situation", N_("Situation report"), "print_situation"),
            Entry("views", "/desk/views", N_("Saved views"), "see_desk"),
            Entry("alerts", "/desk/alerts", N_("Alerts"), "be_alerted"),
            Entry("publication", "/desk/publication", N_("Publication"), "see_publication"),
            Entry("partner-export", "/desk/partner-export", N_("Take a table away"), "export_for_partner"),
            Entry("map", "/map", N_("What the public sees"), "see_desk"),
        ),
    ),
    Group(
        N_("Running it"),
        (
            Entry("setup", "/desk/setup", N_("This response"), "see_setup"),
            Entry("people", "/desk/people", N_("People"), "manage_accounts"),
            Entry("ledger", "/desk/ledger", N_("Who did what"), "see_ledger"),
            Entry("handover", "/desk/handover", N_("Handover"), "see_handover"),
            Entry("status", "/desk/status", N_("State of the server"), "see_status"),
            Entry("organisation", "/desk/organisation", N_("Your organisation"), "speak_for_organisation"),
            Entry("account", "/account", N_("My account"), "have_account"),
        ),
    ),
)


class Navigation(NamedTuple):
    """What one person may open."""

    bar: list[Entry]
    menu: list[Group]


def desk_navigation(actor: Actor | None = None) -> Navigation:
    """The entries ``actor`` (the present one) may open; a group of which nothing is left is left out."""
    actor = actor or current_actor()
    groups = [Group(group.words, tuple(entry for entry in group.entries if may(actor, entry.action))) for group in MENU]
    return Navigation([entry for entry in BAR if may(actor, entry.action)], [group for group in groups if group.entries])


@blueprint.get("/desk/start")
@requires("have_account")
def start() -> Response:
    """Where somebody begins who has just signed in: the first page that is theirs."""
    found = desk_navigation()
    pages = [*found.bar, *(entry for group in found.menu for entry in group.entries if entry.name != "map")]
    return redirect(pages[0].address, 303)
