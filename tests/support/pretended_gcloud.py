"""A gcloud that answers from a list and does nothing: what an installation looks like to the scripts, and what they told it to change.

The real one takes seconds for each command; `local_cloud` is for that one.
"""

from __future__ import annotations

import os
import shlex
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.conftest import ROOT
from tests.support.patience import PATIENCE_S

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

REGION = "asia-northeast3"
LOOKS = (" describe ", " list ", " get-iam-policy ", " logging read ", " versions access ")
POLICIES = sorted(file.stem for file in (ROOT / "deploy" / "policies").glob("*.json"))
ACCOUNTS = ("runner", "caller", "builder", "tester")
APIS = ("artifactregistry", "cloudbuild", "cloudscheduler", "iam", "logging", "monitoring", "run", "secretmanager", "storage")
ROLES = (
    "artifactregistry.writer",
    "iam.serviceAccountUser",
    "logging.logWriter",
    "logging.viewer",
    "monitoring.metricWriter",
    "monitoring.viewer",
    "run.developer",
    "run.invoker",
    "secretmanager.secretAccessor",
    "storage.objectUser",
    "storage.objectViewer",
)

Answers = dict[str, str]
"""What the scripts' looks print, by a pattern of the shell that the command has; the first one counts. `!` begins an error."""


def empty(service: str = "o4o-core-api") -> Answers:
    """Give what the project `p1` answers in which nothing stands but the service that is to be watched."""
    return {
        "projects describe": "123",
        "services list --enabled": "\n".join(f"{api}.googleapis.com" for api in APIS),
        "run services list": f"{service}\t{REGION}\t",
        "executions describe": "2026-02-24T06:30:00Z|1",
        " describe ": "!NOT_FOUND",
        "logging read *textPayload": "✓ settings   all well",
        "logging read": "2026-02-24T06:30:00Z",
        "jobs execute": "logwatch-x1",
        "builds submit *test.yaml": "p1-logwatch-source/source/1.tgz",
    }


def installed(
    *,
    name: str = "logwatch",
    kind: str = "job",
    region: str = REGION,
    settings: Mapping[str, str] | None = None,
    secrets: Mapping[str, str] | None = None,
    state: str = "ENABLED",
    cron: str = "* * * * *",
    timeout: str = "",
) -> Answers:
    """Give what a whole installation in the project `p1` answers, beside the service `shop` that it watches."""
    values = {
        "LOGWATCH_SOURCE": "gcp://p1/shop",
        "LOGWATCH_STATE": f"gs://p1-{name}-state/state.json",
        **(
            {
                "LOGWATCH_SERVE_AUDIENCE": "a",
                "LOGWATCH_SERVE_SIGNATURE": "removed",
                "LOGWATCH_SERVE_CALLER": "c",
                "LOGWATCH_STARTS": "9s",
            }
            if kind == "service"
            else {}
        ),
        **(settings or {}),
    }
    kept = {"slack-webhook-url": "one"} if secrets is None else secrets
    image = f"{region}-docker.pkg.dev/p1/{name}/logwatch@sha256:1"
    lines = [f"{image}||{key}||{value}" for key, value in values.items()]
    lines += [f"{image}||LOGWATCH_{key.upper().replace('-', '_')}|{name}-{key}|" for key in kept]
    uri = (
        f"https://run.googleapis.com/v2/projects/p1/locations/{region}/jobs/{name}:run"
        if kind == "job"
        else f"https://{name}-123.{region}.run.app/tick"
    )
    mine = f"{name}\t{region}\t{name}"
    return {
        "projects describe": "123",
        "services list --enabled": "\n".join(f"{api}.googleapis.com" for api in APIS),
        "run jobs list": mine if kind == "job" else f"{name}-doctor\t{region}\t{name}",
        "run services list": f"shop\t{region}\t" + (f"\n{mine}" if kind == "service" else ""),
        "artifacts repositories list": mine,
        "storage buckets describe * --format=value(location)": region.upper(),
        "storage buckets describe * --format=value(projectNumber)": "123",
        "storage buckets describe": f"123|{region.upper()}|enforced|True|Delete",
        "scheduler jobs describe": f"{state}|{cron}|{uri}",
        f"run {kind}s describe {name} *timeoutSeconds": timeout,
        f"run {kind}s describe {name} ": "\n".join(lines),
        **({f"run jobs describe {name}-doctor ": "\n".join(lines)} if kind == "service" else {}),
        "executions describe": "2026-02-24T06:30:00Z|1",
        "run * describe": "!NOT_FOUND",
        "service-accounts list": "\n".join(f"{name}-{each}@p1.iam.gserviceaccount.com" for each in ACCOUNTS),
        "get-iam-policy": "\n".join(
            f"roles/{role} serviceAccount:{name}-{each}@p1.iam.gserviceaccount.com" for role in ROLES for each in ACCOUNTS
        ),
        "artifacts repositories describe": "keep-ten,delete-old|",
        "secrets list": "\n".join(f"{name}-{key}\t" for key in kept),
        "secrets versions list": "1",
        **{f"secrets versions access latest --secret={name}-{key} ": value for key, value in kept.items()},
        "logging read *textPayload": "✓ settings   all well",
        "logging read": "2026-02-24T06:30:00Z",
        "jobs execute": f"{name}-x1",
        "builds submit *test.yaml": "p1-logwatch-source/source/1.tgz",
        "policies list": "\n".join(f"projects/p1/alertPolicies/{at}\t{each}\t" for at, each in enumerate(POLICIES)),
        "dashboards list * --format=value(name)": "projects/123/dashboards/1",
        "dashboards list": "projects/123/dashboards/2|||x=|Shop (production)\nprojects/123/dashboards/1|||logwatch=|지표 (production)",
    }


