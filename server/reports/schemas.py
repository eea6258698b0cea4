"""What crosses the wire of a report, as allowlists over its columns."""

from typing import Any

from marshmallow import INCLUDE, Schema, ValidationError, fields, post_load, pre_load, validate, validates_schema

from server.core.choices import N_
from server.core.schemas import AutoSchema
from server.reports.models import MEDIA_LIMIT, TEXT_LIMIT, Report

PLACE_LIMIT, CONTACT_LIMIT = 500, 200
PHOTO_BYTES = 15_000_000
SHA256_HEX = validate.Regexp(r"^[0-9a-f]{64}\Z", error=N_("Give the SHA-256 as 64 hexadecimal digits in lower case."))


class AnnouncedPhoto(Schema):
    """A photo that will follow the report."""

    class Meta:
        unknown = INCLUDE

    id = fields.UUID(
        required=True, metadata={"title": N_("Photo number"), "description": N_("A random UUID made on the phone.")}
    )
    bytes = fields.Integer(
        required=True, strict=True, validate=validate.Range(1, PHOTO_BYTES), metadata={"title": N_("Size in bytes")}
    )
    sha256 = fields.String(required=True, validate=SHA256_HEX, metadata={"title": N_("SHA-256 of the bytes")})


class PeopleRange(Schema):
    """A number of people as far as it is known: between the two, or one bound alone."""

    class Meta:
        unknown = INCLUDE

    min = fields.Integer(strict=True, validate=validate.Range(0, 1_000_000), metadata={"title": N_("At least")})
    max = fields.Integer(strict=True, validate=validate.Range(0, 1_000_000), metadata={"title": N_("At most")})

    @validates_schema
    def is_in_order(self, data: dict[str, Any], **_kwargs: Any) -> None:
        """The lower bound comes first."""
        if data.get("min", 0) > data.get("max", 1_000_000):
            raise ValidationError(N_("The first number is larger than the second."), "min")


