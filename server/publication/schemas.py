"""The shapes of the public side. An allowlist: what is not named here does not leave, whatever the tables hold."""

from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError, fields, pre_load, validate, validates_schema

from server.core.choices import N_
from server.core.paging import MOST
from server.core.schemas import AutoSchema, Code
from server.publication.models import PublishedArea, PublishedBatch, PublishedIncident
from server.vocabulary import Certainty, Sector, SiteGroup, SiteType

UNKNOWN_GRADE = "U"


class PublicIncident(AutoSchema):
    """One public row, in the order of the files."""

    class Meta(AutoSchema.Meta):
        """Every column that the public may see, by name."""

        model = PublishedIncident
        fields = (
            "incident_id", "release_id", "record_status", "certainty", "date_start", "date_end", "date_precision",
            "country_iso3", "adm1_pcode", "adm1_name", "adm2_pcode", "adm2_name", "adm3_pcode", "adm3_name",
            "geo_level", "h3_cell", "lat", "lon", "site_type", "site_group", "site_name", "sector",
            "damage_best", "damage_min", "damage_max", "cause_group", "weapon_type", "functional_status",
            "access_constraints", "affected_band", "event_ref", "summary", "policy_version", "redaction", "licence",
        )  # fmt: skip


class PublicArea(AutoSchema):
    """What is said of an area beside its shape."""

    class Meta(AutoSchema.Meta):
        """The shape itself is GeoJSON and travels as the geometry."""

        model = PublishedArea
        fields = ("code", "geo_level", "name")


class PublicBatch(AutoSchema):
    """One change of the public copy."""

    class Meta(AutoSchema.Meta):
        """All of it is public."""

        model = PublishedBatch
        fields = ("release_id", "published_on", "policy_version", "rows_total", "revoked", "is_exercise")


class PublicFilter(Schema):
    """What may be asked of the public rows: only what is public itself. Lists may be repeated or joined by commas."""

    class Meta:
        """A parameter nobody knows (``lang``) is ignored; a known one is checked."""

        unknown = EXCLUDE

    certainty = fields.List(Code(Certainty), load_default=list, metadata={"title": N_("Certainty")})
    site_group = fields.List(Code(SiteGroup), load_default=list, metadata={"title": N_("Group of places")})
    site_type = fields.List(Code(SiteType), load_default=list, metadata={"title": N_("Type of place")})
    sector = fields.List(Code(Sector), load_default=list, metadata={"title": N_("Sector")})
    damage = fields.List(
        fields.String(validate=validate.OneOf(["0", "1", "2", "3", "4", UNKNOWN_GRADE])),
        load_default=list,
        metadata={"title": N_("Damage"), "description": N_("0 to 4, or U for unknown.")},
    )
    adm = fields.String(
        load_default="",
        validate=validate.Length(max=32),
        metadata={"title": N_("Area"), "description": N_("P-code of a region, district or municipality.")},
    )
    since = fields.Date(load_default=None, metadata={"title": N_("From day")})
    until = fields.Date(load_default=None, metadata={"title": N_("To day")})
    bbox = fields.String(
        load_default="",
        validate=validate.Length(max=120),
        metadata={"title": N_("Box"), "description": N_("west,south,east,north in degrees")},
    )

    @pre_load
    def gather(self, data: Any, **_kwargs: Any) -> dict[str, Any]:
        """Empty values say nothing; a list may come as several parameters, or as one with commas."""
        return gathered(self, data)

    @validates_schema
    def check_box(self, data: dict[str, Any], **_kwargs: Any) -> None:
        """A box is four finite numbers on the globe; one that crosses the date line has its west east of its east."""
        if data.get("bbox") and read_box(data["bbox"]) is None:
            raise ValidationError(N_("Give four numbers: west,south,east,north in degrees."), "bbox")


class PublicPage(PublicFilter):
    """The filters, and which page of the answer."""

    limit = fields.Integer(load_default=None, validate=validate.Range(min=1), metadata={"description": f"1–{MOST}"})
    cursor = fields.String(load_default="", validate=validate.Length(max=200))


class Nearby(Schema):
    """A place to look around."""

    class Meta:
        """As for the filters."""

        unknown = EXCLUDE

    lon = fields.Float(required=True, validate=validate.Range(min=-180, max=180))
    lat = fields.Float(required=True, validate=validate.Range(min=-90, max=90))


def gathered(asked: Schema, data: Any) -> dict[str, Any]:
    """The values of a query by the names of a schema: those that say something, and each list as one list."""
    found: dict[str, Any] = {}
    for name, field in asked.fields.items():
        given = data.getlist(name) if hasattr(data, "getlist") else [data[name]] if name in data else []
        said = [value for value in given if value not in ("", None)]
        if said and isinstance(field, fields.List):
            found[name] = [part for value in said for part in str(value).split(",") if part][:100]
        elif said:
            found[name] = said[-1]
    return found


def read_box(word: str) -> tuple[float, float, float, float] | None:
    """West, south, east, north; None for anything that is no box on the globe."""
    parts = word.split(",")
    try:
        west, south, east, north = (float(part) for part in parts if len(part) <= 24)
    except ValueError:
        return None
    on_globe = -180 <= west <= 180 and -180 <= east <= 180 and -90 <= south <= north <= 90
    return (west, south, east, north) if on_globe else None
