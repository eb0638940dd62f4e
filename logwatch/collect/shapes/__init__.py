"""What people have instead of the usual shape: payloads spelled otherwise, entries in envelopes, files of other kinds."""
