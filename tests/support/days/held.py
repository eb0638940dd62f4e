"""What stands in a project, as people would say it: one line for each thing that can differ, and nothing left out."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.days.project import Project
    from tests.support.local_cloud import Json

Lines = dict[str, str]
PASSING = ("run.googleapis.com/client", "client.knative.dev/nonce", "cloud.googleapis.com/location")
"""Who asked, and with what: not what was asked for."""


def held(project: Project) -> Lines:
    """Give everything that stands, by `thing · what of it`."""
    lines = {f"api {each}": "on" for each in project.enabled}
    for key, value in project.made.items():
        what, said = _said(key, value)
        lines |= {f"{what} · {each}".removesuffix(" · "): text_of(text) for each, text in said.items()}
    for key, policy in project.policies.items():
        where = _said(key, project.made.get(key, {"metadata": {"name": key}}))[0]
        for binding in policy.get("bindings", []):
            lines |= {f"role {binding['role']} on {where} for {member}": "given" for member in binding["members"]}
    return lines | {f"object {key}": "kept" for key in project.objects if "-state/" in key}


def _said(key: str, value: Json) -> tuple[str, dict[str, Any]]:
    """Tell what a resource is, and all that is set of it."""
    api, _, rest = key.partition("/")
    says = SAYS.get(api)
    return says(rest, value) if says and (api != "run" or "spec" in value or "/executions/" in key) else (key, {"": value})


def _secret(rest: str, value: Json) -> tuple[str, dict[str, Any]]:
    secret, name = f"secret {rest.split('/')[3]}", rest.rpartition("/")[2]
    if "/versions/" in rest:
        return secret, {f"value {name}": f"{base64.b64decode(value['payload']['data']).decode()} ({value['state']})"}
    return secret, {each: value[each] for each in ("labels", "replication")}


def _schedule(rest: str, value: Json) -> tuple[str, dict[str, Any]]:
    kept = {each: text for each, text in value.items() if each not in {"name", "retryConfig"}}
    return f"schedule {rest.split('/')[5]}", {**kept, "retries": value["retryConfig"]["retryCount"], "in": rest.split("/")[3]}


def _repository(rest: str, value: Json) -> tuple[str, dict[str, Any]]:
    cleanup, tried = sorted(value.get("cleanupPolicies", {})), value.get("cleanupPolicyDryRun", False)
    return f"repository {rest.split('/')[5]}", {
        "labels": value["labels"],
        "in": rest.split("/")[3],
        "cleanup": cleanup,
        "tried": tried,
    }


def _watchdog(_: str, value: Json) -> tuple[str, dict[str, Any]]:
    labels: Json = value.get("userLabels") or value.get("labels") or {}
    kind = "policy" if "conditions" in value else "dashboard"
    kept = {
        each: text
        for each, text in value.items()
        if each not in {"name", "notificationChannels", "userLabels", "labels", "etag"}
    }
    owner = labels.get("made-by", "")
    what = f"{kind} {labels.get('policy', '')} of {owner}" if owner else f"{kind} {value['displayName']}"
    told = ", ".join(value.get("notificationChannels", []))
    named = {each: text for each, text in labels.items() if each not in {"content", "policy", "made-by"}}
    return what.replace("  ", " "), {"labels": named, "tells": told, "text": digest(kept)}


def digest(document: Any) -> str:
    """Give a short word for a document, however its numbers are written."""
    return hashlib.sha256(json.dumps(_plain(document), sort_keys=True).encode()).hexdigest()[:8]


def _plain(value: Any) -> Any:
    """Give a document without what the API leaves out when it is empty."""
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items() if each not in ({}, [], "", None)}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _run(rest: str, value: Json) -> tuple[str, dict[str, Any]]:
    """Give what a Cloud Run job or service is told: what has a name here, and the rest as it stands."""
    kind, name = rest.split("/")
    if kind == "executions":
        return f"execution {name}", {}
    metadata, template = value["metadata"], value["spec"]["template"]
    said: dict[str, Any] = {
        "in": metadata["labels"]["cloud.googleapis.com/location"],
        "made by": metadata["labels"].get("made-by", ""),
    }
    spec = dict(template["spec"])
    for level in (metadata, template.get("metadata", {})):
        marks = {**level.get("annotations", {}), **level.get("labels", {})}
        said |= {name: text for name, text in marks.items() if not name.startswith(PASSING) and name != "made-by"}
    if "template" in spec:
        inner = spec.pop("template")["spec"]
        spec |= inner
    [container] = spec.pop("containers")
    container = dict(container)
    for each in container.pop("env", []):
        text = (
            f"secret {each['valueFrom']['secretKeyRef']['name']}:{each['valueFrom']['secretKeyRef']['key']}"
            if "valueFrom" in each
            else each["value"]
        )
        said[f"setting {each['name']}"] = text
    limits = container.pop("resources", {}).get("limits", {})
    container = {name: text for name, text in container.items() if text not in ("", {}, [])}
    spec = {name: text for name, text in spec.items() if text not in ("", {}, [])}
    return f"{kind[:-1]} {name}", said | limits | spec | container


SAYS: dict[str, Callable[[str, Json], tuple[str, dict[str, Any]]]] = {
    "artifactregistry": _repository,
    "cloudresourcemanager": lambda _, value: ("the project", value),
    "cloudscheduler": _schedule,
    "iam": lambda rest, value: (f"account {rest.split('/')[3].partition('@')[0]}", {"named": value.get("displayName", "")}),
    "monitoring": _watchdog,
    "run": _run,
    "secretmanager": _secret,
    "storage": lambda rest, value: (
        f"bucket {rest}",
        {name: each for name, each in value.items() if name not in {"name", "kind"}},
    ),
}
"""By API: what a resource is called, and all that is set of it."""


def text_of(value: Any) -> str:
    """Give a value as a word."""
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True).strip('"')
