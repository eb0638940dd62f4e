"""The Terraform module: what it makes is what the scripts make, and terraform itself finds nothing wrong with it."""

import json
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel, SecretStr

from logwatch.notify.channels.registry import CHANNELS
from logwatch.settings import Settings
from tests.conftest import ROOT, Run
from tests.support.gcloud_lint import wrong_commands
from tests.support.local_terraform import NUMBER, LocalTerraform
from tests.support.patience import PATIENCE_S
from tests.support.provider_schema import SCHEMA, used
from tests.support.three_targets import settings_file

Json = dict[str, Any]
PROJECT = "shop-beta"
REGION = "asia-northeast3"
MODULE = ROOT / "deploy/terraform"
VALUE = "https://hooks.slack.test/T0/B0/aSecretOfSlack"
CHANNEL = f"projects/{PROJECT}/notificationChannels/123"
KEY = f"projects/keys/locations/{REGION}/keyRings/ring/cryptoKeys/key"
SETTINGS = {"LOGWATCH_LANG": "en", "LOGWATCH_MAIL_TO": "a@example.com,b@example.com"}
VIEW = "projects/p1/locations/global/buckets/_Default/views/shop"
OPTIONS = {
    "key": KEY,
    "network": "office",
    "subnet": "seoul",
    "egress": "all-traffic",
    "build_region": "us-central1",
    "log_view": VIEW,
}
"""What both sides can be told, by the module's names."""
LINES = "\n  ".join(f'{name} = "{said}"' for name, said in OPTIONS.items())
PAGE = (MODULE / "README.md").read_text()
NAMED = ("display_name", "account_id", "repository_id", "secret_id", "name", "dashboard_json")
"""Where the resources have the name that people give them."""
JOB = f"""
provider "google" {{}}

variable "slack" {{
  type      = string
  ephemeral = true
  default   = null
}}

module "logwatch" {{
  source  = "../deploy/terraform"
  project = "{PROJECT}"
  service = "o4o-core-api"
  run_as  = "job"
  {LINES}
  settings              = {json.dumps(SETTINGS)}
  secrets               = {{ slack-webhook-url = {{ write = 1 }}, smtp-password = {{ empty = true }} }}
  secret_values         = {{ slack-webhook-url = var.slack }}
  custom_index          = true
  notification_channels = ["{CHANNEL}"]
}}

output "build_command" {{
  value = module.logwatch.build_command
}}

output "doctor_command" {{
  value = module.logwatch.doctor_command
}}
"""

pytestmark = pytest.mark.skipif(not shutil.which("terraform"), reason="terraform is missing")


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Any]:
    """Give what opens a configuration, or an example, ready for terraform's commands."""
    made: list[LocalTerraform] = []

    def open_(configuration: str | None = None, example: str = "") -> LocalTerraform:
        made.append(LocalTerraform(tmp_path, configuration, example).__enter__())
        made[-1].terraform("init")
        return made[-1]

    yield open_
    for each in made:
        each.__exit__()


# What the scripts ask for


def told_by_scripts(folder: Path, kind: str, *options: str, value: str = "") -> list[list[str]]:
    """Give the commands of a set-up of an empty project, and those of the last step of its build."""
    path = os.environ["PATH"]  # noqa: TID251 - only the path
    command = [str(ROOT / "deploy/setup.sh"), "--dry-run", "--project", PROJECT, "--as", kind, *options]
    bare = {"PATH": path, "HOME": "/nonexistent"}
    ran = subprocess.run(command, env=bare, input=value, capture_output=True, text=True, check=True, timeout=PATIENCE_S)
    told = [shlex.split(line, comments=True)[1:] for line in ran.stdout.replace("PROJECT_NUMBER", NUMBER).splitlines()]
    (folder / "gcloud").write_text("#!/bin/bash\nprintf '%q ' gcloud \"$@\"; echo\n")
    (folder / "gcloud").chmod(0o755)
    build = next(options_of(each) for each in told if each[:2] == ["builds", "submit"] and "cloudbuild.yaml" in "".join(each))
    step = {name.removeprefix("_"): said for name, said in substitutions(build).items()}
    step |= {"PROJECT": PROJECT, "PROJECT_NUMBER": NUMBER, "IMAGE": "built", "PATH": f"{folder}{os.pathsep}{path}"}
    last = subprocess.run([ROOT / "deploy/deploy.sh"], env=step, capture_output=True, text=True, check=True, timeout=PATIENCE_S)
    return [*told, *(shlex.split(line)[1:] for line in last.stdout.splitlines())]


