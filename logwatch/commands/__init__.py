"""The commands, a file for each kind: arguments in, pipeline called, output and exit code out."""
