"""How gunicorn serves the web. The machine's settings come from the environment; what protects people is fixed."""

import os
import sys
from pathlib import Path

# The memory in which all processes count together must exist before they part; nothing else of the house is loaded here.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import server.core.tally  # noqa: F401

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
