"""What all tables share: their metadata, and the column types that need a word."""

from sqlalchemy import JSON, BigInteger, Integer, MetaData

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

#: SQLite counts rows only in an INTEGER key; PostgreSQL needs more than 31 bits for a log.
Serial = BigInteger().with_variant(Integer, "sqlite")

#: None is NULL, not the JSON word null: `IS NULL` has to mean it.
Json = JSON(none_as_null=True)
