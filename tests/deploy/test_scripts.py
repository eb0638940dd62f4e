"""Build and set-up: what Cloud Build and gcloud themselves accept, and what is in a project afterwards."""

import json
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from google.cloud.devtools.cloudbuild_v1.types import Build
from google.protobuf.json_format import ParseDict, ParseError

from logwatch.version import commit_of
from tests.conftest import ROOT
from tests.support.documents import DOCUMENTS
from tests.support.gcloud_lint import wrong_commands
from tests.support.local_build import builder
from tests.support.local_cloud import PROJECT, REGION, LocalCloud
from tests.support.patience import PATIENCE_S
from tests.support.pretended_gcloud import PretendedGcloud, empty, installed

SETUP, TEARDOWN, DEPLOY = (ROOT / "deploy" / f"{name}.sh" for name in ("setup", "teardown", "deploy"))
BUILD = ROOT / "cloudbuild.yaml"
TESTS = ROOT / "deploy" / "test.yaml"
BUILDS = (BUILD, TESTS)
WEBHOOK = "https://hooks.slack.test/T0/B0/aSecretOfSlack"
GIVEN = {"PROJECT_ID", "PROJECT_NUMBER", "BUILD_ID"}
"""Substitutions that Cloud Build itself gives to every build, also to one that no trigger started."""

needs_gcloud = pytest.mark.skipif(not shutil.which("gcloud"), reason="gcloud is missing")


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[LocalCloud]:
    with LocalCloud(tmp_path) as cloud:
        cloud.stands("o4o-core-api")
        cloud.stands("shop")
        yield cloud
        assert not cloud.problems


# cloudbuild.yaml


@pytest.mark.parametrize("file", BUILDS)
def test_a_build_is_one_that_cloud_build_knows(file: Path) -> None:
    ParseDict(yaml.safe_load(file.read_text()), Build.pb(Build()))


@pytest.mark.parametrize(
    ("right", "wrong"), [("timeout:", "timeoutt:"), ("entrypoint:", "entry:"), ("CLOUD_LOGGING_ONLY", "CLOUD_ONLY")]
)
def test_a_typo_in_the_build_is_seen(right: str, wrong: str) -> None:
    text = BUILD.read_text()
    assert right in text
    with pytest.raises(ParseError):
        ParseDict(yaml.safe_load(text.replace(right, wrong)), Build.pb(Build()))


@pytest.mark.parametrize("file", BUILDS)
def test_each_substitution_is_declared_and_each_declared_one_used(file: Path) -> None:
    build = yaml.safe_load(file.read_text())
    declared = set(build.pop("substitutions"))
    used = set(re.findall(r"\$\{?(\w+)\}?", json.dumps(build)))
    assert used - GIVEN == declared


@pytest.mark.parametrize("file", BUILDS)
def test_a_build_says_what_one_by_an_account_of_its_own_must(file: Path) -> None:
    build = yaml.safe_load(file.read_text())
    assert build["options"]["logging"] == "CLOUD_LOGGING_ONLY"
    assert int(build["timeout"].removesuffix("s")) <= 3600


def test_the_build_tries_what_it_deploys() -> None:
    build = yaml.safe_load(BUILD.read_text())
    assert build["substitutions"]["_REGION"] == REGION
    assert [step["id"] for step in build["steps"]] == ["base", "build", "try", "push", "digest", "deploy"]
    assert build["images"] == [step["args"][-1] for step in build["steps"] if step["id"] == "push"]


def test_tests_run_as_an_account_that_deploys_nothing() -> None:
    tests = yaml.safe_load(TESTS.read_text())
    assert [step["id"] for step in tests["steps"]] == ["test"]
    assert tests["serviceAccount"].endswith("/${_NAME}-tester@$PROJECT_ID.iam.gserviceaccount.com")


@pytest.mark.long
@needs_gcloud
def test_gcloud_takes_the_build(cloud: LocalCloud) -> None:
    command = ("gcloud", "builds", "submit", "--no-source", f"--region={REGION}", f"--project={PROJECT}")
    ran = cloud.start(*command, f"--config={BUILD}")
    assert ran.returncode == 0, ran.stderr
    assert cloud.built[0]["substitutions"]["_NAME"] == "logwatch"
    wrong = cloud.folder / "wrong.yaml"
    wrong.write_text(BUILD.read_text().replace("timeout:", "timeoutt:"))
    assert "timeoutt" in cloud.start(*command, f"--config={wrong}").stderr
    assert len(cloud.built) == 1


