"""What alembic runs: the steps, in the transaction of the connection that `LiveStore.migrate` hands over."""

from __future__ import annotations

from alembic import context

context.configure(connection=context.config.attributes["connection"])
context.run_migrations()
