"""What people have asked for, in their own terms, and what has to stand for it: written from the documents, not from the scripts."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.support.days.held import Lines, digest, text_of
from tests.support.local_cloud import NUMBER, PROJECT

if TYPE_CHECKING:
    from pathlib import Path

APIS = ("artifactregistry", "cloudbuild", "cloudscheduler", "iam", "logging", "monitoring", "run", "secretmanager", "storage")
POLICIES = ("blind", "heartbeat", "lag", "metrics-refused", "run-failed", "telemetry-silent", "undelivered")
ON_LOGS = ("metrics-refused", "run-failed")
"""Policies on log lines, which are taken before any figure was written."""
FIXED = {
    "job": {"args": ["run"], "maxRetries": 0, "timeoutSeconds": "75"},
    "service": {
        "args": ["serve"],
        "timeoutSeconds": 80,
        "containerConcurrency": 8,
        "autoscaling.knative.dev/maxScale": "1",
        "run.googleapis.com/cpu-throttling": "True",
        "run.googleapis.com/startup-cpu-boost": "True",
        "run.googleapis.com/ingress": "internal",
        "startupProbe": {"httpGet": {"path": "/healthz"}},
        "livenessProbe": {"failureThreshold": 2, "httpGet": {"path": "/healthz"}, "periodSeconds": 60, "timeoutSeconds": 5},
    },
}


@dataclass
class Run:
    """A job or service: its image, and what it is told."""

    image: str
    settings: dict[str, str]
    memory: str = "512Mi"
    tasks: int = 0
    """How many at once, where somebody has said so."""


@dataclass
class Installation:
    """One installation as it was asked for."""

    name: str
    region: str
    kind: str
    runs: dict[str, Run] = field(default_factory=dict)
    """By kind: one that is called, and perhaps one that was."""
    secrets: dict[str, list[str]] = field(default_factory=dict)
    """Values of each, the latest last; an old one may be disabled."""
    channel: str = ""
    """Whom policies tell."""
    policies: dict[str, str] = field(default_factory=dict)
    """What each policy says, as a digest."""
    written: dict[str, str] = field(default_factory=dict)
    """What set-up has written of each, and of the dashboard: what differs was changed by hand, and stays."""
    dashboard: str = ""
    doctor: Run | None = None
    paused: bool = False
    cron: str = "* * * * *"
    more: Lines = field(default_factory=dict)
    """What somebody has added by hand."""

    @property
    def run(self) -> Run:
        """What is called."""
        return self.runs[self.kind]

    @property
    def environment(self) -> str:
        """By what its figures go."""
        return self.run.settings.get("LOGWATCH_ENVIRONMENT", "production")

    @property
    def watched(self) -> str:
        """The service that it watches."""
        return self.run.settings["LOGWATCH_SOURCE"].rpartition("/")[2]

    @property
    def address(self) -> str:
        """Where the service is called."""
        return f"https://{self.name}-{NUMBER}.{self.region}.run.app"

    def account(self, role: str) -> str:
        """Give an account's whole name."""
        return f"{self.name}-{role}@{PROJECT}.iam.gserviceaccount.com"

    def own(self, kind: str) -> dict[str, str]:
        """Give the settings of a new one."""
        state = {"LOGWATCH_STATE": f"gs://{PROJECT}-{self.name}-state/state.json"}
        if kind == "job":
            return state
        return {
            **state,
            "LOGWATCH_SERVE_AUDIENCE": self.address,
            "LOGWATCH_SERVE_SIGNATURE": "removed",
            "LOGWATCH_SERVE_CALLER": self.account("caller"),
            "LOGWATCH_EARLY": "5s",
            "LOGWATCH_STARTS": "5s",
        }

    def lines(self) -> Lines:
        """Give what has to stand, by `thing · what of it`."""
        said: dict[str, Any] = {}
        said |= {f"account {self.name}-caller · named": f"{self.name}: calls it every minute"}
        said |= {f"account {self.name}-tester · named": f"{self.name}: runs its tests"}
        said |= {f"account {self.name}-builder · named": f"{self.name}: builds and deploys it"}
        said |= {f"account {self.name}-runner · named": f"{self.name}: reads logs, writes metrics, remembers"}
        for which, days, versions in (("state", {"daysSinceNoncurrentTime": 3}, True), ("source", {"age": 7}, False)):
            bucket = f"bucket {PROJECT}-{self.name}-{which}"
            said |= {
                f"{bucket} · location": self.region.upper(),
                f"{bucket} · projectNumber": NUMBER,
                f"{bucket} · iamConfiguration": {
                    "publicAccessPrevention": "enforced",
                    "uniformBucketLevelAccess": {"enabled": True},
                },
                f"{bucket} · versioning": {"enabled": versions},
                f"{bucket} · lifecycle": {"rule": [{"action": {"type": "Delete"}, "condition": days}]},
                f"{bucket} · softDeletePolicy": {"retentionDurationSeconds": "0"},
            }
        said |= self._registry() | self._roles() | self._secrets() | self._schedule() | self._watchdog()
        for kind, run in self.runs.items():
            said |= self._run(f"{kind} {self.name}", kind, run)
        if self.doctor:
            said |= self._doctor(self.doctor)
        written = {name: text_of(value) for name, value in said.items()}
        return {f"api {each}.googleapis.com": "on" for each in APIS} | written | self.more

    def _registry(self) -> dict[str, Any]:
        return {
            f"repository {self.name} · labels": {"made-by": self.name},
            f"repository {self.name} · in": self.region,
            f"repository {self.name} · cleanup": ["delete-old", "keep-ten"],
            f"repository {self.name} · tried": False,
        }

    def _roles(self) -> dict[str, Any]:
        runner, builder, tester, caller = (
            f"serviceAccount:{self.account(each)}" for each in ("runner", "builder", "tester", "caller")
        )
        given = [
            ("logging.viewer", "the project", runner),
            ("monitoring.metricWriter", "the project", runner),
            ("monitoring.viewer", "the project", runner),
            ("logging.logWriter", "the project", builder),
            ("logging.logWriter", "the project", tester),
            ("iam.serviceAccountUser", f"account {self.name}-runner", builder),
            ("storage.objectUser", f"bucket {PROJECT}-{self.name}-state", runner),
            ("storage.objectViewer", f"bucket {PROJECT}-{self.name}-source", tester),
            ("storage.objectViewer", f"bucket {PROJECT}-{self.name}-source", builder),
            ("artifactregistry.writer", f"repository {self.name}", builder),
            *(
                (role, f"{kind} {self.name}", who)
                for kind in self.runs
                for role, who in (("run.developer", builder), ("run.invoker", caller))
            ),
            *(("secretmanager.secretAccessor", f"secret {self.name}-{each}", runner) for each in self.secrets),
        ]
        return {f"role roles/{role} on {where} for {who}": "given" for role, where, who in given}

    def _secrets(self) -> dict[str, Any]:
        said: dict[str, Any] = {}
        for each, values in self.secrets.items():
            secret = f"secret {self.name}-{each}"
            said |= {f"{secret} · labels": {"made-by": self.name}, f"{secret} · replication": {"automatic": {}}}
            said |= {f"{secret} · value {at}": value for at, value in enumerate(values, 1)}
        return said

    def _schedule(self) -> dict[str, Any]:
        caller = {"serviceAccountEmail": self.account("caller")}
        if self.kind == "job":
            uri = f"https://run.googleapis.com/v2/projects/{PROJECT}/locations/{self.region}/jobs/{self.name}:run"
            target: dict[str, Any] = {"httpMethod": "POST", "oauthToken": caller, "uri": uri}
        else:
            target = {"httpMethod": "POST", "oidcToken": caller | {"audience": self.address}, "uri": f"{self.address}/tick"}
        schedule = f"schedule {self.name}"
        return {
            f"{schedule} · in": self.region,
            f"{schedule} · schedule": self.cron,
            f"{schedule} · timeZone": "Etc/UTC",
            f"{schedule} · state": "PAUSED" if self.paused else "ENABLED",
            f"{schedule} · retries": 0,
            f"{schedule} · attemptDeadline": "30s" if self.kind == "job" else "60s",
            f"{schedule} · httpTarget": target,
        }

    def _watchdog(self) -> dict[str, Any]:
        labels = {"app": "logwatch", "environment": self.environment}
        said: dict[str, Any] = {}
        for policy, text in self.policies.items():
            what = f"policy {policy} of {self.name}"
            said |= {f"{what} · labels": labels, f"{what} · tells": self.channel, f"{what} · text": text}
        if self.dashboard:
            what = f"dashboard of {self.name}"
            said |= {f"{what} · labels": {"logwatch": ""}, f"{what} · tells": "", f"{what} · text": self.dashboard}
        return said

    def _run(self, what: str, kind: str, run: Run) -> dict[str, Any]:
        fixed: dict[str, Any] = FIXED[kind]
        if kind == "service":
            fixed = fixed | {"run.googleapis.com/custom-audiences": f'["{self.address}"]'}
        said = {
            "in": self.region,
            "made by": self.name,
            "serviceAccountName": self.account("runner"),
            "image": run.image,
            "cpu": "1",
            "memory": run.memory,
            **fixed,
            **({"taskCount": run.tasks} if run.tasks else {}),
            **{f"setting {name}": value for name, value in run.settings.items()},
        }
        return {f"{what} · {each}": value for each, value in said.items()}

    def _doctor(self, run: Run) -> dict[str, Any]:
        fixed = {"args": ["doctor"], "maxRetries": 0, "timeoutSeconds": "75", "serviceAccountName": self.account("runner")}
        said = {"in": self.region, "made by": self.name, "image": run.image, **fixed}
        said |= {f"setting {name}": value for name, value in run.settings.items()}
        return {f"job {self.name}-doctor · {each}": value for each, value in said.items()}


def watchdog_texts(tree: Path, installation: Installation) -> tuple[dict[str, str], str]:
    """Give what the policies and the dashboard of a version say for an installation."""
    swaps = {
        "(production)": f"({installation.environment})",
        'namespace="production"': f'namespace="{installation.environment}"',
    }
    swaps |= {"o4o-core-api": installation.watched, "asia-northeast3": installation.region}

    def ours(value: Any) -> Any:
        if isinstance(value, str):
            for old, new in swaps.items():
                value = value.replace(old, new)
            return value
        if isinstance(value, dict):
            return {name: ours(each) for name, each in value.items()}
        return [ours(each) for each in value] if isinstance(value, list) else value

    def text(file: Path) -> str:
        found = json.loads(file.read_text(encoding="utf-8"))
        return digest(ours({name: each for name, each in found.items() if name not in {"userLabels", "labels"}}))

    policies = {each: text(tree / "deploy" / "policies" / f"{each}.json") for each in POLICIES}
    return policies, text(tree / "deploy" / "dashboard.json")
