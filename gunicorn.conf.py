"""gunicorn's settings for `make run` and for production behind nginx."""

import os
import shutil
import tempfile
from contextlib import suppress

bind = os.environ.get("BIND", "127.0.0.1:8000")
worker_class = "gthread"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
threads = 8
preload_app = True
accesslog = None  # the addresses in an access log would say who asked
graceful_timeout = 20
limit_request_line = 2048
control_socket_disable = True

# several workers count into one folder of their own; it has to be named before the app is loaded
os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", tempfile.mkdtemp(prefix="chatbot-metrics-"))


def post_worker_init(worker):
    """Let each worker deliver consultation requests from its start."""
    start = worker.wsgi.extensions.get("start_delivering")
    if start:
        start()


def child_exit(server, worker):
    """Let the counters forget a worker that is gone, and the next one find loaded what bookings need."""
    from prometheus_client import multiprocess

    multiprocess.mark_process_dead(worker.pid)
    with suppress(Exception):  # a nicety, that must never cost the parent its life
        server.app.wsgi().extensions["load_for_booking"]()


def on_exit(server):
    """Remove the counters' folder."""
    shutil.rmtree(os.environ["PROMETHEUS_MULTIPROC_DIR"], ignore_errors=True)
