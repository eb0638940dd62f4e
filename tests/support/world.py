"""Everything around a run, on this machine: Google's services, the state's bucket, Slack, mail, a webhook, a clock."""

from __future__ import annotations

import subprocess
import sys
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any, Self

from logwatch.judge.rules.load import load_rules
from logwatch.pipeline.run import run
from logwatch.pipeline.tick import Ticker
from logwatch.settings import Settings, bundled
from logwatch.state.lease import load
from logwatch.wiring import build_parts, build_policy, metrics_project
from tests.conftest import ROOT, clean_environment
from tests.support.local_gcs import LocalGcs
from tests.support.local_google.server import GoogleServer
from tests.support.local_slack import BOT_TOKEN, CHANNEL, LocalSlack
from tests.support.local_smtp import LocalSmtp
from tests.support.patience import PATIENCE_S

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from logwatch.collect.interface import Life
    from logwatch.judge.rules.model import RuleSet
    from logwatch.pipeline.run import Parts
    from logwatch.pipeline.run_summary import RunSummary
    from logwatch.seams import Seams
    from logwatch.state.document import State

PROJECT = "o4o-demo"
BUCKET = "logwatch-state"
EPOCH = datetime(2026, 2, 24, tzinfo=UTC)


@cache
def bundled_rules() -> RuleSet:
    """Read the bundled rules, once for all runs of a process."""
    return load_rules(bundled("rules"))


def patient_parts(settings: Settings, owner: str) -> Parts:
    """Give what a run is made of, with channels that wait for an answer as long as a busy machine needs."""
    made = build_parts(settings, owner)

    def channels(seams: Seams) -> Any:
        found: dict[str, Any] = dict(made.channels(seams))
        return {name: replace(channel, timeout_s=PATIENCE_S) for name, channel in found.items()}

    def ticker(life: Life) -> Ticker:
        policy = build_policy(settings, publishes=metrics_project(settings) is not None)
        return Ticker(bundled_rules(), policy, life)

    return replace(made, channels=channels, ticker=made.ticker if settings.rules else ticker)


@dataclass
class World:
    """The servers, from `with` to its end, and the time that all of them agree on."""

    folder: Path
    entries: list[Any]
    """Raw LogEntry messages, seen by a read as soon as they have arrived."""
    in_bucket: bool = False
    """Whether the state lives in Cloud Storage, or in a file."""
    bot: bool = False
    """Whether Slack is spoken to by bot token, or by webhook."""
    more: dict[str, str] = field(default_factory=dict)
    """Further environment variables of each run."""
    parts: Callable[[Settings, str], Parts] = patient_parts
    """What a run in this process is made of."""
    now: datetime = EPOCH
    login: tuple[str, str] | None = None
    """User and password of the mail server; None for one that wants none."""
    watch: Callable[[str], AbstractContextManager[object]] = nullcontext
    """Around every effect at every server: entered before it, left before its answer."""

    def __enter__(self) -> Self:
        self._stack = ExitStack()
        visible = lambda: self.now  # noqa: E731
        self.google = GoogleServer(self.entries, quota=None, visible=visible, now=visible)
        self._stack.callback(self.google.stop)
        self.slack = self._stack.enter_context(LocalSlack())
        self.slack.clock = visible
        self.smtp = self._stack.enter_context(LocalSmtp(self.folder, security="none", login=self.login))
        self.gcs = self._stack.enter_context(LocalGcs()) if self.in_bucket else None
        if self.gcs:
            self.gcs.create_bucket(BUCKET)
        for server in (self.google.logging.calls, self.google.monitoring.calls, self.slack, self.smtp, self.gcs):
            if server:
                server.watch = self.watch
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def environment(self) -> dict[str, str]:
        """What a run is told."""
        slack = (
            {"SLACK_BOT_TOKEN": BOT_TOKEN, "SLACK_CHANNEL": CHANNEL, "SLACK_API_URL": self.slack.api_url}
            if self.bot
            else {"SLACK_WEBHOOK_URL": self.slack.webhook_url}
        )
        values = {
            "SOURCE": f"gcp://{PROJECT}/o4o-core-api",
            "LOGGING_ENDPOINT": self.google.address,
            "MONITORING_ENDPOINT": self.google.address,
            "STATE": f"gs://{BUCKET}/state.json" if self.in_bucket else str(self.folder / "state.json"),
            "NOW": self.now.isoformat(),
            "SMTP_HOST": "127.0.0.1",
            "SMTP_PORT": str(self.smtp.port),
            "SMTP_SECURITY": "none",
            "MAIL_FROM": "logwatch@example.com",
            "MAIL_TO": "oncall@example.com",
            **slack,
            **self.more,
        }
        named = {f"LOGWATCH_{name}": value for name, value in values.items()}
        return {**named, **({"STORAGE_EMULATOR_HOST": self.gcs.url} if self.gcs else {})}

    @property
    def settings(self) -> Settings:
        """The same, read."""
        return Settings.load(self.environment)

    def tick(self, owner: str = "test") -> RunSummary:
        """Run once in this process, with the real adapters."""
        return run(self.parts(self.settings, owner), lambda: self.now)

    def start(self) -> subprocess.Popen[bytes]:
        """Start a run in a process of its own."""
        return subprocess.Popen(
            [sys.executable, "-m", "logwatch", "run"],
            env=clean_environment(**self.environment),
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def state(self) -> State:
        """Give the state as it is saved, or was noted by a run that has not ended."""
        from logwatch.wiring import build_store

        return load(build_store(self.settings))
