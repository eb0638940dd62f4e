"""Cloud Build on this machine: it takes a build strictly, with every substitution, and runs its last step for real."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from google.cloud.devtools.cloudbuild_v1.types import Build
from google.protobuf.json_format import ParseDict

from tests.conftest import ROOT
from tests.support.local_cloud import NUMBER, PROJECT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.local_cloud import LocalCloud


def substituted(text: str, values: dict[str, str]) -> str:
    """Give a text of a build with what its substitutions stand for."""
    return re.sub(r"\$(?:(\w+)|\{(\w+)\})", lambda found: values[found[1] or found[2]], text)


def builder(cloud: LocalCloud, root: Path = ROOT) -> Callable[[dict[str, Any]], None]:
    """Give what does a build's work; raises where it fails."""

    def build(given: dict[str, Any]) -> None:
        known = {"steps", "options", "substitutions", "serviceAccount", "timeout", "source"}
        ParseDict({key: value for key, value in given.items() if key in known}, Build.pb(Build()))
        values = {**given["substitutions"], "PROJECT_ID": PROJECT, "PROJECT_NUMBER": NUMBER, "BUILD_ID": given["id"]}
        account = substituted(given["serviceAccount"], values)
        step = given["steps"][-1]
        if step["id"] != "deploy":
            return
        environment = dict(substituted(each, values).split("=", 1) for each in step["env"])
        environment["CLOUDSDK_AUTH_ACCESS_TOKEN_FILE"] = cloud.login(account.rpartition("/")[2].partition("@")[0])
        ran = cloud.start(step["entrypoint"], *(root / each for each in step["args"]), **environment)
        if ran.returncode:
            raise RuntimeError(ran.stderr)

    return build
