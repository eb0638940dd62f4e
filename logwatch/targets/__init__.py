"""Several services in one process: which of them, in which order, and none in another's way."""
