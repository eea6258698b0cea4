"""The form opens without a connection, in its language, with the key inside; and a new release never takes it away half-way."""

import json
import re
import socket
from uuid import UUID

import pytest

from server.intake import phone as door
from tests.browser.field.house import wait_until
from tests.browser.field.line import Answer, everything, on
from tests.browser.field.phone import picture

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.committed]

DOWN = everything(Answer(502, b"<html>bad gateway</html>", "text/html"))
CACHES = "async () => (await caches.keys()).sort()"
WAITS = "navigator.serviceWorker.getRegistration().then((found) => !!found.waiting)"
UPDATE = "async () => { const found = await navigator.serviceWorker.getRegistration(); await found.update().catch(() => {}); return [!!found.installing, !!found.waiting, !!found.active]; }"


@pytest.fixture
def phone(phones):
    return phones().ready_offline()


def test_every_file_the_form_loads_is_kept_with_it(app, client):
    kept = set(door.shell()["files"])
    for language in ("en", "ar"):
        page = client.get(f"/report?lang={language}").text
        named = set(re.findall(r'(?:href|src)="(/(?:static|vendor)/[^"#]+)', page))
        assert named - kept - {address for address in named if "manifest" in address} == set()
    assert [client.get(address).status_code for address in kept] == [200] * len(kept)


@pytest.mark.parametrize(("language", "title"), [("en", "Report damage"), ("ar", "الإبلاغ عن ضرر")])
def test_the_form_opens_offline_in_its_language_with_the_key_inside_and_keeps_a_report(phones, house, language, title):
    phone = phones(path=f"/report?all=1&lang={language}").ready_offline()
    phone.context.set_offline(True)
    phone.close()
    phone.open("/measures")
    phone.context.set_offline(True)
    phone.visit(f"/report?lang={language}", page=phone.page)
    assert phone.page.locator("html").get_attribute("lang") == language
    assert len(phone.page.locator("[data-report]").get_attribute("data-public-key")) == 87
    number = phone.keep(photos=[picture(10)])
    phone.until_cause(number, "offline")
    phone.context.set_offline(False)
    phone.until(number, "received")
    assert house.holds(number) == 1
    assert title


def test_each_form_opened_offline_has_a_number_of_its_own(phone):
    phone.ready_offline()
    phone.context.set_offline(True)
    numbers = []
    for _time in range(2):
        phone.visit("/report?lang=en", page=phone.page)
        numbers.append(str(UUID(phone.page.locator("form[data-report] [name=id]").input_value())))
    assert len(set(numbers)) == 2


def test_the_start_address_opens_in_the_language_seen_last(phone):
    phone.visit("/report?all=1&lang=ar", page=phone.page)
    phone.ready_offline()
    phone.context.set_offline(True)
    phone.visit("/report", page=phone.page)
    assert phone.page.locator("html").get_attribute("dir") == "rtl"


def test_a_server_that_is_down_or_never_answers_does_not_close_the_form(phone, line):
    line.faults = [DOWN]
    phone.visit(page=phone.page)
    silent = socket.create_server(("127.0.0.1", 0))
    line.port, port = silent.getsockname()[1], line.port
    line.faults = []
    phone.visit(page=phone.page)
    line.port = port
    silent.close()


def test_what_is_sent_goes_past_the_worker(phone, line):
    worker = phone.context.service_workers[0]
    assert worker.url.endswith("/service-worker.js?module")
    source = worker.evaluate("fetch(self.location.href).then((answer) => answer.text())")
    assert "request.method !== 'GET'" in source
    seen = []
    no_sync = "Object.defineProperty(ServiceWorkerRegistration.prototype, 'sync', { get: () => undefined })"
    phone.page.evaluate(no_sync)  # else the worker may send by itself, which is another thing than sending again what a page sent
    phone.context.on("request", lambda request: seen.append((request.method, request.service_worker is not None)))
    number = phone.keep()
    phone.until(number, "received")
    assert ("PUT", True) not in seen


def test_background_sync_sends_with_no_page_open(phone, house, line):
    line.faults = [DOWN]
    number = phone.keep()
    wait_until(lambda: any(row["cause"] for row in phone.rows()))
    page = phone.context.new_page()
    page.goto("about:blank")
    phone.page.close()
    line.faults = []
    tools = phone.context.new_cdp_session(page)
    registrations = []
    tools.on("ServiceWorker.workerRegistrationUpdated", lambda told: registrations.extend(told["registrations"]))
    tools.send("ServiceWorker.enable")
    page.wait_for_timeout(0)
    wait_until(lambda: page.evaluate("1") and registrations)
    tools.send("ServiceWorker.dispatchSyncEvent", {"origin": phone.address, "registrationId": registrations[0]["registrationId"], "tag": "send", "lastChance": False})
    wait_until(lambda: page.evaluate("1") and house.holds(number) == 1)