def options_of(command: list[str]) -> Json:
    return {name: value or True for name, _, value in (each[2:].partition("=") for each in command if each.startswith("--"))}


def substitutions(build: Json) -> dict[str, str]:
    said = build["substitutions"]
    separator = "~" if said.startswith("^~^") else ","
    return dict(each.split("=", 1) for each in said.removeprefix("^~^").split(separator))


def pairs(text: str, separator: str = ",") -> dict[str, str]:
    return dict(each.split("=", 1) for each in text.removeprefix("^|^").split(separator) if each)


def role(name: str, member: str, group: str, thing: str) -> tuple[str, str, str, str]:
    """Give who may do what, and where, as both sides write it: own accounts and things by their last name."""
    account = member.removeprefix("serviceAccount:").removesuffix(f"@{PROJECT}.iam.gserviceaccount.com")
    return name, account, group, thing.rpartition("/")[2].partition("@")[0]


def _asked_apis(made: Json, apis: list[str], given: Json) -> None:
    made["api"] |= set(apis)


def _asked_account(made: Json, names: list[str], given: Json) -> None:
    made["account"][names[0]] = given["display-name"]


def _asked_agent(made: Json, names: list[str], given: Json) -> None:
    agent = f"service-{NUMBER}@gs-project-accounts.iam.gserviceaccount.com"
    made["role"].add(role("roles/cloudkms.cryptoKeyEncrypterDecrypter", agent, "keys", given["authorize-cmek"]))


def _asked_bucket(made: Json, names: list[str], given: Json) -> None:
    made["bucket"][names[0]] = {
        "location": given["location"],
        "uniform": given["uniform-bucket-level-access"],
        "public": "enforced" if given["public-access-prevention"] else None,
        "soft delete": int(given["soft-delete-duration"]),
        "key": given.get("default-encryption-key"),
    }


def _asked_of_bucket(made: Json, names: list[str], given: Json) -> None:
    rules = json.loads(Path(given["lifecycle-file"]).read_text())["rule"]
    made["bucket"][names[0]] |= {
        "versioning": "versioning" in given,
        "lifecycle": [{**each["condition"], "action": each["action"]["type"]} for each in rules],
    }


def _asked_repository(made: Json, names: list[str], given: Json) -> None:
    kept = {key: given.get(key) for key in ("repository-format", "location", "description", "kms-key")}
    made["repository"][names[0]] = kept | {"labels": pairs(given["labels"])}


def _asked_of_repository(made: Json, names: list[str], given: Json) -> None:
    made["repository"][names[0]]["policies"] = json.loads(Path(given["policy"]).read_text())
    made["repository"][names[0]]["dry run"] = "no-dry-run" not in given


def _asked_secret(made: Json, names: list[str], given: Json) -> None:
    kept = [given.get(key) for key in ("replication-policy", "locations", "kms-key-name")]
    made["secret"][names[0]] = {"labels": pairs(given["labels"]), "kept": kept}


def _asked_run(made: Json, names: list[str], given: Json) -> None:
    told = {name: value for name, value in given.items() if name not in {"quiet", "no-allow-unauthenticated"}}
    env = pairs(told.pop("set-env-vars", "") or told.pop("update-env-vars", ""), "|")
    secrets = pairs(told.pop("update-secrets", ""))
    if "labels" in told:
        told["labels"] = pairs(told["labels"])
    before = made["run"].get(names[0], {"image": told["image"], "env": {}, "secrets": {}})
    kept = {"image": before["image"], "env": before["env"] | env, "secrets": before["secrets"] | secrets}  # the sample image
    made["run"][names[0]] = before | told | kept


def _asked_schedule(made: Json, names: list[str], given: Json) -> None:
    made["schedule"] = {"name": names[0], **given}


def _asked_build(made: Json, names: list[str], given: Json) -> None:
    made["build"].append(submitted(given))


def _asked_watcher(made: Json, names: list[str], given: Json) -> None:
    file = given.get("policy-from-file") or given["config-from-file"]
    made["watcher"][Path(file).stem] = given.get("notification-channels", "")


def _asked_elsewhere(made: Json, names: list[str], given: Json) -> None:
    """Leave out what a test looks at by itself, or only a hand can do."""


