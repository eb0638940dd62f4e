"""Google Cloud's management APIs on this machine, as far as the deploy scripts use them, for the real gcloud.

It is a proxy: gcloud is told that each API lives at a host of its own, `http://run.test/`, and that http goes through here. That
is also how Cloud Run's regional hosts arrive, which gcloud makes up from the one it is given. What is made stays, and is found again.
"""

import base64
import hashlib
import json
import os
import re
import subprocess
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qs, unquote, urlsplit

from tests.support.local_http import LocalHttp

Json = dict[str, Any]
PROJECT = "shop-beta"
REGION = "asia-northeast3"
REGIONS = (REGION, "us-central1")
OWNER = "owner"
"""Who may do everything. A service account may change the Cloud Run things on which it was given the role to, and nothing else."""
APIS = (
    "artifactregistry",
    "cloudbuild",
    "cloudresourcemanager",
    "cloudscheduler",
    "iam",
    "logging",
    "monitoring",
    "run",
    "secretmanager",
    "serviceusage",
    "storage",
)
_LOOKING_POSTS = (":getIamPolicy", ":access", "/entries:list")
NUMBER = "123456789"


class NotFound(Exception):  # noqa: N818 - an answer, not a fault
    """Nothing has this name."""


class Forbidden(Exception):  # noqa: N818 - likewise
    """Who asks may not do this."""


