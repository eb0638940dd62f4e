"""Pages to look at: out of recordings, out of hostile ones, and with steps walked by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from logwatch.collect.files import FilesSource
from logwatch.collect.last_seen import SignsOfLife
from logwatch.notify.diagnosis.findings import StepState
from logwatch.notify.diagnosis.step_text import StepLine
from logwatch.notify.messages import LinkTargets, build_message
from logwatch.pipeline.judge_range import judge_and_replay
from logwatch.pipeline.tick import Policy, Ticker
from logwatch.pipeline.time_range import Wanted
from logwatch.report.page_view import Listed, Narrator, build_page
from logwatch.report.render import render_page
from logwatch.report.report import build_report
from logwatch.state.document import State
from logwatch.ui.format import Audience
from tests.conftest import LOGS, ROOT
from tests.support.made_messages import RULES, TEMPLATES
from tests.support.made_traffic import START
from tests.support.pages import HOSTILE, entry, slow_entry, summary_entry, write
from tests.support.platform import SHAPE

if TYPE_CHECKING:
    from pathlib import Path

    from logwatch.judge.evaluate import Judged
    from logwatch.languages import Lang
    from logwatch.pipeline.replay import Replayed
    from logwatch.report.page_view import Page

WALKED = (
    StepLine(1, "GET /internal/ops/metrics → payment.confirm.failed 확인", here=False, state=StepState.DONE, state_text="확인함", found=("payment.confirm.failed 10분에 38건 (한 시간 전 1건)",)),
    StepLine(2, "Cloud Run 로그에서 [Payment] Confirm error 검색", here=True, state=StepState.TODO, state_text="조치 필요", found=("27줄, 15:22:08 – 15:29:51", "REJECT_CARD_PAYMENT <script>alert(1)</script> ×19")),
    StepLine(3, "Toss API 응답 코드 확인 (payment.metadata)", here=False, state=StepState.NOT_LOOKED, state_text="확인 못 함", found=("로그를 읽을 권한이 없음: roles/logging.viewer",)),
    StepLine(4, "duplicate.blocked 증가 → 프론트엔드 재시도 로직 점검", here=False, state=StepState.NOT_THE_CASE, state_text="해당 없음", found=("payment.duplicate.blocked 0건",)),
)  # fmt: skip
"""A procedure with a step in each state."""


@cache
def judge(source: str | Path, *, minutes: int | None = None, cut: int = 0) -> tuple[Judged, Replayed]:
    """Judge and replay a recording, all of it, the first minutes of one of an hour, or all but the last ones."""
    files = FilesSource([str(ROOT / source)], SHAPE)
    left_out = timedelta(minutes=60 - minutes if minutes else cut)
    until = (lambda end: end - left_out) if left_out else None
    ticker = Ticker(RULES, Policy(), SignsOfLife(files, None))
    wanted = Wanted(None, until, None, timedelta(seconds=90))
    return judge_and_replay(files, ticker, wanted, now=START, progress=lambda *_: None)


def make(
    source: str | Path,
    lang: Lang = "ko",
    place: LinkTargets | None = None,
    *,
    minutes: int | None = None,
    cut: int = 0,
    past: State | None = None,
) -> Page:
    """Make the page of a recording."""
    judged, replayed = judge(source, minutes=minutes, cut=cut)
    readers = Audience(lang, ZoneInfo("Asia/Seoul"), "o4o-core-api")
    report = build_report(judged, RULES, readers, source=str(source))
    describe = lambda told: build_message(told, RULES, readers, place or LinkTargets())  # noqa: E731
    return build_page(report, judged, replayed, Narrator(describe, RULES, past or State()))


def walked(lang: Lang = "ko") -> Page:
    """Make a page whose incident has a step in each state, and more besides."""
    page = make(f"{LOGS}/payment.ndjson", lang, minutes=30)
    (first,) = page.episodes.items
    message = replace(
        first.message,
        steps=WALKED,
        besides=("POST /api/v1/kpa/payments/confirm p95 1694 ms ×2",),
        notes=("한 시간 안에 다시 발생",),
    )
    return replace(page, episodes=Listed((replace(first, message=message),), 3))


def hostile(folder: Path) -> Page:
    """Make a page of a recording with a shop for each hostile name."""
    counters: dict[str, float] = {"cache.hit": 5, "checkout.error{service=x}": -1}
    for number, name in enumerate(HOSTILE.values()):
        counters[f"checkout.attempt{{service={name}}}"] = 40
        counters[f"checkout.success{{service={name}}}"] = number
        counters[f"payment.prepare{{service={name}}}"] = 40
        counters[f"payment.confirm.success{{service={name}}}"] = 2 * number
    entries = [summary_entry(minute, counters) for minute in range(12)]
    entries += [slow_entry(3, name, 9000, f"/api/{name}?token=x", name) for name in HOSTILE.values()]
    entries.append(entry(3, 999, {"message": "[OpsMetrics] 60s summary"}))
    return make(write(folder, entries))


def html(page: Page) -> str:
    """Give the page as people get it."""
    return render_page(page, TEMPLATES, "report.html.j2")


def markdown(page: Page) -> str:
    """Give the page as Markdown."""
    return render_page(page, TEMPLATES, "report.md.j2")
