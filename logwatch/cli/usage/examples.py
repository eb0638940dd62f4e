"""What stands at the end of each `--help`: lines to type, which run as they are printed."""

from __future__ import annotations

EXAMPLES: dict[str, tuple[str, ...]] = {
    "": ("logwatch evaluate monday.ndjson.gz", "logwatch alerts"),
    "evaluate": (
        "logwatch evaluate gcp://my-project/my-service --since 1h",
        "logwatch evaluate monday.ndjson.gz --since 15:10 --until '02-24 15:40'",
    ),
    "report": ("logwatch report gcp://my-project --since yesterday --output report.html",),
    "windows": (
        "logwatch windows monday.ndjson.gz > counters.csv",
        "logwatch windows monday.ndjson.gz --table slow --format json",
    ),
    "run": ("logwatch run", "logwatch run gcp://my-project/my-service"),
    "serve": ("logwatch serve --no-auth --port 8081",),
    "settings": ("logwatch settings", "logwatch settings --schema --output logwatch.schema.json"),
    "doctor": ("logwatch doctor", "logwatch doctor gcp://my-project/my-service --format json"),
    "backtest": (
        "logwatch backtest monday.ndjson.gz --rules proposed --against rules",
        "logwatch backtest monday.ndjson.gz --state monday.json",
    ),
    "tune": ("logwatch tune slow-api monday.ndjson.gz --vary for=0,1m,3m",),
    "beta-exit": ("logwatch beta-exit", "logwatch beta-exit monday.ndjson.gz --days 1"),
    "alerts": ("logwatch alerts", "logwatch alerts --format json"),
    "explain": (
        "logwatch explain slow-api",
        "logwatch explain slow-api monday.ndjson.gz --at 15:31",
    ),
    "digest": ("logwatch digest --since 7d",),
    "schema": ("logwatch schema evaluate",),
    "silence": ("logwatch silence list",),
    "silence add": (
        "logwatch silence add --rule slow-api --for 2h --reason 'PG maintenance'",
        "logwatch silence add --all --every 'sun 03:00' --for 1h --reason batch",
    ),
    "silence list": ("logwatch silence list", "logwatch silence list --format json"),
    "silence expire": ("logwatch silence expire 3f9a1c",),
    "state": ("logwatch state show",),
    "state show": ("logwatch state show",),
    "state mend": ("logwatch state mend",),
    "state roll-back": ("logwatch state roll-back",),
    "rules": ("logwatch rules check",),
    "rules new": ("logwatch rules new coupon-error --kind count --procedure 4.1 --rules proposed",),
    "rules check": ("logwatch rules check", "logwatch rules check monday.ndjson.gz --rules proposed"),
    "rules list": ("logwatch rules list", "logwatch rules list --format json"),
    "rules test": ("logwatch rules test --rules proposed",),
    "rules schema": ("logwatch rules schema --output schema.json",),
    "cloud": ("logwatch cloud dashboard --output dashboard.json",),
    "cloud policies": ("logwatch cloud policies --output policies",),
    "cloud dashboard": ("logwatch cloud dashboard --output dashboard.json",),
    "cloud rights": ("logwatch cloud rights",),
    "cloud ship": ("logwatch cloud ship --output rules/targets",),
}
"""Command, by the words that call it, to its examples."""