class Refused(Exception):  # noqa: N818 - likewise
    """It is not done, for a reason that the answer says."""

    def __init__(self, code: int, status: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.status = status


def is_look(method: str, path: str) -> bool:
    """Tell whether a request changes nothing."""
    return method == "GET" or path.endswith(_LOOKING_POSTS)


class LocalCloud:
    """The servers, from `with` to its end, and all that was made."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.made: dict[str, Json] = {}
        """By API and full name, e.g. `run/jobs/logwatch`."""
        self.policies: dict[str, Json] = {}
        self.objects: dict[str, bytes] = {}
        self.changes: list[tuple[str, str, Any]] = []
        """Method, API and path, body: every request that is not only a look."""
        self.built: list[Json] = []
        self.on_build: Callable[[Json], None] = lambda _: None
        """Does a build's work; raises where it fails."""
        self.problems: list[str] = []
        self.count = 0
        """How many things have got a number for a name."""
        self.logged: list[str] = ["✓ settings   all well"]
        """What every run prints, and what everything has logged."""
        self._enabled = {"run.googleapis.com", "logging.googleapis.com"}
        self.made[f"logging/projects/{PROJECT}/locations/global/buckets/_Default"] = {"retentionDays": 30}
        self._lock = threading.RLock()
        self._builds: dict[str, threading.Thread] = {}
        self._server = LocalHttp(("127.0.0.1", 0), type("Handler", (_Handler,), {"cloud": self}))
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    @property
    def environment(self) -> dict[str, str]:
        """What gcloud is told: nothing of this machine's own login or settings."""
        hidden = ("CLOUDSDK_", "LOGWATCH_", "GOOGLE_")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(hidden)}  # noqa: TID251 - to hide it
        proxy = f"http://127.0.0.1:{self._server.server_port}"
        return {
            **kept,
            **{f"CLOUDSDK_API_ENDPOINT_OVERRIDES_{api.upper()}": f"http://{api}.test/" for api in APIS},
            "http_proxy": proxy,
            "https_proxy": proxy,  # whatever is not overridden ends here too, and is refused
            "no_proxy": "",
            "CLOUDSDK_CONFIG": str(self.folder / "gcloud"),
            "CLOUDSDK_AUTH_ACCESS_TOKEN_FILE": self.login(OWNER),
            "CLOUDSDK_CORE_DISABLE_PROMPTS": "1",
            "CLOUDSDK_CORE_DISABLE_USAGE_REPORTING": "1",
            "CLOUDSDK_CORE_SHOW_STRUCTURED_LOGS": "never",
            "CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK": "1",
            "LOGWATCH_DEPLOY_WAIT": "0",
        }

    def stands(self, service: str, region: str = REGION) -> None:
        """Let a Cloud Run service of somebody else stand in the project."""
        metadata = {"name": service, "labels": {"cloud.googleapis.com/location": region}}
        self.made[f"run/services/{service}"] = {"apiVersion": "serving.knative.dev/v1", "kind": "Service", "metadata": metadata}

    def login(self, account: str) -> str:
        """Give the file with an account's access token, which is its name here."""
        file = self.folder / f"token-{account}"
        file.write_text(account)
        return str(file)

    def start(self, *command: str | Path, stdin: str = "", **more: str) -> subprocess.CompletedProcess[str]:
        """Run a command whose gcloud talks to these servers."""
        return subprocess.run(
            [str(each) for each in command],
            env={**self.environment, **more},
            input=stdin,
            capture_output=True,
            text=True,
            timeout=1800,
            check=False,
        )

    def reply(self, account: str, method: str, url: str, raw: bytes) -> tuple[int, Any]:
        """Answer a request of an account: status and document."""
        parts = urlsplit(url)
        query = {key: values[-1] for key, values in parse_qs(parts.query, keep_blank_values=True).items()}
        try:
            body = json.loads(raw) if raw[:1] == b"{" else raw
            return 200, self.answer(account, method, parts.netloc, parts.path, query, body)
        except NotFound:
            return _refusal(404, "NOT_FOUND", "Requested entity was not found.")
        except Forbidden:
            return _refusal(403, "PERMISSION_DENIED", "Permission denied.")
        except Refused as refused:
            return _refusal(refused.code, refused.status, str(refused))
        except Exception as error:  # noqa: BLE001 - the test tells it
            self.problems.append(f"{method} {url}: {error!r}")
            return _refusal(400, "INVALID_ARGUMENT", repr(error))

    def answer(self, account: str, method: str, host: str, path: str, query: Mapping[str, str], body: Any) -> Any:
        """Do what is asked; raises NotFound, Forbidden or Refused."""
        api = next((each for each in APIS if host.partition(":")[0].removesuffix(".test").endswith(each)), None)
        if api is None:
            self.problems.append(f"{method} {host}{path}")
            raise NotFound
        with self._lock:
            if account != OWNER:
                self._check(account, api, path)
            if not is_look(method, path):
                self.changes.append((method, f"{api}{path}", body))
            special: Callable[..., Any] = getattr(self, f"_{api}", self._resource)
            region = host.partition("-run.")[0] if "-run." in host else ""
            found = special(
                method, f"{api}/" + re.sub(r"^/(v\d+[a-z0-9]*|storage/v1)/", "", path), {**query, "region": region}, body
            )
        if api == "cloudbuild" and method == "GET":
            self._builds[found["id"]].join()  # whoever asks for a build waits for it, and asks once
        return found

    def _check(self, account: str, api: str, path: str) -> None:
        kind, thing, verb = _run_name(path)
        member = f"serviceAccount:{account}@{PROJECT}.iam.gserviceaccount.com"
        bindings = self.policies.get(f"run/{kind}/{thing}", {}).get("bindings", []) if api == "run" else []
        if verb or not any(each["role"] == "roles/run.developer" and member in each["members"] for each in bindings):
            raise Forbidden

    def _policy(self, name: str, verb: str, body: Any) -> Json:
        if verb == "setIamPolicy":
            self.policies[name] = body.get("policy", body)
        return {"version": 1, "etag": "BwWKmjvelug=", **self.policies.get(name, {})}

    def _resource(self, method: str, name: str, query: Mapping[str, str], body: Any) -> Any:
        """Serve resources as most of Google's APIs do: names, collections, policies."""
        name, _, verb = name.partition(":")
        if verb in {"getIamPolicy", "setIamPolicy"}:
            return self._policy(name, verb, body)
        if method == "GET" and name not in self.made and name.count("/") % 2:
            key = name.rpartition("/")[2]
            return {key: [value for each, value in self.made.items() if each.rpartition("/")[0] == name]}
        if method == "POST":
            given = next((query[key] for key in query if key.endswith("Id")), None) or body["name"].rpartition("/")[2]
            name = f"{name}/{given}"
            if name in self.made:
                raise Refused(409, "ALREADY_EXISTS", f"Resource {given} already exists.")
            self.made[name] = {**body, "name": name.partition("/")[2]}
            return self.made[name]
        if name not in self.made:
            raise NotFound
        if method == "DELETE":
            self.policies.pop(name, None)
            del self.made[name]
            return {}
        if method == "PATCH":
            masked = re.sub(r"_(.)", lambda found: found[1].upper(), query.get("updateMask", ""))
            emptied = {each.partition(".")[0] for each in masked.split(",")} - set(body)
            self.made[name] = {key: value for key, value in {**self.made[name], **body}.items() if key not in emptied}
        return self.made[name]

    def _logging(self, method: str, name: str, query: Mapping[str, str], body: Any) -> Any:
        if name.endswith("entries:list"):
            entry = {"logName": f"projects/{PROJECT}/logs/x", "timestamp": "2026-02-24T06:30:00Z"}
            return {"entries": [{**entry, "insertId": str(at), "textPayload": text} for at, text in enumerate(self.logged)]}
        return self._resource(method, name, query, body)

    def _cloudscheduler(self, method: str, name: str, query: Mapping[str, str], body: Any) -> Any:
        name, _, verb = name.partition(":")
        if verb:
            self.made[name] |= {"state": {"pause": "PAUSED", "resume": "ENABLED"}[verb]}
            return self.made[name]
        return self._resource(method, name, query, {**body, "state": "ENABLED"} if method == "POST" else body)

    def _monitoring(self, method: str, name: str, query: Mapping[str, str], body: Any) -> Any:
        if method == "POST":
            self.count += 1
            body = {**body, "name": f"{name.partition('/')[2]}/{self.count}"}
        if method == "PATCH" and not query.get("updateMask") and name in self.made:
            self.made[name] = {"name": self.made[name]["name"]}  # all is as it is told now
        return self._resource(method, name, query, body)

    def _artifactregistry(self, method: str, name: str, query: Mapping[str, str], body: Any) -> Any:
        if name.endswith("/locations"):
            return {"locations": [{"name": name.partition("/")[2] + f"/{each}", "locationId": each} for each in REGIONS]}
        found = self._resource(method, name, query, body)
        if method in {"POST", "DELETE"} and "Policy" not in name:
            return {"name": f"projects/{PROJECT}/locations/{name.split('/')[4]}/operations/1", "done": True, "response": found}
        return found

    def _serviceusage(self, method: str, name: str, query: Mapping[str, str], body: Any) -> Any:
        if name.endswith(":batchEnable"):
            self._enabled |= set(body["serviceIds"])
            return {"name": "operations/1", "done": True, "response": {}}
        if name.endswith("/services"):
            return {"services": [{"config": {"name": each}, "state": "ENABLED"} for each in sorted(self._enabled)]}
        api = name.rpartition("/")[2]
        return {"config": {"name": api}, "state": "ENABLED" if api in self._enabled else "DISABLED"}

    def _cloudresourcemanager(self, method: str, name: str, query: Mapping[str, str], body: Any) -> Any:
        name, _, verb = name.partition(":")
        if name.split("/")[2] != PROJECT:
            raise NotFound
        if verb:
            return self._policy(name, verb, body)
        return {"projectId": PROJECT, "projectNumber": NUMBER, "lifecycleState": "ACTIVE"}

    def _iam(self, method: str, name: str, query: Mapping[str, str], body: Any) -> Any:
        name = name.replace("projects/-/", f"projects/{PROJECT}/")
        if method == "POST" and ":" not in name:
            email = f"{body['accountId']}@{PROJECT}.iam.gserviceaccount.com"
            self.count += 1
            body = {**body.get("serviceAccount", {}), "email": email, "uniqueId": str(self.count), "name": email}
        found = self._resource(method, name, query, body)
        return {"accounts": found["serviceAccounts"]} if name.endswith("/serviceAccounts") and method == "GET" else found

    def _secretmanager(self, method: str, name: str, query: Mapping[str, str], body: Any) -> Any:
        versions = {each: value for each, value in self.made.items() if "/versions/" in each}
        if name.endswith(":addVersion"):
            secret = name.partition(":")[0]
            name = f"{secret}/versions/{sum(each.startswith(secret + '/') for each in versions) + 1}"
            self.made[name] = {"name": name.partition("/")[2], "state": "ENABLED", **body}
            return {"name": self.made[name]["name"], "state": "ENABLED", "clientSpecifiedPayloadChecksum": True}
        if name.endswith("/versions") and method == "GET":
            wanted = query.get("filter", "").removeprefix("state=")  # the newest first, and filtered there
            found = [value for each, value in versions.items() if each.startswith(name + "/") and wanted in value["state"]]
            return {"versions": found[::-1]}
        if name.endswith("latest:access"):
            found = [value for each, value in versions.items() if each.startswith(name.removesuffix("latest:access"))]
            if not found:
                raise NotFound
            if found[-1]["state"] != "ENABLED":
                raise Refused(
                    400, "FAILED_PRECONDITION", f"Secret Version [{found[-1]['name']}] is in {found[-1]['state']} state."
                )
            return {"name": found[-1]["name"], "payload": found[-1]["payload"]}
        if name.endswith(":disable"):
            self.made[name.partition(":")[0]] |= {"state": "DISABLED"}
            return self.made[name.partition(":")[0]]
        if method == "DELETE":
            for each in versions:
                if each.startswith(name + "/"):
                    del self.made[each]
        return self._resource(method, name, query, body)

    def _storage(self, method: str, name: str, query: Mapping[str, str], body: Any) -> Any:
        """Serve buckets with their policies, and objects by name."""
        parts = name.split("/")
        bucket = f"storage/{parts[parts.index('b') + 1]}" if len(parts) > parts.index("b") + 1 else ""
        if not bucket:
            place = {"location": body["location"].upper(), "projectNumber": NUMBER}
            self.made[f"storage/{body['name']}"] = {**body, **place, "kind": "storage#bucket"}
            return self.made[f"storage/{body['name']}"]
        if bucket not in self.made:
            raise NotFound
        if parts[-1] == "iam":
            if method == "PUT":
                self.policies[bucket] = body
            return {"kind": "storage#policy", "version": 1, "etag": "CAE=", **self.policies.get(bucket, {})}
        if "rewriteTo" in parts:
            source, target = (f"{parts[at - 1]}/{unquote(parts[at + 1])}" for at, part in enumerate(parts) if part == "o")
            self.objects[f"storage/{target}"] = self.objects[f"storage/{source}"]
            return {"kind": "storage#rewriteResponse", "done": True, "resource": self._about(f"storage/{target}")}
        if "o" in parts:
            return self._object(method, bucket, unquote("/".join(parts[parts.index("o") + 1 :])), query, body)
        if method == "DELETE":
            self.policies.pop(bucket, None)
            del self.made[bucket]
            return {}
        if method == "PATCH":
            self.made[bucket] |= body
        return self.made[bucket]

    def _object(self, method: str, bucket: str, name: str, query: Mapping[str, str], body: Any) -> Any:
        if not name and method == "GET":
            return {"items": [self._about(each) for each in self.objects if each.startswith(f"{bucket}/")]}
        if method == "POST":
            name = query["name"]
            self.objects[f"{bucket}/{name}"] = _uploaded(body)
        if f"{bucket}/{name}" not in self.objects:
            raise NotFound
        found = self._about(f"{bucket}/{name}")
        if method == "DELETE":
            del self.objects[f"{bucket}/{name}"]
        return found

    def _about(self, key: str) -> Json:
        _, bucket, name = key.split("/", 2)
        content = self.objects[key]
        md5 = base64.b64encode(hashlib.md5(content).digest()).decode()  # noqa: S324 - the API's own checksum
        return {
            "bucket": bucket,
            "name": name,
            "size": str(len(content)),
            "generation": "1",
            "metageneration": "1",
            "md5Hash": md5,
        }

    def _run(self, method: str, name: str, query: Mapping[str, str], body: Any) -> Any:
        """Serve jobs and services: their own old API for the things, the common one for policies."""
        kind, thing, verb = _run_name(name)
        if kind == "locations":
            return {"locations": [{"locationId": each} for each in REGIONS]}
        key = f"run/{kind}/{thing}"
        region = query["region"] or next(iter(re.findall(r"locations/(\w[^/]*)/", name)), "")
        if thing and key in self.made and region not in {"", _region_of(self.made[key])}:
            raise NotFound
        if verb == "run":
            return self._execute(thing, body)
        if verb:
            return self._policy(key, verb, body)
        if method == "GET" and not thing:
            found = [value for each, value in self.made.items() if each.startswith(key)]
            return {"items": [each for each in found if region in {"", _region_of(each)}]}
        if method in {"POST", "PUT"}:
            key = f"run/{kind}/{body['metadata']['name']}"
            self.made[key] = _ready(body, kind, region)
        elif key not in self.made:
            raise NotFound
        elif method == "DELETE":
            self.policies.pop(key, None)
            del self.made[key]
            for each in [each for each in self.made if each.startswith(f"run/executions/{thing}-")]:
                del self.made[each]
            return {}
        return self.made[key]

    def _execute(self, job: str, body: Any) -> Json:
        """Start a job, each task of which is over at once."""
        told = body.get("overrides", {}) if isinstance(body, dict) else {}
        tasks = told.get("taskCount") or self.made[f"run/jobs/{job}"]["spec"]["template"]["spec"].get("taskCount", 1)
        self.count += 1
        name = f"{job}-{self.count}"
        over = {"completionTime": "2026-02-24T06:30:00Z", "succeededCount": tasks}
        region = _region_of(self.made[f"run/jobs/{job}"])
        labels = {"run.googleapis.com/job": job, "cloud.googleapis.com/location": region}
        metadata = {"name": name, "namespace": PROJECT, "labels": labels}
        self.made[f"run/executions/{name}"] = {"metadata": metadata, "status": over}
        return self.made[f"run/executions/{name}"]

    def _cloudbuild(self, method: str, name: str, query: Mapping[str, str], body: Any) -> Any:
        if method == "POST":
            build = {
                **body,
                "id": f"build-{len(self.built) + 1}",
                "projectId": PROJECT,
                "status": "WORKING",
                "logUrl": "http://log.test/",
            }
            build["name"] = f"{name.partition('/')[2]}/{build['id']}"
            self.built.append(build)
            self._builds[build["id"]] = threading.Thread(target=self._build, args=(build,), daemon=True)
            self._builds[build["id"]].start()
            return {
                "name": f"operations/{build['id']}",
                "metadata": {"@type": "type.googleapis.com/BuildOperationMetadata", "build": build},
            }
        return next(build for build in self.built if name.endswith(build["id"]))

    def _build(self, build: Json) -> None:
        try:
            self.on_build(build)
            build["status"] = "SUCCESS"
        except Exception as error:  # noqa: BLE001 - the build tells it
            build["statusDetail"] = str(error)
            build["status"] = "FAILURE"


