"""Rules held against windows: verdicts, and the alerts that persist."""
