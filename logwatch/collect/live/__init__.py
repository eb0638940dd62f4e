"""Sources that go on: what is asked for comes over the network, by spans, within a quota."""
