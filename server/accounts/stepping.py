"""Stepping up: who leaves with exact places, or changes what others may do, says again who they are."""

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any

from flask import current_app, redirect, request, session, url_for
from flask_security.utils import check_and_update_authn_fresh
from werkzeug.exceptions import HTTPException

from server.core.problems import Problem

FRESH, WHILE_AT_IT = timedelta(minutes=10), timedelta(minutes=5)


def is_fresh() -> bool:
    """Whether the present person gave the password within ten minutes, or is in the middle of what was begun then."""
    if "fs_paa" not in session:
        return False
    return check_and_update_authn_fresh(FRESH, WHILE_AT_IT, "session")


def requires_fresh(view: Callable[..., Any]) -> Callable[..., Any]:
    """Ask for the password again before a view, below ``@requires``: a page leads there and back, a write gets ``confirm_first``."""

    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        if is_fresh():
            return view(*args, **kwargs)
        if request.method == "GET":
            return redirect(url_for("security.verify", next=request.full_path.rstrip("?")))
        raise Problem("confirm_first", more={"page": _page_above(request.path)})

    guarded.needs_fresh = True  # type: ignore[attr-defined]
    return guarded


def _page_above(path: str) -> str:
    """The nearest address above a write's that can be opened: where somebody goes on who has confirmed who they are."""
    addresses = current_app.url_map.bind("")
    while path := path.rpartition("/")[0]:
        try:
            addresses.match(path, method="GET")
        except HTTPException:
            continue
        return path
    return "/"
