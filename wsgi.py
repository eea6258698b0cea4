"""The web application, as gunicorn and ``flask --app wsgi`` find it."""

from server.app import create_app
from server.core import logs, revision, swift
from server.matching import api, tiles

logs.to_stderr()
app = create_app()
app.wsgi_app = swift.ShortWay(app.wsgi_app, api.TILE, tiles.memory)  # type: ignore[method-assign]
revision.refuse_other()
revision.refuse_made_up()
