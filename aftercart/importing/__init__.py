"""How do files become facts? Customers, orders and events from CSV, NDJSON or Parquet; good rows are kept, bad ones listed.

Running an import twice changes nothing, and one that was interrupted is completed by running it again.
"""

from aftercart.importing.customers import import_customers
from aftercart.importing.events import import_events
from aftercart.importing.orders import import_orders
from aftercart.importing.report import BadRow, Report

__all__ = ["BadRow", "Report", "import_customers", "import_events", "import_orders"]
