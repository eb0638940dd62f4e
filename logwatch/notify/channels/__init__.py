"""Where messages go, one folder a channel."""
