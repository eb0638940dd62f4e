"""Log entries out of BigQuery: what Log Analytics keeps of them, added up where they are."""
