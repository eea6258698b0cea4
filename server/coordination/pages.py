"""The pages of coordination, gathered: the desk, damage records, doubtful pairs, waiting reports, the reporter's receipt."""

from flask import Blueprint

from server.coordination import batches, desk, receipts, records, review, waiting

blueprint = Blueprint("coordination", __name__)

for room in (desk, records, review, batches, waiting, receipts):
    blueprint.register_blueprint(room.blueprint)
