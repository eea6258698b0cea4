"""The proxy that the operators' guide hands out, run as it stands: HTTPS that a phone trusts, bodies that pass, and no trace of an address."""

import http.client
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from server.keeping import certificates

EXAMPLE = Path(__file__).resolve().parents[2] / "docs/operators/examples/nginx.conf"
NGINX = shutil.which("nginx", path="/usr/sbin:/usr/bin")

pytestmark = [
    pytest.mark.pure,
    pytest.mark.slow,
    pytest.mark.skipif(not NGINX and not os.environ.get("CI"), reason="nginx is not installed; CI has it"),
]


class Told(BaseHTTPRequestHandler):
    """Says what reached it."""

    def answer(self):
        size = int(self.headers.get("Content-Length") or 0)
        body = json.dumps(
            {"headers": dict(self.headers), "bytes": len(self.rfile.read(size)), "path": self.path}
        ).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = answer  # noqa: N815 - http.server asks by these names
    do_PUT = answer  # noqa: N815

    def log_message(self, *_):
        pass


@pytest.fixture
def behind():
    with ThreadingHTTPServer(("127.0.0.1", 0), Told) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return listening.getsockname()[1]


@pytest.fixture
def proxy(tmp_path, behind):
    """The example with other ports and a certificate of its own; gives (address, port of plain http, how to trust it)."""
    certificates.certify(tmp_path / "tls", ["reports.example.org", "127.0.0.1"], response="Tessera")
    plain, safe = free_port(), free_port()
    text = EXAMPLE.read_text()
    text = re.sub(r"listen \[::\].*\n", "", text)
    text = text.replace("listen 80;", f"listen 127.0.0.1:{plain};").replace(
        "listen 443 ssl", f"listen 127.0.0.1:{safe} ssl"
    )
    text = text.replace("/etc/tessera/", f"{tmp_path}/tls/").replace("127.0.0.1:8000", f"127.0.0.1:{behind}")
    folders = "".join(
        f"{kind}_temp_path {tmp_path}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    main = tmp_path / "nginx.conf"
    main.write_text(
        f"daemon off; pid {tmp_path}/pid; error_log /dev/null crit; user root; events {{}} http {{ {folders} {text} }}"
    )
    assert NGINX, "nginx is missing; scripts/packages test installs it in continuous integration"
    running = subprocess.Popen([NGINX, "-p", tmp_path, "-c", main], stderr=subprocess.DEVNULL)
    for _ in range(200):
        with socket.socket() as knock:
            if knock.connect_ex(("127.0.0.1", safe)) == 0:
                break
        assert running.poll() is None, "nginx refuses the example"
        time.sleep(0.05)
    yield f"127.0.0.1:{safe}", plain, ssl.create_default_context(cafile=tmp_path / "tls/root.crt")
    running.terminate()
    running.wait(20)


def ask(proxy, path, *, method="GET", body=None, **headers):
    """Ask as a phone that trusts the root; (status, what reached Tessera)."""
    address, _plain, trust = proxy
    line = http.client.HTTPSConnection(address, context=trust, timeout=30)
    try:
        line.request(method, path, body=body, headers={"Host": "reports.example.org", **headers})
        answer = line.getresponse()
        return answer.status, json.loads(answer.read()) if answer.status == 200 else {}
    finally:
        line.close()


def test_a_phone_that_has_the_root_reaches_tessera_over_https_and_tessera_knows_how(proxy):
    told = ask(proxy, "/health/live")[1]["headers"]
    assert told["X-Forwarded-Proto"] == "https"
    assert told["Host"] == "reports.example.org"


def test_an_address_that_a_client_made_up_is_not_handed_on(proxy):
    told = ask(proxy, "/", **{"X-Forwarded-For": "203.0.113.9"})[1]["headers"]
    assert told["X-Forwarded-For"] == "127.0.0.1"


def test_eight_photos_in_one_post_pass_and_more_than_that_is_refused(proxy):
    assert ask(proxy, "/report", method="PUT", body=bytes(100_000_000))[1]["bytes"] == 100_000_000
    try:
        status, _told = ask(proxy, "/report", method="PUT", body=bytes(140_000_000))
    except (ConnectionError, ssl.SSLError):
        status = 413  # refused before all of it was sent
    assert status == 413


def test_plain_http_is_sent_to_https_with_the_way_of_sending_kept(proxy):
    with socket.create_connection(("127.0.0.1", proxy[1]), timeout=20) as plain:
        plain.sendall(
            b"PUT /api/v1/reports/1 HTTP/1.1\r\nHost: reports.example.org\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        )
        said = b"".join(iter(lambda: plain.recv(4096), b"")).decode()
    assert said.startswith("HTTP/1.1 308")
    assert "Location: https://reports.example.org/api/v1/reports/1" in said


def test_nothing_is_logged_of_who_came(proxy, tmp_path):
    ask(proxy, "/health/live")
    written = [path for path in tmp_path.rglob("*.log") if path.stat().st_size]
    assert written == []
