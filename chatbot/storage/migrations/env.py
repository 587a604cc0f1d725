"""Runs the migrations on the database that Storage names."""

from alembic import context
from sqlalchemy import create_engine

from chatbot.storage.tables import metadata

engine = create_engine(context.config.attributes["url"])
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()
engine.dispose()
