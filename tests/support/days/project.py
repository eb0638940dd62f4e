"""A project of Google Cloud that holds what was made, and refuses what the real one would refuse."""

from __future__ import annotations

import pickle
import subprocess
from typing import TYPE_CHECKING, Any

from tests.support.local_build import builder
from tests.support.local_cloud import PROJECT, LocalCloud, Refused, is_look

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from tests.support.local_cloud import Json

HELD = ("made", "policies", "objects", "changes", "built", "_enabled", "images", "count", "refuse_in", "refused")
SAMPLES = "us-docker.pkg.dev/cloudrun/container/"


class Project(LocalCloud):
    """What stands in the project beside what is made, what is refused, and how all of it is put back."""

    def __init__(self, folder: Path, tree: Path) -> None:
        super().__init__(folder)
        self.tree = tree
        """The clone that people deploy from."""
        self.watch: Callable[[str, str, str, bytes, int, Any], None] = lambda *_: None
        """Told of each request and its answer."""
        self.refuse_in: int | None = None
        """How many changes are taken before one is refused, and the same again for as long as it is tried."""
        self.refused = ""
        self.figures: set[str] = set()
        """Environments whose figures were written: a policy is taken on nothing else."""
        self.scripts: Callable[..., dict[str, str]] = lambda **more: {**self.environment, **more}
        """The environment of scripts."""
        self.images: list[str] = []
        self.failing_tests = False
        self.on_build = self._built

    def snapshot(self) -> bytes:
        """Give all that the project holds."""
        return pickle.dumps({name: self.__dict__[name] for name in HELD})

    def restore(self, held: bytes) -> None:
        """Put back what the project held."""
        self.__dict__ |= pickle.loads(held)  # noqa: S301 - its own

    def reply(self, account: str, method: str, url: str, raw: bytes) -> tuple[int, Any]:
        status, document = super().reply(account, method, url, raw)
        self.watch(account, method, url, raw, status, document)
        return status, document

    def start(self, *command: str | Path, stdin: str = "", **more: str) -> subprocess.CompletedProcess[str]:
        """Run a build's step, in the folder into which the step before has written what it pushed."""
        image = more["IMAGE"]
        (self.folder / "pushed.txt").write_text(f"{image.rpartition(':')[0]}@sha256:{image.rpartition(':')[2]}\n")
        return subprocess.run(
            [str(each) for each in command],
            env=self.scripts(**more),
            cwd=self.folder,
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
        )

    def answer(self, account: str, method: str, host: str, path: str, query: Mapping[str, str], body: Any) -> Any:
        if not is_look(method, path) and self.refuse_in is not None:
            self.refuse_in -= 1
            request = f"{method} {host} {path}"
            if self.refuse_in < 0 and self.refused in {"", request}:
                self.refused = request
                raise Refused(429, "RESOURCE_EXHAUSTED", "Quota exceeded for quota metric 'Write requests'.")
        if not is_look(method, path) and isinstance(body, dict):
            if "run" in host and method in {"POST", "PUT"} and "metadata" in body:
                self._check_run(body)
            if path.endswith((":setIamPolicy", "/iam")):
                self._check_members(body.get("policy", body))
            if "monitoring" in host and "alertPolicies" in path:
                self._check_figures(body)
        return super().answer(account, method, host, path, query, body)

    def wait(self) -> None:
        """Let every build come to its end."""
        for build in list(self._builds.values()):
            build.join()

    @property
    def enabled(self) -> set[str]:
        """APIs that are switched on."""
        return self._enabled

    def _built(self, build: dict[str, Any]) -> None:
        """Test, or build and push and deploy."""
        if build["steps"][-1]["id"] != "deploy":
            if self.failing_tests:
                raise RuntimeError("a test failed")
            return
        given = build["substitutions"]
        pushed = f"{given['_REGION']}-docker.pkg.dev/{PROJECT}/{given['_NAME']}/logwatch"
        self.images += [f"{pushed}:{build['id']}", f"{pushed}@sha256:{build['id']}"]
        builder(self, self.tree)(build)

    def _account_stands(self, email: str) -> bool:
        return f"iam/projects/{PROJECT}/serviceAccounts/{email}" in self.made

    def _check_members(self, policy: Json) -> None:
        for binding in policy.get("bindings", []):
            for member in binding["members"]:
                email = member.removeprefix("serviceAccount:")
                if email.endswith(f"@{PROJECT}.iam.gserviceaccount.com") and not self._account_stands(email):
                    raise Refused(400, "INVALID_ARGUMENT", f"Service account {email} does not exist.")

    def _check_run(self, body: Json) -> None:
        spec = body["spec"]["template"]["spec"]
        spec = spec.get("template", {}).get("spec", spec)
        runner = spec["serviceAccountName"]
        if not self._account_stands(runner):
            raise Refused(400, "INVALID_ARGUMENT", f"Service account {runner} does not exist.")
        [container] = spec["containers"]
        if not container["image"].startswith(SAMPLES) and container["image"] not in self.images:
            raise Refused(400, "INVALID_ARGUMENT", f"Image '{container['image']}' not found.")
        for each in container.get("env", []):
            if "valueFrom" in each:
                self._check_secret(each["valueFrom"]["secretKeyRef"]["name"], runner)

    def _check_secret(self, name: str, runner: str) -> None:
        secret = f"secretmanager/projects/{PROJECT}/secrets/{name}"
        versions = [value for key, value in self.made.items() if key.startswith(f"{secret}/versions/")]
        if not versions or versions[-1]["state"] != "ENABLED":
            raise Refused(400, "FAILED_PRECONDITION", f"Secret {name}/versions/latest was not found.")
        roles = self.policies.get(secret, {}).get("bindings", [])
        if not any("secretAccessor" in each["role"] and f"serviceAccount:{runner}" in each["members"] for each in roles):
            raise Refused(
                400, "FAILED_PRECONDITION", f"Permission denied on secret: {name} for Revision service account {runner}."
            )

    def _check_figures(self, policy: Json) -> None:
        for condition in policy.get("conditions", []):
            filtered = next((value.get("filter", "") for value in condition.values() if isinstance(value, dict)), "")
            if "custom.googleapis.com" in filtered and not any(f'namespace="{each}"' in filtered for each in self.figures):
                raise Refused(404, "NOT_FOUND", "Cannot find metric that matches type.")
