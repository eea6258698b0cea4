"""A real server that is killed, lines that are cut, and phones that go on: for the test of uploads and for its benchmark."""

import contextlib
import http.client
import json
import os
import random
import signal
import socket
import struct
import subprocess
import sys
import threading
from base64 import b64encode, urlsafe_b64decode
from hashlib import sha256
from pathlib import Path
from time import monotonic, sleep
from uuid import UUID, uuid4

from server.reports import sealing

ROOT = Path(__file__).resolve().parents[2]
STEP = 65_536
TUS = {"Tus-Resumable": "1.0.0"}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """Gunicorn as ``make serve`` starts it, which can be killed with all its processes and started again on the same port."""

    def __init__(self, environment):
        self.port, self.environment, self.kills = free_port(), environment, 0

    def start(self):
        command = [sys.executable, "-m", "gunicorn", "-c", "scripts/gunicorn.conf.py", "wsgi:app"]
        self.running = subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, **self.environment, "PORT": str(self.port)}, start_new_session=True, stderr=subprocess.DEVNULL
        )
        self.wait()

    def wait(self):
        until = monotonic() + 60
        while monotonic() < until:
            line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
            with contextlib.suppress(OSError, http.client.HTTPException), contextlib.closing(line):
                line.request("GET", "/health/live")
                if line.getresponse().read():
                    return
            sleep(0.1)
        raise AssertionError("the server did not start")

    def kill(self):
        """SIGKILL to the parent and all workers at one moment."""
        os.killpg(self.running.pid, signal.SIGKILL)
        self.running.wait()
        self.kills += 1

    def stop(self):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.running.pid, signal.SIGTERM)
        self.running.wait(timeout=40)


class Mast:
    """Between phones and server: passes bytes on, and tears some lines down (RST) after some bytes."""

    def __init__(self, port, seed):
        self.port, self.dice, self.cuts, self.passed = port, random.Random(seed), 0, 0
        self.lock = threading.Lock()
        self.ear = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.address = self.ear.getsockname()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self):
        with contextlib.suppress(OSError):
            while True:
                line, _from = self.ear.accept()
                threading.Thread(target=self._join, args=(line,), daemon=True).start()

    def _join(self, line):
        with self.lock:
            cut_at = self.dice.choice([None, None, None, self.dice.randrange(1_000, 400_000)])
        try:
            far = socket.create_connection(("127.0.0.1", self.port), timeout=30)
        except OSError:
            _tear(line)
            return
        with line, far:
            back = threading.Thread(target=_pass_on, args=(far, line), daemon=True)
            back.start()
            self._pass_up(line, far, cut_at)
            back.join()

    def _pass_up(self, line, far, cut_at):
        heard = 0
        with contextlib.suppress(OSError):
            while data := line.recv(8_192):
                heard += len(data)
                if cut_at is not None and heard > cut_at:
                    self.cuts += 1
                    _tear(line)
                    _tear(far)
                    return
                far.sendall(data)
                with self.lock:
                    self.passed += len(data)
            far.shutdown(socket.SHUT_WR)

    def close(self):
        self.ear.close()


def _tear(line):
    with contextlib.suppress(OSError):
        line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        line.shutdown(socket.SHUT_RDWR)
    line.close()


def _pass_on(come, go):
    with contextlib.suppress(OSError):
        while data := come.recv(8_192):
            go.sendall(data)
        go.shutdown(socket.SHUT_WR)


