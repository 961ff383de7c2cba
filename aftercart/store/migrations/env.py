"""What Alembic runs: the migrations, on the connection that `upgrade` has opened."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext

from aftercart.store.tables import metadata
from aftercart.store.types import Moment


def _render(kind: str, item: Any, autogen: AutogenContext) -> str | Literal[False]:
    """Writes our own column type by its name; Alembic knows all the others."""
    if kind == "type" and isinstance(item, Moment):
        autogen.imports.add("from aftercart.store.types import Moment")
        return "Moment()"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_item=_render,
)
with context.begin_transaction():
    context.run_migrations()