# Every gcloud command parses


STEP = {
    "PROJECT": "p1",
    "PROJECT_NUMBER": "123456789",
    "REGION": REGION,
    "NAME": "logwatch",
    "IMAGE": "i",
}
"""What the last step of a build is told, but for AS."""


def commands_of_scripts(folder: Path) -> list[str]:
    setting = (
        "--set",
        "LOGWATCH_LANG=en",
        "--secret",
        "smtp-password",
        "--secret",
        "webhook-url=env",
        "--custom-index",
        "--build",
    )
    key = "projects/p1/locations/l/keyRings/r/cryptoKeys/k"
    place = ("--network", "n", "--subnet", "s", "--key", key, "--build-region", "us-central1")
    for kind in ("job", "service"):
        older = installed(kind=kind)
        older["policies list"] = older["policies list"].replace("\t\n", "\t1\tprojects/p1/notificationChannels/1\tFalse\n")
        for number, answers in enumerate((empty(), older)):
            cloud = PretendedGcloud(folder / f"{kind}{number}", answers)
            ran = cloud.start(SETUP, "--as", kind, *setting, *place, "--yes", LOGWATCH_WEBHOOK_URL="x")
            assert ran.returncode == 0, ran.stderr
            view = ("--log-view", "projects/p1/locations/global/buckets/_Default/views/v")
            assert cloud.start(SETUP, *view, "--yes").returncode == 0
            assert cloud.start(TEARDOWN, *view, "--yes", "--custom-index").returncode == 0
        assert cloud.start(DEPLOY, AS=kind, SETTINGS="A=b", SECRETS="C=d:1", **STEP).returncode == 0
    told = (folder / f"{kind}{number}" / "told" for kind in ("job", "service") for number in (0, 1))
    return [shlex.join(shlex.split(f"gcloud {line}")) for path in told for line in path.read_text().splitlines()]


def commands_of_documents() -> list[str]:
    texts = [*DOCUMENTS, *(ROOT / "deploy").glob("*.sh"), BUILD]
    lines = [line for path in texts for line in path.read_text().replace("\\\n", " ").splitlines()]
    pattern = r"(?:^|^# +|[`|] ?|run: |again: |It: )(gcloud (?!is |itself|talks)[a-z][^`|#]*)"
    found = [
        re.sub(r" > \S+$", "", match[1].strip()) for line in lines if "$" not in line for match in re.finditer(pattern, line)
    ]
    return [command.rpartition('"')[0] if command.count('"') % 2 else command for command in found]


@pytest.mark.long
@needs_gcloud
def test_every_gcloud_command_of_scripts_and_documents_parses(tmp_path: Path) -> None:
    told = {*commands_of_scripts(tmp_path), *commands_of_documents()}
    commands = sorted({re.sub(r"\bPROJECT\b", "my-project", command) for command in told})  # a document's own word for it
    assert len(commands) > 60
    typo = "gcloud run jobs deploy x --max-retriess=0"
    assert list(wrong_commands([*commands, typo], tmp_path)) == [typo]


def test_the_page_sets_the_project_that_its_commands_leave_out() -> None:
    text = (ROOT / "docs/deploy.md").read_text()
    first = text.index("gcloud config set project my-project")
    assert re.findall(r"gcloud (?:run|logging|scheduler|builds|artifacts) ", text[:first]) == []


