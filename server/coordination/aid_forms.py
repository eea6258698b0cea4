"""What the forms of aid take in, checked: needs, quantities, activities, filters. Unknown fields are left unread."""

from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from flask import request
from marshmallow import EXCLUDE, Schema, ValidationError, fields, post_load, pre_load, validate, validates_schema

from server.core.choices import N_
from server.core.problems import Problem, field_errors
from server.core.response import this_response
from server.core.schemas import Code
from server.vocabulary import (
    ActivityStatus,
    CauseGroup,
    ForWhom,
    FunctionalStatus,
    NeedStatus,
    NeedType,
    NeedUnit,
    Sector,
    Urgency,
)

MOST = Decimal("9999999999.99")
DECIMALS = -2  # the smallest power of ten that is kept
ARABIC = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹٫", "01234567890123456789.")


class Amount(fields.Decimal):
    """How much: more than nothing, at most two decimals, digits of any of our scripts, a comma or a point."""

    def __init__(self, **given: Any) -> None:
        super().__init__(validate=validate.Range(min=Decimal("0.01"), max=MOST), allow_nan=False, **given)

    def _validated(self, value: Any) -> Decimal:
        number = super()._validated(str(value).strip().translate(ARABIC).replace(",", ".").replace(" ", ""))
        if int(number.normalize().as_tuple().exponent) < DECIMALS:
            raise ValidationError(N_("At most two digits after the point."))
        return number


class Form(Schema):
    """A form whose empty fields say nothing."""

    class Meta:
        unknown = EXCLUDE

    @pre_load
    def leave_out_empty(self, data: Any, **_kwargs: Any) -> dict[str, Any]:
        """Lists keep all their values, everything else the last."""
        lists = {name for name, field in self.fields.items() if isinstance(field, fields.List)}
        found: dict[str, Any] = {}
        for name, values in data.lists() if hasattr(data, "lists") else ((key, [value]) for key, value in data.items()):
            said = [value.strip() for value in values if value and value.strip()]
            if said:
                found[name] = said if name in lists else said[-1]
        return found


def _people(label: str) -> fields.Integer:
    return fields.Integer(load_default=None, validate=validate.Range(0, 100_000_000), metadata={"title": label})


class NeedForm(Form):
    """What is known of a need."""

    need_type = Code(NeedType, metadata={"title": N_("Need")})
    urgency = Code(Urgency, required=True, metadata={"title": N_("Urgency"), "x-widget": "select"})
    for_whom = Code(ForWhom, load_default=ForWhom.ALL, metadata={"title": N_("For whom"), "x-widget": "select"})
    people_min = _people(N_("People, at least"))
    people_max = _people(N_("People, at most"))
    quantity = Amount(load_default=None, metadata={"title": N_("How much")})
    unit = Code(NeedUnit, load_default=None, metadata={"title": N_("Unit"), "x-widget": "select"})

    @validates_schema
    def in_order(self, data: dict[str, Any], **_kwargs: Any) -> None:
        """At least is at most at most."""
        low, high = data.get("people_min"), data.get("people_max")
        if low is not None and high is not None and low > high:
            raise ValidationError(N_("The lower number comes first."), "people_min")


class ActivityForm(Form):
    """Who does what, where, when, for whom."""

    organisation = fields.UUID(load_default=None, metadata={"title": N_("Organisation")})
    implementing_partner = fields.String(
        load_default="",
        validate=validate.Length(max=200),
        metadata={"title": N_("Implementing partner"), "description": N_("An organisation, never a person.")},
    )
    need_type = Code(NeedType, required=True, metadata={"title": N_("Kind of help"), "x-widget": "select"})
    what = fields.String(
        required=True,
        validate=validate.Length(3, 200),
        metadata={"title": N_("What is done"), "description": N_("In a few words, without names of people.")},
    )
    status = Code(ActivityStatus, required=True, metadata={"title": N_("Where it stands"), "x-widget": "select"})
    starts_on = fields.Date(required=True, metadata={"title": N_("Begins")})
    ends_on = fields.Date(load_default=None, metadata={"title": N_("Ends")})
    adm2_pcode = fields.String(load_default=None, validate=validate.Length(max=32), metadata={"title": N_("District")})
    incident = fields.String(load_default="", validate=validate.Length(max=16), metadata={"title": N_("Damage record")})
    planned = _people(N_("To be reached"))
    reached = _people(N_("Reached"))
    unit = Code(NeedUnit, load_default=NeedUnit.PERSON, metadata={"title": N_("Counted in"), "x-widget": "select"})

    @validates_schema
    def in_order(self, data: dict[str, Any], **_kwargs: Any) -> None:
        """It does not end before it begins."""
        if data.get("ends_on") and data.get("starts_on") and data["ends_on"] < data["starts_on"]:
            raise ValidationError(N_("It cannot end before it begins."), "ends_on")


