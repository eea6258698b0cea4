"""The sentences of marshmallow, rewritten for people and spoken in their language when a field is refused.

marshmallow formats a message at the moment it refuses a value, by `message.format(…)`; a `Sentence` translates itself
right then. The messages are replaced on marshmallow's own classes, so every schema of the house speaks them.
"""

from typing import Any

from flask_babel import gettext
from marshmallow import Schema, fields, validate

from server.core.choices import N_


class Sentence(str):
    """A message id that turns into the words of the person's language when it is filled in."""

    __slots__ = ()

    def format(self, *args: Any, **filling: Any) -> str:
        """Return the translated sentence with its gaps filled; what it does not mention is left out."""
        # `Range` fills in its operators when a schema is declared, long before anybody is refused.
        return self if {"min_op", "max_op"} & filling.keys() else gettext(str(self)).format(*args, **filling)


FIELDS: dict[type[fields.Field[Any]], dict[str, str]] = {
    fields.Field: {
        "required": N_("This is needed."),
        "null": N_("This may not be empty."),
        "validator_failed": N_("This value cannot be used."),
    },
    fields.Nested: {"type": N_("This must be an object.")},
    fields.List: {"invalid": N_("This must be a list.")},
    fields.String: {"invalid": N_("This must be text."), "invalid_utf8": N_("This text is not valid UTF-8.")},
    fields.UUID: {"invalid_uuid": N_("This is not a valid UUID.")},
    fields.Number: {"invalid": N_("This must be a number."), "too_large": N_("This number is too large.")},
    fields.Integer: {"invalid": N_("This must be a whole number.")},
    fields.Float: {"special": N_("This must be an ordinary number, not infinity or NaN.")},
    fields.Boolean: {"invalid": N_("This must be true or false.")},
    fields.DateTime: {
        "invalid": N_("Give a date and time such as 2026-03-14T21:05:00Z."),
        "invalid_awareness": N_("Give the time with its time zone, such as 2026-03-14T21:05:00Z."),
        "format": N_("Give a date and time such as 2026-03-14T21:05:00Z."),
    },
    fields.Date: {
        "invalid": N_("Give a date such as 2026-03-14."),
        "format": N_("Give a date such as 2026-03-14."),
    },
    fields.Mapping: {"invalid": N_("This must be an object.")},
    fields.Url: {"invalid": N_("This is not a valid web address.")},
    fields.Email: {"invalid": N_("This is not a valid e-mail address.")},
    fields.Enum: {"unknown": N_("Choose one of: {choices}.")},
}

VALIDATORS: dict[type[validate.Validator], dict[str, str]] = {
    validate.URL: {"default_message": N_("This is not a valid web address.")},
    validate.Email: {"default_message": N_("This is not a valid e-mail address.")},
    validate.Range: {
        "message_min": N_("This must be at least {min}."),
        "message_max": N_("This must be at most {max}."),
        "message_all": N_("This must lie between {min} and {max}."),
    },
    validate.Length: {
        "message_min": N_("This is too short: at least {min} are needed."),
        "message_max": N_("This is too long: at most {max} are allowed."),
        "message_all": N_("The length of this must lie between {min} and {max}."),
        "message_equal": N_("The length of this must be {equal}."),
    },
    validate.Equal: {"default_message": N_("This must be {other}.")},
    validate.Regexp: {"default_message": N_("This is not written as it should be.")},
    validate.OneOf: {"default_message": N_("Choose one of: {choices}.")},
    validate.ContainsOnly: {"default_message": N_("Choose only from: {choices}.")},
}


SCHEMA = {"type": N_("This must be an object."), "unknown": N_("This field is not known here.")}


def install() -> None:
    """Let marshmallow speak these sentences in every schema declared from now on."""
    Schema.error_messages = {key: Sentence(words) for key, words in SCHEMA.items()}
    for field, messages in FIELDS.items():
        # A class without messages of its own would otherwise change those of its parent.
        own = dict(vars(field).get("default_error_messages", {}))
        field.default_error_messages = own | {key: Sentence(words) for key, words in messages.items()}
    for validator, messages in VALIDATORS.items():
        for name, words in messages.items():
            setattr(validator, name, Sentence(words))


install()