@pytest.mark.long
@pytest.mark.skipif(not shutil.which("shellcheck"), reason="shellcheck is missing")
def test_the_scripts_are_clean() -> None:
    scripts = [
        *(ROOT / "deploy").glob("*.sh"),
        *(path for path in (ROOT / "tools").iterdir() if path.is_file() and not path.suffix),
    ]
    found = subprocess.run(["shellcheck", "-x", *scripts], cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S607 - likewise
    assert not found.stdout


# Errors, and a look before anything is done


def start(script: Path, *arguments: str, stdin: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    bare = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "CLOUDSDK_CONFIG": "/nonexistent"}  # noqa: TID251 - only the path
    return subprocess.run(
        [script, *arguments],
        env=bare | environment,
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S,
    )


FIELDS = json.loads((ROOT / "rules" / "settings.schema.json").read_text())["properties"]
SECRETS = sorted(name.replace("_", "-") for name, field in FIELDS.items() if field.get("writeOnly"))


def test_what_is_secret_is_listed_once() -> None:
    told = re.search("right are (.*)", start(SETUP, "--project", "p1", "--secret", "token").stderr)
    assert told
    assert sorted(told[1].split(", ")) == SECRETS


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--frobnicate"], "unknown option --frobnicate"),
        (["--project"], "--project needs a value"),
        (["--project", "p1", "--build", "--secret"], "--secret needs a value"),
        (["--project", "p1", "--as", "cron"], "right are job and service"),
        (["--project", "p1", "--name", "Log_Watch"], "small letters"),
        (["--project", "p1", "--name", "a-name-that-is-far-too-long"], "2 to 22"),
        (["--project", "p1", "--region", "Seoul"], "e.g. asia-northeast3"),
        (["--project", "p1", "--set", "LANG=en"], "right is e.g. --set LOGWATCH_LANG=en"),
        (["--project", "p1", "--set", "LOGWATCH_SLAK_CHANNEL=x"], "there is no such setting"),
        (["--project", "p1", "--set", "LOGWATCH_SMTP_PASSWORD=hunter2"], "is a secret"),
        (["--project", "p1", "--set", "LOGWATCH_MAIL_TO=a|b"], "may not hold"),
        (["--project", "p1", "--secret", "smtp-password=hunter2"], "never stands on a command line"),
        (["--project", "p1", "--secret", "smtp-password=-", "--secret", "webhook-url=-"], "run it once for each"),
    ],
)
def test_a_wrong_argument_is_named_with_its_cure(arguments: list[str], complaint: str) -> None:
    ran = start(SETUP, *arguments)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert complaint in ran.stderr
    assert "hunter2" not in ran.stderr


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [(["--as", "job"], "unknown option --as"), (["--name"], "--name needs a value"), ([""], "unknown option ")],
)
def test_teardown_takes_no_more_than_it_has(arguments: list[str], complaint: str) -> None:
    ran = start(TEARDOWN, *arguments)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert complaint in ran.stderr


@pytest.mark.long
@needs_gcloud
@pytest.mark.parametrize("script", [SETUP, TEARDOWN])
def test_without_a_project_nothing_is_done(script: Path, tmp_path: Path) -> None:
    ran = start(script, CLOUDSDK_CONFIG=str(tmp_path))
    assert ran.returncode == 2
    assert "no project\n  give --project PROJECT, or run: gcloud config set project PROJECT" in ran.stderr


@pytest.mark.long
@needs_gcloud
def test_without_a_login_nothing_is_done(cloud: LocalCloud) -> None:
    ran = cloud.start(SETUP, "--project", PROJECT, CLOUDSDK_AUTH_ACCESS_TOKEN_FILE="")
    assert (ran.returncode, ran.stderr) == (2, "setup.sh: not logged in\n  run: gcloud auth login\n")


@pytest.mark.long
@needs_gcloud
def test_a_project_that_is_not_there_is_said_so(cloud: LocalCloud) -> None:
    ran = cloud.start(SETUP, "--project", "anothers")
    assert ran.returncode == 2
    assert "project anothers does not exist, or you may not see it" in ran.stderr
    assert cloud.changes == []


@pytest.mark.parametrize("script", [SETUP, TEARDOWN])
def test_help_is_the_page_in_the_readme_of_the_script(script: Path) -> None:
    ran = start(script, "--help")
    assert ran.returncode == 0
    assert ran.stdout.count("--") >= 4
    assert "#" not in ran.stdout


def dry(*arguments: str, **environment: str) -> list[str]:
    ran = start(SETUP, "--dry-run", "--project", "p1", *arguments, **environment)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.splitlines()


def test_a_build_knows_its_commit() -> None:
    (submitted,) = (line for line in dry("--build") if "cloudbuild.yaml" in line)
    assert f"~_COMMIT={commit_of(ROOT)}~" in submitted.replace("\\", "")


