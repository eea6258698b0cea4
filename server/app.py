"""The web application, as a table of contents."""

from importlib import import_module

from flask import Flask
from flask_smorest import Api

from server.core import application, assets, database, forms, health, i18n, logs, map_words, problems, replica, requests
from server.core.response import this_response
from server.core.schemas import Point
from server.core.settings import Settings, settings
from server.navigation import desk_navigation
from server.vocabulary import Certainty, DamageGrade, SiteType

RELEASE = "0.1.0"

APIS = (
    "server.intake.api",
    "server.intake.key_api",
    "server.intake.uploads",
    "server.evidence.api",
    "server.places.api",
    "server.matching.api",
    "server.coordination.nearby",
    "server.publication.api",
    "server.publication.downloads",
    "server.publication.five_w_api",
    "server.publication.expected",
    "server.publication.release_api",
    "server.publication.warning_api",
    "server.publication.connections",
)
PAGES = (
    "server.intake.form",
    "server.intake.phone",
    "server.intake.calls",
    "server.intake.import_pages",
    "server.intake.papers",
    "server.intake.paper_form",
    "server.intake.welcome",
    "server.coordination.pages",
    "server.places.basemap",
    "server.evidence.pages",
    "server.publication.pages",
    "server.publication.warning_pages",
    "server.publication.release_pages",
    "server.publication.rules_page",
    "server.publication.desk_pages",
    "server.publication.partner_pages",
    "server.publication.naming_pages",
    "server.publication.ogc",
    "server.navigation",
    "server.accounts.pages",
    "server.accounts.audit",
    "server.keeping.pages",
    "server.response.pages",
    "server.response.handover_pages",
    "server.documents.pages",
)
# What is read from a replica, where there is one; nothing here may write.
READ_THERE = ("coordination.desk_map.desk", "coordination.desk_map.show_list", "desk.get_tile", "desk.get_summary")
PUBLIC_READ_THERE = ("/api/v1/public/", "/ogc", "/map", "/data")


def create_app(chosen: Settings | None = None) -> Flask:
    """The application for ``chosen`` settings, or for those of the environment."""
    chosen = chosen or settings()
    app = Flask("server", static_folder=None)
    app.config.update(
        SECRET_KEY=chosen.secret_key,
        TESTING=chosen.testing,
        RELEASE=RELEASE,
        SETTINGS=chosen,
        MAX_COOKIE_SIZE=0,
        JSON_SORT_KEYS=False,
    )
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    logs.init_app(app)
    replica.init_app(app, chosen)
    database.init_app(app, chosen)  # first to register, so last to run: it settles what all others did
    _install_accounts(app, chosen)
    requests.init_app(app, chosen)
    problems.init_app(app)
    i18n.init_app(app)
    assets.init_app(app)
    forms.init_app(app)
    map_words.init_app(app, {"damage": DamageGrade, "certainty": Certainty, "sites": SiteType})
    health.init_app(app)
    _open_doors(app)
    replica.read_there(app, desk=READ_THERE, public=PUBLIC_READ_THERE)
    _add_commands(app)
    shared = {"settings": lambda: chosen, "this_response": this_response, "release": RELEASE, "desk_navigation": desk_navigation}
    app.context_processor(lambda: shared)
    application.lend(app)
    return app


def _install_accounts(app: Flask, chosen: Settings) -> None:
    from server.accounts import security, sessions

    sessions.init_app(app)
    security.init_app(app, chosen)


def _open_doors(app: Flask) -> None:
    """Register every room's API and pages. The contract is at /api/v1/openapi.json, for people at /api/v1/docs."""
    app.config.update(
        API_TITLE="Tessera",
        API_VERSION="v1",
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX="/api/v1",
        OPENAPI_JSON_PATH="openapi.json",
    )
    api = Api(app)
    api.register_field(Point, "object", "geojson")  # else the contract would say nothing of what a place looks like
    problems.init_app(app)  # again: smorest brings its own shape of a refusal, and there is only one
    for room in APIS:
        api.register_blueprint(import_module(room).blueprint)
    for room in PAGES:
        app.register_blueprint(import_module(room).blueprint)


def _add_commands(app: Flask) -> None:
    from server import cli

    cli.init_app(app)
