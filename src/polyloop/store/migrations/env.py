"""What alembic runs: the migrations, in the connection and transaction that `polyloop.store.migrate` opened."""

from alembic import context

from polyloop.store.schema import VERSION_TABLE, metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    transactional_ddl=True,
)
context.run_migrations()