READERS = {
    "services enable": _asked_apis,
    "iam service-accounts create": _asked_account,
    "storage service-agent": _asked_agent,
    "storage buckets create": _asked_bucket,
    "storage buckets update": _asked_of_bucket,
    "artifacts repositories create": _asked_repository,
    "artifacts repositories set-cleanup-policies": _asked_of_repository,
    "secrets create": _asked_secret,
    "run jobs create": _asked_run,
    "run jobs deploy": _asked_run,
    "run jobs update": _asked_run,
    "run deploy": _asked_run,
    "run services update": _asked_run,
    "scheduler jobs create http": _asked_schedule,
    "builds submit": _asked_build,
    "alpha monitoring policies create": _asked_watcher,
    "monitoring dashboards create": _asked_watcher,
    "beta services identity create": _asked_elsewhere,
    "logging buckets update": _asked_elsewhere,
    "secrets versions": _asked_elsewhere,
}


def asked_by_scripts(commands: list[list[str]]) -> Json:
    """Give what gcloud is asked for, by kind and name, in words that both sides share."""
    kinds = ("account", "bucket", "repository", "secret", "run", "schedule", "watcher")
    made: Json = {kind: {} for kind in kinds} | {"api": set(), "role": set(), "build": []}
    for command in commands:
        words = [each.removeprefix("gs://") for each in command if not each.startswith("--")]
        given = options_of(command)
        if "add-iam-policy-binding" in words:
            made["role"].add(role(given["role"], given["member"], words[-3], words[-1]))
            continue
        group = next(each for each in READERS if words[: len(each.split())] == each.split())
        READERS[group](made, words[len(group.split()) :], given)
    return made


def submitted(given: Json) -> Json:
    """Give what is said to Cloud Build: what, where, and the substitutions; the module has set what a set-up may still have to.

    Which commit it is, the module's command asks git when it is run.
    """
    told = {name: value for name, value in substitutions(given).items() if name not in {"_SETTINGS", "_SECRETS"}}
    if "_COMMIT" in told:
        told["_COMMIT"] = (
            "of git" if re.fullmatch(r"\$\(git describe .*\)|[0-9a-f]{9}\+?", told["_COMMIT"]) else told["_COMMIT"]
        )
    return {
        "config": Path(given["config"]).name,
        **{key: given[key] for key in ("project", "region", "gcs-source-staging-dir")},
        **told,
    }


# What terraform has made


def made_by_terraform(resources: dict[str, Json], build_command: str) -> Json:
    """Give the same of a state."""
    kinds: dict[str, list[Json]] = {}
    for address, values in resources.items():
        kinds.setdefault(re.sub(r".*?(data\.)?google_(\w+)\..*", r"\2", address), []).append(values)
    return {
        "api": {each["service"] for each in kinds["project_service"]} - {"cloudresourcemanager.googleapis.com"},
        "account": {each["account_id"]: each["display_name"] for each in kinds["service_account"]},
        "role": set(_roles(kinds)),
        "bucket": {each["name"]: _bucket(each) for each in kinds["storage_bucket"]},
        "repository": {each["repository_id"]: _repository(each) for each in kinds["artifact_registry_repository"]},
        "secret": {
            each["secret_id"]: {"labels": each["labels"], "kept": _kept(each)}
            for each in kinds.get("secret_manager_secret", [])
        },
        "run": {each["name"]: _job(each) for each in kinds.get("cloud_run_v2_job", [])}
        | {each["name"]: _service(each) for each in kinds.get("cloud_run_v2_service", [])},
        "schedule": _schedule(*kinds["cloud_scheduler_job"]),
        "watcher": dict(_watchers(resources)),
        "build": [submitted(options_of(shlex.split(each))) for each in build_command.split(" && ")],
    }


def _roles(kinds: dict[str, list[Json]]) -> Iterator[tuple[str, str, str, str]]:
    where = {
        "project": ("projects", "project"),
        "service_account": ("service-accounts", "service_account_id"),
        "storage_bucket": ("buckets", "bucket"),
        "artifact_registry_repository": ("repositories", "repository"),
        "secret_manager_secret": ("secrets", "secret_id"),
        "kms_crypto_key": ("keys", "crypto_key_id"),
        "logging_log_view": ("views", "name"),
        "cloud_run_v2_job": ("jobs", "name"),
        "cloud_run_v2_service": ("services", "name"),
    }
    for kind, (group, key) in where.items():
        for each in kinds.get(f"{kind}_iam_member", []):
            yield role(each["role"], each["member"], group, each[key])