@dataclass
class PretendedGcloud:
    """The project that answers, and what it was told to change."""

    folder: Path
    answers: Answers

    def start(
        self, script: Path, *arguments: str, stdin: str = "", typed: str = "", **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a script that knows no other gcloud: with no terminal, or with one at which something is `typed`."""
        self._write()
        command = [str(script), "--project", "p1", *arguments]
        if typed:  # standard input itself may be a secret's value
            command = ["script", "--quiet", "--return", "--command", f"{shlex.join(command)} < /dev/null", "/dev/null"]
        return subprocess.run(
            command,
            env=self._environment | environment,
            input=typed or stdin,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
            start_new_session=True,
        )

    @property
    def told(self) -> list[str]:
        """Every command, without `gcloud`."""
        told = self.folder / "told"
        return told.read_text().splitlines() if told.exists() else []

    @property
    def changes(self) -> list[list[str]]:
        """Every command but those that only look, each without `gcloud` and the project."""
        return [
            [word for word in shlex.split(line) if not word.startswith("--project")]
            for line in self.told
            if not any(look in line for look in LOOKS) and " jobs execute " not in line
        ]

    @property
    def _environment(self) -> dict[str, str]:
        path = f"{self.folder}{os.pathsep}{os.environ['PATH']}"  # noqa: TID251 - the rest of the path is kept
        return {"PATH": path, "HOME": str(self.folder), "LOGWATCH_DEPLOY_WAIT": "0", "TERM": "dumb"}

    def _write(self) -> None:
        cases = []
        for pattern, answer in self.answers.items():
            glob = "*".join(shlex.quote(part) for part in pattern.split("*"))
            does = f"echo {shlex.quote(answer[1:])} >&2; exit 1" if answer.startswith("!") else f"echo {shlex.quote(answer)}"
            cases.append(f"*{glob}*) {does} ;;")
        record = (
            f"printf ' %q' \"$@\" >>{shlex.quote(str(self.folder / 'told'))}\necho >>{shlex.quote(str(self.folder / 'told'))}"
        )
        reads = "case $* in *--data-file=-*) cat >/dev/null ;; esac"
        self.folder.mkdir(exist_ok=True)
        program = self.folder / "gcloud"
        program.write_text("\n".join(["#!/bin/bash", record, reads, 'case "$* " in', *cases, "esac\n"]))
        program.chmod(0o755)
