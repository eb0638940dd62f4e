"""Who watches the watcher."""