def _watchers(resources: dict[str, Json]) -> Iterator[tuple[str, str]]:
    """Give by its file each policy, with whom it tells, and the dashboard."""
    for address, values in resources.items():
        if "google_monitoring_dashboard." in address:
            yield "dashboard", ""
        elif "google_monitoring_alert_policy." in address:
            yield address.split('"')[1], ",".join(values.get("notification_channels", []))


def _bucket(values: Json) -> Json:
    rules = values["lifecycle_rule"]
    names = {"age": "age", "days_since_noncurrent_time": "daysSinceNoncurrentTime"}
    return {
        "location": values["location"],
        "uniform": values["uniform_bucket_level_access"],
        "public": values["public_access_prevention"],
        "soft delete": values["soft_delete_policy"][0]["retention_duration_seconds"],
        "key": next((each["default_kms_key_name"] for each in values.get("encryption", [])), None),
        "versioning": values["versioning"][0]["enabled"],
        "lifecycle": [
            {names[name]: value for name, value in each["condition"][0].items()} | {"action": each["action"][0]["type"]}
            for each in rules
        ],
    }


def _repository(values: Json) -> Json:
    policies: list[Json] = []
    for each in values["cleanup_policies"]:
        policy = {"name": each["id"], "action": {"type": each["action"].capitalize()}}
        if "condition" in each:
            seconds = int(each["condition"][0]["older_than"].removesuffix("s"))
            policy["condition"] = {"olderThan": f"{seconds // 86400}d"}
        if "most_recent_versions" in each:
            policy["mostRecentVersions"] = {"keepCount": each["most_recent_versions"][0]["keep_count"]}
        policies.append(policy)
    return {
        "repository-format": values["format"].lower(),
        "location": values["location"],
        "labels": values["labels"],
        "description": values["description"],
        "kms-key": values.get("kms_key_name"),
        "policies": sorted(policies, key=lambda each: str(each["name"]), reverse=True),
        "dry run": values["cleanup_policy_dry_run"],
    }


def _kept(values: Json) -> list[str | None]:
    """Give where the values of a secret are kept, and with which key."""
    if "user_managed" not in values["replication"][0]:
        return ["automatic", None, None]
    ((replica,),) = (each["replicas"] for each in values["replication"][0]["user_managed"])
    return ["user-managed", replica["location"], *(each["kms_key_name"] for each in replica["customer_managed_encryption"])]


def _container(values: Json, template: Json) -> Json:
    (container,) = template["containers"]
    env = {each["name"]: each for each in container["env"]}
    secrets = {name: each["value_source"][0]["secret_key_ref"][0] for name, each in env.items() if "value_source" in each}
    made = {
        "project": values["project"],
        "region": values["location"],
        "labels": values["labels"],
        "service-account": template["service_account"],
        "image": container["image"],
        "args": ",".join(container["args"]),
        "cpu": container["resources"][0]["limits"]["cpu"],
        "memory": container["resources"][0]["limits"]["memory"],
        "env": {name: each["value"] for name, each in env.items() if "value" in each},
        "secrets": {name: f"{each['secret']}:{each['version']}" for name, each in secrets.items()} | _mounted(template),
    }
    if "encryption_key" in template:
        made["key"] = template["encryption_key"]
    for through in template.get("vpc_access", []):
        (interface,) = through["network_interfaces"]
        made |= {"network": interface["network"], "subnet": interface["subnetwork"]}
        made["vpc-egress"] = through["egress"].lower().replace("_", "-")
    return made


def _mounted(template: Json) -> dict[str, str]:
    """Give the secrets that are files, by their place."""
    (container,) = template["containers"]
    places = {each["name"]: each["mount_path"] for each in container.get("volume_mounts", [])}
    secrets = {each["name"]: each["secret"][0] for each in template.get("volumes", [])}
    return {
        f"{places[name]}/{item['path']}": f"{secret['secret']}:{item['version']}"
        for name, secret in secrets.items()
        for item in secret["items"]
    }


def _job(values: Json) -> Json:
    outer = values["template"][0]
    template = outer["template"][0]
    tasks = {} if outer["task_count"] == 1 else {"tasks": str(outer["task_count"])}  # as gcloud makes it where nothing is said
    return _container(values, template) | {
        "max-retries": str(template["max_retries"]),
        "task-timeout": template["timeout"],
        **tasks,
    }


