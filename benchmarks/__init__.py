"""How long logwatch takes, against DuckDB and plain Python on the same work."""
