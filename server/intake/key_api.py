"""The door at which a phone asks for the public key to which it seals reports."""

from flask import Response, make_response
from flask_smorest import Blueprint
from marshmallow import Schema, fields

from server.core.choices import N_
from server.core.problems import Problem
from server.reports import keys

blueprint = Blueprint("reporting_key", __name__, url_prefix="/api/v1", description="The key for sealed reports.")


class ReportingKeyShape(Schema):
    """A public key for sealing reports and photos with HPKE (RFC 9180, P-256)."""

    key_id = fields.String(metadata={"title": N_("Number of the key"), "description": N_("16 hexadecimal digits.")})
    public_key = fields.String(
        metadata={"title": N_("Public half"), "description": N_("An uncompressed point of 65 bytes, as base64url.")}
    )
    made_at = fields.AwareDateTime(format="iso", metadata={"title": N_("Made")})


@blueprint.get("/reporting-key")
@blueprint.response(200, ReportingKeyShape, description="The key in use now.")
@blueprint.alt_response(503, description="No key was made yet: send reports in the open.")
def show_key() -> Response:
    """The public key to which phones seal what they send. A phone keeps it, and can read nothing with it."""
    found = keys.current()
    if found is None:
        raise Problem("unavailable")
    response = make_response(found)
    response.headers["Cache-Control"] = "public, max-age=300"
    return response
