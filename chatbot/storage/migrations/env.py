"""Runs the migrations on the database that Storage names."""

from alembic import context
from sqlalchemy import NullPool, create_engine, text

from chatbot.storage.tables import metadata

ONE_AT_A_TIME = 7_306_101  # any number, the same on every machine that migrates

engine = create_engine(context.config.attributes["url"], poolclass=NullPool)
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
    with context.begin_transaction():
        if connection.dialect.name == "postgresql":  # SQLite's lock is a file's, held by whoever calls this
            connection.execute(text("SET LOCAL lock_timeout = '10s'"))
            connection.execute(text(f"SELECT pg_advisory_xact_lock({ONE_AT_A_TIME})"))
        context.run_migrations()
