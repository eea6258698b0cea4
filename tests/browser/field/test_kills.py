"""Killed servers, killed browsers, cut lines: what was said to be kept arrives, once."""

import random
import threading
from contextlib import contextmanager
from uuid import uuid4

import pytest
from playwright.sync_api import Error

from tests.browser.field.conftest import FULL
from tests.browser.field.house import wait_until
from tests.browser.field.line import Cut, Lost, on
from tests.browser.field.phone import module, picture, report

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.committed]

REPORTS = 400
WORKER_KILLS = 200 if FULL else 6
BROWSER_KILLS = 30 if FULL else 4

KEEP_MANY = """async ([outbox, reports]) => {
  const { keep } = await import(outbox);
  for (const one of reports) { await keep({ ...one, media: [] }); await window.kept(one.id); }
}"""
UNSENT = "async (address) => (await (await import(address)).rows()).filter((row) => row.state !== 'received').length"


@contextmanager
def troubled(trouble, *, between_s):
    """Someone who does `trouble()` again and again, beside what goes on. Gives the list of what each time came of it."""
    done, over = [], threading.Event()

    def go():
        while not over.wait(random.uniform(*between_s)):
            done.append(trouble())

    troublemaker = threading.Thread(target=go, daemon=True)
    troublemaker.start()
    yield done
    over.set()
    troublemaker.join()


def all_gone(phone):
    """Whether nothing waits any more; the page is told again and again that the line is there."""
    phone.page.evaluate("dispatchEvent(new Event('online'))")
    return phone.page.evaluate(UNSENT, module("outbox")) == 0


# F1


def test_four_tabs_send_while_web_processes_are_killed_and_each_report_is_there_once(phones, house):
    phone = phones(address=house.address)
    tabs = [phone.page, *(phone.visit() for _tab in range(3))]
    before, numbers = set(house.received()), []
    with troubled(lambda: house.kill_a_worker(random.randrange(2)), between_s=(0.05, 0.3)) as killed:
        for kills in range(WORKER_KILLS):
            numbers += [phone.keep(f"Killed {kills}", page=tab) for tab in tabs]
            wait_until(lambda kills=kills: sum(killed) > kills, patience_s=240)
    wait_until(lambda: all_gone(phone))
    assert sorted(set(house.received()) - before) == sorted(numbers)


# F2, F6


def test_a_photo_goes_on_at_the_last_byte_that_lies_on_the_disk_when_the_server_was_killed(phones, house, line):
    phone = phones()
    line.faults = [on("PATCH", "/upload", Lost(), times=1)]
    number = phone.keep(photos=[picture(300)])
    wait_until(lambda: line.sent("PATCH", "/upload") >= 1)
    house.kill()
    house.start()
    wait_until(lambda: all_gone(phone))
    pieces = [size for method, _path, size in line.log if method == "PATCH"]
    whole = house.ask("SELECT original_bytes FROM photos WHERE report_id = :id AND state = 'RECEIVED'", id=number)[0][0]
    assert whole <= sum(pieces) <= whole * 1.5


def test_a_line_that_breaks_at_any_byte_of_a_photo_costs_little_and_spoils_nothing(phones, house, line):
    phone, dice = phones(), random.Random(7)
    line.faults = [lambda asked: Cut(dice.random()) if asked.command == "PATCH" and dice.random() < 0.4 else None]
    number = phone.keep(photos=[picture(150, seed=seed) for seed in range(3)])
    wait_until(lambda: all_gone(phone), patience_s=90)
    states = house.ask("SELECT state FROM photos WHERE report_id = :id", id=number)
    assert len(states) == 3
    assert {state for state, in states} == {"RECEIVED"}


# F4


def test_server_and_answer_gone_after_the_commit_leave_one_report_and_the_same_receipt(phones, house, line):
    phone = phones()

    def die(asked):
        return Lost() if asked.command == "PUT" and not line.sent("PUT") else None

    line.faults = [die]
    number = phone.keep()
    wait_until(lambda: line.sent("PUT"))
    house.kill()
    house.start()
    wait_until(lambda: all_gone(phone))
    assert house.holds(number) == 1
    received = house.ask("SELECT received_at FROM reports WHERE id = :id", id=number)[0][0]
    shown = next(row for row in phone.rows() if row["id"] == number)["receivedAt"]
    assert shown[:19] == received.isoformat()[:19]


# F11


def test_what_was_kept_survives_the_battery_being_pulled(phones, house, line):
    phone = phones()
    phone.ready_offline()
    number = None
    for turn in range(BROWSER_KILLS):
        line.faults = [on("PUT", "", Lost())] if turn % 2 else [lambda _asked: Cut(0)]
        numbers = [phone.keep(f"Pulled {turn}", photos=[picture(256, seed=turn)]) for _time in range(2)]
        phone.kill()
        line.faults = []
        phone.open()
        for number in numbers:
            phone.until(number, "received")
            assert house.holds(number) == 1
    assert number


# the sum of it


def test_four_hundred_reports_under_random_kills_of_browser_and_server_are_all_there_and_none_twice(phones, house):
    """All 400 are sealed, kept and sent by the phone's own modules in a real browser with a profile on disk.

    The form itself is not filled in 400 times: `keep` is called as it calls it. Web processes are killed all the time, the
    whole server and the whole browser now and then. What counts is what `keep` promised before a kill: a report whose promise
    did not come through may arrive or not, but no number and no text may be there twice.
    """
    phone, kept, dice = phones(address=house.address), set(), random.Random(400)
    phone.kill()
    phone.before = lambda context: context.expose_binding("kept", lambda _source, number: kept.add(number))
    phone.open()
    before, tried, downs = set(house.received()), {}, []
    with troubled(lambda: house.kill_a_worker(dice.randrange(2)), between_s=(0.4, 1.5)) as kills:
        while len(kept) < REPORTS:
            some = [str(uuid4()) for _report in range(min(40, REPORTS - len(kept)))]
            tried |= {number: f"Report {len(tried) + turn}" for turn, number in enumerate(some)}
            _keep_until_pulled(phone, [report(number, tried[number]) for number in some], dice)
            if len(kept) // 160 > len(downs):
                downs.append(house.kill())
                house.start()
    wait_until(lambda: all_gone(phone), patience_s=300)
    there = set(house.received()) - before
    assert len(kept) == REPORTS
    assert kept - there == set()
    assert there <= tried.keys()
    assert (sum(kills) > 1, len(downs) > 1) == (True, True)


def _keep_until_pulled(phone, reports, dice):
    """Keep them one after another; now and then the battery is pulled at some moment between."""
    timer = threading.Timer(dice.uniform(0.05, 0.8), phone.pull)
    if dice.random() < 0.4:
        timer.start()
    try:
        phone.page.evaluate(KEEP_MANY, [module("outbox"), reports])
    except Error:
        phone.kill()
        phone.open()
    finally:
        timer.cancel()
