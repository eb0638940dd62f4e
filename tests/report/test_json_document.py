"""The JSON document of `evaluate`: its schema, and its figures counted again from the raw lines with plain Python."""

import json
import re
import shutil
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from logwatch.collect.parse import Reason
from tests.conftest import LOGS, ROOT, Run
from tests.support.schemas import check_document

RECORDED = ("calm", "storm", "payment", "text", "development")
OWN_KEYS = {"level", "message", "revision", "service", "timestamp"}
SUMMARY, SLOW = "[OpsMetrics] 60s summary", "[SlowRequest]"


PRINTED: dict[tuple[str | Path, ...], dict[str, Any]] = {}
"""Documents by what was asked for: a recording is judged once for all that is looked for in it."""


def document(run: Run, *arguments: str | Path) -> dict[str, Any]:
    if arguments not in PRINTED:
        ran = run("evaluate", "--format", "json", *arguments)
        assert (ran.code, ran.err) == (0, "")
        PRINTED[arguments] = check_document("evaluate", ran.out)
    return PRINTED[arguments]


def path_of(name: str) -> str:
    return f"{LOGS}/{name}.ndjson"


def test_the_schema_names_every_reason() -> None:
    schema = json.loads((ROOT / "logwatch/schemas/evaluate.json").read_text())
    assert schema["properties"]["source"]["properties"]["unparsed"]["propertyNames"]["enum"] == list(Reason)


# ---- plain Python, written without looking at how logwatch counts


class Recount:
    """What a recording holds, counted line by line."""

    def __init__(self, name: str) -> None:
        self.entries = [json.loads(line) for line in (ROOT / path_of(name)).read_text(encoding="utf-8").splitlines()]
        self.summaries: list[tuple[str, str, dict[str, float]]] = []
        """Instance, time, counters."""
        self.slow: defaultdict[str, list[float]] = defaultdict(list)
        blocks: defaultdict[str, list[str]] = defaultdict(list)
        for entry in sorted(self.entries, key=lambda entry: (entry["timestamp"], entry["insertId"])):
            instance, at = entry["labels"]["instanceId"], entry["timestamp"]
            if "jsonPayload" in entry:
                self._take(instance, at, entry["jsonPayload"])
            elif block := self._close(blocks[instance], entry["textPayload"]):
                self._take(instance, at, block)

    def _take(self, instance: str, at: str, payload: dict[str, Any]) -> None:
        if payload["message"] == SUMMARY:
            self.summaries.append((instance, at, {key: value for key, value in payload.items() if key not in OWN_KEYS}))
        elif payload["message"] == SLOW:
            self.slow[payload["label"]].append(payload["durationMs"])

    @staticmethod
    def _close(block: list[str], text: str) -> dict[str, Any] | None:
        """Add a line to its instance's open block, and give the block when the line closes it."""
        if text.endswith(" {"):
            block[:] = [text]
        elif block:
            block.append(text)
        if text != "}" or not block:
            return None
        message, body = block[0].removesuffix(" {"), "{" + "".join(block[1:])
        block.clear()
        return {**json.loads(body), "message": message}

    @property
    def counters(self) -> dict[str, float]:
        sums: Counter[str] = Counter()
        for _, _, counters in self.summaries:
            sums.update(counters)
        return dict(sums)


def percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    place = (len(ordered) - 1) * share
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return round(ordered[low] + (ordered[high] - ordered[low]) * (place - low), 1)


# ---- the document


@pytest.mark.parametrize("name", RECORDED)
def test_the_document_keeps_its_schema(run: Run, name: str) -> None:
    document(run, "-s", path_of(name))


@pytest.mark.parametrize("name", RECORDED)
def test_counters_are_the_sums_of_the_raw_summaries(run: Run, name: str) -> None:
    assert document(run, "-s", path_of(name))["counters"] == Recount(name).counters


