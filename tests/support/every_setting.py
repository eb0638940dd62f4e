"""A right value for everything that can be set, none of it the default, and the file that says so."""

import json

from logwatch.settings import tables

SECRET = "s3cret"  # noqa: S105 - made up
EVERY_SETTING: dict[str, str | int | list[str]] = {
    "target": "cart",
    "source": ["gcp://my-own-production-project/o4o-core-api"],
    "service": "o4o-core-api-asia-northeast3-production",
    "location": "northamerica-northeast1",
    "lang": "en",
    "timezone": "America/Argentina/ComodRivadavia",
    "rules": "rules/of/another/service",
    "grace": "2m",
    "early": "5s",
    "starts": "5s",
    "read_budget": "1m",
    "read_requests_per_minute": 30,
    "cache": "/var/cache/logwatch-of-my-own",
    "logging_endpoint": "127.0.0.1:8085",
    "bigquery_endpoint": "127.0.0.1:8090",
    "max_bytes": "20GB",
    "state": "gs://my-own-production-project-logwatch-state/logwatch/production/state.json",
    "lease": "50s",
    "overlap": "10m",
    "late_limit": "30m",
    "catch_up": "1d",
    "remind_every": "2h",
    "digest": "mon 09:00",
    "evidence_budget": "5s",
    "now": "2026-02-24T03:00:00Z",
    "endpoints": "https://o4o-core-api-000000000000.asia-northeast3.run.app",
    "ops_token": SECRET,
    "metrics_project": "none",
    "environment": "production-of-the-beta",
    "monitoring_endpoint": "127.0.0.1:8086",
    "expected_distribution": "<= 9",
    "slow_budget": "<= 2 %",
    "notify": ["slack", "email", "webhook", "google_chat", "pagerduty"],
    "runbook_url": "https://wiki.example.com/operations/runbook?page=beta#section-4",
    "serve_audience": "https://logwatch-000000000000.asia-northeast3.run.app",
    "serve_caller": "logwatch-caller@my-own-production-project.iam.gserviceaccount.com",
    "serve_signature": "removed",
    "serve_certs_url": "http://127.0.0.1:8087/certs",
    "ping_url": f"https://ping.example.com/{SECRET}",
    "log": "debug",
    "slack_webhook_url": f"https://hooks.slack.com/services/{SECRET}",
    "slack_bot_token": f"xoxb-{SECRET}",
    "slack_channel": "#운영-알림-베타",
    "slack_api_url": "http://127.0.0.1:8088/api/",
    "smtp_host": "smtp.example.com",
    "smtp_port": 465,
    "smtp_security": "tls",
    "smtp_user": "operations@example.com",
    "smtp_password": SECRET,
    "mail_from": "운영팀 <operations@example.com>",
    "mail_to": ["first.somebody@example.com", "second.somebody@example.com"],
    "webhook_url": f"https://example.com/{SECRET}",
    "webhook_token": SECRET,
    "google_chat_url": f"https://chat.googleapis.com/v1/spaces/x/messages?key={SECRET}&token={SECRET}",
    "pagerduty_routing_key": "0123456789abcdef0123456789s3cret",
    "pagerduty_url": "http://127.0.0.1:8089/v2/enqueue",
}


def as_toml() -> str:
    """Write them all down, those of the channels in their tables, and the target that is chosen."""
    inside = {name: (table, key) for table, keys in tables().items() for key, name in reversed(keys.items())}
    lines = [_line(name, value) for name, value in EVERY_SETTING.items() if name not in inside]
    for table in tables():
        lines += [f"[{table}]", *(_line(inside[name][1], EVERY_SETTING[name]) for name in inside if inside[name][0] == table)]
    return "\n".join([*lines, "[[targets]]", 'name = "cart"']) + "\n"


def as_environment() -> dict[str, str]:
    """Say them all in variables, but for the target, which only a file has."""
    return {
        f"LOGWATCH_{name.upper()}": ",".join(value) if isinstance(value, list) else str(value)
        for name, value in EVERY_SETTING.items()
        if name != "target"
    }


def _line(key: str, value: object) -> str:
    return f"{key} = {json.dumps(value, ensure_ascii=False)}"