def _run_name(path: str) -> tuple[str, str, str]:
    """Tell what a path of Cloud Run's APIs names: jobs or services, which one, and what is asked of it."""
    kind, _, rest = re.sub(
        r".*?(jobs|services|executions|locations)(?=$|/)(?!.*/(jobs|services|executions))", r"\1", path
    ).partition("/")
    thing, _, verb = rest.partition(":")
    return kind, thing, verb


def _uploaded(body: bytes) -> bytes:
    """Take the content out of an upload of two parts: what is said about an object, and the object."""
    boundary = body.split(b"\n", 1)[0].strip()
    return body.split(b"\n" + boundary)[1].split(b"\n\n", 1)[1]


def _refusal(code: int, status: str, message: str) -> tuple[int, Json]:
    return code, {"error": {"code": code, "message": message, "status": status}}


def _region_of(thing: Json) -> str:
    return str(thing["metadata"]["labels"]["cloud.googleapis.com/location"])


def _ready(body: Json, kind: str, region: str) -> Json:
    """Give a Cloud Run resource as it stands when its deployment is over."""
    metadata = body["metadata"]
    labels = {**metadata.get("labels", {}), "cloud.googleapis.com/location": region}
    generation = int(metadata.get("generation") or 0) + 1
    name = metadata["name"]
    return {
        **body,
        "metadata": {
            **metadata,
            "labels": labels,
            "generation": generation,
            "selfLink": "/",
            "uid": "1",
            "resourceVersion": str(generation),
        },
        "status": {
            "observedGeneration": generation,
            "conditions": [{"type": "Ready", "status": "True"}],
            **(
                {"url": f"https://{name}-{NUMBER}.{region}.run.app", "latestReadyRevisionName": f"{name}-1"}
                if kind == "services"
                else {}
            ),
        },
    }


class _Handler(BaseHTTPRequestHandler):
    cloud: LocalCloud
    protocol_version = "HTTP/1.1"

    def _answer(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        account = self.headers.get("Authorization", "").removeprefix("Bearer ")
        self._reply(*self.cloud.reply(account, self.command, self.path, raw))

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_CONNECT = _answer  # noqa: N815 - http.server's own names

    def _reply(self, status: int, found: Any) -> None:
        body = json.dumps(found).encode()
        self.send_response_only(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's own name
        """Say nothing."""
