"""``/api/v1/docs``: the contract as a plain page, without a script, for whoever writes a program against it."""

from functools import cache
from typing import Any

from flask import Blueprint, Response, current_app, make_response, render_template

from server.documents.contract import Contract, contract, openapi

blueprint = Blueprint("documents", __name__)


@blueprint.get("/api/v1/docs")
def show_contract() -> Response:
    """The page; the contract itself is in English, as the names in it are."""
    response = make_response(render_template("documents/contract.html", contract=_contract(current_app._get_current_object())))  # type: ignore[attr-defined] # noqa: SLF001
    response.headers["Cache-Control"] = "private, max-age=300"
    return response


@cache
def _contract(app: Any) -> Contract:
    return contract(openapi(app))
