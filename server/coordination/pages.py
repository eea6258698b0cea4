"""The pages of coordination, gathered: the desk, damage records, doubtful pairs, waiting reports, the reporter's receipt."""

from flask import Blueprint

from server.coordination import aid_activities, aid_given, aid_matrix, aid_needs, batches, desk, imagery_pages, receipts, records, review, waiting, work, work_panel

blueprint = Blueprint("coordination", __name__)

for room in (desk, records, review, batches, waiting, receipts, imagery_pages, aid_matrix, aid_needs, aid_given, aid_activities, work, work_panel):
    blueprint.register_blueprint(room.blueprint)
