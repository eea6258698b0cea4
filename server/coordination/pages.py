"""The pages of coordination, gathered: the desk, damage records, doubtful pairs, waiting reports, aid, the reporter's receipt."""

from importlib import import_module

from flask import Blueprint

ROOMS = (
    "desk",
    "records",
    "review",
    "batches",
    "waiting",
    "receipts",
    "imagery_pages",
    "aid_matrix",
    "aid_needs",
    "aid_given",
    "aid_activities",
    "work",
    "work_panel",
    "bulk_pages",
)

blueprint = Blueprint("coordination", __name__)

for room in ROOMS:
    blueprint.register_blueprint(import_module(f"server.coordination.{room}").blueprint)
