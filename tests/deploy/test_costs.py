"""What the deployment's page says that a month costs: each figure follows from the prices beside it."""

import re

import pytest

from tests.conftest import ROOT

MONTH_S = 730 * 3600
GIB = 0.5
CALL = 0.40 / 1e6
FREE_CALLS = 2_000_000
TEXT = (ROOT / "docs" / "deploy.md").read_text().partition("## What it costs")[2]
ROWS = [[cell.strip(" `") for cell in line.strip("|").split("|")] for line in TEXT.splitlines() if line.startswith("|")]
PRICES = {row[0].replace("`", ""): row[1:] for row in ROWS if len(row) == 4 and row[1].startswith("0.")}
COSTS = {row[0]: row[1:] for row in ROWS if len(row) == 5 and re.match(r"\d", row[1])}


def shown(usd: float) -> str:
    return f"{usd:.0f}" if usd >= 9.95 else f"{usd:.1f}".removesuffix(".0")


def costs(what: str, place: str) -> list[str]:
    """Give what a month of it costs at a place: at list price, and with the free tier, which is money at the cheaper prices."""
    kind = what.partition(",")[0]
    calls = MONTH_S / 60
    if kind == "job":
        every = re.search(r"every (\d+) minutes", what)
        busy_s, called = MONTH_S / int(every[1] if every else 1), 0.0
    else:
        each = re.search(r"(\d+) s a call", what)
        assert each
        busy_s, called = calls * int(each[1]), calls
    parts = [busy_s, busy_s * GIB]
    prices = [float(each) for each in PRICES[f"{kind}, {place}"][:2]]
    cheap = [float(each) for each in PRICES[f"{kind}, us-central1"][:2]]
    free = [int(each.strip(" s")) for each in PRICES[f"{kind}, us-central1"][2].split(",")]
    listed = [amount * price for amount, price in zip(parts, prices, strict=True)]
    left = [max(usd - amount * price, 0) for usd, amount, price in zip(listed, free, cheap, strict=True)]
    return [shown(sum(listed) + called * CALL), shown(sum(left) + max(called - FREE_CALLS, 0) * CALL)]


@pytest.mark.parametrize("what", COSTS)
def test_what_a_month_costs_follows_from_the_prices(what: str) -> None:
    assert COSTS[what] == costs(what, "Seoul") + costs(what, "us-central1")


def test_the_table_has_both_ways_to_run_it() -> None:
    assert (len(COSTS), len(PRICES)) == (7, 4)


@pytest.mark.parametrize("place", ["README.md", "deploy/setup.sh"])
def test_the_price_of_a_job_is_told_everywhere_alike(place: str) -> None:
    assert f"about {COSTS['job, every minute'][0]} USD a month" in (ROOT / place).read_text()