@pytest.mark.parametrize("name", RECORDED)
def test_slow_requests_have_the_figures_of_the_raw_lines(run: Run, name: str) -> None:
    expected = {
        label: {
            "count": len(values),
            "p50_ms": percentile(values, 0.5),
            "p95_ms": percentile(values, 0.95),
            "max_ms": max(values),
        }
        for label, values in Recount(name).slow.items()
    }
    found = document(run, "-s", path_of(name))["slow_requests"]
    assert found.keys() == expected.keys()
    for label, figures in expected.items():
        assert found[label] == pytest.approx(figures, abs=0.1)  # rounding may tip either way at half of a tenth


@pytest.mark.parametrize("name", RECORDED)
def test_every_entry_ends_as_something(run: Run, name: str) -> None:
    source = document(run, "-s", path_of(name))["source"]
    ends = ("samples", "slow_requests", "ignored", "duplicates")
    assert source["entries"] == sum(source[end] for end in ends) + sum(source["unparsed"].values())
    assert source["entries"] == len(Recount(name).entries)


@pytest.mark.parametrize("name", ["calm", "storm", "payment"])
def test_lines_are_counted_by_what_they_are(run: Run, name: str) -> None:
    source, raw = document(run, "-s", path_of(name))["source"], Recount(name)
    assert source["samples"] == len(raw.summaries)
    assert source["slow_requests"] == sum(map(len, raw.slow.values()))
    assert source["instances"] == len({instance for instance, _, _ in raw.summaries})
    assert (source["unparsed"], source["duplicates"], source["flaws"]) == ({}, 0, {})


def test_lines_of_the_development_format_are_lost_counters(run: Run) -> None:
    found, raw = document(run, "-s", path_of("development")), Recount("development")
    texts = [re.sub("\x1b\\[[0-9;]*m", "", entry["textPayload"]) for entry in raw.entries]
    assert found["source"]["unparsed"] == {"counters_lost": sum(text.endswith((SUMMARY, SLOW)) for text in texts)}
    assert (found["counters"], found["slow_requests"]) == ({}, {})
    silent = next(each for each in found["verdicts"] if each["rule"] == "telemetry-silent")
    assert (silent["level"], silent["value"]) == ("elevated", found["source"]["silent_windows"])
    others = {each["rule"]: each["level"] for each in found["verdicts"] if each is not silent}
    known = {rule for rule, level in others.items() if level != "unknown"}
    assert known == {"telemetry-stopped"}, "lines still come, and that is all that is known"


COUNTS = {
    "checkout-traffic": r"checkout\.attempt\{",
    "checkout-blocked": r"checkout\.blocked\.",
    "checkout-error": r"checkout\.error\{",
    "payment-duplicate": r"payment\.duplicate\.blocked\{",
    "cache-error": r"cache\.error$",
}


def minute_of(at: str) -> datetime:
    return datetime.fromisoformat(at[:16]).replace(tzinfo=UTC)


@pytest.mark.parametrize("name", ["calm", "storm", "payment"])
@pytest.mark.parametrize("rule", COUNTS)
def test_a_count_is_the_sum_of_the_summaries_that_end_in_its_window(run: Run, name: str, rule: str) -> None:
    """Holds for recordings whose instances never have two summaries in a window: then none moves to the one before."""
    raw = Recount(name)
    places = [(instance, minute_of(at)) for instance, at, _ in raw.summaries]
    if len(set(places)) < len(places):
        pytest.skip("two summaries of an instance in one window")
    windows: Counter[datetime] = Counter()
    for _, at, counters in raw.summaries:
        windows[minute_of(at)] += int(sum(value for key, value in counters.items() if re.match(COUNTS[rule], key)))
    verdict = next(verdict for verdict in document(run, "-s", path_of(name))["verdicts"] if verdict["rule"] == rule)
    end = datetime.fromisoformat(verdict["window_end"])
    worst = max(windows.values())
    first = min(minute for minute, value in windows.items() if value == worst)
    assert verdict["value"] == windows[end - timedelta(minutes=1)]
    assert verdict["worst"]["value"] == worst
    assert datetime.fromisoformat(verdict["worst"]["window_end"]) == first + timedelta(minutes=1)


