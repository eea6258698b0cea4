"""The short way of map tiles: the same answers as the whole way, for the same people, for two seconds."""

import re

import pytest
from sqlalchemy import delete

from server.accounts.models import person_roles
from server.core import swift
from server.core.swift import ShortWay
from server.core.tiles import TileMemory
from server.matching import api

TILE = "/api/v1/desk/map/6/30/20"


class Counting:
    """The application, counting what reaches it."""

    def __init__(self, app):
        self.app, self.asked = app, 0

    def __call__(self, environ, start_response):
        self.asked += 1
        return self.app(environ, start_response)


@pytest.fixture
def short(app, monkeypatch):
    """The application behind the short way: the counter, the clock (a list of one number) and the memory."""
    whole, clock, memory = Counting(app.wsgi_app), [0.0], TileMemory()
    monkeypatch.setattr(app, "wsgi_app", ShortWay(whole, api.TILE, memory, clock=lambda: clock[0]))
    return whole, clock, memory


def test_the_second_question_is_answered_with_the_same_words_and_headers_without_reaching_the_application(short, as_):
    whole, clock, _memory = short
    chipo = as_("chipo")
    first, before = chipo.get(TILE), whole.asked
    again = chipo.get(TILE)
    assert whole.asked == before
    assert (again.status_code, again.data) == (200, first.data)
    assert sorted(again.headers) == sorted(first.headers)
    known = chipo.get(TILE, headers={"If-None-Match": first.headers["ETag"]})
    assert (known.status_code, known.data, whole.asked) == (304, b"", before)
    clock[0] = swift.KEPT_S + 0.1
    chipo.get(TILE)
    assert whole.asked == before + 1


def test_nobody_is_let_in_by_what_another_was_told(short, as_, client):
    whole, _clock, _memory = short
    as_("chipo").get(TILE)
    before = whole.asked
    assert client.get(TILE).status_code == 401
    assert as_("eve").get(TILE).status_code == 403
    assert whole.asked > before


def test_filters_other_places_and_what_is_no_tile_are_asked_anew(short, as_):
    whole, _clock, _memory = short
    chipo = as_("chipo")
    chipo.get(TILE)
    for address in (f"{TILE}?damage=4", "/api/v1/desk/map/6/30/21", "/api/v1/desk/summary"):
        before = whole.asked
        assert chipo.get(address).status_code == 200
        assert whole.asked == before + 1
    assert chipo.get(f"{TILE}?damage=9").status_code == chipo.get(f"{TILE}?damage=9").status_code == 422


def test_what_was_forgotten_after_an_act_is_not_told_again(short, as_):
    whole, _clock, memory = short
    chipo = as_("chipo")
    chipo.get(TILE)
    memory.forget()
    before = whole.asked
    chipo.get(TILE)
    assert whole.asked == before + 1


def test_who_just_changed_something_and_reads_from_a_replica_goes_the_whole_way(short, as_):
    whole, _clock, _memory = short
    chipo = as_("chipo")
    chipo.get(TILE)
    chipo.set_cookie("tessera-seen", "0/1", domain="localhost")
    before = whole.asked
    chipo.get(TILE)
    assert whole.asked == before + 1


def test_a_right_that_was_taken_is_gone_when_the_two_seconds_are_over(short, as_, database):
    _whole, clock, _memory = short
    chipo = as_("chipo")
    assert chipo.get(TILE).status_code == 200
    database.execute(delete(person_roles))
    clock[0] = swift.KEPT_S + 0.1
    assert chipo.get(TILE).status_code == 403


def test_only_tiles_take_the_short_way():
    assert api.TILE.fullmatch(TILE)
    for path in ("/desk", "/api/v1/desk/summary", f"{TILE}/x", "/api/v1/desk/map/a/b/c"):
        assert not re.fullmatch(api.TILE, path)