def _service(values: Json) -> Json:
    template = values["template"][0]
    (container,) = template["containers"]
    return _container(values, template) | {
        "concurrency": str(template["max_instance_request_concurrency"]),
        "max-instances": str(template["scaling"][0]["max_instance_count"]),
        "min-instances": str(template["scaling"][0]["min_instance_count"]),
        "cpu-throttling": container["resources"][0]["cpu_idle"],
        "timeout": template["timeout"],
        "ingress": {"INGRESS_TRAFFIC_INTERNAL_ONLY": "internal"}[values["ingress"]],
        "set-custom-audiences": ",".join(values["custom_audiences"]),
        "startup-probe": _probe(container["startup_probe"][0]),
        "liveness-probe": _probe(container["liveness_probe"][0]),
    }


def _probe(probe: Json) -> str:
    named = {"periodSeconds": "period_seconds", "timeoutSeconds": "timeout_seconds", "failureThreshold": "failure_threshold"}
    numbers = [f"{name}={probe[key]}" for name, key in named.items() if probe.get(key)]
    return ",".join([f"httpGet.path={probe['http_get'][0]['path']}", *numbers])


def _schedule(values: Json) -> Json:
    target = values["http_target"][0]
    made = {
        "name": values["name"],
        "project": values["project"],
        "location": values["region"],
        "schedule": values["schedule"],
        "time-zone": values["time_zone"],
        "uri": target["uri"],
        "http-method": target["http_method"],
        "attempt-deadline": values["attempt_deadline"],
        "max-retry-attempts": str(values["retry_config"][0]["retry_count"]),
    }
    if "oauth_token" in target:
        return made | {"oauth-service-account-email": target["oauth_token"][0]["service_account_email"]}
    token = target["oidc_token"][0]
    return made | {"oidc-service-account-email": token["service_account_email"], "oidc-token-audience": token["audience"]}


# The whole life of an installation


def built_with(terraform: LocalTerraform) -> str:
    return str(json.loads(terraform.terraform("output", "-json"))["build_command"]["value"])


def assert_same(made: Json, asked: Json) -> None:
    assert set(made) == set(asked)
    for kind, things in made.items():
        assert things == asked[kind], kind


def assert_it_stays_and_goes(terraform: LocalTerraform, **variables: Any) -> None:
    terraform.terraform("plan", "-detailed-exitcode", **variables)  # 0: nothing to change
    made = [kind for did, kind in terraform.asked if did == "make"]
    terraform.asked.clear()
    terraform.terraform("destroy", "-auto-approve", **variables)
    assert sorted(terraform.asked) == sorted(("remove", kind) for kind in made)
    assert terraform.resources() == {}


@pytest.mark.long
def test_a_job_with_every_option_is_what_the_scripts_make(opened: Any, tmp_path: Path) -> None:
    terraform = opened(JOB)
    value = {"slack": VALUE}
    terraform.terraform("apply", "-auto-approve", **value)
    resources = terraform.resources()
    options = [
        "--custom-index",
        "--notification-channel",
        CHANNEL,
        "--secret",
        "slack-webhook-url=-",
        "--secret",
        "smtp-password",
    ]
    for name, said in OPTIONS.items():
        options += [f"--{name.replace('_', '-')}", said]
    for name, said in SETTINGS.items():
        options += ["--set", f"{name}={said}"]
    asked = asked_by_scripts(told_by_scripts(tmp_path, "job", *options, value=VALUE))
    assert_same(made_by_terraform(resources, built_with(terraform)), asked)
    index = resources["module.logwatch.google_logging_project_bucket_config.default[0]"]
    assert (index["bucket_id"], index["retention_days"], index["index_configs"]) == (
        "_Default",
        30,
        [{"field_path": "jsonPayload.message", "type": "INDEX_TYPE_STRING"}],
    )
    assert terraform.written == [VALUE]
    assert VALUE not in (terraform.folder / "terraform.tfstate").read_text()
    assert_it_stays_and_goes(terraform, **value)


