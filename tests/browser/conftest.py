"""A real server under gunicorn and a real Chromium."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

ROOT = Path(__file__).parent.parent.parent
_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_PATIENCE = 60  # seconds for the server to come up, compiling included


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    found = next((path for name in _BROWSERS if (path := shutil.which(name))), None)
    quiet = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
    quiet += ["--disable-component-update", "--disable-sync"]
    quiet += ["--disable-features=LocalNetworkAccessChecks"]  # a partner's page, made up, may ask a local server
    return {**browser_type_launch_args, **({"executable_path": found} if found else {}), "args": quiet}


@pytest.fixture(scope="session")
def server(compiled_dir: Path) -> Iterator[str]:
    """The address of the service, served as in `make run`."""
    port = _free_port()
    address = f"http://127.0.0.1:{port}"
    environment = {
        **os.environ,
        "BIND": f"127.0.0.1:{port}",
        "WEB_CONCURRENCY": "1",
        "CHATBOT_INSTANCE_DIR": str(compiled_dir),
        "CHATBOT_PUBLIC_URL": address,
        "CHATBOT_RATE_LIMIT": "off",
    }
    command = [sys.executable, "-m", "gunicorn", "wsgi:app", "--log-level", "error"]
    process = subprocess.Popen(command, cwd=ROOT, env=environment)
    try:
        _wait_for(address, process)
        yield address
    finally:
        process.terminate()
        process.wait(timeout=30)


@pytest.fixture
def problems(page: Page) -> Iterator[list[str]]:
    """What the browser complained about: script errors, policy violations, failed loads; must stay empty."""
    seen: list[str] = []
    page.on("pageerror", lambda error: seen.append(str(error)))
    page.on("console", lambda message: seen.append(message.text) if message.type == "error" else None)
    yield seen
    assert seen == []


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_for(address: str, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until:
        assert process.poll() is None, "the server stopped at its start"
        try:
            urllib.request.urlopen(f"{address}/healthz", timeout=1).close()
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
        else:
            return
    raise AssertionError("the server did not come up")
