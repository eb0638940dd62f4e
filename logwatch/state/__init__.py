"""What is remembered between runs, and where it lives."""