@pytest.mark.long
def test_the_page_makes_a_service_as_the_scripts_do(opened: Any, tmp_path: Path) -> None:
    terraform = opened(example="shop")
    lines = re.findall(r"^terraform -chdir=deploy/terraform/examples/shop (apply .*)", PAGE, re.MULTILINE)
    first, last = (shlex.split(line.replace("my-project", PROJECT)) for line in lines)
    terraform.terraform(*first, "-auto-approve")
    before = terraform.resources()
    assert not [address for address in before if re.search("alert_policy|dashboard|secret_version", address)]
    assert "LOGWATCH_SLACK" not in json.dumps(before)
    terraform.terraform(*last, "-auto-approve")
    made = terraform.resources()
    options = ("--set", "LOGWATCH_LANG=ko", "--secret", "slack-webhook-url=-")
    asked = asked_by_scripts(told_by_scripts(tmp_path, "service", *options, value=VALUE))
    ours = made_by_terraform(made, built_with(terraform))
    doctors = [each["run"].pop("logwatch-doctor") for each in (ours, asked)]
    for own in ("image", "env", "secrets"):  # the script reads them off the service
        del doctors[1][own]
    assert doctors[0].items() >= doctors[1].items()
    assert (doctors[0]["env"], doctors[0]["secrets"]) == (ours["run"]["logwatch"]["env"], ours["run"]["logwatch"]["secrets"])
    (mail,) = {told for file, told in ours["watcher"].items() if file != "dashboard"}
    assert mail.startswith(f"projects/{PROJECT}/notificationChannels/")  # the script makes none
    ours["watcher"] = dict.fromkeys(ours["watcher"], "")
    assert_same(ours, asked)
    assert set(before) < set(made)
    assert_it_stays_and_goes(terraform, project=PROJECT)


@pytest.mark.long
def test_the_targets_of_a_settings_file_are_those_of_the_scripts(opened: Any, tmp_path: Path, run: Run) -> None:
    view = "web-prod/locations/global/buckets/_Default/views/web"
    tables = ('service = "cart"\ngrace = "2m"', 'source = "gcp://pay-prod"\nservice = "pay"', f'source = "gcp://{view}"')
    named = (f'name = "{name}"\n{table}\n' for name, table in zip(("cart", "pay", "web"), tables, strict=True))
    file = settings_file(tmp_path / "ops", *named, shared=f'source = "gcp://{PROJECT}"\n')
    told = {
        "LOGWATCH_CONFIG": str(file),
        "LOGWATCH_METRICS_PROJECT": PROJECT,
        "LOGWATCH_STATE": f"gs://{PROJECT}-logwatch-state/state.json",
    }
    (tmp_path / "rights.txt").write_text(run("cloud", "rights", **told).out)
    assert run("cloud", "policies", "--output", tmp_path / "policies", **told).code == 0
    assert run("cloud", "dashboard", "--output", tmp_path / "dashboard.json", **told).code == 0
    said = f"""
provider "google" {{}}

module "logwatch" {{
  source          = "../deploy/terraform"
  project         = "{PROJECT}"
  config          = {{ rights = "{tmp_path}/rights.txt" }}
  tasks           = 2
  policies_folder = "{tmp_path}/policies"
  dashboard_file  = "{tmp_path}/dashboard.json"
}}

output "build_command" {{
  value = module.logwatch.build_command
}}
"""
    terraform = opened(said)
    terraform.terraform("apply", "-auto-approve")
    resources = terraform.resources()
    commands = told_by_scripts(tmp_path, "job", "--config", str(file), "--tasks", "2")
    asked, made = asked_by_scripts(commands), made_by_terraform(resources, built_with(terraform))
    assert {"lag-cart", "lag-pay", "heartbeat", "dashboard"} <= set(made["watcher"])
    assert_same(made, asked)
    assert_it_stays_and_goes(terraform)


@pytest.mark.long
@pytest.mark.skipif(not shutil.which("gcloud"), reason="gcloud is missing")
def test_gcloud_takes_the_commands_that_it_tells(opened: Any, tmp_path: Path) -> None:
    terraform = opened(JOB)
    slip = "gcloud builds submit . --konfig=x"
    commands = {slip}
    for kind in ("job", "service"):
        (terraform.folder / "main.tf").write_text(JOB.replace('run_as  = "job"', f'run_as = "{kind}"'))
        terraform.terraform("plan", "-out=plan", slack=VALUE)
        outputs = json.loads(terraform.terraform("show", "-json", "plan"))["planned_values"]["outputs"]
        told = " && ".join(outputs[name]["value"] for name in ("build_command", "doctor_command"))
        commands |= {re.sub(r"^image=\$\((.*)\)$", r"\1", each).replace("$image", "IMAGE") for each in told.split(" && ")}
    assert len(commands) == 1 + 3 + 4  # the tests' build is the same
    assert list(wrong_commands(sorted(commands), tmp_path)) == [slip]


