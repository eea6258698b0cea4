"""From column to wire: marshmallow fields, and so OpenAPI, forms and CSV headers, derived from the passports of the columns.

A schema is an allowlist: ``class Meta: model = …; fields = (…)``. What is not named does not leave or enter the house.
"""

from math import isfinite
from typing import Any

from geoalchemy2 import Geometry, WKBElement
from marshmallow import Schema, ValidationError, fields, validate
from marshmallow_sqlalchemy import ModelConverter, SQLAlchemyAutoSchema
from sqlalchemy import ARRAY, Column, Enum
from sqlalchemy.dialects.postgresql import ARRAY as PG_ARRAY

from server.core.choices import N_
from server.core.columns import lon_lat, pin
from server.core.validation import Sentence


class Point(fields.Field):
    """A GeoJSON Point, ``[longitude, latitude]`` in WGS 84. Loads to a WKB element; odd places pass, impossible ones do not."""

    default_error_messages = {
        "not_a_point": Sentence(
            N_('Give a GeoJSON Point with longitude first: {{"type": "Point", "coordinates": [30.5, 50.4]}}.')
        ),
        "impossible": Sentence(N_("Longitude must lie between -180 and 180, latitude between -90 and 90.")),
    }

    def _serialize(self, value: WKBElement | None, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        return None if value is None else {"type": "Point", "coordinates": list(lon_lat(value))}

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> WKBElement:
        lon, lat = self._numbers(value)
        if not (-180 <= lon <= 180 and -90 <= lat <= 90):
            raise self.make_error("impossible")
        return pin(lon, lat)

    def _numbers(self, value: Any) -> tuple[float, float]:
        if not isinstance(value, dict) or value.get("type") != "Point" or set(value) - {"type", "coordinates", "bbox"}:
            raise self.make_error("not_a_point")
        pair = value.get("coordinates")
        if not isinstance(pair, list) or len(pair) != 2 or not all(type(n) in (int, float) for n in pair):
            raise self.make_error("not_a_point")
        if not all(isfinite(n) for n in pair):
            raise self.make_error("impossible")
        return float(pair[0]), float(pair[1])


class Code(fields.Enum):
    """One code of a list, by its value."""

    default_error_messages = {"unknown": Sentence(N_("Choose one of: {choices}."))}

    def __init__(self, enum: type, **kwargs: Any) -> None:
        super().__init__(enum, by_value=fields.String(), **kwargs)

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        # An array column holds its codes as plain text, and a code by its value is what is wanted.
        return value if type(value) is str else super()._serialize(value, attr, obj, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        # A list or a number in place of a word would otherwise be stringified, or crash the look-up.
        if not isinstance(value, str):
            raise self.make_error("unknown", choices=self.choices_text)
        return super()._deserialize(value, attr, data, **kwargs)


class PassportConverter(ModelConverter):
    """Teaches marshmallow-sqlalchemy about points, code lists and passports."""

    SQLA_TYPE_MAPPING = {**ModelConverter.SQLA_TYPE_MAPPING, Geometry: Point}

    def _get_field_class_for_data_type(self, data_type: Any) -> Any:
        if isinstance(data_type, (ARRAY, PG_ARRAY)):
            return fields.List
        if isinstance(data_type, Enum):
            return Code
        return super()._get_field_class_for_data_type(data_type)

    def _get_field_kwargs_for_property(self, prop: Any) -> dict[str, Any]:
        kwargs = super()._get_field_kwargs_for_property(prop)
        column = prop.columns[0]
        kwargs["metadata"] = passport_words(column)
        if choice := column.info.get("choice"):
            kwargs.update(_list_of(choice))
        elif isinstance(column.type, (ARRAY, PG_ARRAY)):
            kwargs.update(
                {
                    "cls_or_instance": fields.String(validate=validate.Length(max=32)),
                    "validate": validate.Length(max=16),
                }
            )
        elif isinstance(column.type, Enum):
            kwargs["enum"] = column.type.enum_class
            kwargs["validate"] = []
        return kwargs


def _list_of(choice: type) -> dict[str, Any]:
    """Codes of one list, each at most once kept, at most as many as the list has."""
    return {"cls_or_instance": Code(choice), "validate": validate.Length(max=2 * len(choice))}  # type: ignore[arg-type]


def passport_words(column: Column[Any]) -> dict[str, Any]:
    """The passport of a column as marshmallow metadata, with which apispec writes title, description and x-hxl."""
    info = column.info
    words = {
        "title": info["label"],
        "description": info["hint"],
        "x-hxl": info["hxl"],
        "x-widget": info["widget"],
        "x-group": info["group"],
    }
    return {key: value for key, value in words.items() if value}


class AutoSchema(SQLAlchemyAutoSchema):
    """A schema derived from a model. ``Meta.fields`` is always given."""

    class Meta:
        model_converter = PassportConverter
        include_fk = True

    def load(self, data: Any, **options: Any) -> Any:
        """Checked values, never instances. The library's own ``load`` looks up a package's version from disk every time."""
        return Schema.load(self, data, **options)


def csv_header(schema: type[AutoSchema]) -> list[str]:
    """The column names of a schema in order, as a CSV header."""
    return list(schema.Meta.fields)  # type: ignore[attr-defined]


def hxl_row(schema: type[AutoSchema]) -> list[str]:
    """The HXL tags of a schema in the order of its columns, blank where a column has none."""
    columns = schema.Meta.model.__table__.columns  # type: ignore[attr-defined]
    return [columns[name].info["hxl"] for name in schema.Meta.fields]  # type: ignore[attr-defined]


def too_short(value: str) -> None:
    """Refuse an empty text that was meant to say something."""
    if not value.strip():
        raise ValidationError(N_("Please write something."))