RATIOS = {
    "checkout-success": (("checkout.success",), ("checkout.attempt",)),
    "payment-confirm": (("payment.confirm.success",), ("payment.prepare",)),
    "cache-hit": (("cache.hit",), ("cache.hit", "cache.miss")),
}


@pytest.mark.parametrize("name", ["calm", "storm", "payment", "text"])
def test_a_ratio_is_the_share_over_the_span_that_the_verdict_names(run: Run, name: str) -> None:
    raw, found = Recount(name), document(run, "-s", path_of(name))
    checked = 0
    for verdict in found["verdicts"]:
        if verdict["rule"] not in RATIOS or verdict["level"] == "unknown":
            continue
        end = datetime.fromisoformat(verdict["window_end"])
        start = end - timedelta(seconds=verdict["span_s"])
        shop = verdict["labels"].get("service")

        def total(names: tuple[str, ...], start: datetime = start, end: datetime = end, shop: str | None = shop) -> float:
            keys = {name if shop is None else f"{name}{{service={shop}}}" for name in names}
            return sum(
                value
                for _, at, counters in raw.summaries
                for key, value in counters.items()
                if start <= minute_of(at) < end and (key if shop else key.partition("{")[0]) in keys
            )

        numerator, denominator = map(total, RATIOS[verdict["rule"]])
        assert (verdict["numerator"], verdict["denominator"]) == (numerator, denominator), verdict
        assert verdict["value"] == pytest.approx(min(numerator / denominator, 1))
        checked += 1
    assert checked >= 3


MIN_SHARE, MIN_COUNT = 0.05, 3
NEEDS_ANOTHER = {"traffic-quiet", "revision-checkout", "revision-payment"}


@pytest.mark.parametrize("name", RECORDED)
def test_levels_agree_with_the_bounds_beside_them(run: Run, name: str) -> None:
    compare = {"<": float.__lt__, "<=": float.__le__, ">": float.__gt__, ">=": float.__ge__}

    def holds(bounds: str, value: float) -> bool:
        sign, number, unit = (bounds + " ").split(" ")[:3]
        return bool(compare[sign](float(value), float(number) / (100 if unit == "%" else 1)))

    for verdict in document(run, "-s", path_of(name))["verdicts"]:
        level, value, few = verdict["level"], verdict["value"], verdict["why"] == "too_few"
        if verdict["rule"].startswith("slow-") and verdict["denominator"]:  # judged by share, the value being milliseconds
            share = verdict["numerator"] / verdict["denominator"]
            assert level != "warning" or (share >= MIN_SHARE and verdict["numerator"] >= MIN_COUNT), verdict
            assert level != "normal" or share < MIN_SHARE or few, verdict
            assert not few or verdict["numerator"] < MIN_COUNT or share < MIN_SHARE, verdict
        elif verdict["rule"] in NEEDS_ANOTHER and value is None:  # no other revision, no other hour: nothing to say it is worse
            assert (level in {"normal", "unknown"}, verdict["denominator"]) == (True, None), verdict
        elif level in {"warning", "normal"} and not verdict["rule"].startswith("slow-"):
            assert holds(verdict[level], value), verdict


@pytest.mark.parametrize("name", ["storm", "payment"])
def test_a_part_of_a_recording_has_the_counters_of_that_part(run: Run, name: str) -> None:
    raw = Recount(name)
    end = max(minute_of(entry["timestamp"]) for entry in raw.entries)
    start = end - timedelta(minutes=20)
    found = document(run, "-s", path_of(name), "--since", f"{start:%Y-%m-%dT%H:%MZ}", "--until", f"{end:%Y-%m-%dT%H:%MZ}")
    sums: Counter[str] = Counter()
    for _, at, counters in raw.summaries:
        if start <= minute_of(at) < end:
            sums.update({key: int(value) for key, value in counters.items()})
    assert found["counters"] == sums
    assert found["source"]["silent_windows"] == 0


