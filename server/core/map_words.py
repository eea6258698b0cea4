"""The words a map speaks, in the language of the page: its modules hold none of their own."""

from collections.abc import Mapping
from typing import Any

from flask import Flask
from flask_babel import gettext as _

from server.core.choices import N_, Choice

LEVELS = (
    ("2", "M-4-4 4 4M4-4-4 4", N_("Severe or destroyed")),
    ("1", "M0-6V1.5M0 5v.6", N_("Minor or moderate")),
    ("0", "M-5 .5-1.5 4 5-3.5", N_("No visible damage")),
    ("u", "M-2.8-2.6C-2.8-6.4 3-6.2 3-2.8 3-.6 0-.4 0 2M0 5v.6", N_("Cannot tell")),
)
"""The key of the map: level, the sign as static/js/marks.js draws it, and its words."""


def init_app(app: Flask, lists: Mapping[str, type[Choice]]) -> None:
    """Give templates `words_of_map(ground)` with the words of these code lists, and the key of the map, `map_levels`."""
    app.jinja_env.globals["words_of_map"] = lambda ground="": words_of_map(lists, ground)
    app.jinja_env.globals["map_levels"] = LEVELS


def words_of_map(lists: Mapping[str, type[Choice]], ground: str = "") -> dict[str, Any]:
    """Every word static/js/*.js may show, as the JSON it reads; `ground` credits the base map. `{n}` is filled in there."""
    neutral = _("Boundaries and names shown do not imply endorsement.")
    return {
        "ground": f"{ground} · {neutral}" if ground else neutral,
        "map": _("Map of damage records"),
        "zoom_in": _("Zoom in"),
        "zoom_out": _("Zoom out"),
        "showing": _("Showing %(n)s of %(m)s", n="{n}", m="{m}"),
        "stale": _("Some of the map could not be refreshed."),
        "records_here": _("%(n)s damage records here", n="{n}"),
        "show_list": _("Show them in the list"),
        "open_record": _("Open the damage record"),
        "number": _("Number"),
        "exact_to": _("Place exact to"),
        "metres": _("%(m)s m", m="{m}"),
        "close": _("Close"),
        **{name: {choice.value: _(choice.label) for choice in kind} for name, kind in lists.items()},
    }

