"""The web application, as gunicorn and ``flask --app wsgi`` find it."""

from server.app import create_app

app = create_app()