# What watches logwatch itself


ONE_OF_EACH = {
    "trigger",
    "conditionAbsent",
    "conditionMatchedLog",
    "conditionThreshold",
    "alertStrategy",
    "documentation",
    "notificationRateLimit",
}
"""Blocks of which there may be one: a list in a state, an object in Google's own form."""


def as_google_has_it(value: Any) -> Any:
    """Give a value of a state as the API has it."""
    if isinstance(value, list):
        return [as_google_has_it(each) for each in value]
    if not isinstance(value, dict):
        return value
    named = {re.sub("_(.)", lambda found: found[1].upper(), name): each for name, each in value.items()}
    return {name: as_google_has_it(each[0] if name in ONE_OF_EACH else each) for name, each in named.items()}


def watchers(terraform: LocalTerraform, module: str) -> tuple[dict[str, Json], Json]:
    """Give the policies by file and the dashboard of an installation, in Google's form."""
    kept = {
        address.removeprefix(f"module.{module}."): each
        for address, each in terraform.resources().items()
        if f"module.{module}." in address
    }
    policies = {
        address.split('"')[1]: as_google_has_it({**each, "user_labels": {}}) | {"userLabels": each["user_labels"]}
        for address, each in kept.items()
        if address.startswith("google_monitoring_alert_policy.")
    }
    for policy in policies.values():
        for own in ("id", "name", "project"):
            del policy[own]
    (dashboard,) = (each["dashboard_json"] for address, each in kept.items() if "dashboard" in address)
    return policies, json.loads(dashboard)


@pytest.mark.long
def test_the_two_installations_of_the_page_share_nothing(opened: Any, run: Run) -> None:
    one, other = (block.replace("my-project", PROJECT) for block in re.findall(r"```hcl\n(.*?)```", PAGE, re.DOTALL)[:2])
    korean = re.sub(r"  (policies_folder|dashboard_file) .*\n", "", other).replace("beta", "korean")
    terraform = opened('provider "google" {}\n' + (one + other + korean).replace('"../.."', '"../deploy/terraform"'))
    for environment, source, line in re.findall(
        r"^LOGWATCH_ENVIRONMENT=(\S+) LOGWATCH_SOURCE=(\S+) logwatch (.*)", PAGE, re.MULTILINE
    ):
        told = {"LOGWATCH_ENVIRONMENT": environment, "LOGWATCH_SOURCE": source}
        assert run(*shlex.split(line), cwd=terraform.folder, **told).code == 0
        told["LOGWATCH_ENVIRONMENT"] = "logwatch-korean"
        in_korean = re.sub("--lang en", "--lang ko", re.sub(r"--output (\S+)", r"--output korean/\1", line))
        (terraform.folder / "korean").mkdir(exist_ok=True)
        assert run(*shlex.split(in_korean), cwd=terraform.folder, **told).code == 0
    terraform.terraform("apply", "-auto-approve")
    for module, folder, channels in (
        ("logwatch", MODULE.parent, 1),
        ("beta", terraform.folder, 0),
        ("korean", terraform.folder / "korean", 0),
    ):
        policies, dashboard = watchers(terraform, module)
        channels_told = [policy.pop("notificationChannels", []) for policy in policies.values()]
        assert {len(each) for each in channels_told} == {channels}
        assert {policy["userLabels"].pop("made-by") for policy in policies.values()} == {dashboard["labels"].pop("made-by")}
        assert policies == {file.stem: json.loads(file.read_text()) for file in (folder / "policies").iterdir()}
        assert dashboard == json.loads((folder / "dashboard.json").read_text())
    names = [
        (address.split(".")[2], next(each[own] for own in NAMED if own in each))
        for address, each in terraform.resources().items()
        if not re.search(r"google_project_service|_iam_member|\.data\.", address)
    ]
    assert len(set(names)) == len(names)