def test_a_dry_run_prints_every_command_and_nothing_else() -> None:
    lines = dry()
    assert len(lines) > 15
    assert all(line.startswith("gcloud ") for line in lines)
    assert not any(" describe " in line for line in lines)


@pytest.mark.long
def test_a_dry_run_needs_no_gcloud_and_changes_nothing(tmp_path: Path) -> None:
    for tool in ("bash", "env", "dirname", "tr", "grep", "awk", "cut", "git", "mktemp", "rm"):
        (tmp_path / tool).symlink_to(str(shutil.which(tool)))
    assert dry(PATH=str(tmp_path)) == dry()


@pytest.mark.parametrize("script", [SETUP, TEARDOWN])
def test_a_shell_that_looks_for_folders_elsewhere_does_not_mislead(script: Path) -> None:
    command = [str(script.relative_to(ROOT)), "--dry-run", "--project", "p1"]
    ran = subprocess.run(command, cwd=ROOT, env={**os.environ, "CDPATH": ".:/tmp"}, capture_output=True, text=True, check=False)  # noqa: TID251 - its path
    assert ran.returncode == 0, ran.stderr
    assert all(line.startswith("gcloud ") for line in ran.stdout.splitlines())


def test_what_is_missing_to_build_the_image_is_named(tmp_path: Path) -> None:
    for tool in ("bash", "dirname"):
        (tmp_path / tool).symlink_to(str(shutil.which(tool)))
    ran = start(ROOT / "tools" / "build-image-without-docker", PATH=str(tmp_path))
    assert (ran.returncode, ran.stdout) == (77, "")
    assert ran.stderr.startswith("skipped: buildah is missing; run: apt-get install ")


def test_without_gcloud_it_is_said_where_to_get_it(tmp_path: Path) -> None:
    for tool in ("bash", "env", "dirname", "tr"):
        (tmp_path / tool).symlink_to(str(shutil.which(tool)))
    ran = start(SETUP, "--project", "p1", PATH=str(tmp_path))
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr == "setup.sh: gcloud is not installed\n  https://cloud.google.com/sdk/docs/install\n"


@pytest.mark.parametrize(
    ("asked", "answer", "code", "complaint"),
    [
        ("projects describe", "!boom", 2, "setup.sh: cannot look at project p1\n  boom\n"),
        (
            "services enable",
            "!no billing",
            1,
            "setup.sh: this failed: gcloud services enable cloudscheduler.googleapis.com --project=p1\nno billing\n",
        ),
        ("versions add", "!no right", 2, "setup.sh: cannot fill secret logwatch-webhook-url\n  no right\n"),
        ("run jobs list", "!no right", 1, "setup.sh: cannot look: gcloud run jobs list"),
    ],
)
def test_what_fails_is_told_in_gclouds_own_words(tmp_path: Path, asked: str, answer: str, code: int, complaint: str) -> None:
    answers = {asked: answer, **empty()}
    answers["services list --enabled"] = answers["services list --enabled"].replace("cloudscheduler.googleapis.com\n", "")
    ran = PretendedGcloud(tmp_path, {**answers, asked: answer}).start(
        SETUP, "--secret", "webhook-url=env", "--yes", LOGWATCH_WEBHOOK_URL="https://x.test/hunter2"
    )
    assert ran.returncode == code
    assert complaint in ran.stderr
    assert "hunter2" not in ran.stdout + ran.stderr


def test_an_api_that_never_comes_is_given_up(tmp_path: Path) -> None:
    cloud = PretendedGcloud(tmp_path, {"accounts list": "!SERVICE_DISABLED", **empty()})
    ran = cloud.start(SETUP)
    assert ran.returncode == 1
    assert "setup.sh: cannot look: gcloud iam service-accounts list" in ran.stderr
    assert len([each for each in cloud.told if "accounts list" in each]) == 6


@pytest.mark.long
def test_what_an_api_has_hidden_until_it_was_switched_on_is_taken_as_it_is(tmp_path: Path) -> None:
    answers = {"accounts create": "!ALREADY_EXISTS", **empty()}
    answers["services list --enabled"] = answers["services list --enabled"].replace("iam.googleapis.com\n", "")
    ran = PretendedGcloud(tmp_path, answers).start(SETUP, "--yes")
    assert ran.returncode == 0, ran.stderr


