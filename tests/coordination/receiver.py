"""A program at an address outside, played on this machine: what it was sent, and how it answers.

Only a test can let Tessera speak to it: the way there is built here, and no setting of an operator leads to it.
"""

import http.client
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from server.coordination.outgoing import Road

ADDRESS = "https://receiver.example.org/hook?x=1"


class Receiver:
    """What came (path, headers, body), and the statuses with which it answers, the last of them from then on."""

    def __init__(self):
        self.came, self.answers, self.drips = [], [204], False
        outer = self

        class Doorman(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.came.append((self.path, dict(self.headers), body))
                status = outer.answers.pop(0) if len(outer.answers) > 1 else outer.answers[0]
                self.send_response(status)
                if status == 302:
                    self.send_header("Location", f"http://127.0.0.1:{outer.port}/inside")
                self.end_headers()
                while outer.drips:
                    self.wfile.write(b"x")
                    self.wfile.flush()
                    time.sleep(0.02)

            def do_GET(self):
                outer.came.append((self.path, {}, b""))

            def log_message(self, *_arguments):
                """Quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Doorman)
        self.server.daemon_threads = True
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def road(self):
        """The way to this receiver, whatever the address says."""
        return Road(
            resolve=lambda _host, _port: ["127.0.0.1"],
            connect=lambda _target: http.client.HTTPConnection("127.0.0.1", self.port, timeout=5),
            allows=lambda _address: True,
        )

    def close(self):
        self.drips = False
        self.server.shutdown()
        self.server.server_close()
