"""The web application: puts the parts together and nothing else."""

import os
import time

from flask import Flask, Response, g, request
from werkzeug.middleware.proxy_fix import ProxyFix

from ..building import (
    GuardFailed,
    build_assistant,
    build_drain,
    build_reception,
    open_storage,
    secret_of,
)
from ..config import Settings, from_environment
from . import consultation_pages, consultations, headers, logs, problems
from .api import api
from .conversation import Conversations
from .limits import Limits
from .metrics import Metrics
from .ops import ops
from .pages import pages
from .parts import Parts
from .widget import Widgets

__all__ = ["GuardFailed", "create_app"]

_MOST_BYTES = 64 * 1024


def create_app(settings: Settings | None = None) -> Flask:
    """Make the app; what is missing (key, tables, compiled base) is made under one lock.

    Raises ConfigError, KnowledgeError or GuardFailed, each with every reason.
    """
    settings = settings or from_environment(os.environ)
    logs.set_up()
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = _MOST_BYTES
    app.extensions["report"] = logs.report
    parts = app.extensions["parts"] = _parts(settings)
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=0)  # type: ignore[method-assign]
    for blueprint in (api, pages, consultations.api, consultation_pages.pages, ops):
        app.register_blueprint(blueprint)
    problems.register(app)
    headers.register(app, parts.assistant.base.partners, https_only=settings.environment == "production")
    _observe(app, parts.metrics)
    app.extensions["load_for_booking"] = parts.reception.load
    if settings.deliver_in_workers:
        _deliver_in_each_worker(app, parts)
    return app


def _parts(settings: Settings) -> Parts:
    secret, storage = secret_of(settings), open_storage(settings)
    assistant = build_assistant(settings, storage, report=logs.report)
    return Parts(
        settings=settings,
        assistant=assistant,
        storage=storage,
        reception=build_reception(settings, assistant.base, storage),
        conversations=Conversations(secret),
        limits=Limits(settings.rate_limit, secret=secret, redis_url=settings.redis_url, report=logs.report),
        metrics=Metrics(),
        widgets=Widgets(assistant, public_url=settings.public_url, kept_in=settings.instance_dir / "widgets"),
    )


def _deliver_in_each_worker(app: Flask, parts: Parts) -> None:
    """Start one drain in each process that serves; `start_delivering` may be called by the server's own hook."""
    drain = build_drain(parts.settings, parts.assistant.base, parts.storage, report=logs.report)
    started: set[int] = set()

    def start_delivering() -> None:
        if os.getpid() not in started:
            started.add(os.getpid())
            drain.start()

    app.extensions["start_delivering"] = start_delivering
    app.before_request(start_delivering)


def _observe(app: Flask, metrics: Metrics) -> None:
    """Count and log each request by its route, never by its address or text."""

    @app.before_request
    def start() -> None:
        g.started = time.perf_counter()

    @app.after_request
    def count(response: Response) -> Response:
        route = str(request.url_rule or "none")
        metrics.requested(route, response.status_code, time.perf_counter() - g.get("started", time.perf_counter()))
        return response
