"""The web application, as gunicorn and ``flask --app wsgi`` find it."""

from server.app import create_app
from server.core import logs, revision

logs.to_stderr()
app = create_app()
revision.refuse_other()
revision.refuse_made_up()
