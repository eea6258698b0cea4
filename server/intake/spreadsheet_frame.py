"""How a table is to be read: its columns, its words for codes, its order of days, from the passports of our own fields."""

from collections.abc import Mapping
from functools import cache
from zoneinfo import ZoneInfo

from flask_babel import gettext
from marshmallow import fields, validate

from server.core.choices import Choice
from server.core.forms import choice_of
from server.core.i18n import LANGUAGES, in_language
from server.core.response import this_response
from server.intake import cells
from server.intake.drafts import NAMED, SCHEMA
from server.intake.mapping import KEEP, known_headings, known_tags, propose
from server.intake.spreadsheet_rows import Frame
from server.intake.tables import Table
from server.reports.models import Report
from server.vocabulary import DamageScale, SiteType, SourceType

_READ_APART = frozenset(
    (
        "point",
        "text",
        "place_text",
        "damage",
        "event_earliest",
        "event_latest",
        "media",
        "receipt_key",
        "casualties",
        "source_scale",
        "consents",
    )
)
_DATES = ("event_date", "event_earliest", "event_latest", "reported_at")

# Words of partner databases that name one kind of place beyond doubt; "residential" or "healthcare" do not.
_SITE_WORDS: dict[str, str] = {
    SiteType.CUL_RELIG: "religious|church|mosque|synagogue|temple|cathedral|церква|мечеть|храм|церковь|مسجد|كنيسة|iglesia|mezquita|église",
    SiteType.IND_GEN: "industrial|factory|plant|промисловий|завод|промышленный|مصنع|fábrica|usine",
    SiteType.GOV_ADMIN: "administrative|administration|government|адміністративний|административный|حكومي|administrativo|administratif",
    SiteType.RES_APT: "apartment|apartments|apartment building|apartment house|багатоквартирний будинок|многоквартирный дом|شقة|immeuble",
    SiteType.RES_HOUSE: "private house|detached house|приватний будинок|частный дом|منزل|casa|maison",
    SiteType.EDU_PRE: "preschool|nursery|дитсадок|садок|детсад|детский сад|дитячий садок",
    SiteType.EDU_HIGHER: "university|college|університет|университет|جامعة|universidad|université",
    SiteType.HEA_CLINIC: "clinic|polyclinic|поліклініка|поликлиника|عيادة|clínica|clinique",
    SiteType.TRA_BRIDGE: "bridge|міст|мост|جسر|puente|pont",
    SiteType.TRA_ROAD: "roads|street|дорога|طريق|carretera|route",
    SiteType.FOO_MARKET: "market|shop|mall|supermarket|ринок|рынок|магазин|سوق|mercado|marché",
    SiteType.ENE_SUB: "substation|electrical substation|підстанція|подстанция",
    SiteType.CUL_HERIT: "museum|monument|музей|متحف|museo|musée",
}


@cache
def headings() -> Mapping[str, str]:
    """Every heading we know, folded, and what it tells: names and words of our fields in all languages, and other people's."""
    words = {
        gettext_in(code, column.metadata.get("title", "")): name
        for name, column in SCHEMA.fields.items()
        for code in LANGUAGES
    }
    return known_headings({**{word: name for word, name in words.items() if word}, **{name: name for name in NAMED}})


@cache
def _tags() -> Mapping[str, str]:
    columns = Report.__table__.columns
    return known_tags(
        {
            columns[name].info["hxl"]: name
            for name in NAMED
            if name in columns and name != "point" and columns[name].info["hxl"]
        }
    )


def map_columns(table: Table, given: Mapping[str, str]) -> dict[str, str]:
    """`{heading: target}` for a table, what the sender told coming first."""
    return propose(table.headings, table.tags, known=headings(), tagged=_tags(), given=given)


def frame(
    table: Table, mapping: Mapping[str, str], *, zone: str = "", order: str = "", scale: DamageScale | None = None,
    source_type: SourceType = SourceType.PARTNER_DB, lang: str = "und",
) -> Frame:  # fmt: skip
    """How the rows of `table` are read. `order` is "dmy" or "mdy"; without it the dates of the table itself tell."""
    found = day_order(table, mapping)
    return Frame(
        mapping=mapping, words=code_words(), kinds=_kinds(), limits=_limits(), zone=ZoneInfo(zone or this_response().time_zone),
        day_first=order != "mdy" if order else found is not False, scale=scale, source_type=source_type, lang=lang,
    )  # fmt: skip


def day_order(table: Table, mapping: Mapping[str, str]) -> bool | None:
    """True when the dates of a table put the day first, False when the month, None when none of them tells."""
    places = [at for at, heading in enumerate(table.headings) if mapping.get(heading, KEEP) in _DATES]
    return cells.day_comes_first(row.cells[at] for row in table.rows for at in places if at < len(row.cells))


@cache
def code_words() -> Mapping[str, Mapping[str, str]]:
    """For every coded field its words: `{field: {word: code}}`, the codes themselves and their labels in all languages."""
    lists = {name: choice for name, column in SCHEMA.fields.items() if (choice := choice_of(column))}
    return {name: _words_of(choice) for name, choice in lists.items()}


def _words_of(choice: type[Choice]) -> dict[str, str]:
    """Words that belong to one code of a list only."""
    told: dict[str, set[str]] = {}
    for code in choice:
        others = _SITE_WORDS[code].split("|") if code in _SITE_WORDS else ()
        for word in (*(gettext_in(language, code.label) for language in LANGUAGES), *others):
            told.setdefault(cells.plain_word(word), set()).add(code.value)
    sure = {word: next(iter(codes)) for word, codes in told.items() if len(codes) == 1}
    return {**sure, **{code.value.casefold(): code.value for code in choice}}


@cache
def _kinds() -> Mapping[str, str]:
    """How each field of a report is read from a cell."""
    return {name: kind for name, column in SCHEMA.fields.items() if name not in _READ_APART and (kind := _kind(column))}


def _kind(column: fields.Field) -> str:
    if choice_of(column):
        return "codes" if isinstance(column, fields.List) else "code"
    known = ((fields.Boolean, "truth"), (fields.Integer, "whole"), (fields.Float, "number"), (fields.String, "word"))
    return next((kind for form, kind in known if isinstance(column, form)), "")


@cache
def _limits() -> Mapping[str, int]:
    return {
        name: rule.max for name, column in SCHEMA.fields.items() for rule in column.validators if isinstance(rule, validate.Length) and rule.max
    }  # fmt: skip


def gettext_in(language: str, msgid: str) -> str:
    """The words of a message in one language; "" for none."""
    if not msgid:
        return ""
    with in_language(language):
        return gettext(msgid)
