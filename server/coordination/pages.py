"""The pages of coordination, gathered: the desk, damage records, doubtful pairs, waiting reports, aid, the reporter's receipt."""

from importlib import import_module

from flask import Blueprint

ROOMS = (
    "view_pages",
    "situation_pages",
    "inbox_pages",
    "bulletin",
    "desk",
    "records",
    "review",
    "batches",
    "waiting",
    "receipts",
    "areas_pages",
    "backgrounds",
    "imagery_pages",
    "evidence_pages",
    "redaction_pages",
    "aid_matrix",
    "aid_map",
    "aid_needs",
    "aid_given",
    "aid_activities",
    "event_pages",
    "five_w_files",
    "site_pages",
    "work",
    "work_panel",
    "bulk_pages",
    "field_sheets",
    "news",
    "complaint_pages",
)

blueprint = Blueprint("coordination", __name__)

for room in ROOMS:
    blueprint.register_blueprint(import_module(f"server.coordination.{room}").blueprint)
