"""What an installation is given of a settings file: the file anew, its rules beside it, the rights it takes."""

from __future__ import annotations

import shutil
import tomllib
from typing import TYPE_CHECKING

import pytest

from tests.conftest import ROOT
from tests.support.three_targets import settings_file

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Run

SHARED = 'source = "gcp://shop-prod"\nstate = "gs://ops/state.json"\n'
PLACE = "/opt/logwatch/rules"


def with_rules(folder: Path, *names: str) -> None:
    for name in names:
        shutil.copytree(ROOT / "rules", folder / name)


@pytest.mark.parametrize("entry", ["rules = 'own'", 'rules="own"   # of the cart', "'rules' = 'own'"])
def test_the_file_names_the_rules_of_the_image_and_says_the_same_of_all_else(tmp_path: Path, run: Run, entry: str) -> None:
    tables = (f'name = "cart"\n{entry}\nservice = "cart"  # rules = of people\n', 'name = "pay"\nservice = "pay"\n')
    file = settings_file(tmp_path, *tables, shared=SHARED)
    with_rules(tmp_path, "own")
    ran = run("cloud", "ship", "--output", tmp_path / "out", LOGWATCH_CONFIG=str(file))
    meant = tomllib.loads(file.read_text())
    meant["targets"][0]["rules"] = f"{PLACE}/cart"
    assert tomllib.loads(ran.out) == meant
    copied = {path.name for path in (tmp_path / "out/cart").iterdir()}
    assert {"checkout.yaml", "runbook.md", "service.yaml"} <= copied
    assert not [name for name in copied if "schema" in name or "test" in name]


def test_rules_that_all_targets_share_are_there_once(tmp_path: Path, run: Run) -> None:
    file = settings_file(tmp_path, 'name = "cart"\n', 'name = "pay"\nrules = "pay"\n', shared=SHARED + "rules = 'all'\n")
    with_rules(tmp_path, "all", "pay")
    ran = run("cloud", "ship", "--output", tmp_path / "out", LOGWATCH_CONFIG=str(file))
    told = tomllib.loads(ran.out)
    assert (told["rules"], told["targets"][1]["rules"]) == (f"{PLACE}/_shared", f"{PLACE}/pay")
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"_shared", "pay"}


@pytest.mark.parametrize(
    ("table", "complaint"),
    [
        ("rules = '''\nown'''\n", "cannot be written anew"),
        ("rules = 'nowhere'\n", "nowhere"),
        ("state = '/srv/state.json'\n", "the state is not in a bucket"),
    ],
)
def test_what_no_image_could_use_is_refused(tmp_path: Path, run: Run, table: str, complaint: str) -> None:
    file = settings_file(tmp_path, f'name = "cart"\n{table}', shared=SHARED)
    with_rules(tmp_path, "own")
    ran = run("cloud", "ship", "--output", tmp_path / "out", LOGWATCH_CONFIG=str(file), LOGWATCH_LANG="en")
    assert ran.code == 2
    assert complaint in ran.err


def test_a_second_call_leaves_what_the_file_says_now_and_nothing_of_before(tmp_path: Path, run: Run) -> None:
    with_rules(tmp_path, "own")
    for name in ("cart", "pay"):
        file = settings_file(tmp_path, f'name = "{name}"\nrules = "own"\nservice = "{name}"\n', shared=SHARED)
        assert run("cloud", "ship", "--output", tmp_path / "out", LOGWATCH_CONFIG=str(file)).code == 0
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["pay"]


@pytest.mark.parametrize("place", [".", "holds", "link", "rules", "rules/own"])
def test_a_folder_with_anything_else_in_it_is_left_alone(tmp_path: Path, run: Run, place: str) -> None:
    """It is made anew: whoever names the wrong one must not lose it, or the rules themselves."""
    with_rules(tmp_path, "rules/own")
    for each in (tmp_path / "rules/own").glob("*.json"):
        each.unlink()  # as nothing but rules would be taken for what the command has made
    (tmp_path / "holds/work").mkdir(parents=True)
    (tmp_path / "holds/work/thesis.txt").write_text("years")
    (tmp_path / "empty").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "empty")
    file = settings_file(tmp_path, 'name = "cart"\nrules = "rules/own"\n', shared=SHARED)
    before = sorted(tmp_path.rglob("*"))
    ran = run("cloud", "ship", "--output", tmp_path / place, LOGWATCH_CONFIG=str(file), LOGWATCH_LANG="en")
    assert ran.code == 2
    assert "holds other files" in ran.err
    assert sorted(tmp_path.rglob("*")) == before


def test_rights_are_those_of_each_target_and_no_more(tmp_path: Path, run: Run) -> None:
    view = "projects/web-prod/locations/global/buckets/_Default/views/web"
    tables = (
        'name = "cart"\nservice = "cart"\n',
        'name = "pay"\nsource = "gcp://pay-prod"\nmetrics_project = "none"\n',
        f'name = "web"\nsource = "gcp://{view[9:]}"\nmetrics_project = "charts-1"\nstate = "gs://web-ops/state.json"\n',
    )
    ran = run("cloud", "rights", LOGWATCH_CONFIG=str(settings_file(tmp_path, *tables, shared=SHARED)))
    assert ran.out.splitlines() == [
        "roles/logging.viewAccessor " + view,
        "roles/logging.viewer projects/pay-prod",
        "roles/logging.viewer projects/shop-prod",
        "roles/monitoring.metricWriter projects/charts-1",
        "roles/monitoring.metricWriter projects/shop-prod",
        "roles/monitoring.viewer projects/charts-1",
        "roles/monitoring.viewer projects/pay-prod",
        "roles/monitoring.viewer projects/shop-prod",
        "roles/monitoring.viewer projects/web-prod",
        "roles/storage.objectUser gs://ops",
        "roles/storage.objectUser gs://web-ops",
    ]