def test_teardown_of_nothing_deletes_nothing(tmp_path: Path) -> None:
    cloud = PretendedGcloud(tmp_path, empty())
    ran = cloud.start(TEARDOWN, "--yes", "--custom-index")
    assert (ran.returncode, ran.stdout) == (0, "nothing to change\n")
    assert cloud.changes == []


def test_a_deployment_is_of_a_job_or_a_service() -> None:
    ran = start(DEPLOY, AS="cron", **STEP)
    assert (ran.returncode, ran.stderr) == (2, "deploy.sh: AS=cron: right are job and service\n")


def test_a_secret_is_shown_nowhere() -> None:
    ran = start(
        SETUP,
        "--dry-run",
        "--project",
        "p1",
        "--secret",
        "smtp-password=-",
        "--secret",
        "slack-webhook-url=env",
        stdin="hunter2",
        LOGWATCH_SLACK_WEBHOOK_URL=WEBHOOK,
    )
    assert "gcloud secrets versions add logwatch-smtp-password --data-file=-" in ran.stdout
    assert "LOGWATCH_SLACK_WEBHOOK_URL=logwatch-slack-webhook-url:latest" in ran.stdout
    assert WEBHOOK not in ran.stdout + ran.stderr
    assert "hunter2" not in ran.stdout + ran.stderr


# A whole life in a project, with the real gcloud


def roles(cloud: LocalCloud) -> dict[str, set[str]]:
    """Give who may do what: account → roles, each with where it holds."""
    given: dict[str, set[str]] = {}
    for where, policy in cloud.policies.items():
        for binding in policy.get("bindings", []):
            for member in binding["members"]:
                account = member.removeprefix("serviceAccount:").partition("@")[0]
                given.setdefault(account, set()).add(f"{binding['role']} {where.partition('/')[0]} {where.rpartition('/')[2]}")
    return given


