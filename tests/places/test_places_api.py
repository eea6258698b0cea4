"""The place box of the form: one address for names and for coordinates, without key and without trace."""

import pytest


def ask(client, **query):
    return client.get("/api/v1/places", query_string=query)


def test_a_stranger_finds_a_town_in_their_language(client, gazetteer):
    response = ask(client, q="Харків", lang="ar")
    assert response.status_code == 200
    first = response.json["places"][0]
    assert (first["name"], first["country_code"]) == ("خاركوف", "UA")
    assert response.json["reading"]["no_point"] == "unreadable"
    assert response.headers["Cache-Control"] == "public, max-age=86400"
    assert "Set-Cookie" not in response.headers


def test_coordinates_are_read_and_never_left_in_a_cache(client, gazetteer):
    response = ask(client, q="50°27'00\"N 30°31'24\"E", lang="en")
    reading = response.json["reading"]
    assert (reading["lon"], reading["lat"]) == pytest.approx((30.5233, 50.45), abs=1e-3)
    assert (reading["form"], reading["doubts"], response.json["places"]) == ("dms", [], [])
    assert response.headers["Cache-Control"] == "private, no-store"


def test_a_short_plus_code_is_completed_by_our_own_gazetteer(client, gazetteer):
    reading = ask(client, q="FG2F+2C Київ", lang="uk").json["reading"]
    assert (reading["lon"], reading["lat"]) == pytest.approx((30.5235, 50.4501), abs=1e-3)


def test_a_doubt_comes_with_words(client, gazetteer):
    reading = ask(client, q="0.000, 0.000", lang="en").json["reading"]
    assert [doubt["code"] for doubt in reading["doubts"]] == ["null_island"]
    assert reading["doubts"][0]["message"]


def test_a_short_link_is_refused_with_words_and_never_fetched(client, gazetteer):
    reading = ask(client, q="https://maps.app.goo.gl/AbCdEf", lang="en").json["reading"]
    assert (reading["lon"], reading["no_point"]) == (None, "short_link")
    assert "copy" in reading["message"]


@pytest.mark.parametrize(
    "query",
    [
        {}, {"q": ""}, {"q": "x" * 201}, {"q": "Kyiv", "lang": "xx"}, {"q": "Kyiv", "limit": "0"},
        {"q": "Kyiv", "limit": "1e9"}, {"q": "Kyiv", "lon": "999", "lat": "0"}, {"q": "Kyiv", "lon": "NaN", "lat": "1"},
    ],
)  # fmt: skip
def test_a_senseless_question_is_refused_in_the_one_shape(client, query):
    response = ask(client, **query)
    assert response.status_code == 422
    assert set(response.json) == {"type", "title", "status", "code", "detail", "errors"}
    assert response.json["errors"]


def test_a_parameter_given_twice_is_refused(client, gazetteer):
    assert client.get("/api/v1/places?q=Kyiv&q=Aleppo").status_code == 400


@pytest.mark.parametrize("words", ["%", "_", "\\", "a & | !", "' OR 1=1 --", "<script>alert(1)</script>", "a" * 28 + "!"])
def test_signs_of_other_languages_are_only_letters_here(client, gazetteer, words):
    response = ask(client, q=words, lang="en")
    assert response.status_code == 200
    assert "<script" not in response.get_data(as_text=True).replace("\\u003c", "<") or words not in response.json["places"]
