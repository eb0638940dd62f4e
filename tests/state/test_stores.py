"""Both stores against one table; what is special to each stands below it."""

import errno
import json
import os
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path

import pytest

from logwatch.errors import ConfigError, ConflictError, StoreError
from logwatch.state.address import parse_state_address
from logwatch.state.gcs import GcsStore
from logwatch.state.interface import Store, Stored
from logwatch.state.local import LocalStore
from tests.conftest import ROOT
from tests.support import forked
from tests.support.local_gcs import DROP, HANG, LocalGcs, serving
from tests.support.patience import PATIENCE_S, no_hang
from tests.support.writers import add_one, save_on

BUCKET = "logwatch-state"
NUMBERS = count(1)
A, B = b'{"schema": 1, "run": "a"}', b'{"schema": 1, "run": "b"}'
Open = Callable[[], Store]


@pytest.fixture(scope="session")
def gcs_server() -> Iterator[LocalGcs]:
    with ExitStack() as stack:
        try:
            gcs = stack.enter_context(serving(0, BUCKET))
        except (OSError, RuntimeError) as error:
            pytest.skip(f"fake-gcs-server cannot run here: {error}")
        yield gcs


@pytest.fixture
def gcs(gcs_server: LocalGcs, monkeypatch: pytest.MonkeyPatch) -> LocalGcs:
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", gcs_server.url)
    gcs_server.reset()
    return gcs_server