def test_a_counter_of_no_rule_is_in_the_document_too(run: Run, tmp_path: Path) -> None:
    entry = json.loads((ROOT / path_of("calm")).read_text(encoding="utf-8").splitlines()[0])
    odd = {"stock.reserved{service=kpa}": 3, "error.code{code=a,b={c}}": 0.5, "broken{service=kpa": 2, "빈 이름": 1}
    entry["jsonPayload"] = {"message": SUMMARY, "level": "info", **odd}
    path = tmp_path / "odd.ndjson"
    path.write_text(json.dumps(entry), encoding="utf-8")
    found = document(run, "-s", path)
    assert found["counters"] == odd
    assert found["source"]["flaws"] == {"malformed_key: broken{service=kpa": 1}


OWN_RULE = """
- rule: sign-in-failures
  summary: {ko: 로그인 실패 과다, en: Many failed sign-ins}
  count: auth.failure
  normal: "<= 5"
  warning: "> 20"
"""


@pytest.mark.long
def test_a_rule_of_ones_own_and_the_rules_of_logwatchs_own_stand_in_every_format(run: Run, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "rules", tmp_path / "rules")
    (tmp_path / "rules/zoo.yaml").write_text(OWN_RULE, encoding="utf-8")
    entries = [json.loads(line) for line in (ROOT / path_of("calm")).read_text(encoding="utf-8").splitlines()]
    for entry in entries:
        if entry.get("jsonPayload", {}).get("message") == SUMMARY:
            entry["jsonPayload"]["auth.failure{reason=password}"] = 30
    path = tmp_path / "failures.ndjson"
    path.write_text("".join(json.dumps(entry) + "\n" for entry in entries), encoding="utf-8")
    shown = ("-s", path, "--rules", tmp_path / "rules", "--lang", "en")
    rules = {each["rule"]: each for each in document(run, *shown)["verdicts"]}
    assert (rules["sign-in-failures"]["level"], rules["sign-in-failures"]["procedure"]) == ("warning", "")
    assert (rules["telemetry-silent"]["level"], rules["endpoint-silent"]["why"]) == ("normal", "no_endpoint")
    assert (rules["source-refused"]["why"], rules["lines-late"]["why"]) == ("only_in_run", "no_arrivals")
    own = yaml.safe_load((ROOT / "rules/watch.yaml").read_text(encoding="utf-8"))
    assert list(rules)[-1 - len(own) :] == ["sign-in-failures", *(each["rule"] for each in own)]
    for arguments in (["evaluate"], ["evaluate", "-f", "markdown"], ["report", "-f", "markdown"], ["report"]):
        told = run(*arguments, *shown).out
        assert all(rule in told for rule in rules), arguments
        assert not re.search(r"▶\s+←|\*\* \*\* ←|<strong> </strong> ←", told), "a procedure without a number"
    failed = run("evaluate", *shown, "--fail-on", "warning")
    assert (failed.code, "sign-in-failures" in failed.err) == (1, True)


@pytest.mark.long
def test_telemetry_that_has_stopped_while_the_service_goes_on_is_a_warning(run: Run, tmp_path: Path) -> None:
    entries = [json.loads(line) for line in (ROOT / path_of("calm")).read_text(encoding="utf-8").splitlines()]
    start = min(minute_of(entry["timestamp"]) for entry in entries)
    left = [
        entry
        for entry in entries
        if entry.get("jsonPayload", {}).get("message") != SUMMARY
        or minute_of(entry["timestamp"]) < start + timedelta(minutes=30)
    ]
    path = tmp_path / "stopped.ndjson"
    path.write_text("".join(json.dumps(entry) + "\n" for entry in left), encoding="utf-8")
    found = document(run, "-s", path)
    (silent,) = (each for each in found["verdicts"] if each["rule"] == "telemetry-silent")
    assert (silent["level"], silent["value"]) == ("warning", found["source"]["silent_windows"])
    part = document(run, "-s", path, "--since", "12m")  # what came before the span is known too
    (same,) = (each for each in part["verdicts"] if each["rule"] == "telemetry-silent")
    assert same["value"] == silent["value"]
    assert run("evaluate", "-s", path, "--fail-on", "warning").code == 1
