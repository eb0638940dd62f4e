"""The order of the steps, written once: for a run, for a time range, and for its minutes on a simulated clock."""
