"""The scripts with a settings file: what its targets need is asked of logwatch, made, and taken away again."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import ROOT, Run
from tests.support.pretended_gcloud import PretendedGcloud, empty, installed
from tests.support.three_targets import settings_file

pytestmark = pytest.mark.long
RUNNER = "serviceAccount:logwatch-runner@p1.iam.gserviceaccount.com"
PLACE = "/etc/logwatch/logwatch.toml"
TABLES = (
    'name = "cart"\nservice = "cart"\nrules = "rules/cart"\ngrace = "2m"\n',
    'name = "pay"\nservice = "pay"\nsource = "gcp://pay-prod"\n',
    'name = "web"\nservice = "web"\nsource = "gcp://web-prod/locations/global/buckets/_Default/views/web"\n',
)
SHARED = 'source = "gcp://p1-shop"\nlang = "en"\n'


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """Give a clone whose rules folder may be written to."""
    made = tmp_path / "clone"
    made.mkdir()
    for each in ROOT.iterdir():
        if each.name != "rules":
            (made / each.name).symlink_to(each)
    shutil.copytree(ROOT / "rules", made / "rules")
    return made


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Give the settings file of three targets, the first with rules of its own."""
    made = settings_file(tmp_path / "ops", *TABLES, shared=SHARED)
    shutil.copytree(ROOT / "rules", made.parent / "rules/cart")
    return made


def words(changes: list[list[str]], *first: str) -> list[list[str]]:
    return [each for each in changes if each[: len(first)] == list(first)]


def option(change: list[str], name: str) -> str | None:
    return next((word.partition("=")[2] for word in change if word.startswith(f"{name}=")), None)


def test_targets_are_set_up_with_what_they_need(tmp_path: Path, clone: Path, file: Path) -> None:
    answers = {"projects get-iam-policy pay-prod": "!PERMISSION_DENIED", **empty()}
    cloud = PretendedGcloud(tmp_path / "cloud", answers)
    ran = cloud.start(clone / "deploy/setup.sh", "--config", str(file), "--tasks", "2", "--yes")
    assert ran.returncode == 0, ran.stderr

    given = {(each[2], option(each, "--role")) for each in words(cloud.changes, "projects", "add-iam-policy-binding")}
    assert {("p1-shop", "roles/logging.viewer"), ("p1-shop", "roles/monitoring.viewer")} <= given
    assert ("p1", "roles/monitoring.metricWriter") in given
    assert ("p1", "roles/logging.viewer") not in given
    assert "gcloud projects add-iam-policy-binding pay-prod" in ran.stdout
    [view] = words(cloud.changes, "logging", "views", "add-iam-policy-binding")
    assert (view[3], option(view, "--role"), option(view, "--member")) == ("web", "roles/logging.viewAccessor", RUNNER)

    [job] = words(cloud.changes, "run", "jobs", "create")
    settings = dict(each.split("=", 1) for each in str(option(job, "--set-env-vars")).removeprefix("^|^").split("|"))
    assert settings["LOGWATCH_CONFIG"] == PLACE
    assert settings["LOGWATCH_METRICS_PROJECT"] == "p1"
    assert "LOGWATCH_SOURCE" not in settings
    assert option(job, "--tasks") == "2"
    assert ["secrets", "create", "logwatch-config"] in [each[:3] for each in cloud.changes]
    build = words(cloud.changes, "builds", "submit")[1]
    assert f"_SECRETS={PLACE}=logwatch-config:latest" in str(option(build, "--substitutions"))
    assert (clone / "rules/targets/cart/checkout.yaml").exists()

    made = {Path(str(option(each, "--policy-from-file"))).stem for each in words(cloud.changes, "alpha")}
    assert made == {"written"}
    assert "make    alert policy lag-cart" in ran.stdout
    assert "make    alert policy lag-pay" in ran.stdout
    assert "make    alert policy heartbeat\n" in ran.stdout