def set_up(cloud: LocalCloud, *arguments: str, stdin: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    ran = cloud.start(SETUP, "--project", PROJECT, "--yes", *arguments, stdin=stdin, **environment)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran


def fail(_: dict[str, Any]) -> None:
    raise RuntimeError("a test failed")


def answers(cloud: LocalCloud, command: str) -> str:
    """Give what a document's command shows, for a project that is set up."""
    ran = cloud.start(*shlex.split(command.replace("PROJECT", PROJECT)))
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.strip()


def container(cloud: LocalCloud, kind: str) -> dict[str, Any]:
    spec = cloud.made[f"run/{kind}s/logwatch"]["spec"]["template"]["spec"]
    found: dict[str, Any] = (spec["template"]["spec"] if kind == "job" else spec)["containers"][0]
    return found


def assert_nothing_is_left(cloud: LocalCloud) -> None:
    ran = cloud.start(TEARDOWN, "--project", PROJECT, "--custom-index", "--yes")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    left = {f"logging/projects/{PROJECT}/locations/global/buckets/_Default", "run/services/o4o-core-api", "run/services/shop"}
    assert set(cloud.made) == left
    assert not cloud.objects
    assert not roles(cloud)


@needs_gcloud
@pytest.mark.cloud
def test_a_job_is_set_up_once_and_torn_down_whole(cloud: LocalCloud) -> None:
    cloud.on_build = builder(cloud)
    options = (
        "--custom-index",
        "--set",
        "LOGWATCH_MAIL_TO=a@example.com,b@example.com",
        "--secret",
        "smtp-password",
        "--secret",
        "slack-webhook-url=env",
    )
    ran = set_up(cloud, *options, LOGWATCH_SLACK_WEBHOOK_URL=WEBHOOK)
    assert WEBHOOK not in ran.stdout + ran.stderr
    assert roles(cloud) == {
        "logwatch-runner": {
            f"roles/logging.viewer cloudresourcemanager {PROJECT}",
            f"roles/monitoring.metricWriter cloudresourcemanager {PROJECT}",
            f"roles/monitoring.viewer cloudresourcemanager {PROJECT}",
            f"roles/storage.objectUser storage {PROJECT}-logwatch-state",
            "roles/secretmanager.secretAccessor secretmanager logwatch-slack-webhook-url",
            "roles/secretmanager.secretAccessor secretmanager logwatch-smtp-password",
        },
        "logwatch-caller": {"roles/run.invoker run logwatch"},
        "logwatch-builder": {
            f"roles/logging.logWriter cloudresourcemanager {PROJECT}",
            "roles/run.developer run logwatch",
            f"roles/iam.serviceAccountUser iam logwatch-runner@{PROJECT}.iam.gserviceaccount.com",
            f"roles/storage.objectViewer storage {PROJECT}-logwatch-source",
            "roles/artifactregistry.writer artifactregistry logwatch",
        },
        "logwatch-tester": {
            f"roles/logging.logWriter cloudresourcemanager {PROJECT}",
            f"roles/storage.objectViewer storage {PROJECT}-logwatch-source",
        },
    }
    state = cloud.made[f"storage/{PROJECT}-logwatch-state"]
    assert state["versioning"] == {"enabled": True}
    assert state["lifecycle"]["rule"]
    assert state["location"] == REGION.upper()
    assert state["iamConfiguration"] == {"publicAccessPrevention": "enforced", "uniformBucketLevelAccess": {"enabled": True}}
    task = cloud.made["run/jobs/logwatch"]["spec"]["template"]["spec"]
    assert (task.get("taskCount", 1), task["template"]["spec"]["maxRetries"], task["template"]["spec"]["timeoutSeconds"]) == (
        1,
        0,
        "75",
    )
    assert task["template"]["spec"]["serviceAccountName"] == f"logwatch-runner@{PROJECT}.iam.gserviceaccount.com"
    run = container(cloud, "job")
    assert (run["args"], run["resources"]["limits"]) == (["run"], {"cpu": "1", "memory": "512Mi"})
    assert run["image"] == f"{REGION}-docker.pkg.dev/{PROJECT}/logwatch/logwatch:build-2"
    assert {each["name"]: each.get("value", each.get("valueFrom")) for each in run["env"]} == {
        "LOGWATCH_SOURCE": f"gcp://{PROJECT}/o4o-core-api",
        "LOGWATCH_STATE": f"gs://{PROJECT}-logwatch-state/state.json",
        "LOGWATCH_MAIL_TO": "a@example.com,b@example.com",
        "LOGWATCH_SLACK_WEBHOOK_URL": {"secretKeyRef": {"key": "latest", "name": "logwatch-slack-webhook-url"}},
    }
    schedule = cloud.made[f"cloudscheduler/projects/{PROJECT}/locations/{REGION}/jobs/logwatch"]
    assert (schedule["schedule"], schedule["timeZone"], schedule["attemptDeadline"]) == ("* * * * *", "Etc/UTC", "30s")
    assert schedule["retryConfig"].get("retryCount", 0) == 0
    assert (
        schedule["httpTarget"]["uri"]
        == f"https://run.googleapis.com/v2/projects/{PROJECT}/locations/{REGION}/jobs/logwatch:run"
    )
    assert schedule["httpTarget"]["oauthToken"] == {"serviceAccountEmail": f"logwatch-caller@{PROJECT}.iam.gserviceaccount.com"}
    index = cloud.made[f"logging/projects/{PROJECT}/locations/global/buckets/_Default"]["indexConfigs"]
    assert index == [{"fieldPath": "jsonPayload.message", "type": "INDEX_TYPE_STRING"}]

    shown = [each for each in commands_of_documents() if each.startswith("gcloud run jobs describe") and "--format" in each]
    assert [answers(cloud, each) for each in shown] == [run["image"]]

    # The account that deploys may deploy this one job.
    cloud.made["run/jobs/shop"] = {**cloud.made["run/jobs/logwatch"]}
    image = ("--image=another", f"--region={REGION}", f"--project={PROJECT}")
    as_builder = {"CLOUDSDK_AUTH_ACCESS_TOKEN_FILE": cloud.login("logwatch-builder")}
    assert "PERMISSION_DENIED" in cloud.start("gcloud", "run", "jobs", "deploy", "shop", *image, **as_builder).stderr
    assert cloud.made.pop("run/jobs/shop") == cloud.made["run/jobs/logwatch"]

    cloud.changes.clear()
    set_up(cloud, *options, LOGWATCH_SLACK_WEBHOOK_URL=WEBHOOK)
    assert [path for _, path, _ in cloud.changes] == [f"run/apis/run.googleapis.com/v1/namespaces/{PROJECT}/jobs/logwatch:run"]
    assert_nothing_is_left(cloud)


@needs_gcloud
@pytest.mark.cloud
def test_a_service_is_set_up_and_torn_down_whole(cloud: LocalCloud) -> None:
    cloud.on_build = fail
    ran = cloud.start(SETUP, "--project", PROJECT, "--as", "service", "--service", "shop", "--yes")
    assert ran.returncode == 1
    assert container(cloud, "service")["image"] == "us-docker.pkg.dev/cloudrun/container/hello:latest"
    assert not [name for name in cloud.made if name.startswith("cloudscheduler/")]

    # What failed is begun again, and nothing else; what was told the first time is remembered.
    cloud.on_build = builder(cloud)
    cloud.changes.clear()
    set_up(cloud)
    assert {name.partition("/")[0] for _, name, _ in cloud.changes} == {
        "storage",
        "cloudbuild",
        "run",
        "cloudscheduler",
        "monitoring",
    }
    spec = cloud.made["run/services/logwatch"]["spec"]["template"]
    run = container(cloud, "service")
    assert run["args"] == ["serve"]
    assert run["startupProbe"] == {"httpGet": {"path": "/healthz"}}
    assert run["livenessProbe"] == {
        "httpGet": {"path": "/healthz"},
        "periodSeconds": 60,
        "timeoutSeconds": 5,
        "failureThreshold": 2,
    }
    assert (spec["spec"]["containerConcurrency"], spec["spec"]["timeoutSeconds"]) == (8, 80)
    assert spec["metadata"]["annotations"]["autoscaling.knative.dev/maxScale"] == "1"
    told = cloud.made["run/services/logwatch"]["metadata"]["annotations"]
    assert told["run.googleapis.com/ingress"] == "internal"
    assert json.loads(told["run.googleapis.com/custom-audiences"]) == [f"https://logwatch-123456789.{REGION}.run.app"]
    assert roles(cloud)["logwatch-caller"] == {"roles/run.invoker run logwatch"}
    schedule = cloud.made[f"cloudscheduler/projects/{PROJECT}/locations/{REGION}/jobs/logwatch"]
    base = f"https://logwatch-123456789.{REGION}.run.app"
    account = f"logwatch-caller@{PROJECT}.iam.gserviceaccount.com"
    own = {
        "LOGWATCH_SOURCE": f"gcp://{PROJECT}/shop",
        "LOGWATCH_STATE": f"gs://{PROJECT}-logwatch-state/state.json",
        "LOGWATCH_STARTS": "5s",
        "LOGWATCH_EARLY": "5s",
        "LOGWATCH_SERVE_AUDIENCE": base,
        "LOGWATCH_SERVE_CALLER": account,
        "LOGWATCH_SERVE_SIGNATURE": "removed",
    }
    assert {each["name"]: each["value"] for each in run["env"]} == own
    shown = [each for each in commands_of_documents() if each.startswith("gcloud run services describe") and "--format" in each]
    assert [answers(cloud, each) for each in shown] == [run["image"]]
    assert schedule["httpTarget"]["uri"] == f"{base}/tick"
    assert schedule["httpTarget"]["oidcToken"] == {"serviceAccountEmail": account, "audience": base}

    # From service to job, with a secret: the schedule calls the new one, with the other kind of token; the old one stays.
    set_up(cloud, "--as", "job", "--secret", "smtp-password=-", stdin="hunter2")
    assert {"run/services/logwatch", "run/jobs/logwatch", "run/jobs/logwatch-doctor"} <= set(cloud.made)
    assert {each["name"] for each in container(cloud, "job")["env"]} == {
        "LOGWATCH_SOURCE",
        "LOGWATCH_STATE",
        "LOGWATCH_SMTP_PASSWORD",
    }
    schedule = cloud.made[f"cloudscheduler/projects/{PROJECT}/locations/{REGION}/jobs/logwatch"]
    assert schedule["httpTarget"]["uri"].endswith("/jobs/logwatch:run")
    assert schedule["httpTarget"]["oauthToken"] == {"serviceAccountEmail": account}
    assert "oidcToken" not in schedule["httpTarget"]
    assert_nothing_is_left(cloud)
