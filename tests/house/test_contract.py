"""The contract of the API: valid, complete, and shown as a page without a script."""

import re

import jsonschema_rs
import pytest
import schemathesis

from server.documents.contract import contract, openapi


@pytest.fixture
def spec(client):
    response = client.get("/api/v1/openapi.json")
    assert response.status_code == 200
    return response.get_json()


def references(value):
    if isinstance(value, dict):
        yield from ([value["$ref"]] if isinstance(value.get("$ref"), str) else [])
        for one in value.values():
            yield from references(one)
    elif isinstance(value, list):
        for one in value:
            yield from references(one)


def test_the_contract_is_openapi_3_1_with_a_title_and_a_version(spec):
    assert spec["openapi"].startswith("3.1.")
    assert spec["info"]["title"]
    assert spec["info"]["version"]


def test_the_contract_is_valid(spec):
    schemathesis.openapi.from_dict(spec).validate()


def test_a_broken_contract_is_not_valid(spec):
    spec["paths"]["/api/v1/places"]["get"]["parameters"][0]["in"] = "shoe"
    with pytest.raises(jsonschema_rs.ValidationError):
        schemathesis.openapi.from_dict(spec).validate()


def test_every_reference_of_the_contract_leads_somewhere(spec):
    for found in references(spec):
        here = spec
        for part in found.removeprefix("#/").split("/"):
            here = here[part]


def test_every_shape_of_the_contract_is_a_json_schema(spec):
    for shape in spec["components"]["schemas"].values():
        jsonschema_rs.meta.validate({"$schema": "https://json-schema.org/draft/2020-12/schema", **shape})



def test_every_operation_names_its_parameters_once_and_says_what_it_answers(spec):
    for path, item in spec["paths"].items():
        for method, operation in item.items():
            if method == "parameters":
                continue
            given = [(one["in"], one["name"]) for one in operation.get("parameters", [])]
            assert len(given) == len(set(given)), path
            both = {*given, *((one["in"], one["name"]) for one in item.get("parameters", []))}
            assert {name for place, name in both if place == "path"} == set(re.findall(r"{(\w+)}", path)), path
            assert all(one["required"] for one in operation.get("parameters", []) if one["in"] == "path"), path
            assert operation["summary"], path
            assert operation["responses"], path
            assert all(reply.get("description") or "$ref" in reply for reply in operation["responses"].values()), path


def test_every_address_of_the_api_is_in_the_contract(app, spec):
    told = {re.sub(r"{(\w+)}", r"{}", path) for path in spec["paths"]}
    served = {re.sub(r"<[^>]+>", "{}", rule.rule) for rule in app.url_map.iter_rules() if rule.rule.startswith("/api/v1/")}
    assert served - told == {"/api/v1/openapi.json", "/api/v1/docs"}


def test_the_page_of_the_contract_shows_every_operation_and_runs_no_script(client, app):
    response = client.get("/api/v1/docs")
    page = response.get_data(as_text=True)
    assert response.status_code == 200
    assert response.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert "<script" not in page
    assert "http://" not in page
    assert "https://" not in page
    for section in contract(openapi(app)).sections:
        for operation in section.operations:
            assert operation.path in page
            assert f'id="{operation.anchor}"' in page


def test_the_page_of_the_contract_is_framed_in_the_readers_language(client):
    page = client.get("/api/v1/docs?lang=ar").get_data(as_text=True)
    assert 'dir="rtl"' in page
    assert '<div class="contract" lang="en" dir="ltr">' in page

