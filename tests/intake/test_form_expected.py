"""What the reporter is told before sending: how sharp, at most, the public would see the place."""

import pytest

HERE = {"lon": -56.1645, "lat": -34.9011}


def expected(client, **more):
    answer = client.get("/api/v1/expected", query_string={**HERE, **more})
    assert answer.status_code == 200, answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    return answer.json


def test_where_nobody_spoke_of_the_situation_a_home_is_a_cell_that_holds_the_place_and_is_much_larger(client):
    told = expected(client, site_type="RES.HOUSE")
    ring = told["outline"]["coordinates"][0]
    assert told["level"] == "H3_8"
    assert ring[0] == ring[-1]
    assert min(x for x, _y in ring) < HERE["lon"] < max(x for x, _y in ring)
    assert min(y for _x, y in ring) < HERE["lat"] < max(y for _x, y in ring)
    assert 900 < told["metres"] < 1200


@pytest.mark.parametrize(("kind", "level"), [("HEA.HOSP", "ADM2"), ("HUM.SAFE", "ADM1")])
def test_a_hospital_is_a_district_at_most_and_a_refuge_even_less(client, kind, level):
    told = expected(client, site_type=kind)
    assert (told["level"], told["outline"]) == (level, None)


def test_a_school_in_which_people_live_is_treated_as_a_refuge(client):
    assert expected(client, site_type="EDU.SCHOOL")["level"] == "H3_7"
    assert expected(client, site_type="EDU.SCHOOL", in_use_as="COLLECTIVE")["level"] == "ADM1"


@pytest.mark.parametrize("kind", ["", "NO.SUCH"])
def test_a_kind_that_nobody_named_is_never_the_sharpest(client, kind):
    assert expected(client, site_type=kind)["metres"] > 2000


def test_a_question_without_a_place_is_refused(client):
    assert client.get("/api/v1/expected?lon=500&lat=0").status_code == 422
    assert client.get("/api/v1/expected").status_code == 422
