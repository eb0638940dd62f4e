"""Slow requests, how many and how slow, where people or files see them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from logwatch.count.tables import ArrayTable
from logwatch.count.windows import minute_texts

if TYPE_CHECKING:
    from logwatch.count.windows import Windows


def slow_by(windows: Windows, *columns: str) -> pd.DataFrame:
    """Give slow requests by these columns: how many, and p50, p95 (interpolated) and the longest in ms."""
    grouped = windows.slow.frame().groupby(list(columns), observed=True)["duration_ms"]
    return pd.DataFrame(
        {"count": grouped.size(), "p50_ms": grouped.quantile(0.5), "p95_ms": grouped.quantile(0.95), "max_ms": grouped.max()}
    ).reset_index()


def slow_csv(windows: Windows) -> ArrayTable:
    """Give slow requests by minute and label: how many, and p50, p95 (interpolated) and the longest in ms."""
    table = slow_by(windows, "minute", "label")
    label, labels = table["label"].cat.codes.to_numpy(), windows.slow.names["label"]
    minutes, texts = minute_texts(table["minute"].to_numpy())
    figures = {name: table[name].round(3).to_numpy() for name in ("count", "p50_ms", "p95_ms", "max_ms")}
    requests = [f"slow_request{{label={each}}}" for each in labels]
    names = {"minute": texts, "slow_request": requests, "label": labels}
    return ArrayTable({"minute": minutes, "slow_request": label, "label": label, **figures}, names)
