"""The API's contract in a shape that a page can show: read from the OpenAPI document the application serves."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from flask import Flask

from server.core.choices import Choice
from server.documents.markdown import sentence
from server.publication.explaining import list_name
from server.vocabulary import code_lists

_LISTS = {frozenset(kind.codes()): kind for kind in code_lists()}
METHODS = ("get", "put", "post", "patch", "delete")


@dataclass(frozen=True, kw_only=True)
class Member:
    """A parameter or a property: its name, kind, words; ``codes`` is the code list it takes its values from, ``list_name`` its address."""

    name: str
    kind: str
    words: str = ""
    place: str = ""
    is_needed: bool = False
    codes: str = ""
    list_name: str = ""


@dataclass(frozen=True, kw_only=True)
class Reply:
    """One answer an operation may give: status, words, and the shape of its body where it has one."""

    status: str
    words: str
    shape: str = ""


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One method of one address."""

    method: str
    path: str
    words: str
    parameters: list[Member]
    bodies: list[tuple[str, str]]
    replies: list[Reply]

    @property
    def anchor(self) -> str:
        """A name for links within a page."""
        letters = "".join(letter if letter.isalnum() else "-" for letter in f"{self.method}{self.path}".lower())
        return "-".join(part for part in letters.split("-") if part)


@dataclass(frozen=True, kw_only=True)
class Section:
    """The operations of one room."""

    name: str
    words: str
    operations: list[Operation] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Contract:
    """The whole contract."""

    title: str
    version: str
    sections: list[Section]
    shapes: dict[str, list[Member]]


def openapi(app: Flask) -> dict[str, Any]:
    """The OpenAPI document that ``/api/v1/openapi.json`` serves."""
    return app.extensions["flask-smorest"]["apis"][""]["ext_obj"].spec.to_dict()


def contract(spec: dict[str, Any]) -> Contract:
    """The contract of an OpenAPI document."""
    words = {tag["name"]: sentence(tag.get("description")) for tag in spec.get("tags", ())}
    sections = {name: Section(name=name, words=said) for name, said in words.items()}
    for tag, operation in _operations(spec):
        sections.setdefault(tag, Section(name=tag, words="")).operations.append(operation)
    shapes = spec.get("components", {}).get("schemas", {})
    return Contract(
        title=spec["info"]["title"],
        version=spec["info"]["version"],
        sections=[section for section in sections.values() if section.operations],
        shapes={name: _properties(shape) for name, shape in sorted(shapes.items())},
    )


def _operations(spec: dict[str, Any]) -> Iterator[tuple[str, Operation]]:
    for path, item in spec["paths"].items():
        for method in METHODS:
            if method in item:
                told = item[method]
                yield told.get("tags", ["other"])[0], _operation(spec, method, path, told, item.get("parameters", []))


def _operation(
    spec: dict[str, Any], method: str, path: str, told: dict[str, Any], shared: list[dict[str, Any]]
) -> Operation:
    given = {(one["in"], one["name"]): one for one in [*shared, *told.get("parameters", [])]}
    contents = told.get("requestBody", {}).get("content", {})
    return Operation(
        method=method.upper(),
        path=path,
        words=sentence(told.get("summary")),
        parameters=[_parameter(one) for one in given.values()],
        bodies=[(kind, shape_of(content.get("schema", {}))) for kind, content in contents.items()],
        replies=[_reply(spec, status, reply) for status, reply in sorted(told["responses"].items())],
    )


def _parameter(told: dict[str, Any]) -> Member:
    return _member(told["name"], told.get("schema", {}), place=told["in"], words=told.get("description", ""), is_needed=told.get("required", False))


def _reply(spec: dict[str, Any], status: str, told: dict[str, Any]) -> Reply:
    if "$ref" in told:
        told = spec["components"]["responses"][told["$ref"].rpartition("/")[2]]
    shapes = [shape_of(content.get("schema", {})) for content in told.get("content", {}).values()]
    return Reply(status="any other" if status == "default" else status, words=sentence(told["description"]), shape=", ".join(dict.fromkeys(shapes)))


def _properties(shape: dict[str, Any]) -> list[Member]:
    needed = set(shape.get("required", ()))
    return [_member(name, told, is_needed=name in needed) for name, told in shape.get("properties", {}).items()]


def _member(name: str, schema: dict[str, Any], *, place: str = "", words: str = "", is_needed: bool = False) -> Member:
    said = [schema.get("title", ""), words or schema.get("description", "")]
    kind = _list_of(schema)
    return Member(
        name=name,
        kind=shape_of(schema),
        words=" ".join(part if part[-1] in ".?!" else f"{part}." for part in said if part),
        place=place,
        is_needed=is_needed,
        codes=kind.__name__ if kind else "",
        list_name=list_name(kind) if kind else "",
    )


def _list_of(schema: dict[str, Any]) -> type[Choice] | None:
    """The code list whose codes are all that is allowed."""
    values = schema.get("enum") or schema.get("items", {}).get("enum") or ()
    return _LISTS.get(frozenset(value for value in values if value is not None))


def shape_of(schema: dict[str, Any]) -> str:
    """A schema in a few words: a name of a shape, or a type with its limits."""
    if "$ref" in schema:
        return schema["$ref"].rpartition("/")[2]
    if several := schema.get("anyOf") or schema.get("oneOf"):
        return " or ".join(shape_of(one) for one in several)
    kinds = schema.get("type", "any")
    kinds = kinds if isinstance(kinds, list) else [kinds]
    if "array" in kinds:
        return f"list of {shape_of(schema.get('items', {}))}"
    named = " or ".join(kind for kind in kinds if kind != "null")
    return " ".join([named, *_limits(schema), *(["or null"] if "null" in kinds else [])])


def _limits(schema: dict[str, Any]) -> list[str]:
    said = [schema["format"]] if "format" in schema else []
    values = [str(value) for value in schema.get("enum", ()) if value is not None]
    if values and frozenset(values) not in _LISTS:
        said.append(f"({', '.join(values)})")
    for name, words in (("minimum", "from"), ("maximum", "to"), ("maxLength", "at most")):
        if name in schema:
            said.append(f"{words} {schema[name]}")
    if "maxLength" in schema:
        said.append("bytes" if schema.get("format") == "binary" else "characters")
    return said
