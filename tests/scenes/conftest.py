"""What the scenes share: a house, and the end of everything that was started in it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis

from tests.scenes import history
from tests.scenes.house import House, build
from tests.servers import Postgres, Redis

#: Builds a house in a folder of this name; its processes end with the scene.
Build = Callable[..., House]


@pytest.fixture
def houses(tmp_path: Path) -> Iterator[Build]:
    built: list[House] = []

    def make(name: str = "shop", **settings: str) -> House:
        built.append(build(tmp_path / name, **settings))
        return built[-1]

    yield make
    for house in built:
        house.stop()


@pytest.fixture
def house(houses: Build) -> House:
    """One deployment on SQLite."""
    return houses()


@pytest.fixture
def cluster(
    houses: Build, postgres: Postgres, postgres_template: str, redis_server: Redis
) -> House:
    """One deployment on PostgreSQL and Redis."""
    database = postgres.database(template=postgres_template)
    redis.Redis(port=redis_server.port).flushall()
    return houses(database_url=postgres.url(database), broker_url=redis_server.url)


@pytest.fixture(scope="session")
def stocked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with the history, imported once as a user does, to be copied for each scene."""
    house = build(tmp_path_factory.mktemp("stocked") / "shop")
    customers, orders = house.folder / "customers.csv", house.folder / "orders.csv"
    history.write_customers(customers)
    history.write_orders(orders)
    house.command("import", "customers", customers)
    house.command("import", "orders", orders)
    return house.folder / "shop.db"
