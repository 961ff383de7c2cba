"""The history of the schema, by Alembic; driven from code, so that a deployment needs no ini file."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, text

#: Taken while migrating, so that two processes that start together do not both try.
_MIGRATION_LOCK = 0x0AF7E2CB


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    return config


def upgrade(engine: Engine, *, to: str = "head") -> None:
    """Brings the database to a revision; without one, to the newest."""
    config = _config()
    with engine.connect() as connection:
        connection = connection.execution_options(aftercart_write=True)
        with connection.begin():
            if engine.dialect.name == "postgresql":
                connection.execute(
                    text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK}
                )
            config.attributes["connection"] = connection
            command.upgrade(config, to)


def pending(engine: Engine) -> bool:
    """Whether the database is behind this version of the code."""
    with engine.connect() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
    return current != ScriptDirectory.from_config(_config()).get_current_head()