class EventForm(Form):
    """What is known of an attack or disaster. Times are those of the response, without a zone."""

    name = fields.String(required=True, validate=validate.Length(3, 200), metadata={"title": N_("Name")})
    glide = fields.String(load_default="", validate=validate.Length(max=32), metadata={"title": N_("GLIDE number")})
    cause_group = Code(CauseGroup, required=True, metadata={"title": N_("Cause")})
    began_at = fields.NaiveDateTime(required=True, metadata={"title": N_("Began")})
    ended_at = fields.NaiveDateTime(load_default=None, metadata={"title": N_("Ended")})

    @post_load
    def in_zone(self, data: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
        """Both times as moments; it does not end before it began."""
        zone = ZoneInfo(this_response().time_zone)
        for name in ("began_at", "ended_at"):
            data[name] = data[name] and data[name].replace(tzinfo=zone)
        if data["ended_at"] and data["ended_at"] < data["began_at"]:
            raise ValidationError(N_("It cannot end before it begins."), "ended_at")
        return data


class SiteNoteForm(Form):
    """What somebody saw at a known place."""

    seen_on = fields.Date(required=True, metadata={"title": N_("Day")})
    is_repair = fields.Boolean(load_default=False, metadata={"title": N_("It was repaired")})
    damage_left = fields.Integer(load_default=None, validate=validate.Range(0, 4), metadata={"title": N_("Damage left after the repair")})
    functional_status = Code(FunctionalStatus, load_default=None, metadata={"title": N_("Does it still work?")})
    words = fields.String(load_default="", validate=validate.Length(max=500), metadata={"title": N_("Note")})

    @validates_schema
    def says_something(self, data: dict[str, Any], **_kwargs: Any) -> None:
        """A visit says whether the place works; only a repair leaves another grade."""
        if not data.get("is_repair") and (data.get("functional_status") is None or data.get("damage_left") is not None):
            raise ValidationError(N_("Say that it was repaired, or whether it works."), "functional_status")


class AidFilter(Form):
    """What may be asked of needs and activities."""

    adm = fields.String(load_default="", validate=validate.Length(max=32), metadata={"title": N_("Area")})
    sector = fields.List(Code(Sector), load_default=list, metadata={"title": N_("Sector")})
    need = fields.List(Code(NeedType), load_default=list, metadata={"title": N_("Need")})
    urgency = fields.List(Code(Urgency), load_default=list, metadata={"title": N_("Urgency")})
    status = fields.List(Code(NeedStatus), load_default=list, metadata={"title": N_("What became of it")})
    organisation = fields.UUID(load_default=None, metadata={"title": N_("Organisation")})


def taken(schema: Schema, given: Any = None) -> dict[str, Any]:
    """What the form that was sent says; Problem ``invalid_input`` with a sentence for each wrong field."""
    try:
        return schema.load(request.form if given is None else given)  # type: ignore[no-any-return]
    except ValidationError as refused:
        raise Problem("invalid_input", errors=field_errors(refused.messages)) from None


def amount_of(name: str, *, required: bool = True) -> Decimal | None:
    """One amount of the form; None where none is given and none is required."""
    word = request.form.get(name, "").strip()
    if not word and not required:
        return None
    try:
        return Amount().deserialize(word)  # type: ignore[no-any-return]
    except ValidationError as refused:
        raise Problem("invalid_input", errors=field_errors({name: refused.messages})) from None


def number_of(name: str, allowed: tuple[int, ...]) -> int:
    """One of a few numbers; Problem ``invalid_input`` for any other."""
    word = request.form.get(name, "")
    if word not in {str(number) for number in allowed}:
        raise Problem("invalid_input", errors=[{"field": name, "code": "unknown", "message": name}])
    return int(word)


def is_accepted() -> bool:
    """Whether an offer is accepted or declined; Problem ``bad_request`` for any other answer."""
    word = request.form.get("answer", "")
    if word not in ("accept", "decline"):
        raise Problem("bad_request")
    return word == "accept"


def version_of() -> int:
    """The version the reader had before them; Problem ``bad_request`` without one."""
    try:
        return int(request.form.get("version", ""))
    except ValueError:
        raise Problem("bad_request") from None
