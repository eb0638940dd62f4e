"""The scripts on an installation that runs: what nobody named stays as it is, and what changes is shown first."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from logwatch.version import commit_of
from tests.conftest import ROOT, Run
from tests.support.pretended_gcloud import POLICIES, REGION, PretendedGcloud, empty, installed

SETUP, TEARDOWN, DEPLOY = (ROOT / "deploy" / f"{name}.sh" for name in ("setup", "teardown", "deploy"))
KINDS = ("job", "service")


def words(changes: list[list[str]], *first: str) -> list[list[str]]:
    """Give the changes that begin with these words."""
    return [each for each in changes if each[: len(first)] == list(first)]


def option(change: list[str], name: str) -> str | None:
    return next((word.partition("=")[2] for word in change if word.startswith(f"{name}=")), None)


def project(folder: Path, **what: Any) -> PretendedGcloud:
    return PretendedGcloud(folder, installed(**what))


def substitutions(change: list[str]) -> dict[str, str]:
    return dict(each.split("=", 1) for each in str(option(change, "--substitutions")).removeprefix("^~^").split("~"))


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_whole_is_left_alone_and_tried(tmp_path: Path, kind: str) -> None:
    cloud = project(tmp_path, kind=kind)
    ran = cloud.start(SETUP)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert cloud.changes == []
    assert ran.stdout.splitlines()[:4] == [
        f"runs    Cloud Run {kind} logwatch in {REGION}: gcp://p1/shop",
        "nothing to change",
        "doctor  tries what a run needs",
        "✓ settings   all well",
    ]
    assert ran.stdout.splitlines()[4].startswith("ready   logwatch watches gcp://p1/shop.")


@pytest.mark.long
@pytest.mark.parametrize("kind", KINDS)
def test_a_build_changes_nothing_but_the_image(tmp_path: Path, kind: str) -> None:
    cloud = project(tmp_path, kind=kind, region="europe-west1")
    ran = cloud.start(SETUP, "--build", "--yes")
    assert ran.returncode == 0, ran.stderr
    tests, build = words(cloud.changes, "builds", "submit")
    assert substitutions(tests) == {"_NAME": "logwatch"}
    built = substitutions(build)
    assert built.pop("_COMMIT") == commit_of(ROOT)
    assert built == {
        "_NAME": "logwatch",
        "_REGION": "europe-west1",
        "_AS": kind,
        "_SETTINGS": "",
        "_SECRETS": "",
    }
    others = [each for each in cloud.changes if each[:2] != ["builds", "submit"]]
    assert [each[:4] for each in others] == ([] if kind == "job" else [["run", "jobs", "deploy", "logwatch-doctor"]])


def test_what_was_tested_is_what_is_built(tmp_path: Path) -> None:
    cloud = project(tmp_path)
    assert cloud.start(SETUP, "--build", "--yes").returncode == 0
    tests, build = words(cloud.changes, "builds", "submit")
    assert (tests[2], build[2]) == (str(ROOT), "gs://p1-logwatch-source/source/1.tgz")


@pytest.mark.long
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("arguments", "environment", "new"),
    [
        (["--service", "cart"], {}, "LOGWATCH_SOURCE=gcp://p1/cart"),
        ([], {"LOGWATCH_DEPLOY_SERVICE": "cart"}, "LOGWATCH_SOURCE=gcp://p1/cart"),
        (["--set", "LOGWATCH_SOURCE=gcp://p1/cart"], {}, "LOGWATCH_SOURCE=gcp://p1/cart"),
        (["--set", "LOGWATCH_LANG=en", "--set", "LOGWATCH_STATE=gs://p1-logwatch-state/state.json"], {}, "LOGWATCH_LANG=en"),
    ],
)
def test_a_setting_that_is_told_takes_effect_without_a_build(
    tmp_path: Path, kind: str, arguments: list[str], environment: dict[str, str], new: str
) -> None:
    cloud = project(tmp_path, kind=kind)
    cloud.answers["run services list"] += f"\ncart\t{REGION}\t"
    ran = cloud.start(SETUP, *arguments, "--yes", **environment)
    assert ran.returncode == 0, ran.stderr
    [update] = words(cloud.changes, "run", f"{kind}s", "update")
    assert option(update, "--update-env-vars") == f"^|^{new}"
    assert new in ran.stdout
    assert words(cloud.changes, "builds") == []


VIEW = "projects/p1/locations/global/buckets/_Default/views/shop"
VIEW_AT = ["shop", "--bucket=_Default", "--location=global"]
RUNNER = "serviceAccount:logwatch-runner@p1.iam.gserviceaccount.com"


@pytest.mark.long
def test_a_log_view_is_read_with_the_right_to_it_alone(tmp_path: Path) -> None:
    cloud = project(tmp_path)
    ran = cloud.start(SETUP, "--log-view", VIEW, "--yes")
    assert ran.returncode == 0, ran.stderr
    [update] = words(cloud.changes, "run", "jobs", "update")
    assert option(update, "--update-env-vars") == f"^|^LOGWATCH_SOURCE=gcp://{VIEW[9:]}/shop"
    [given] = words(cloud.changes, "logging", "views")
    assert given == [
        "logging",
        "views",
        "add-iam-policy-binding",
        *VIEW_AT,
        f"--member={RUNNER}",
        "--role=roles/logging.viewAccessor",
    ]
    [taken] = words(cloud.changes, "projects")
    assert (taken[1], option(taken, "--role")) == ("remove-iam-policy-binding", "roles/logging.viewer")
    cloud = project(tmp_path / "again", settings={"LOGWATCH_SOURCE": f"gcp://{VIEW[9:]}/shop"})
    cloud.answers = {"logging views get-iam-policy": f"roles/logging.viewAccessor {RUNNER}", **cloud.answers}
    cloud.answers["run services list"] += f"\ncart\t{REGION}\t"
    assert cloud.start(SETUP).stdout.splitlines()[1] == "nothing to change"
    cloud.start(SETUP, "--service", "cart", "--yes")
    [update] = words(cloud.changes, "run", "jobs", "update")
    assert option(update, "--update-env-vars") == f"^|^LOGWATCH_SOURCE=gcp://{VIEW[9:]}/cart"
    ran = cloud.start(TEARDOWN, "--log-view", VIEW, "--yes")
    assert ran.returncode == 0, ran.stderr
    [taken] = words(cloud.changes, "logging", "views")
    assert taken[2:] == ["remove-iam-policy-binding", *VIEW_AT, f"--member={RUNNER}", "--role=roles/logging.viewAccessor"]


def test_another_project_that_is_watched_too_is_left_to_its_owner(tmp_path: Path) -> None:
    cloud = project(tmp_path)
    ran = cloud.start(SETUP, "--set", "LOGWATCH_SOURCE=gcp://p1/shop,gcp://other-1/shop", "--yes")
    assert ran.returncode == 0, ran.stderr
    assert words(cloud.changes, "projects") == []
    assert f"gcloud projects add-iam-policy-binding other-1 --member={RUNNER} --role=roles/logging.viewer" in ran.stdout


@pytest.mark.parametrize("script", [SETUP, TEARDOWN])
def test_what_is_no_log_view_is_refused(tmp_path: Path, script: Path) -> None:
    ran = project(tmp_path).start(script, "--log-view", "_Default")
    assert (ran.returncode, "right is projects/P/locations/L/buckets/B/views/V" in ran.stderr) == (2, True)


def test_what_is_changed_is_shown_beside_what_it_was(tmp_path: Path) -> None:
    cloud = project(tmp_path)
    cloud.answers["run services list"] += f"\ncart\t{REGION}\t"
    ran = cloud.start(SETUP, "--service", "cart", "--plan")
    assert ran.stdout.splitlines()[1:] == [
        "change  LOGWATCH_SOURCE=gcp://p1/cart instead of gcp://p1/shop",
        "change  Cloud Run job logwatch: a new revision of the same image",
    ]
    assert cloud.changes == []


def test_settings_go_along_from_a_job_to_a_service(tmp_path: Path) -> None:
    cloud = project(tmp_path, settings={"LOGWATCH_MAIL_TO": "a@x.test,b@x.test", "LOGWATCH_STARTS": "30s"})
    ran = cloud.start(SETUP, "--as", "service", "--yes")
    assert ran.returncode == 0, ran.stderr
    assert "it runs as a service instead of a job: about 12 USD a month" in ran.stdout
    [made] = words(cloud.changes, "run", "deploy")
    settings = dict(each.split("=", 1) for each in str(option(made, "--set-env-vars")).removeprefix("^|^").split("|"))
    assert settings["LOGWATCH_MAIL_TO"] == "a@x.test,b@x.test"
    assert settings["LOGWATCH_SOURCE"] == "gcp://p1/shop"
    assert settings["LOGWATCH_STARTS"] == "5s"
    build = words(cloud.changes, "builds", "submit")[1]
    assert substitutions(build)["_SECRETS"] == "LOGWATCH_SLACK_WEBHOOK_URL=logwatch-slack-webhook-url:latest"
    [schedule] = words(cloud.changes, "scheduler")
    assert schedule[1:4] == ["jobs", "update", "http"]
    assert option(schedule, "--schedule") is None


@pytest.mark.long
def test_where_job_and_service_stand_the_one_that_is_called_is_meant(tmp_path: Path) -> None:
    cloud = project(tmp_path, kind="service")
    cloud.answers["run jobs list"] += f"\nlogwatch\t{REGION}\tlogwatch"
    ran = cloud.start(SETUP, "--plan")
    assert ran.stdout == f"runs    Cloud Run service logwatch in {REGION}: gcp://p1/shop\nnothing to change\n"


@pytest.mark.parametrize("state", ["PAUSED", "DISABLED"])
def test_a_schedule_that_is_stopped_is_not_called_ready(tmp_path: Path, state: str) -> None:
    cloud = project(tmp_path, state=state)
    ran = cloud.start(SETUP)
    assert f"note    the schedule is {state}, so nothing runs: gcloud scheduler jobs resume logwatch" in ran.stdout
    assert ran.stdout.splitlines()[-1] == "stopped logwatch watches gcp://p1/shop, but its schedule is paused: nothing runs"
    assert cloud.changes == []


def test_another_interval_stays(tmp_path: Path) -> None:
    cloud = project(tmp_path, cron="*/5 * * * *")
    assert cloud.start(SETUP).returncode == 0
    assert cloud.changes == []


@pytest.mark.parametrize("kept", ["|", "keep-ten|"])
def test_cleanup_policies_that_were_made_by_halves_are_made_whole(tmp_path: Path, kept: str) -> None:
    cloud = project(tmp_path)
    cloud.answers["artifacts repositories describe"] = kept
    ran = cloud.start(SETUP, "--yes")
    assert "which images of repository logwatch are deleted" in ran.stdout
    assert [each[:3] for each in cloud.changes] == [["artifacts", "repositories", "set-cleanup-policies"]]


def test_a_bucket_that_was_made_by_halves_is_made_whole(tmp_path: Path) -> None:
    cloud = project(tmp_path)
    cloud.answers["storage buckets describe"] = "123|ASIA-NORTHEAST3|inherited|True|"
    cloud.start(SETUP, "--yes")
    assert [each[:4] + each[4:5] for each in cloud.changes][:2] == [
        ["storage", "buckets", "update", "gs://p1-logwatch-state", "--public-access-prevention"],
        ["storage", "buckets", "update", "gs://p1-logwatch-state", "--versioning"],
    ]


def test_a_bucket_of_somebody_else_is_not_written_to(tmp_path: Path) -> None:
    cloud = project(tmp_path)
    cloud.answers["storage buckets describe"] = "456|ASIA-NORTHEAST3|enforced|True|Delete"
    ran = cloud.start(SETUP, "--yes")
    assert (ran.returncode, cloud.changes) == (2, [])
    assert ran.stderr == "setup.sh: the bucket p1-logwatch-state belongs to another project\n  give another --name\n"


@pytest.mark.parametrize("script", [SETUP, TEARDOWN])
def test_a_service_of_this_name_that_was_not_made_here_is_left_alone(tmp_path: Path, script: Path) -> None:
    cloud = project(tmp_path)
    cloud.answers["run services list"] += f"\nlogwatch\t{REGION}\tterraform"
    ran = cloud.start(script, "--yes")
    assert (ran.returncode, cloud.changes) == (2, [])
    assert f"the service logwatch in {REGION} was not made by setup.sh" in ran.stderr


# Secrets


def test_what_a_desk_has_exported_does_not_reach_production(tmp_path: Path) -> None:
    cloud = project(tmp_path)
    ran = cloud.start(SETUP, "--yes", LOGWATCH_SLACK_WEBHOOK_URL="two", LOGWATCH_SMTP_PASSWORD="hunter2")  # noqa: S106 - made up
    assert (ran.returncode, cloud.changes) == (0, [])
    for secret in ("slack-webhook-url", "smtp-password"):
        variable = f"LOGWATCH_{secret.upper().replace('-', '_')}"
        assert f"note    {variable} of this shell is not used: --secret {secret}=env would take it" in ran.stdout
    assert "hunter2" not in ran.stdout + ran.stderr


@pytest.mark.parametrize(("given", "stdin"), [("=env", ""), ("=-", "two")])
def test_a_secret_that_is_told_is_changed(tmp_path: Path, given: str, stdin: str) -> None:
    cloud = project(tmp_path)
    ran = cloud.start(SETUP, "--secret", f"slack-webhook-url{given}", "--yes", stdin=stdin, LOGWATCH_SLACK_WEBHOOK_URL="two")
    assert "change  secret logwatch-slack-webhook-url: a new value" in ran.stdout
    assert [each[:4] for each in cloud.changes] == [["secrets", "versions", "add", "logwatch-slack-webhook-url"]]


def test_a_secret_with_the_same_value_is_left_alone(tmp_path: Path) -> None:
    cloud = project(tmp_path)
    assert cloud.start(SETUP, "--secret", "slack-webhook-url=-", stdin="one").returncode == 0
    assert cloud.changes == []


def test_a_new_secret_takes_effect_without_a_build(tmp_path: Path) -> None:
    cloud = project(tmp_path)
    assert cloud.start(SETUP, "--secret", "ping-url=-", "--yes", stdin="https://x.test/key").returncode == 0
    [update] = words(cloud.changes, "run", "jobs", "update")
    assert option(update, "--update-secrets") == "LOGWATCH_PING_URL=logwatch-ping-url:latest"


@pytest.mark.long
def test_a_secret_among_the_settings_is_told_and_moved(tmp_path: Path) -> None:
    cloud = project(tmp_path, settings={"LOGWATCH_PING_URL": "https://x.test/key"})
    ran = cloud.start(SETUP)
    assert "note    LOGWATCH_PING_URL stands in the open among the settings: --secret ping-url=- puts" in ran.stdout
    assert cloud.start(SETUP, "--secret", "ping-url=-", "--yes", stdin="https://x.test/key").returncode == 0
    first, then = words(cloud.changes, "run", "jobs", "update")
    assert option(first, "--remove-env-vars") == "LOGWATCH_PING_URL"
    assert option(then, "--update-secrets") == "LOGWATCH_PING_URL=logwatch-ping-url:latest"


def test_secrets_are_kept_where_those_of_before_are(tmp_path: Path) -> None:
    cloud = project(tmp_path)
    cloud.answers["secrets list"] = f"logwatch-slack-webhook-url\t{REGION}"
    assert cloud.start(SETUP, "--secret", "smtp-password", "--yes").returncode == 0
    [made] = words(cloud.changes, "secrets", "create")
    assert option(made, "--locations") == REGION


# What should be known


def test_an_installation_that_tells_nobody_is_warned_of(tmp_path: Path) -> None:
    ran = project(tmp_path, secrets={}).start(SETUP)
    assert "note    no channel is set: nobody will be told." in ran.stdout


@pytest.mark.parametrize(
    "settings", [{"LOGWATCH_SMTP_HOST": "x.test"}, {"LOGWATCH_SLACK_CHANNEL": "C1"}, {"LOGWATCH_MAIL_TO": "a@x.test"}]
)
def test_a_channel_that_is_set_is_seen(tmp_path: Path, settings: dict[str, str]) -> None:
    assert "no channel" not in project(tmp_path, secrets={}, settings=settings).start(SETUP).stdout


@pytest.mark.parametrize("arguments", [["--service", "shopp"], ["--set", "LOGWATCH_SOURCE=gcp://p1/shopp"]])
def test_a_slip_in_what_is_to_be_watched_is_refused(tmp_path: Path, arguments: list[str]) -> None:
    cloud = project(tmp_path)
    ran = cloud.start(SETUP, *arguments, "--yes")
    assert (ran.returncode, cloud.changes) == (2, [])
    assert ran.stderr == "setup.sh: there is no Cloud Run service shopp in p1\n  give one that is there with --service: shop \n"


def test_a_service_that_went_is_told_and_nothing_else(tmp_path: Path) -> None:
    cloud = project(tmp_path)
    cloud.answers["run services list"] = ""
    ran = cloud.start(SETUP)
    assert ran.returncode == 0
    assert "note    there is no Cloud Run service shop in p1 any more" in ran.stdout


def test_a_service_that_logs_nothing_is_told(tmp_path: Path) -> None:
    cloud = project(tmp_path)
    cloud.answers["logging read"] = ""
    assert "note    shop has logged nothing in the last hour: is it the right one?" in cloud.start(SETUP).stdout


def test_a_service_of_another_project_is_looked_for_there(tmp_path: Path) -> None:
    cloud = project(tmp_path, settings={"LOGWATCH_SOURCE": "gcp://p2/shop"})
    cloud.answers = {"run services list --project=p2": "!no right", **cloud.answers}
    ran = cloud.start(SETUP)
    assert "note    the services of p2 cannot be listed: no right" in ran.stdout


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--region", "us-central1"], f"logwatch stands in {REGION}, not in us-central1"),
        (["--region", "us-central1", "--build"], f"logwatch stands in {REGION}, not in us-central1"),
    ],
)
def test_it_is_not_set_up_a_second_time_in_another_region(tmp_path: Path, arguments: list[str], complaint: str) -> None:
    cloud = project(tmp_path)
    ran = cloud.start(SETUP, *arguments, "--yes")
    assert (ran.returncode, cloud.changes) == (2, [])
    assert complaint in ran.stderr


@pytest.mark.long
def test_of_two_regions_one_is_named(tmp_path: Path) -> None:
    cloud = project(tmp_path)
    cloud.answers["run jobs list"] += "\nlogwatch\tus-central1\tlogwatch"
    ran = cloud.start(SETUP)
    assert "logwatch stands in several regions: asia-northeast3, us-central1\n  give one of them with --region" in ran.stderr
    assert cloud.start(SETUP, "--region", REGION).returncode == 0


# Doctor


def test_what_doctor_finds_wrong_is_the_end(tmp_path: Path) -> None:
    cloud = project(tmp_path)
    cloud.answers["executions describe"] = "2026-02-24T06:30:00Z|"
    cloud.answers["logging read *textPayload"] = "✗ slack   no such channel"
    ran = cloud.start(SETUP)
    assert ran.returncode == 1
    assert ran.stdout.endswith("✗ slack   no such channel\nwrong   doctor has found what does not work: see above\n")


@pytest.mark.long
def test_doctor_of_a_service_is_a_job_with_its_settings_and_secrets(tmp_path: Path) -> None:
    cloud = project(tmp_path, kind="service")
    cloud.answers["run jobs list"] = ""
    ran = cloud.start(SETUP, "--yes")
    assert ran.returncode == 0, ran.stderr
    [made] = cloud.changes
    assert made[:4] == ["run", "jobs", "deploy", "logwatch-doctor"]
    assert "LOGWATCH_SOURCE=gcp://p1/shop" in str(option(made, "--set-env-vars"))
    assert option(made, "--set-secrets") == "LOGWATCH_SLACK_WEBHOOK_URL=logwatch-slack-webhook-url:latest"
    assert option(made, "--service-account") == "logwatch-runner@p1.iam.gserviceaccount.com"


@pytest.mark.parametrize("kind", KINDS)
def test_doctor_runs_once_and_is_told_the_timeout_that_there_is(tmp_path: Path, kind: str) -> None:
    cloud = project(tmp_path, kind=kind, timeout="300")
    assert cloud.start(SETUP).returncode == 0
    [tried] = [each for each in cloud.told if " jobs execute " in each]
    assert " --tasks=1 --update-env-vars=DEPLOYED_TIMEOUT=300 " in tried


@pytest.mark.parametrize(("before", "after"), [("@sha256:1", "@sha256:0"), ("gcp://p1/shop", "gcp://p1/cart")])
def test_doctor_of_a_service_follows_what_was_changed_by_hand(tmp_path: Path, before: str, after: str) -> None:
    cloud = project(tmp_path, kind="service")
    cloud.answers["run services describe logwatch "] = cloud.answers["run services describe logwatch "].replace(before, after)
    ran = cloud.start(SETUP, "--yes")
    assert ran.returncode == 0, ran.stderr
    [made] = cloud.changes
    assert made[:4] == ["run", "jobs", "deploy", "logwatch-doctor"]
    assert after in f"{option(made, '--image')} {option(made, '--set-env-vars')}"


# A plan, and the question after it


@pytest.mark.parametrize("script", [SETUP, TEARDOWN])
def test_a_plan_is_shown_and_nothing_done(tmp_path: Path, script: Path) -> None:
    cloud = project(tmp_path)
    cloud.answers["artifacts repositories describe"] = "|"
    ran = cloud.start(script, "--plan")
    assert (ran.returncode, cloud.changes) == (0, [])
    assert "repository logwatch" in ran.stdout


@pytest.mark.parametrize("script", [SETUP, TEARDOWN])
def test_where_nobody_can_be_asked_nothing_is_done(tmp_path: Path, script: Path) -> None:
    cloud = project(tmp_path)
    cloud.answers["artifacts repositories describe"] = "|"
    ran = cloud.start(script, stdin="yes\np1\n")
    assert (ran.returncode, cloud.changes) == (2, [])
    assert ran.stderr.endswith("nothing was done: there is nobody to ask\n  give --yes to go on without asking\n")


@pytest.mark.skipif(not shutil.which("script"), reason="script, which gives a terminal, is missing")
@pytest.mark.parametrize(
    ("script", "answer", "done"), [(SETUP, "yes", True), (SETUP, "y", False), (TEARDOWN, "p1", True), (TEARDOWN, "yes", False)]
)
def test_who_sits_at_a_terminal_is_asked(tmp_path: Path, script: Path, answer: str, done: bool) -> None:  # noqa: FBT001 - a table's column
    cloud = project(tmp_path)
    cloud.answers["artifacts repositories describe"] = "|"
    ran = cloud.start(script, typed=f"{answer}\n")
    assert bool(cloud.changes) == done, ran.stdout
    assert ran.returncode == (0 if done else 2)


# What watches logwatch itself


def test_the_policies_of_another_environment_are_those_that_logwatch_writes(tmp_path: Path, run: Run) -> None:
    written = {"LOGWATCH_ENVIRONMENT": "Beta", "LOGWATCH_SOURCE": "gcp://my-project/cart", "LOGWATCH_LOCATION": "europe-west1"}
    assert run("cloud", "policies", "--output", tmp_path, **written).code == 0
    assert run("cloud", "dashboard", "--output", tmp_path / "dashboard.json", **written).code == 0
    names = "name=logwatch environment=Beta environment_label=beta service=cart region=europe-west1"
    for file in [*(ROOT / "deploy" / "policies").glob("*.json"), ROOT / "deploy" / "dashboard.json"]:
        made = bash(f"{names}; . {ROOT}/deploy/policies.sh; for_us {file}")
        expected = json.loads((tmp_path / file.name).read_text())
        labels = made["userLabels" if "userLabels" in made else "labels"]
        assert labels.pop("made-by") == "logwatch"
        assert labels.pop("content").isdigit()
        assert made == expected


def bash(script: str) -> Any:
    return json.loads(subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True).stdout)  # noqa: S607 - the scripts' own


@pytest.mark.long
def test_policies_and_dashboard_come_with_the_set_up_and_go_with_the_teardown(tmp_path: Path) -> None:
    cloud = project(tmp_path)
    cloud.answers |= {"policies list": "", "dashboards list": ""}
    channel = "projects/p1/notificationChannels/1"
    assert cloud.start(SETUP, "--notification-channel", channel, "--yes").returncode == 0
    made = words(cloud.changes, "alpha", "monitoring", "policies", "create")
    assert {option(each, "--notification-channels") for each in made} == {channel}
    assert len(made) == len(POLICIES)
    assert len(words(cloud.changes, "monitoring", "dashboards", "create")) == 1

    removed = project(tmp_path / "later")
    assert removed.start(TEARDOWN, "--yes").returncode == 0
    assert len(words(removed.changes, "alpha", "monitoring", "policies", "delete")) == len(POLICIES)
    assert len(words(removed.changes, "monitoring", "dashboards", "delete")) == 1


def test_a_policy_of_an_older_version_is_brought_up_to_date_and_tells_whom_it_told(tmp_path: Path) -> None:
    cloud = project(tmp_path)
    channels = "projects/p1/notificationChannels/1,projects/p1/notificationChannels/2"
    cloud.answers["policies list"] = cloud.answers["policies list"].replace(
        "\theartbeat\t", f"\theartbeat\t1\t{channels}\tFalse"
    )
    ran = cloud.start(SETUP, "--yes")
    assert "change  alert policy heartbeat: as it is in this version" in ran.stdout
    [update] = cloud.changes
    assert update[:5] == [
        "alpha",
        "monitoring",
        "policies",
        "update",
        f"projects/p1/alertPolicies/{POLICIES.index('heartbeat')}",
    ]
    assert (option(update, "--set-notification-channels"), "--no-enabled" in update) == (channels, True)


def test_a_policy_that_is_made_later_tells_whom_the_first_ones_tell(tmp_path: Path) -> None:
    cloud = project(tmp_path)
    channels = "projects/p1/notificationChannels/1,projects/p1/notificationChannels/2"
    cloud.answers["policies list"] = "\n".join(
        f"projects/p1/alertPolicies/{each}\t{each}\t\t{channels}" for each in POLICIES[1:]
    )
    assert cloud.start(SETUP, "--yes").returncode == 0
    [made] = cloud.changes
    assert option(made, "--notification-channels") == channels


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        ({"policies create": "!Cannot find metric that matches type"}, "run this once more in ten minutes"),
        ({"policies list": "!You do not have this command group installed"}, "are left alone: You do not have this"),
    ],
)
def test_without_a_policy_the_rest_is_done(tmp_path: Path, answers: dict[str, str], told: str) -> None:
    cloud = project(tmp_path)
    cloud.answers |= {"policies list": "", **answers}
    ran = cloud.start(SETUP, "--yes")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert told in ran.stdout
    assert "ready   logwatch watches" in ran.stdout


@pytest.mark.long
def test_a_second_installation_has_figures_and_policies_of_its_own(tmp_path: Path) -> None:
    cloud = PretendedGcloud(tmp_path, empty())
    assert cloud.start(SETUP, "--name", "lw2", "--yes").returncode == 0
    [made] = words(cloud.changes, "run", "jobs", "create")
    assert "LOGWATCH_ENVIRONMENT=lw2|" in f"{option(made, '--set-env-vars')}|"
    assert any("userLabels.environment=lw2" in each for each in cloud.told)
    others = {word for each in cloud.changes for word in each if "p1-logwatch-" in word or word == "logwatch"}
    assert others == {"gs://p1-logwatch-source/source/1.tgz"}  # what the pretended build says


# Teardown


def test_it_is_removed_where_it_stands(tmp_path: Path) -> None:
    cloud = project(tmp_path, region="europe-west1")
    cloud.answers["run jobs list"] += "\nlogwatch\tus-central1\tlogwatch"
    ran = cloud.start(TEARDOWN, "--yes")
    assert ran.returncode == 0, ran.stderr
    places = [
        option(each, "--region") or option(each, "--location")
        for each in cloud.changes
        if each[0] in {"run", "scheduler", "artifacts"}
    ]
    assert set(places) == {"europe-west1", "us-central1"}


def test_the_wrong_region_is_refused_and_nothing_is_left_by_halves(tmp_path: Path) -> None:
    cloud = project(tmp_path, region="europe-west1")
    ran = cloud.start(TEARDOWN, "--region", REGION, "--yes")
    assert (ran.returncode, cloud.changes) == (2, [])
    assert "logwatch stands in europe-west1, not in asia-northeast3 alone" in ran.stderr


def test_a_teardown_that_was_stopped_half_way_still_knows_where(tmp_path: Path) -> None:
    cloud = project(tmp_path, region="europe-west1")
    cloud.answers |= {"run jobs list": "", "artifacts repositories list": ""}
    ran = cloud.start(TEARDOWN, "--plan")
    assert "remove  schedule logwatch in europe-west1" in ran.stdout


def test_what_tells_where_the_rest_is_goes_last(tmp_path: Path) -> None:
    cloud = project(tmp_path)
    assert cloud.start(TEARDOWN, "--yes").returncode == 0
    assert cloud.changes[0][:2] == ["scheduler", "jobs"]
    assert cloud.changes[-1][:4] == ["storage", "rm", "gs://p1-logwatch-state", "--recursive"]


def test_a_bucket_of_somebody_else_is_not_removed(tmp_path: Path) -> None:
    cloud = project(tmp_path)
    cloud.answers["storage buckets describe * --format=value(projectNumber)"] = "456"
    ran = cloud.start(TEARDOWN, "--yes")
    assert "note    bucket p1-logwatch-state belongs to another project and stays" in ran.stdout
    assert words(cloud.changes, "storage") == []


# The last step of a build


STEP = {"PROJECT": "p1", "PROJECT_NUMBER": "123", "REGION": REGION, "NAME": "logwatch", "IMAGE": "i:1"}


@pytest.mark.parametrize("kind", KINDS)
def test_a_build_by_hand_deploys_what_stands_and_nothing_but_the_image(tmp_path: Path, kind: str) -> None:
    cloud = project(tmp_path, kind=kind)
    ran = cloud.start(DEPLOY, **STEP)
    assert ran.returncode == 0, ran.stderr
    [update] = cloud.changes
    assert update[:4] == ["run", f"{kind}s", "update", "logwatch"]
    assert option(update, "--image") == "i:1"
    assert not [
        word for word in update if re.match(r"--(update-env|set-env|set-secrets|update-secrets|memory|cpu=|ingress)", word)
    ]


def test_what_was_pushed_is_deployed_by_its_digest(tmp_path: Path) -> None:
    cloud = project(tmp_path)
    (tmp_path / "pushed.txt").write_text("i@sha256:1\n")
    assert cloud.start(DEPLOY, **STEP, PUSHED=str(tmp_path / "pushed.txt")).returncode == 0
    assert option(cloud.changes[0], "--image") == "i@sha256:1"


def test_where_both_stand_a_build_by_hand_is_told_which(tmp_path: Path) -> None:
    cloud = project(tmp_path)
    cloud.answers = {"run * describe logwatch": "", **cloud.answers}
    ran = cloud.start(DEPLOY, **STEP)
    assert (ran.returncode, cloud.changes) == (2, [])
    assert ran.stderr == "deploy.sh: AS=job and service: right are job and service\n"
