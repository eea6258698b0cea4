"""A bad line between the phone and the server: a proxy that loses answers, cuts photos, or is a café's network that wants a sign-in."""

import json
import socket
import struct
import threading
import time
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

HOP = {"connection", "keep-alive", "transfer-encoding", "content-length"}


class Line:
    """`address` leads to the server at `port`. `faults` are asked in turn about each request: fault(asked) → None, or what happens.

    `log` holds (method, path, body bytes that came through) of all that reached the server.
    """

    def __init__(self, port):
        self.port, self.faults, self.log, self.asked = port, [], [], []
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"line": self}))
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def address(self):
        return f"http://127.0.0.1:{self.server.server_port}"

    def sent(self, method, ending=""):
        """How often such a request reached the server."""
        return sum(1 for asked, path, _size in self.log if asked == method and path.partition("?")[0].endswith(ending))

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Answer:
    """The line answers itself; nothing reaches the server."""

    def __init__(self, status, body=b"", kind="application/problem+json", **headers):
        self.status, self.body, self.headers = status, body, {"Content-Type": kind, **{name.replace("_", "-"): word for name, word in headers.items()}}


def problem(status, code, **headers):
    """A refusal as our server writes it."""
    return Answer(status, json.dumps({"status": status, "code": code, "title": code, "errors": []}).encode(), **headers)


class Before:
    """The server's answer with some words put before its body."""

    def __init__(self, words):
        self.words = words


class Lost:
    """The request arrives, its answer does not."""


class Cut:
    """Only the first `share` of the body arrives, then both ends are reset."""

    def __init__(self, share):
        self.share = share


class Slow:
    """So many bytes a second, after a pause; for a line that is thin, not broken."""

    def __init__(self, bytes_a_second, pause_s=0.0):
        self.pace, self.pause_s = bytes_a_second, pause_s


def on(method, ending, fault, *, times=None):
    """The fault for requests of this method whose path ends so; `times` at most (None: always)."""
    left = [times]

    def met(asked):
        if asked.command != method or not asked.path.partition("?")[0].endswith(ending) or left[0] == 0:
            return None
        left[0] = None if left[0] is None else left[0] - 1
        return fault

    return met


def everything(fault):
    """The fault for whatever is asked."""
    return lambda _asked: fault


class _Handler(BaseHTTPRequestHandler):
    line: Line

    def handle_one_request(self):
        try:
            super().handle_one_request()
        except OSError:
            self.close_connection = True

    def _meet(self):
        self.line.asked.append((self.command, self.path))
        fault = next((met for fault in self.line.faults if (met := fault(self))), None)
        if isinstance(fault, Answer):
            self._skip()
            return self._give(fault.status, fault.headers.items(), fault.body)
        if isinstance(fault, Slow):
            time.sleep(fault.pause_s)
        body = self._body(fault)
        if isinstance(fault, Cut):
            return self._cut(body, fault.share)
        return self._pass_on(body, lost=isinstance(fault, Lost), before=fault.words if isinstance(fault, Before) else "")

    do_GET = do_HEAD = do_PUT = do_POST = do_PATCH = _meet  # noqa: N815 (the names that http.server calls)

    def _size(self):
        return int(self.headers.get("Content-Length") or 0)

    def _skip(self):
        self.rfile.read(self._size())

    def _body(self, fault):
        size = self._size()
        if not isinstance(fault, Slow):
            return self.rfile.read(size)
        step, pieces = max(fault.pace // 10, 1), []
        while size > 0:
            pieces.append(self.rfile.read(min(step, size)))
            size -= step
            time.sleep(0.1)
        return b"".join(pieces)

    def _cut(self, body, share):
        part = body[: int(len(body) * share)]
        with socket.create_connection(("127.0.0.1", self.line.port)) as upstream:
            head = "".join(f"{name}: {word}\r\n" for name, word in self.headers.items() if name.lower() != "connection")
            upstream.sendall(f"{self.command} {self.path} HTTP/1.1\r\n{head}Connection: close\r\n\r\n".encode() + part)
            _reset(upstream)
        _reset(self.connection)
        self.close_connection = True

    def _pass_on(self, body, *, lost, before):
        connection = HTTPConnection("127.0.0.1", self.line.port, timeout=60)
        headers = {name: word for name, word in self.headers.items() if name.lower() not in HOP}
        try:
            connection.request(self.command, self.path, body=body or (b"" if self.command in ("PUT", "POST", "PATCH") else None), headers=headers)
            answer = connection.getresponse()
            content = answer.read()
        except (OSError, HTTPException):
            _reset(self.connection)
            self.close_connection = True
            return
        finally:
            connection.close()
        self.line.log.append((self.command, self.path, len(body)))
        if lost:
            _reset(self.connection)
            self.close_connection = True
        else:
            self._give(answer.status, answer.getheaders(), before.encode() + content)

    def _give(self, status, headers, body):
        self.send_response_only(status)
        for name, word in headers:
            if name.lower() not in HOP:
                self.send_header(name, word)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_words):
        pass


def _reset(connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
