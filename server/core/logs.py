"""The log: one JSON line per event, from an allowlist of fields. No address, agent, query, coordinate, word or name gets in."""

import json
import logging
import sys
from time import perf_counter

from flask import Flask, Response, g, request

from server.core.clock import now

ALLOWED = ("route", "method", "status", "ms", "event", "job", "error_code", "count", "release")


class AllowlistFormatter(logging.Formatter):
    """Writes what is allowed of a record and nothing else: of an exception its kind and where it arose, never its words."""

    def format(self, record: logging.LogRecord) -> str:
        """One line of JSON."""
        line = {"ts": now().isoformat(timespec="seconds"), "level": record.levelname.lower(), "logger": record.name}
        line.update({name: getattr(record, name) for name in ALLOWED if hasattr(record, name)})
        if record.name.startswith(("server", "tessera")):
            line["message"] = str(record.msg)  # the constant template, never its arguments
        if record.exc_info and record.exc_info[0]:
            line["error_code"] = record.exc_info[0].__name__
            line["where"] = _where(record.exc_info[2])
        return json.dumps(line)


def _where(trace: object) -> str:
    """Files and lines of an exception from our own rooms, innermost last."""
    places = []
    while trace is not None:
        code = trace.tb_frame.f_code  # type: ignore[attr-defined]
        if "/server/" in code.co_filename:
            places.append(f"{code.co_filename.split('/server/')[-1]}:{trace.tb_lineno}")  # type: ignore[attr-defined]
        trace = trace.tb_next  # type: ignore[attr-defined]
    return " > ".join(places[-4:])


def to_stderr(level: int = logging.INFO) -> None:
    """Send every logger of the process through the allowlist."""
    chosen = logging.StreamHandler(sys.stderr)
    chosen.setFormatter(AllowlistFormatter())
    root = logging.getLogger()
    root.handlers[:] = [chosen]
    root.setLevel(level)
    logging.getLogger("procrastinate").setLevel(logging.ERROR)


def init_app(app: Flask) -> None:
    """Log each request that failed or was slow; routine answers are not worth a line."""
    app.before_request(_begin)
    app.after_request(lambda response: _note(app, response))


def _begin() -> None:
    g.begun = perf_counter()


def _note(app: Flask, response: Response) -> Response:
    took = int((perf_counter() - g.get("begun", perf_counter())) * 1000)
    if response.status_code >= 500 or took > 2_000:
        rule = getattr(request.url_rule, "rule", "unmatched")
        app.logger.warning(
            "request", extra={"route": rule, "method": request.method, "status": response.status_code, "ms": took}
        )
    return response
