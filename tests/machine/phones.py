"""Phones that report over real HTTP to an application whose database falls, runs full, or moves."""

import http.client
import json
import threading
import time
from contextlib import contextmanager
from dataclasses import replace
from uuid import uuid4

from werkzeug.serving import make_server

from server.accounts.service import ensure_roles
from server.app import create_app
from server.core import replica as replicas
from server.core.database import public_session, session, settled
from server.core.settings import settings
from tests.machine.servers import until

PHONES = 4
BODY = json.dumps({"site_type": "RES.APT", "damage": "D3", "point": {"type": "Point", "coordinates": [30.5, 50.4]}})


class Phones:
    """Phones that send one report after the other, each until it is acknowledged; `acknowledged` holds the numbers they may forget."""

    def __init__(self, port):
        self.port, self.acknowledged, self.refused, self.done = port, [], set(), threading.Event()
        self.threads = [threading.Thread(target=self._send_on) for _ in range(PHONES)]
        for thread in self.threads:
            thread.start()

    def _send_on(self):
        while not self.done.is_set():
            number = str(uuid4())
            while not self.done.is_set() and not self._is_received(number):
                time.sleep(0.05)

    def _is_received(self, number):
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            line.request("PUT", f"/api/v1/reports/{number}", body=BODY, headers={"Content-Type": "application/json"})
            answer = line.getresponse()
            told = json.loads(answer.read())
        finally:
            line.close()
        if answer.status in (200, 201):
            assert told["id"] == number
            self.acknowledged.append(number)
            return True
        self.refused.add(answer.status)
        return False

    def until_more(self, count):
        wanted = len(self.acknowledged) + count
        until(lambda: len(self.acknowledged) >= wanted)

    def stop(self):
        self.done.set()
        for thread in self.threads:
            thread.join(60)


@contextmanager
def before_phones(where, **more):
    """The application on the database at ``where`` (the end of a URL), and with other settings, before real HTTP: (application, port)."""
    before = [dict(scope.session_factory.kw) for scope in (session, public_session)]
    urls = {"database_url": f"postgresql+psycopg://tessera@/tessera{where}", "public_database_url": f"postgresql+psycopg://tessera_public@/tessera{where}"}
    made = create_app(replace(settings(), testing=True, **urls, **more))
    made.config.update(PROPAGATE_EXCEPTIONS=False, PROPAGATE_BUGS=False)  # as in life
    with settled():
        ensure_roles()
    server = make_server("127.0.0.1", 0, made, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield made, server.server_port
    finally:
        server.shutdown()
        server.server_close()
        replicas.close()
        for scope, was in zip((session, public_session), before, strict=True):
            scope.remove()
            scope.session_factory.kw["bind"].dispose()
            scope.session_factory.kw.clear()
            scope.session_factory.kw.update(was)
