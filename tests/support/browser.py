"""A page in headless Chromium: whether it fits, whom it asks for anything, what axe finds; and its pictures for the documents.

`python -m tests.support.browser` makes the pictures.
"""

from __future__ import annotations

import shutil
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

from tests.conftest import LOGS, ROOT, run_process

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from playwright.sync_api import Browser as Chromium
    from playwright.sync_api import Page as Tab

Scheme = Literal["light", "dark"]
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
NAMES = ("chromium", "chromium-browser", "google-chrome")
QUIET = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


def find_chromium() -> str | None:
    """Give the browser that stands on this machine; none is ever fetched."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


@dataclass(frozen=True)
class View:
    """What a page is looked at with."""

    width: int
    height: int
    scheme: Scheme


PHONE, DESKTOP = (390, 844), (1280, 900)


@dataclass
class Seen:
    """What a page did."""

    overflow: int = 0
    """CSS pixels that it is wider than its window."""
    told: list[str] = field(default_factory=list)
    """Lines on the console and errors."""
    asked: list[str] = field(default_factory=list)
    """Addresses that it asked for, other than its own file."""
    violations: list[str] = field(default_factory=list)
    """What axe found, a rule and an element each."""


class Browser:
    """One Chromium for many looks."""

    def __init__(self, chromium: Chromium) -> None:
        self.chromium = chromium

    @contextmanager
    def opened(self, page: Path, view: View, seen: Seen | None = None, *, unfold: bool = False) -> Iterator[Tab]:
        """Open a file in a window of its own, with everything unfolded if that is wanted."""
        size: Any = {"width": view.width, "height": view.height}
        context = self.chromium.new_context(viewport=size, color_scheme=view.scheme)
        tab = context.new_page()
        if seen:
            watch(tab, page, seen)
        tab.goto(page.as_uri())
        if unfold:
            tab.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")
        yield tab
        context.close()

    def look(self, page: Path, views: Iterable[View]) -> Seen:
        """Look whether a page fits, all of it unfolded, and what it says and asks for."""
        first, *others = views
        seen = Seen()
        with self.opened(page, first, seen, unfold=True) as tab:
            for view in (first, *others):
                tab.set_viewport_size({"width": view.width, "height": view.height})
                tab.emulate_media(color_scheme=view.scheme)
                wider = tab.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
                seen.overflow = max(seen.overflow, wider)
        return seen

    def examine(self, page: Path, view: View) -> Seen:
        """Look whether everybody can read a page, all of it unfolded."""
        seen = Seen()
        with self.opened(page, view, unfold=True) as tab:
            found = Axe().run(tab, options={"resultTypes": ["violations"]}).response["violations"]
        seen.violations += [f"{each['id']}: {node['html'][:120]}" for each in found for node in each["nodes"]]
        return seen


def watch(tab: Tab, page: Path, seen: Seen) -> None:
    """Note what a page says and asks for."""
    tab.on("console", lambda line: seen.told.append(line.text))
    tab.on("pageerror", lambda error: seen.told.append(str(error)))
    tab.on("request", lambda request: seen.asked.append(request.url) if request.url != page.as_uri() else None)


@contextmanager
def browser(executable: str) -> Iterator[Browser]:
    """Start the browser with a profile of its own."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=executable, args=QUIET)
        yield Browser(chromium)
        chromium.close()


def _picture(looker: Browser, page: Path, view: View, height: int, path: Path) -> None:
    from PIL import Image

    with looker.opened(page, view) as tab:
        tab.screenshot(path=path, full_page=True)
    image = Image.open(path).convert("RGB")
    image.crop((0, 0, image.width, min(height, image.height))).quantize(96).save(path, optimize=True)


def main() -> None:
    """Make the pictures that the documents show."""
    executable = find_chromium()
    assert executable, f"none of {', '.join(NAMES)} is on this machine"
    with tempfile.TemporaryDirectory() as folder, browser(executable) as looker:
        page = Path(folder) / "report.html"
        source = ("--source", f"{LOGS}/payment.ndjson", "--until", "15:30")
        made = run_process("report", *source, "--output", page)
        assert made.returncode == 0, made.stderr.decode()
        _picture(looker, page, View(*DESKTOP, "light"), 2400, ROOT / "docs/page-desktop.png")
        _picture(looker, page, View(*PHONE, "dark"), 2000, ROOT / "docs/page-phone.png")


if __name__ == "__main__":
    main()
