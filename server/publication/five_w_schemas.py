"""The shape of the public 5W, and what may be asked of it."""

from typing import Any

from marshmallow import EXCLUDE, Schema, fields, pre_load, validate

from server.core.choices import N_
from server.core.schemas import AutoSchema, Code
from server.publication.five_w_models import PublishedActivity
from server.publication.schemas import gathered
from server.vocabulary import ActivityStatus, Sector

MONTH = validate.Regexp(r"\d{4}-(0[1-9]|1[0-2])\Z")


class PublicActivity(AutoSchema):
    """One row of the public 5W, in the order of the files."""

    class Meta(AutoSchema.Meta):
        """Every column that the public may see, by name."""

        model = PublishedActivity
        fields = (
            "row_id", "release_id", "org_name", "org_acronym", "org_type", "sector_code", "status", "start", "country_iso3",
            "adm1_pcode", "adm1_name", "adm2_pcode", "adm2_name", "geo_level", "activities", "beneficiaries_planned",
            "beneficiaries_reached", "unit", "policy_version", "redaction", "licence",
        )  # fmt: skip


class ActivityFilter(Schema):
    """What may be asked of the public 5W: only what is public itself. Lists may be repeated or joined by commas."""

    class Meta:
        """A parameter nobody knows (``lang``) is ignored; a known one is checked."""

        unknown = EXCLUDE

    sector = fields.List(Code(Sector), load_default=list, metadata={"title": N_("Sector")})
    status = fields.List(Code(ActivityStatus), load_default=list, metadata={"title": N_("Where it stands")})
    adm = fields.String(load_default="", validate=validate.Length(max=32), metadata={"title": N_("Area")})
    since = fields.String(load_default="", validate=MONTH, metadata={"title": N_("From"), "description": "2026-11"})
    until = fields.String(load_default="", validate=MONTH, metadata={"title": N_("Until"), "description": "2026-11"})
    bom = fields.Boolean(load_default=True, metadata={"title": N_("Mark for Excel")})

    @pre_load
    def gather(self, data: Any, **_kwargs: Any) -> dict[str, Any]:
        """Empty values say nothing; a list may come as several parameters, or as one with commas."""
        return gathered(self, data)
