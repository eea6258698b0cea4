"""How gunicorn serves the web. The machine's settings come from the environment; what protects people is fixed."""

import os
import sys
import threading
import time
from pathlib import Path

# The memory in which all processes count together must exist before they part; nothing else of the house is loaded here.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from server.core.tally import TALLY

bind = f"{os.environ.get('HOST', '127.0.0.1')}:{os.environ.get('PORT', '8000')}"
worker_class = "gevent"  # a phone that takes a minute to send a photo must not hold a worker for that minute
certfile, keyfile = os.environ.get("TLS_CERTIFICATE") or None, os.environ.get("TLS_KEY") or None
workers = int(os.environ.get("WEB_WORKERS", "2"))
worker_connections = 500
timeout = 60
graceful_timeout = 25
keepalive = 5
proc_name = "tessera"
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None
control_socket_disable = True  # nobody steers a running server from beside it

# An access log would hold addresses of people who report; there is none, and errors name no address either.
accesslog = None
errorlog = "-"
loglevel = "warning"


def when_ready(arbiter: object) -> None:
    """From SIGTERM on say so at /health/ready, and go on answering for a moment: whoever shares out the work looks there first."""
    stop = arbiter.handle_term  # type: ignore[attr-defined]

    def announce(*given: object) -> None:
        TALLY.hit("draining", window_s=3600)
        time.sleep(float(os.environ.get("DRAIN_S", "3")))
        stop(*given)

    arbiter.handle_term = announce  # type: ignore[attr-defined]


def post_worker_init(worker: object) -> None:
    """Look after the program's other half meanwhile: a worker that stands still cannot say so.

    A phone that does not trust our certificate hangs up, which is its right and no fault of ours to write down.
    """
    import ssl

    from gevent import get_hub

    from server.keeping.lookout import keep_watch

    get_hub().NOT_ERROR += (ssl.SSLError, ConnectionError)
    threading.Thread(target=keep_watch, args=(worker.wsgi, threading.Event()), daemon=True, name="lookout").start()  # type: ignore[attr-defined]
    from server.matching.mirror import MIRROR

    with worker.wsgi.app_context():  # type: ignore[attr-defined]
        MIRROR.present()  # a large installation reads its columns now, not under the eyes of the first coordinator
