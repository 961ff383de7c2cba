"""Files of facts, opened: what stands in which row? CSV, NDJSON and Parquet look the same from here on.

`rows` streams any of them; `order_lines` prepares a file of purchases that may be larger than memory.
"""
