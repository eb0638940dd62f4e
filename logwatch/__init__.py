"""The beta runbook, executed, in the order of its steps.

collect → count → judge → notify → publish → report

`collect` reads log entries, `count` adds them up in windows of sixty seconds, `judge` holds the rules against the windows and
keeps the alerts, `notify` makes incidents and messages of them and sends those, `publish` writes the figures to Cloud
Monitoring, and `report` shows it all to people. `pipeline` has the order of the steps, `wiring` says what stands behind each.
"""

__version__ = "0.2.0"