@pytest.fixture(params=["local", "gcs"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Open:
    """Give a function that opens the same document anew, as the next run would."""
    if request.param == "local":
        return lambda: LocalStore(tmp_path / "state.json")
    request.getfixturevalue("gcs")
    name = f"table/{next(NUMBERS)}.json"
    return lambda: GcsStore(BUCKET, name)


def text_of(store: Store) -> bytes:
    stored = store.load()
    assert stored is not None
    return stored.text


def test_a_missing_document_is_none(opened: Open) -> None:
    assert opened().load() is None


def test_what_was_saved_is_loaded_by_the_next_run_with_its_generation(opened: Open) -> None:
    generation = opened().save(A, 0)
    assert generation > 0
    assert opened().load() == Stored(A, generation)


@pytest.mark.parametrize("text", [b"", b"\x00\xff\xfe", b"x" * 1_000_000], ids=["empty", "bytes", "large"])
def test_any_bytes_come_back_as_they_were(opened: Open, text: bytes) -> None:
    opened().save(text, 0)
    assert text_of(opened()) == text


def test_each_save_moves_the_generation_on_even_of_the_same_text(opened: Open) -> None:
    store, generation = opened(), 0
    for _ in range(5):
        saved = store.save(A, generation)
        assert saved > generation
        with pytest.raises(ConflictError):
            opened().save(A, generation)
        generation = saved
    assert opened().load() == Stored(A, generation)


@pytest.mark.parametrize("wrong", [0, 1, 2**62])
def test_another_generation_than_the_stored_one_is_a_conflict_and_changes_nothing(opened: Open, wrong: int) -> None:
    generation = opened().save(A, 0)
    with pytest.raises(ConflictError, match="somebody else saved") as caught:
        opened().save(B, wrong)
    assert caught.value.hint
    assert opened().load() == Stored(A, generation)


def test_a_document_that_is_gone_is_a_conflict_for_whoever_loaded_it(opened: Open) -> None:
    with pytest.raises(ConflictError):
        opened().save(A, 12345)


def test_of_eight_threads_with_one_generation_one_wins(opened: Open) -> None:
    generation = opened().save(A, 0)
    together = threading.Barrier(8)

    def write(number: int) -> bool:
        store = opened()
        text = f'{{"run": {number % 4}}}'.encode()  # two each save the same text, and still one wins
        together.wait()
        try:
            store.save(text, generation)
        except ConflictError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(write, range(8)))
    assert sum(won) == 1
    assert text_of(opened()) == f'{{"run": {won.index(True) % 4}}}'.encode()


def test_a_broken_document_is_kept_beside_it(opened: Open) -> None:
    store = opened()
    generation = store.save(b"{broken", 0)
    where = store.set_aside(b"{broken", "state.json.broken-1")
    assert where.endswith("/state.json.broken-1")
    assert text_of(parse_state_address(where)) == b"{broken"
    assert opened().load() == Stored(b"{broken", generation)
    assert store.set_aside(b"{broken", "state.json.broken-1") == where


def test_of_eight_processes_none_loses_the_work_of_another(tmp_path: Path) -> None:
    path = str(tmp_path / "state.json")
    processes = [forked.context().Process(target=add_one, args=(path, 20)) for _ in range(8)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(PATIENCE_S)
    assert [process.exitcode for process in processes] == [0] * 8
    assert json.loads(Path(path).read_bytes()) == {"n": 160}


def test_a_writer_killed_at_any_instant_leaves_a_whole_document_that_can_be_saved_on(tmp_path: Path) -> None:
    path, last = tmp_path / "state.json", 0
    context = forked.context()
    for round_ in range(25):
        heard, tells = context.Pipe(duplex=False)
        writer = context.Process(target=save_on, args=(str(path), tells), daemon=True)
        writer.start()
        for _ in range(1 + round_ % 3):
            assert heard.poll(PATIENCE_S)
            heard.recv_bytes()
        time.sleep(0.0003 * round_)  # somewhere in its next saves
        writer.kill()
        writer.join()
        heard.close()
        tells.close()
        stored = LocalStore(path).load()
        assert stored
        document = json.loads(stored.text)
        assert document["n"] == document["end"] > last
        last = document["n"]
    assert stored
    assert LocalStore(path).save(A, stored.generation) > stored.generation
    assert sorted(file.name for file in tmp_path.iterdir()) == ["state.json", "state.json.lock"]


def test_the_file_is_the_plain_document_and_nobody_elses_business(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "state.json"
    LocalStore(path).save(A, 0)
    assert path.read_bytes() == A
    assert {file.name: oct(file.stat().st_mode & 0o777) for file in path.parent.iterdir()} == {
        "state.json": "0o600",
        "state.json.lock": "0o600",
    }


def test_an_edit_by_hand_is_a_conflict_for_whoever_loaded_before_and_is_loaded_next(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    generation = LocalStore(path).save(A, 0)
    time.sleep(0.02)  # more than the granularity of a file system's clock
    path.write_bytes(B)
    with pytest.raises(ConflictError):
        LocalStore(path).save(A, generation)
    stored = LocalStore(path).load()
    assert stored
    assert stored.text == B
    LocalStore(path).save(A, stored.generation)


def test_generations_grow_though_the_clock_went_back(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    path.write_bytes(A)
    future = 4_000_000_000 * 10**9
    os.utime(path, ns=(future, future))
    store = LocalStore(path)
    assert store.save(B, future) > future


@pytest.mark.parametrize("moment", [0, -1_000_000_000], ids=["1970", "before 1970"])
def test_an_ancient_file_is_not_taken_for_none(tmp_path: Path, moment: int) -> None:
    path = tmp_path / "state.json"
    path.write_bytes(A)
    os.utime(path, ns=(moment, moment))
    stored = LocalStore(path).load()
    assert stored == Stored(A, 1)
    assert LocalStore(path).save(B, 1) > 1


def test_generations_grow_on_a_disk_that_keeps_whole_seconds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.utime
    second = 10**9
    monkeypatch.setattr(os, "utime", lambda file, ns: real(file, ns=(ns[0] // second * second, ns[1] // second * second)))
    path = tmp_path / "state.json"
    path.write_bytes(A)
    future = 4_000_000_000 * second
    real(path, ns=(future, future))
    assert LocalStore(path).save(B, future) == future + second


def test_a_link_stays_a_link_and_both_names_are_one_document(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    link = tmp_path / "state.json"
    link.symlink_to(tmp_path / "real" / "state.json")
    generation = LocalStore(link).save(A, 0)
    assert link.is_symlink()
    assert LocalStore(tmp_path / "real" / "state.json").save(B, generation)
    assert link.read_bytes() == B


def test_a_save_waits_for_the_lock_and_says_who_to_look_for_when_it_does_not_come(tmp_path: Path) -> None:
    import fcntl

    path = tmp_path / "state.json"
    generation = LocalStore(path).save(A, 0)
    with (tmp_path / "state.json.lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(StoreError, match="another process holds the lock") as caught:
            LocalStore(path, lock_wait_s=0.05).save(B, generation)
        assert "state.json.lock" in str(caught.value.hint)
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(LocalStore(path).save, B, generation)
            time.sleep(0.05)
            assert not waiting.done()
            fcntl.flock(lock, fcntl.LOCK_UN)
            waiting.result(PATIENCE_S)
    assert path.read_bytes() == B


@contextmanager
def nobody() -> Iterator[None]:
    """Be a user without rights, where the tests run as one who has all."""
    if os.geteuid():
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_folder_that_may_not_be_read_or_written_is_told(tmp_path: Path) -> None:
    LocalStore(tmp_path / "state.json").save(A, 0)
    tmp_path.chmod(0o000)
    store = LocalStore(tmp_path / "state.json")
    try:
        with nobody():
            for call in (store.load, lambda: store.save(A, 0), lambda: store.set_aside(A, "x")):
                with pytest.raises(StoreError, match="Permission denied") as caught:
                    call()
                assert "you may" in str(caught.value.hint)
    finally:
        tmp_path.chmod(0o700)


@pytest.mark.parametrize(
    ("path", "message", "hint"),
    [
        ("", "not a plain file", "not a folder"),
        ("file/state.json", "Not a directory|File exists", "a file and no folder"),
        ("x" * 300, "too long", "shorter"),
        ("loop", "[Ll]evels of symbolic links", "ls -la"),
        ("pipe", "not a plain file", "not a folder"),
    ],
)
def test_a_place_where_no_document_can_be_is_told_with_its_mend(tmp_path: Path, path: str, message: str, hint: str) -> None:
    (tmp_path / "file").write_bytes(A)
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    os.mkfifo(tmp_path / "pipe")
    store = LocalStore(tmp_path / path)
    for call in (store.load, lambda: store.save(A, 0)):
        with pytest.raises(StoreError, match=message) as caught:
            call()
        assert hint in str(caught.value.hint)
        assert caught.value.where == str(tmp_path / path)
    assert (tmp_path / "file").read_bytes() == A


def test_a_full_disk_is_told_and_leaves_the_document_from_before(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    generation = LocalStore(path).save(A, 0)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5000, before[1]))  # the write breaks off in the middle, as on a full disk
    try:
        with pytest.raises(StoreError) as caught:
            LocalStore(path).save(b"x" * 9000, generation)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert isinstance(caught.value.__cause__, OSError)
    assert caught.value.__cause__.errno == errno.EFBIG
    assert "make room" in str(caught.value.hint)
    assert LocalStore(path).load() == Stored(A, generation)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["state.json", "state.json.lock"]


def test_a_save_that_met_its_own_work_is_no_conflict(gcs: LocalGcs) -> None:
    store = GcsStore(BUCKET, "own.json")
    generation = store.save(A, 0)
    gcs.reset()
    gcs.fail(DROP, method="POST")
    saved = store.save(B, generation)
    assert store.load() == Stored(B, saved)
    assert [request.split()[0] for request in gcs.requests()] == ["POST", "POST", "GET", "GET"]


def test_a_save_whose_answer_was_lost_and_that_somebody_saved_over_is_a_conflict(gcs: LocalGcs) -> None:
    store, other = GcsStore(BUCKET, "over.json"), GcsStore(BUCKET, "over.json")
    generation = store.save(A, 0)
    other.save(b"theirs", generation)
    gcs.fail(503, method="POST")
    with pytest.raises(ConflictError):
        store.save(B, generation)
    assert text_of(store) == b"theirs"


def test_a_first_412_is_a_conflict_without_another_look(gcs: LocalGcs) -> None:
    store = GcsStore(BUCKET, "first.json")
    generation = store.save(A, 0)
    gcs.reset()
    gcs.fail(412)
    with pytest.raises(ConflictError):
        store.save(A, generation)
    assert len(gcs.requests()) == 1


@pytest.mark.parametrize("status", [429, 500, 503])
def test_what_passes_is_tried_again(gcs: LocalGcs, status: int) -> None:
    store = GcsStore(BUCKET, f"again-{status}.json")
    gcs.fail(status, 2)
    generation = store.save(A, 0)
    gcs.fail(status, 1)
    gcs.fail(DROP, 1)
    assert store.load() == Stored(A, generation)
    assert len(gcs.requests()) == 6


@pytest.mark.parametrize("do", [503, HANG, DROP])
def test_what_does_not_pass_ends_within_the_budget(gcs: LocalGcs, do: int | str) -> None:
    store = GcsStore(BUCKET, "budget.json", timeout_s=0.5, budget_s=1.5)
    gcs.fail(do, 1000)
    for call in (store.load, lambda: store.save(A, 0), lambda: store.set_aside(A, "aside.json")):
        with no_hang(), pytest.raises(StoreError) as caught:
            call()
        assert not isinstance(caught.value, ConflictError)
        assert caught.value.hint
        assert caught.value.where == f"gs://{BUCKET}/budget.json"


def test_a_server_that_is_not_there_ends_within_the_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", "http://127.0.0.1:9")
    with no_hang(), pytest.raises(StoreError):
        GcsStore(BUCKET, "x.json", timeout_s=0.2, budget_s=1).load()


def test_a_missing_bucket_is_told_with_the_command_that_creates_it(gcs: LocalGcs) -> None:
    store = GcsStore("no-such-bucket", "x.json")
    for call in (store.load, lambda: store.save(A, 0), lambda: store.set_aside(A, "y.json")):
        with pytest.raises(StoreError) as caught:
            call()
        assert str(caught.value.hint).startswith("run: gcloud storage buckets create gs://no-such-bucket --location=")


def test_an_object_without_end_is_no_state(gcs: LocalGcs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("logwatch.state.gcs.MOST", 1 << 20)
    GcsStore(BUCKET, "large").save(b"x" * (1 << 20), 0)
    GcsStore(BUCKET, "larger").save(b"x" * ((1 << 20) + 1), 0)
    assert GcsStore(BUCKET, "large").load() is not None
    with pytest.raises(StoreError, match="more than 1 MiB"):
        GcsStore(BUCKET, "larger").load()


def test_a_file_without_end_is_no_state(tmp_path: Path) -> None:
    with (tmp_path / "state.json").open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(StoreError, match="more than 64 MiB"):
        LocalStore(tmp_path / "state.json").load()


def test_a_refusal_is_told_with_the_command_that_grants_it(gcs: LocalGcs) -> None:
    store = GcsStore(BUCKET, "refused.json")
    for call in (store.load, lambda: store.save(A, 0)):
        gcs.fail(403)
        with pytest.raises(StoreError, match=r"Forbidden: Caller does not have storage\.objects\.get access") as caught:
            call()
        assert caught.value.hint == (
            f"run: gcloud storage buckets add-iam-policy-binding gs://{BUCKET}"
            " --member=user:YOU --role=roles/storage.objectUser"
        )


def test_missing_credentials_are_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("STORAGE_EMULATOR_HOST", "GOOGLE_APPLICATION_CREDENTIALS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path))
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    with pytest.raises(StoreError, match="no Google credentials") as caught:
        GcsStore(BUCKET, "x.json").load()
    assert caught.value.hint == "run: gcloud auth application-default login"


def test_only_what_the_role_allows_is_asked_for(gcs: LocalGcs) -> None:
    store = GcsStore(BUCKET, "least.json")
    store.load()
    store.save(A, 0)
    store.load()
    time.sleep(0.05)  # the library used to look the bucket up in a thread of its own
    assert [request for request in gcs.requests() if request.endswith(f"/b/{BUCKET}")] == []


@pytest.mark.parametrize(
    "address",
    [
        "gs://",
        "gs://bucket",
        "gs://bucket/",
        "gs://Bucket/x",
        "gs://b/x",
        "gs://bucket//x",
        "gs://bucket/x/",
        "gs://bucket/a\nb",
        "s3://bucket/x",
        "",
        "folder/",
        "a\0b",
        "a\nb",
    ],
)
def test_an_address_of_another_form_is_refused_with_the_right_one(address: str) -> None:
    with pytest.raises(ConfigError, match="use gs://BUCKET/OBJECT"):
        parse_state_address(address)


def test_an_address_names_an_object_or_a_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = parse_state_address("gs://my-bucket/logwatch/상태 1.json")
    assert isinstance(store, GcsStore)
    assert (store.bucket, store.name) == ("my-bucket", "logwatch/상태 1.json")
    monkeypatch.setenv("HOME", str(tmp_path))
    local = parse_state_address("~/state.json")
    assert isinstance(local, LocalStore)
    assert local.path == tmp_path / "state.json"


def test_a_file_needs_no_google_library() -> None:
    script = (
        "import sys; from logwatch.state.address import parse_state_address; parse_state_address('x.json').load();"
        "parse_state_address('gs://bucket/x'); assert not any(name.startswith('google') for name in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True)
