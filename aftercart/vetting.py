"""Who are the customers for whom the texts have to read well? Looked up where there is a database, and only looked at."""

from pathlib import Path

from aftercart.settings import Settings
from aftercart.store import open_store, records

_FILE = "sqlite:///"


def first_names(chosen: Settings) -> dict[str, int]:
    """The first names of the customers that there are, each with its number; none where no database answers."""
    url = chosen.database_url
    if url.startswith(_FILE) and not Path(url.removeprefix(_FILE)).is_file():
        return {}  # a look makes no database
    store = open_store(url)
    try:
        with store.read() as tx:
            return records.first_names(tx)
    except Exception:
        return {}
    finally:
        store.close()