# F17, new releases


def another_release(line, tag, *, broken=False):
    """From now on the line serves a worker of another release; `broken`: one of its files cannot be had."""

    def met(asked):
        if asked.path.startswith("/service-worker.js"):
            shell = {**door.shell(), "tag": tag}
            if broken:
                shell["files"] = [*shell["files"], "/static/js/missing.js?v=0"]
            source = door._worker_source(modular="module" in asked.path, on=True).replace(json.dumps(door.shell()), json.dumps(shell))
            assert tag in source
            return Answer(200, source.encode(), "text/javascript", Cache_Control="no-cache")
        return None

    line.faults.append(met)


def test_a_new_release_that_cannot_be_fetched_whole_leaves_the_old_one_in_place(phone, line):
    old = phone.page.evaluate(CACHES)
    another_release(line, "broken000000", broken=True)
    assert phone.page.evaluate(UPDATE)[2]
    wait_until(lambda: phone.page.evaluate("navigator.serviceWorker.getRegistration().then((found) => !found.installing)"))
    assert not phone.page.evaluate(WAITS)
    phone.context.set_offline(True)
    phone.visit(page=phone.page)
    assert set(old) <= set(phone.page.evaluate(CACHES))
    phone.keep()


def test_a_new_release_waits_for_open_pages_keeps_their_files_and_then_sends_what_the_old_one_kept(phone, house, line):
    line.faults = [on("PUT", "", Answer(503, b"{}", Retry_After="1"))]
    number = phone.keep(photos=[picture(10)])
    phone.call("drafts", "setLock", "lantern river copper meadow")
    old = phone.page.evaluate(CACHES)
    for tag in ("next00000001", "next00000002"):
        del line.faults[1:]
        another_release(line, tag)
        phone.page.evaluate(UPDATE)
        wait_until(lambda tag=tag: f"shell-{tag}" in phone.page.evaluate(CACHES) and phone.page.evaluate(WAITS))
        assert set(old) <= set(phone.page.evaluate(CACHES))
    wait_until(lambda: _after_all_pages_were_closed(phone) == ["shell-next00000002"])
    phone.visit(page=phone.page)
    assert phone.call("drafts", "state") == "locked"
    del line.faults[:1]
    phone.until(number, "received")
    assert house.holds(number) == 1


def _after_all_pages_were_closed(phone):
    """The caches as a page finds them that is opened when none was open."""
    phone.page.goto("about:blank")
    phone.page.goto(phone.address + "/measures")
    return phone.page.evaluate(CACHES)


def test_a_page_of_another_release_is_shown_but_not_kept(phone, line):
    kept = "async () => (await (await caches.match('/report')).text()).length"
    before = phone.page.evaluate(kept)
    page = b"<!doctype html><title>Other</title><p id=other>another release</p>"
    line.faults = [lambda asked: Answer(200, page, "text/html", Tessera_Shell="another", Content_Language="en") if asked.path == "/report" else None]
    phone.page.goto(phone.address + "/report")
    phone.page.locator("#other").wait_for()
    assert phone.page.evaluate(kept) == before


def test_the_switch_takes_the_offline_form_away_and_no_report(phone, line, app):
    line.faults = [on("PUT", "", Answer(503, b"{}", Retry_After="900"))]
    phone.keep()
    off = door._worker_source(modular=True, on=False).encode()
    line.faults.append(lambda asked: Answer(200, off, "text/javascript") if asked.path.startswith("/service-worker.js") else None)
    phone.page.evaluate(UPDATE)
    wait_until(lambda: phone.page.evaluate(CACHES) == [])
    assert phone.call("outbox", "counts")["waiting"] == 1


def test_the_page_can_be_installed_under_a_name_that_tells_nothing(client):
    manifest = client.get("/manifest.webmanifest").get_json(force=True)
    assert (manifest["name"], manifest["short_name"]) == ("Notes", "Notes")
    assert manifest["start_url"] == "/report"
    assert manifest["display"] == "standalone"
    assert {"192x192", "512x512"} <= {picture["sizes"] for picture in manifest["icons"]}
