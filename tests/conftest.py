"""What many tests share: the real base, compiled once, and an app on it."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from chatbot.config import Settings
from chatbot.knowledge import Language, load
from chatbot.web import create_app

from .postgres import Postgres

ROOT = Path(__file__).parent.parent
KNOWLEDGE = ROOT / "knowledge"


@pytest.fixture(scope="session")
def compiled_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An instance folder that starts with what `python -m chatbot compile` made, where there is something."""
    folder = tmp_path_factory.mktemp("instance")
    for made in (ROOT / "instance").glob("*-*.bin"):
        shutil.copy2(made, folder)
    return folder


@pytest.fixture(scope="session")
def settings(compiled_dir: Path) -> Settings:
    return Settings(instance_dir=compiled_dir, rate_limit="off", deliver_in_workers=False)


@pytest.fixture(scope="session")
def app(settings: Settings) -> Flask:
    return create_app(settings)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def make_client(compiled_dir: Path, tmp_path: Path) -> Callable[..., FlaskClient]:
    """Make an app with its own settings and database."""

    def make(**changed: object) -> FlaskClient:
        for made in compiled_dir.glob("*-*.bin"):
            if not (tmp_path / made.name).exists():
                (tmp_path / made.name).hardlink_to(made)  # never written in place, and large
        return create_app(
            Settings.model_validate({"instance_dir": tmp_path, "deliver_in_workers": False, **changed})
        ).test_client()

    return make


@pytest.fixture(scope="session")
def english() -> Language:
    return load(KNOWLEDGE).languages["en"]


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A server outside pytest's own folder, which each new run of pytest closes to the server's user."""
    with tempfile.TemporaryDirectory(prefix="chatbot-postgres-", ignore_cleanup_errors=True) as folder:
        server = Postgres(Path(folder) / "data", hasty=True)
        yield server
        server.abandon()