def test_the_second_time_nothing_changes_and_other_rules_are_built(tmp_path: Path, clone: Path, file: Path, run: Run) -> None:
    settings = {"LOGWATCH_CONFIG": PLACE, "LOGWATCH_METRICS_PROJECT": "p1", "LOGWATCH_SOURCE": ""}
    cloud = PretendedGcloud(tmp_path / "cloud", {})
    roles = "\n".join(f"roles/{role} {RUNNER}" for role in ("logging.viewer", "monitoring.viewer", "logging.viewAccessor"))
    shipped = run("cloud", "ship", "--output", tmp_path / "rules", LOGWATCH_CONFIG=str(file), LOGWATCH_STATE="gs://b/s.json")
    summed = ["bash", "-c", "find . -type f | LC_ALL=C sort | xargs cksum | cksum"]
    total = subprocess.run(summed, cwd=tmp_path / "rules", capture_output=True, text=True, check=True).stdout.split()[0]
    known = installed(settings=settings)
    names = (*(path.stem for path in (ROOT / "deploy/policies").glob("*.json")), "lag-cart", "lag-pay")
    cloud.answers = {
        **{f"get-iam-policy {name} ": roles for name in ("p1-shop", "pay-prod", "web")},
        "secrets versions access latest --secret=logwatch-config ": shipped.out,
        **known,
        "secrets list": f"logwatch-slack-webhook-url\t\t\nlogwatch-config\t\t{total}",
        "policies list": "\n".join(
            f"projects/p1/alertPolicies/{at}\t{each}\t" for at, each in enumerate(names) if each != "lag"
        ),
    }
    ran = cloud.start(clone / "deploy/setup.sh", "--config", str(file), "--yes")
    assert (ran.returncode, cloud.changes) == (0, []), ran.stdout + ran.stderr

    with (file.parent / "rules/cart/checkout.yaml").open("a") as rules:
        rules.write("# another bound\n")
    ran = cloud.start(clone / "deploy/setup.sh", "--config", str(file), "--yes")
    assert ran.returncode == 0, ran.stderr
    assert [each[:3] for each in cloud.changes if each[:2] != ["builds", "submit"]] == [
        ["secrets", "update", "logwatch-config"]
    ]
    assert (clone / "rules/targets/cart/checkout.yaml").read_text().endswith("# another bound\n")


def test_without_the_file_what_it_made_stays_and_no_build_forgets_its_rules(tmp_path: Path, clone: Path) -> None:
    cloud = PretendedGcloud(tmp_path / "cloud", installed(settings={"LOGWATCH_CONFIG": PLACE, "LOGWATCH_SOURCE": ""}))
    ran = cloud.start(clone / "deploy/setup.sh", "--yes")
    assert (ran.returncode, cloud.changes) == (0, []), ran.stderr
    assert "alert policies and dashboard stay as they are" in ran.stdout
    ran = cloud.start(clone / "deploy/setup.sh", "--build", "--yes")
    assert (ran.returncode, cloud.changes) == (2, [])
    assert "give --config FILE with --build" in ran.stderr


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (SHARED + "[[targets]]\nname = 'cart'\nservices = 'x'\n", "there is no setting 'services'"),
        (SHARED + "[[targets]]\nname = 'cart'\nstate = 'cart.json'\n", "the state is not in a bucket"),
        (SHARED + "[[targets]]\nname = 'cart'\nsource = 'a.ndjson'\n", "a run reads Cloud Logging"),
    ],
)
def test_a_file_that_no_run_could_use_is_refused_before_anything_is_done(
    tmp_path: Path, clone: Path, text: str, complaint: str
) -> None:
    (tmp_path / "logwatch.toml").write_text(text)
    cloud = PretendedGcloud(tmp_path / "cloud", empty())
    ran = cloud.start(clone / "deploy/setup.sh", "--config", str(tmp_path / "logwatch.toml"), "--yes")
    assert (ran.returncode, cloud.changes) == (2, [])
    assert complaint in ran.stderr


def test_teardown_takes_back_what_was_given_elsewhere(tmp_path: Path, clone: Path, file: Path) -> None:
    known = installed(settings={"LOGWATCH_CONFIG": PLACE})
    known["secrets list"] += "\nlogwatch-config\t\t"
    cloud = PretendedGcloud(tmp_path / "cloud", known)
    ran = cloud.start(clone / "deploy/teardown.sh", "--config", str(file), "--yes")
    assert ran.returncode == 0, ran.stderr
    taken = {each[2] for each in words(cloud.changes, "projects", "remove-iam-policy-binding")}
    assert {"p1-shop", "pay-prod"} <= taken
    assert ["secrets", "delete", "logwatch-config"] in [each[:3] for each in cloud.changes]


def test_what_was_written_is_what_is_put_up(tmp_path: Path, file: Path, run: Run) -> None:
    """Policies as logwatch writes them get labels and nothing else."""
    assert (
        run("cloud", "policies", "--output", tmp_path / "p", LOGWATCH_CONFIG=str(file), LOGWATCH_STATE="gs://b/s.json").code
        == 0
    )
    written = tmp_path / "p/heartbeat.json"
    script = f"config=x name=logwatch; . {ROOT}/deploy/policies.sh; for_us {written}"
    made = json.loads(subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True).stdout)  # noqa: S607
    labels = made["userLabels"]
    assert (labels.pop("made-by"), labels.pop("content").isdigit()) == ("logwatch", True)
    assert made == json.loads(written.read_text())
