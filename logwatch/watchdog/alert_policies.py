"""Alert policies of Cloud Monitoring that watch logwatch itself: what they ask, and what to do when they fire.

They speak through Cloud Monitoring's own channels, so that they are heard when logwatch is not.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote

from logwatch.ui.templates import render

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from logwatch.judge.rules.model import RuleSet
    from logwatch.judge.rules.service import Service
    from logwatch.publish.metric_filter import Installation

Json = dict[str, Any]
Comparison = Literal["COMPARISON_GT", "COMPARISON_LT"]

ABSENT = timedelta(minutes=5)
"""Without a heartbeat for so long, logwatch is taken for dead: two or three runs in a row are missing."""
UNDELIVERED = timedelta(minutes=10)
BLIND_FOR = timedelta(minutes=15)
"""How long every rule must be unknown before it is told: a source that refuses says so itself before that."""
LAGS = timedelta(minutes=5)
"""How long runs must come late, or take long, before it is told."""
BEHIND = timedelta(seconds=90)
"""How far behind a window may be judged beyond the grace: at most a minute on time, and the run's own seconds."""
OFTEN = timedelta(hours=1)
"""A condition on log lines speaks once in so long."""
AUTO_CLOSE = timedelta(minutes=30)
LONGEST_NAME = 255
"""Characters of a policy's name; its mail's subject has at most as many."""

_PLACE = '(resource.type="cloud_run_job" OR resource.type="cloud_run_revision")'
RUN_LINE = f"{_PLACE} AND jsonPayload.run.owner:*"
"""Filter of Cloud Logging for the line that each run leaves."""
REFUSED = f"{RUN_LINE} AND jsonPayload.run.refused:*"
FAILED = f'{_PLACE} AND ((jsonPayload.run.owner:* AND severity>=ERROR) OR textPayload=~"^logwatch: ")'
"""A run that could not get as far as its line says on standard error why."""


@dataclass(frozen=True, slots=True)
class _Watch:
    """One policy, before it is written down."""

    name: str
    """Of its file and of its text in templates/policies."""
    severity: Literal["CRITICAL", "ERROR", "WARNING"]
    conditions: tuple[Json, ...]
    figures: dict[str, object]
    """What its text names."""
    targets: tuple[str, ...] = ()
    """Those that it watches, where others have one of this name with other bounds."""

    @property
    def label(self) -> str:
        """What tells it from every other one."""
        return f"{self.name}-{self.targets[0]}" if self.targets else self.name

    @property
    def logged(self) -> bool:
        """Whether it is about log lines, and not figures."""
        return any("conditionMatchedLog" in condition for condition in self.conditions)


def policies(rules: RuleSet, installation: Installation, templates: Path, *, channels: Sequence[str] = ()) -> dict[str, Json]:
    """Give each policy by the name of its file, as `gcloud alpha monitoring policies create --policy-from-file` takes it."""
    return {watch.name: _policy(watch, installation, templates, channels) for watch in _watches(rules, installation)}


def policies_of_targets(
    targets: Mapping[str, tuple[RuleSet, Installation]],
    together: Installation,
    templates: Path,
    *,
    channels: Sequence[str] = (),
) -> dict[str, Json]:
    """Give the policies of several targets, by name with its rules and figures: one for those whose bounds are the same.

    `together` says what they share. Where bounds differ, the name of the first target stands behind that of each policy.
    """
    groups: dict[str, list[tuple[_Watch, list[str]]]] = {}
    for name, (rules, one) in targets.items():
        for watch in _watches(rules, _in_place_of(together, one, "")):
            found = groups.setdefault(watch.name, [])
            members = next((members for like, members in found if like == watch), None)
            if members is None:
                found.append((watch, [name]))
            else:
                members.append(name)
    made: dict[str, Json] = {}
    for kind, found in groups.items():
        for _, members in found:
            rules, one = targets[members[0]]
            whose = _in_place_of(together, one, *(targets[name][1].environment for name in members))
            watch = next(watch for watch in _watches(rules, whose) if watch.name == kind)
            watch = replace(watch, targets=tuple(members) if len(found) > 1 else ())
            made[watch.label] = _policy(watch, whose, templates, channels)
    return made


def _in_place_of(together: Installation, one: Installation, *namespaces: str) -> Installation:
    """Give what targets share, with the bounds of one of them and the namespaces of all that have the same."""
    return replace(together, prefix=one.prefix, grace=one.grace, lease=one.lease, several=namespaces)


def _watches(rules: RuleSet, installation: Installation) -> Iterable[_Watch]:
    yield _Watch("heartbeat", "CRITICAL", (_absent("logwatch/heartbeat", installation),), {"absent": _minutes(ABSENT)})
    if rules.silence:
        bound = rules.silence.warning.bound
        # Whole minutes, and Cloud Monitoring knows no "at least".
        above = bound - 0.5 if rules.silence.warning.direction == ">=" else bound
        condition = _above("telemetry/silent_minutes", above, rules.silence.for_, installation)
        yield _Watch("telemetry-silent", "ERROR", (condition,), {"silent": f"{bound:g}", **_log(rules.service)})
    blind = _beyond("logwatch/judged", "COMPARISON_LT", 0.5, BLIND_FOR, installation)
    yield _Watch("blind", "ERROR", (blind,), {"blind": _minutes(BLIND_FOR)})
    failed = _logged("a run's log line of severity ERROR", FAILED, installation)
    yield _Watch("run-failed", "ERROR", (failed,), {"failed": FAILED})
    refused = _logged("points in 'refused' of a run's log line", REFUSED, installation)
    yield _Watch("metrics-refused", "WARNING", (refused,), {"refused": REFUSED})
    waiting = _above("logwatch/undelivered", 0, UNDELIVERED, installation)
    yield _Watch("undelivered", "ERROR", (waiting,), {"waited": _minutes(UNDELIVERED)})
    lag, long = (installation.grace + BEHIND).total_seconds(), math.floor(installation.lease.total_seconds() * 0.8)
    late = (
        _above("logwatch/lag", lag, LAGS, installation),
        _above("logwatch/run_time", long, LAGS, installation),
    )
    figures = {"lag": f"{lag:g}", "long": long, "lasted": _minutes(LAGS)}
    yield _Watch("lag", "WARNING", late, figures)


