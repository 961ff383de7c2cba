"""The SQL that checks order lines and gathers them into orders, for `order_lines`. Everything comes in as text."""

#: What is read of a row, where the file has it.
COLUMNS = (
    "order_id",
    "customer_id",
    "placed_at",
    "product_id",
    "product",
    "category",
    "quantity",
    "line_total",
    "price",
    "promised_at",
    "delivered_at",
    "currency",
)

#: A text as a time, or NULL where it is none or has no zone.
MOMENT = r"""
CREATE MACRO moment(said) AS CASE
  WHEN regexp_full_match(said, '\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?\s?(Z|[+-]\d\d(:?\d\d)?)')
  THEN TRY_CAST(said AS TIMESTAMPTZ) END
"""

#: (condition, column, code): what makes a row bad. `said` values are trimmed texts, NULL where empty.
CHECKS = (
    ("order_id IS NULL", "'order_id'", "empty"),
    ("length(order_id) > 200", "'order_id'", "long"),
    ("customer_id IS NULL", "'customer_id'", "empty"),
    ("length(customer_id) > 200", "'customer_id'", "long"),
    ("product_id IS NULL AND product IS NULL", "'product_id'", "empty"),
    ("placed_at IS NULL", "'placed_at'", "empty"),
    ("placed_at IS NOT NULL AND placed IS NULL", "'placed_at'", "time"),
    ("promised_at IS NOT NULL AND promised IS NULL", "'promised_at'", "time"),
    ("delivered_at IS NOT NULL AND delivered IS NULL", "'delivered_at'", "time"),
    ("quantity IS NOT NULL AND units IS NULL", "'quantity'", "number"),
    ("units <= 0", "'quantity'", "positive"),
    ("line_total IS NOT NULL AND paid IS NULL", "'line_total'", "number"),
    ("paid < 0", "'line_total'", "negative"),
    ("price IS NOT NULL AND each IS NULL", "'price'", "number"),
    ("each < 0", "'price'", "negative"),
    ("line_total IS NULL AND price IS NULL", "'line_total'", "unpriced"),
    ("NOT regexp_full_match(currency, '[A-Za-z]{3}')", "'currency'", "currency"),
    ("contains(concat(order_id, customer_id, product_id, product, category), chr(0))", "'product'", "nul"),
)  # fmt: skip

_FAULT_LIST = ", ".join(
    f"CASE WHEN {condition} THEN {{'col': {column}, 'code': '{code}'}} END"
    for condition, column, code in CHECKS
)

_TRIMMED = ", ".join(f"nullif(trim({name}), '') AS {name}" for name in COLUMNS)

#: Every row with its types, its place in its order, and its faults. The first row of an order says whose it is.
CHECKED = f"""
CREATE TABLE checked AS
WITH said AS (SELECT row, line, fault, {_TRIMMED} FROM raw),
typed AS (
  SELECT *, moment(placed_at) AS placed, moment(promised_at) AS promised, moment(delivered_at) AS delivered,
    TRY_CAST(quantity AS DECIMAL(12, 3)) AS units,
    TRY_CAST(line_total AS DECIMAL(12, 2)) AS paid,
    TRY_CAST(price AS DECIMAL(12, 2)) AS each
  FROM said),
judged AS (
  SELECT *, CASE WHEN fault <> '' THEN [{{'col': '', 'code': 'fault'}}]
    ELSE list_filter([{_FAULT_LIST}], lambda one: one IS NOT NULL) END AS own
  FROM typed),
placed_in_order AS (
  SELECT *, row_number() OVER its_order AS place,
    first_value(CASE WHEN len(own) = 0 THEN customer_id END IGNORE NULLS) OVER whole_order AS owner
  FROM judged
  WINDOW its_order AS (PARTITION BY order_id ORDER BY row),
    whole_order AS (PARTITION BY order_id ORDER BY row ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING))
SELECT row, line, order_id, customer_id, place, placed, promised, delivered, upper(currency) AS currency,
  coalesce(product_id, product) AS product, coalesce(product, product_id) AS name, coalesce(category, '') AS shop_category,
  coalesce(units, 1) AS units, paid, each,
  CASE WHEN len(own) > 0 THEN list_transform(own, lambda one: {{'col': one.col, 'code': one.code, 'value': CASE one.col
      {" ".join(f"WHEN '{c}' THEN {c}" for c in COLUMNS)} ELSE fault END}})
    WHEN owner <> customer_id THEN [{{'col': 'customer_id', 'code': 'owner', 'value': owner}}]
    ELSE [] END AS faults
FROM placed_in_order
"""  # noqa: S608

FAULTS = """
SELECT row, line, one.col, one.code, coalesce(one.value, '')
FROM (SELECT row, line, unnest(faults) AS one FROM checked WHERE len(faults) > 0)
ORDER BY row, one.col LIMIT ?
"""

GOOD_LINES = """
CREATE TABLE lines AS
SELECT order_id, place, customer_id, placed, promised, delivered, currency, product, name, shop_category, units,
  coalesce(paid, round(each * units, 2)) AS paid,
  coalesce(each, round(paid / units, 2)) AS each
FROM checked WHERE len(faults) = 0
"""


def _iso(moment: str) -> str:
    return f"strftime({moment} AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S.%f+00:00')"


#: One row per order, by id. The first row says when it was placed, the last delivery when it was there.
HEADS = f"""
SELECT order_id, arg_min(customer_id, place), {_iso("arg_min(placed, place)")},
  {_iso("min(promised)")}, {_iso("max(delivered)")},
  CAST(CAST(sum(paid) AS DECIMAL(14, 2)) AS VARCHAR), coalesce(arg_min(currency, place), ?), count(*)
FROM lines GROUP BY order_id ORDER BY arg_min(customer_id, place), order_id
"""  # noqa: S608

LINES = f"""
SELECT order_id, place, customer_id,
  {_iso("first_value(placed) OVER (PARTITION BY order_id ORDER BY place)")},
  product, name, shelf.category, shop_category,
  CAST(units AS VARCHAR), CAST(CAST(each AS DECIMAL(12, 2)) AS VARCHAR)
FROM lines JOIN shelf USING (name, shop_category) ORDER BY customer_id, order_id, place
"""  # noqa: S608
