"""A hundred ids as one parameter: the right rows, by the index, on both databases."""

from sqlalchemy import column, select, table, text

from aftercart.store import Store
from aftercart.store.among import among
from aftercart.store.tables import order_lines

ANY = select(table("t", column("id")).c.id).where(among(column("id")))


def test_exactly_the_asked_for_are_found(store: Store) -> None:
    odd = [
        "plain",
        "it's",
        'quoted "so"',
        "with,comma",
        "ünï",
        "{brace}",
        "back\\slash",
    ]
    with store.write() as tx:
        tx.execute(text("CREATE TABLE t (id TEXT)"))
        tx.execute(text("INSERT INTO t VALUES (:id)"), [{"id": i} for i in odd])

        found = tx.scalars(ANY, {"ids": [*odd[1:], "missing"]}).all()
        none = tx.scalars(ANY, {"ids": []}).all()

    assert sorted(found) == sorted(odd[1:])
    assert none == []


def test_the_rows_are_found_by_their_index(store: Store) -> None:
    query = select(order_lines.c.line).where(among(order_lines.c.order_id))
    with store.read() as tx:
        words = str(query.compile(dialect=tx.dialect))

    # as a truth value, `(... IN ...) = 1`, it would be asked of every row
    assert not words.rstrip().endswith("1")
    if store.dialect == "sqlite":
        with store.read() as tx:
            plan = tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {words}", ("[]",)).all()
        assert any("SEARCH order_lines" in row[3] for row in plan), plan