@pytest.mark.long
def test_policies_of_another_environment_are_refused(opened: Any, run: Run) -> None:
    terraform = opened(JOB.replace('service = "o4o', 'policies_folder = "policies"\n  service = "o4o'))
    assert run("cloud", "policies", "--output", "policies", cwd=terraform.folder, LOGWATCH_ENVIRONMENT="beta").code == 0
    assert "watches figures of the environment beta" in unwrapped(terraform.terraform("plan", code=1, slack=VALUE))


# What is wrong is seen


def unwrapped(told: str) -> str:
    """Give what terraform complains of without the lines that it makes of it."""
    return " ".join(re.sub("[│╷╵]", "", told).split())


WRONG = """
provider "google" {}

module "logwatch" {
  source                = "../deploy/terraform"
  project               = "P"
  region                = "Seoul"
  service               = "-shop"
  name                  = "a-name-that-is-far-too-long"
  run_as                = "cron"
  settings              = { LANG = "en", LOGWATCH_MAIL_TO = "", LOGWATCH_SMTP_PASSWORD = "hunter2" }
  secrets               = { smtp-passwd = {}, webhook-url = { write = 1, empty = true } }
  schedule              = "every minute"
  notification_emails   = ["ops"]
  notification_channels = ["123"]
  log_retention_days    = 0
  log_view              = "_Default"
}
"""


def test_wrong_variables_are_all_named(opened: Any) -> None:
    terraform = opened(WRONG)
    told = unwrapped(terraform.terraform("plan", code=1))
    wanted = [
        "6 to 30 small letters",
        "A region, e.g. asia-northeast3",
        "The name of a Cloud Run service",
        "2 to 22 small letters",
        "Right are job and service",
        "Every setting's name begins with LOGWATCH_",
        "leave out what is to be as it is",
        "That is a secret",
        "Right are google-chat-url, ops-token,",
        "either written or left empty",
        "Five fields of cron",
        "Addresses of mail",
        "Right is projects/PROJECT/notificationChannels/ID",
        "1 to 3650 days",
        "A view's name",
    ]
    assert [each for each in wanted if each not in told] == []


@pytest.mark.long
def test_a_secret_that_is_written_needs_its_value(opened: Any) -> None:
    terraform = opened(JOB.replace("slack-webhook-url = var.slack", ""))
    assert "has no value in secret_values" in terraform.terraform("plan", code=1)


@pytest.mark.parametrize(
    ("file", "right", "wrong", "complaint"),
    [
        ("main.tf", "force_destroy ", "force_destroi ", 'An argument named "force_destroi" is not expected here'),
        ("main.tf", "\n  service_account_id = ", "\n  # ", 'The argument "service_account_id" is required'),
        ("run.tf", "INGRESS_TRAFFIC_INTERNAL_ONLY", "INTERNAL", "ingress: 'INTERNAL' is none of"),
        ("secrets.tf", "secret_data_wo  ", "secret_data  ", "Ephemeral values are not valid"),
        ("watchdog.tf", "local.channels", "local.channel", "A local value with the name"),
    ],
)
def test_a_slip_in_the_module_is_seen(opened: Any, file: str, right: str, wrong: str, complaint: str) -> None:
    terraform = opened(JOB)
    slipped = terraform.folder.parent / "deploy/terraform" / file
    assert right in slipped.read_text()
    slipped.write_text(slipped.read_text().replace(right, wrong, 1))
    assert complaint in unwrapped(terraform.terraform("validate", code=1))


def test_the_files_are_formatted(opened: Any) -> None:
    terraform = opened(JOB)
    assert terraform.terraform("fmt", "-check", "-recursive", str(terraform.folder.parent / "deploy/terraform")) == ""


def test_the_schema_has_what_is_used_and_no_more() -> None:
    document = json.loads(SCHEMA.read_text())
    assert {
        kind: set(document[f"{group}_schemas"]) for kind, group in (("resource", "resource"), ("data", "data_source"))
    } == used()


def test_every_secret_that_there_is_can_be_named() -> None:
    kinds: list[type[BaseModel]] = [Settings, *CHANNELS]
    declared = {name: field for each in kinds for name, field in each.model_fields.items()}
    secrets = {name.replace("_", "-") for name, field in declared.items() if SecretStr in get_args(field.annotation)}
    listed = re.search(r"for secret in \[(.*?)\]", (MODULE / "secrets.tf").read_text(), re.DOTALL)
    assert listed
    assert re.findall(r'"([a-z-]+)"', listed[1]) == sorted(secrets)
