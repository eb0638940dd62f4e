"""Alerts to incidents, incidents to messages, messages to channels."""