def _log(platform: Service) -> dict[str, object]:
    """Give what the text about a silence names."""
    return {
        "summary": platform.log.summary,
        "switch": platform.log.switch or "",
        "keeps_counters": platform.log.keeps_counters or "",
    }


def _policy(watch: _Watch, installation: Installation, templates: Path, channels: Sequence[str]) -> Json:
    readers = installation.readers
    common = {"service": readers.service, "region": installation.region, "lease": f"{installation.lease.total_seconds():g}"}
    figures = {**common, "run_line": RUN_LINE, **watch.figures}
    text = render(templates, f"policies/{watch.name}.{readers.lang}.md.j2", **figures)
    title, _, content = text.removeprefix("# ").partition("\n")
    whose = f" · {', '.join(watch.targets)}" if watch.targets else ""
    name = f"logwatch ({installation.environment[:60]}): {title}{whose}"[:LONGEST_NAME]
    told = f"{readers.say('policy_fired')}: `${{condition.display_name}}`"
    if installation.several:
        which = "log.extracted_label.target" if watch.logged else "resource.label.namespace"
        told += f"\n\n{readers.say('policy_target')}: `${{{which}}}`"
    return {
        "displayName": name,
        "severity": watch.severity,
        "userLabels": {
            "app": "logwatch",
            "environment": _label(installation.environment),
            "policy": _label(watch.label),
        },
        "combiner": "OR",
        "conditions": list(watch.conditions),
        "alertStrategy": _strategy(watch),
        "documentation": {
            "subject": name,
            "mimeType": "text/markdown",
            "content": f"{told}\n\n{content.strip()}\n",
            "links": _links(installation),
        },
        **({"notificationChannels": list(channels)} if channels else {}),
    }


def _strategy(watch: _Watch) -> Json:
    """Say how to notify: conditions on log lines need a limit, and never tell an end."""
    closing = {"autoClose": _seconds(AUTO_CLOSE)}
    if watch.logged:
        return {"notificationRateLimit": {"period": _seconds(OFTEN)}, **closing}
    return {"notificationPrompts": ["OPENED", "CLOSED"], **closing}


def _absent(metric: str, installation: Installation) -> Json:
    condition = {
        "filter": installation.selection(metric),
        "aggregations": [{"alignmentPeriod": "60s", "perSeriesAligner": "ALIGN_COUNT"}],
        "duration": _seconds(ABSENT),
        "trigger": {"count": 1},
    }
    return {"displayName": f"{metric}: none for {_seconds(ABSENT)}", "conditionAbsent": condition}


def _above(metric: str, bound: float, duration: timedelta, installation: Installation) -> Json:
    return _beyond(metric, "COMPARISON_GT", bound, duration, installation)


def _beyond(
    metric: str,
    comparison: Literal["COMPARISON_GT", "COMPARISON_LT"],
    bound: float,
    duration: timedelta,
    installation: Installation,
) -> Json:
    condition: Json = {
        "filter": installation.selection(metric),
        "aggregations": [{"alignmentPeriod": "60s", "perSeriesAligner": "ALIGN_MAX"}],
        "comparison": comparison,
        "thresholdValue": bound,
        "duration": _seconds(duration),
        "trigger": {"count": 1},
    }
    if duration:
        # No data is not the end of the trouble: it is the heartbeat's own to say that there is none.
        condition["evaluationMissingData"] = "EVALUATION_MISSING_DATA_NO_OP"
    sign = ">" if comparison == "COMPARISON_GT" else "<"
    return {"displayName": f"{metric} {sign} {bound:g} for {_seconds(duration)}", "conditionThreshold": condition}


def _logged(what: str, selection: str, installation: Installation) -> Json:
    labels = {"labelExtractors": {"target": "EXTRACT(jsonPayload.run.target)"}} if installation.several else {}
    return {"displayName": what, "conditionMatchedLog": {"filter": selection, **labels}}


def _links(installation: Installation) -> list[Json]:
    """Give what to open first; Cloud Monitoring puts its project into the addresses."""
    say, console = installation.readers.say, "https://console.cloud.google.com"
    links = [
        (say("link_runs"), f"{console}/logs/query;query={quote('jsonPayload.run.owner:*', safe='')}?project=${{project}}"),
        (say("link_dashboards"), f"{console}/monitoring/dashboards?project=${{project}}"),
    ]
    if installation.runbook_url:
        links.append((say("link_runbook"), installation.runbook_url))
    return [{"displayName": label, "url": url} for label, url in links]


def _label(text: str) -> str:
    """Write a name as a label may be.

    >>> _label("Beta 2")
    'beta-2'
    """
    return re.sub(r"[^a-z0-9_-]", "-", text.lower())[:63]


def _seconds(length: timedelta) -> str:
    return f"{length.total_seconds():.0f}s"


def _minutes(length: timedelta) -> str:
    return f"{length.total_seconds() / 60:g}"
