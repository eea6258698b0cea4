"""What the sender of a photo is told, as an allowlist."""

from typing import Any

from marshmallow import Schema, fields

from server.core.choices import N_


class PhotoReceiptShape(Schema):
    """The receipt of a photo."""

    id = fields.UUID(metadata={"title": N_("Photo number")})
    sha256 = fields.String(
        metadata={"title": N_("SHA-256 of what was sent"), "description": N_("Of the raw bytes of the body.")}
    )
    received_at = fields.AwareDateTime(format="iso", metadata={"title": N_("Received")})
    state = fields.String(metadata={"title": N_("State"), "description": "RECEIVED, CLEAN"})


def receipt_body(receipt: Any) -> dict[str, str]:
    """The receipt as it crosses the wire."""
    shape: dict[str, str] = PhotoReceiptShape().dump(receipt)
    return shape