class LinePhone:
    """A phone over the mast: sends a sealed report and its photo until it is told that both were received."""

    def __init__(self, address, key, dice, patience_s=240.0):
        self.address, self.dice, self.patience_s = address, dice, patience_s
        self.public, self.asked = urlsafe_b64decode(key + "=="), 0

    def ask(self, method, path, body=b"", **headers):
        """(status, headers, body), or None when the line broke."""
        self.asked += 1
        line = http.client.HTTPConnection(*self.address, timeout=20)
        try:
            line.request(method, path, body=body, headers={name.replace("_", "-"): value for name, value in headers.items()} | TUS)
            answer = line.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        except (OSError, http.client.HTTPException):
            return None
        finally:
            line.close()

    def send(self, photo):
        """Send a report with this photo; gives (number, photo number, sealed bytes, what the server said it kept)."""
        number, media_id = uuid4(), uuid4()
        announced = {"id": str(media_id), "bytes": len(photo), "sha256": sha256(photo).hexdigest()}
        words = {"fields": [["text", "Roof gone."], ["site_type", "RES.APT"]], "media": [announced], "form_version": "web-2", "lang": "en"}
        report = sealing.seal(sealing.pad(json.dumps(words).encode()), public=self.public, bound_to=number)
        envelope = sealing.seal(photo, public=self.public, bound_to=media_id)
        first = self.dice.random() < 0.8  # sometimes the photo is quicker than its report
        if not first:
            self._send_photo(number, media_id, envelope, is_announced=False)
        self._send_report(number, report)
        return number, media_id, envelope, self._send_photo(number, media_id, envelope, is_announced=True)

    def _send_report(self, number, report):
        until = monotonic() + self.patience_s
        while monotonic() < until:
            answer = self.ask("PUT", f"/api/v1/reports/{number}", report, Content_Type="application/vnd.tessera.sealed")
            if answer and answer[0] in (200, 201) and json.loads(answer[2])["sha256"] == sha256(report).hexdigest():
                return True
            sleep(0.05)
        raise AssertionError("the report never got through")

    def _send_photo(self, number, media_id, envelope, *, is_announced):
        """Until the server says that it keeps it, and gives that; before its report is known, until it is whole, and gives None."""
        path, until = f"/api/v1/reports/{number}/media/{media_id}/upload", monotonic() + self.patience_s
        while monotonic() < until:
            answer = self.ask("POST", path, Upload_Length=str(len(envelope)))
            while answer and answer[0] in (200, 201, 204):
                if "Tessera-Media" in answer[1]:
                    return json.loads(answer[1]["Tessera-Media"])
                at = int(answer[1]["Upload-Offset"])
                if at == len(envelope) and not is_announced:
                    return None
                if at == len(envelope):
                    break
                answer = self._piece(path, at, envelope[at : at + STEP])
            sleep(0.05)
        raise AssertionError("the photo never got through")

    def _piece(self, path, at, data):
        checksum = b64encode(sha256(data).digest()).decode()
        return self.ask(
            "PATCH", path, data, Upload_Offset=str(at), Upload_Checksum=f"sha256 {checksum}", Content_Type="application/offset+octet-stream"
        )


def run(server, mast, key, photos, *, phones, seed, kills):
    """All photos over several phones while the server is killed so many times, evenly over the way; gives what became of each."""
    outcome, wrong, queue, lock = [], [], list(enumerate(photos)), threading.Lock()
    done = threading.Event()

    def work(which):
        phone = LinePhone(mast.address, key, random.Random(seed * 1_000 + which))
        while True:
            with lock:
                if not queue:
                    return
                place, photo = queue.pop()
            try:
                outcome.append((place, photo, *phone.send(photo)))
            except Exception as error:  # noqa: BLE001 - whatever went wrong for a phone is told at the end
                wrong.append((place, error))

    threads = [threading.Thread(target=work, args=(which,)) for which in range(phones)]
    marks = [sum(map(len, photos)) * number / (kills + 1) for number in range(1, kills + 1)]
    killer = threading.Thread(target=_kill_at, args=(server, mast, marks, done))
    for thread in (*threads, killer):
        thread.start()
    for thread in threads:
        thread.join()
    done.set()
    killer.join()
    return outcome, wrong


def _kill_at(server, mast, marks, done):
    """Kill the server each time so many bytes have passed, so that it happens in the middle on a slow machine too."""
    for mark in marks:
        while mast.passed < mark:
            if done.wait(0.02):
                return
        server.kill()
        server.start()


def stored(photo_id):
    """The bytes that the server keeps of a photo that waits for the darkroom."""
    from server.core.database import see_as, session
    from server.core.storage import store
    from server.evidence.models import Photo
    from server.reports import vault

    see_as("all")
    photo = session.get_one(Photo, UUID(str(photo_id)))
    key = vault.unwrap(photo.wrapped_key, photo.id)
    return store().get_sealed(photo.incoming_ref, "incoming", key=key, bound_to=photo.id.bytes)
