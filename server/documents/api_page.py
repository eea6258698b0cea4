"""docs/reference/api.md: the contract for people who read pages rather than JSON."""

from flask import Flask

from server.documents.contract import Contract, Member, Operation, contract, openapi
from server.documents.markdown import code, page, table

WORDS = """\
The same contract as a document for programs is at `/api/v1/openapi.json` (OpenAPI 3.1), and as a page at `/api/v1/docs`,
of every running Tessera.

* **Sending a report** needs no account. The phone makes the number of the report (a UUID), so sending twice does no harm:
  the same body gets the same receipt, another body under the same number gets 409 and is kept aside.
* **Refusals** all have one shape, `application/problem+json` (RFC 9457); [every code is listed](problems.md). The sentence is in
  the language of `Accept-Language` or `?lang=`; the code never changes.
* **Keys.** `Authorization: Bearer <key>` says which organisation a program's reports belong to. The public API takes none.
* **Lists** come in pages. Follow `next` (or the `next` link of a feature collection) to the end instead of counting.
* **Open data** may be read from any site's page (CORS), and answers carry an `ETag`: ask again with `If-None-Match`.
* Members of a report that this version does not know are kept, unread. They never make a report fail.
"""


def api_page(app: Flask) -> str:
    """The page as Markdown."""
    found = contract(openapi(app))
    head = page("API", "the routes and schemas of `server/`", WORDS)
    return "\n".join([head, *_sections(found), "## Shapes\n", *_shapes(found)])


def _sections(found: Contract) -> list[str]:
    told = []
    for section in found.sections:
        told.append(f"## {section.name}\n" + (f"\n{section.words}\n" if section.words else ""))
        told += [_operation(operation) for operation in section.operations]
    return told


def _operation(operation: Operation) -> str:
    told = [f"### `{operation.method} {operation.path}`\n", f"{operation.words}\n"]
    if operation.parameters:
        told.append(_members(operation.parameters, with_place=True))
    if operation.bodies:
        told.append("Body: " + "; ".join(f"`{kind}`, {_linked(shape)}" for kind, shape in operation.bodies) + "\n")
    told.append(table(("Status", "Answer", "Body"), ((reply.status, reply.words, _linked(reply.shape)) for reply in operation.replies)))
    return "\n".join(told)


def _shapes(found: Contract) -> list[str]:
    return [f"### {name}\n\n{_members(members)}" for name, members in found.shapes.items()]


def _members(members: list[Member], *, with_place: bool = False) -> str:
    head = ("Name", *(("In",) if with_place else ()), "Type", "Needed", "Meaning")
    return table(
        head,
        (
            (
                code(member.name),
                *((member.place,) if with_place else ()),
                f"{_linked(member.kind)}{_listed(member)}",
                "yes" if member.is_needed else "",
                member.words,
            )
            for member in members
        ),
    )


def _listed(member: Member) -> str:
    return f", one of [{member.codes}](codes.md#{member.codes.lower()})" if member.codes else ""


def _linked(shape: str) -> str:
    """The name of a shape as a link to where it is shown."""
    name = shape.removeprefix("list of ")
    is_shape = name[:1].isupper() and name.isalnum()
    return f"{shape.removesuffix(name)}[{name}](#{name.lower()})" if is_shape else shape