class NewReport(AutoSchema):
    """A report as a sender gives it. Members that are not named here are kept unread and bind nothing."""

    class Meta(AutoSchema.Meta):
        model = Report
        unknown = INCLUDE
        fields = (
            "site_type", "in_use_as", "damage", "damage_min", "damage_max", "source_scale", "source_grade", "cause",
            "same_damage_as", "point", "place_text", "pin_method", "pin_accuracy_m", "event_earliest", "event_latest",
            "event_precision", "functional_status", "needs", "hazards", "access_constraints", "people_trapped",
            "casualties", "text", "witness_proximity", "source_type", "contact", "consents", "is_minor", "lang",
            "hint_seen", "answer_kind", "answer_about", "form_version", "media", "receipt_key",
        )  # fmt: skip

    casualties = fields.Dict(
        keys=fields.String(validate=validate.Length(max=32)),
        values=fields.Nested(PeopleRange),
        validate=validate.Length(max=16),
        metadata={
            "title": N_("People killed, hurt or missing, as ranges"),
            "description": N_('For example {"injured": {"min": 2, "max": 5}}.'),
        },
    )
    text = fields.String(
        validate=validate.Length(max=TEXT_LIMIT),
        metadata={
            "title": N_("What did you see?"),
            "description": N_("Please leave out names, and nothing about soldiers or weapons positions."),
            "x-widget": "textarea",
            "x-group": "words",
        },
    )
    place_text = fields.String(
        validate=validate.Length(max=PLACE_LIMIT),
        metadata={
            "title": N_("Place in words or coordinates"),
            "description": N_("Address, name of the place, coordinates or plus code."),
            "x-widget": "place",
            "x-group": "where",
        },
    )
    contact = fields.String(
        validate=validate.Length(max=CONTACT_LIMIT),
        metadata={
            "title": N_("How can we reach you?"),
            "description": N_("Only if you want to be reached. It is kept apart and deleted later."),
            "x-group": "you",
        },
    )
    media = fields.List(
        fields.Nested(AnnouncedPhoto),
        validate=validate.Length(max=MEDIA_LIMIT),
        metadata={"title": N_("Photos that will follow")},
    )
    receipt_key = fields.String(
        validate=SHA256_HEX,
        metadata={
            "title": N_("Key of the receipt"),
            "description": N_("SHA-256 of the receipt code made on the phone; the code itself is never sent."),
        },
    )

    @pre_load
    def drop_nothings(self, data: Any, **_kwargs: Any) -> Any:
        """A member that is null says nothing; a list or a word in place of the object is refused."""
        if not isinstance(data, dict):
            raise ValidationError(N_("A report is a JSON object."))
        return {key: value for key, value in data.items() if value is not None}

    @validates_schema
    def says_something(self, data: dict[str, Any], **_kwargs: Any) -> None:
        """A report needs a where and a what, in whatever form."""
        missing = {}
        words = data.get("text", "").strip()
        if not (data.get("point") is not None or data.get("place_text", "").strip() or words):
            missing["place_text"] = [N_("Say where it is: a point, an address or any words.")]
        if not (data.get("site_type") or data.get("damage") or data.get("source_grade") or words):
            missing["site_type"] = [N_("Say what is damaged.")]
        if missing:
            raise ValidationError(missing)

    @validates_schema
    def is_in_order(self, data: dict[str, Any], **_kwargs: Any) -> None:
        """Intervals run forward and accuracies are not negative."""
        first, last = data.get("event_earliest"), data.get("event_latest")
        if first and last and first > last:
            raise ValidationError(N_("The first possible moment lies after the last."), "event_latest")
        low, high = data.get("damage_min"), data.get("damage_max")
        if any(grade is not None and not 0 <= grade <= 4 for grade in (low, high)) or (
            low is not None and high is not None and low > high
        ):
            raise ValidationError(N_("Damage runs from 0 to 4, the lower end first."), "damage_min")
        if not 0 <= data.get("pin_accuracy_m", 0) <= 20_040_000:
            raise ValidationError(N_("Give the accuracy in metres, zero or more."), "pin_accuracy_m")

    @post_load
    def say_each_code_once(self, data: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
        """Lists of codes keep each code once, in the order given."""
        for name in ("needs", "hazards", "access_constraints", "consents"):
            if name in data:
                data[name] = list(dict.fromkeys(str(code) for code in data[name]))
        return data


class ReceivedPhoto(Schema):
    """What became of an announced photo."""

    id = fields.UUID(metadata={"title": N_("Photo number")})
    state = fields.String(metadata={"title": N_("State"), "description": "EXPECTED, RECEIVED, CLEAN, REFUSED"})


class ReceiptShape(Schema):
    """The receipt of a report."""

    id = fields.UUID(metadata={"title": N_("Report number")})
    sha256 = fields.String(
        metadata={"title": N_("SHA-256 of what was sent"), "description": N_("Of the raw bytes of the body.")}
    )
    received_at = fields.AwareDateTime(format="iso", metadata={"title": N_("Received")})
    media = fields.List(fields.Nested(ReceivedPhoto), metadata={"title": N_("Photos")})


class PhotosShape(Schema):
    """What became of the photos of one report."""

    media = fields.List(fields.Nested(ReceivedPhoto), metadata={"title": N_("Photos")})
    complete = fields.Boolean(metadata={"title": N_("Whether everything announced has come")})


class DeskReport(AutoSchema):
    """A report as the desk sees it, without words and contact, which only ``reports.access`` opens."""

    class Meta(AutoSchema.Meta):
        model = Report
        fields = (
            "id", "site_type", "in_use_as", "damage", "damage_min", "damage_max", "source_scale", "source_grade", "cause",
            "same_damage_as", "point", "pin_method", "pin_accuracy_m", "event_earliest", "event_latest", "event_precision",
            "functional_status", "needs", "hazards", "access_constraints", "people_trapped", "witness_proximity",
            "source_type", "lang", "channel", "received_at", "handling", "flags", "quarantine", "media_expected",
            "organisation_id", "withdrawn_at",
        )  # fmt: skip
