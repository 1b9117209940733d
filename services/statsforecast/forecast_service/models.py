"""Forecasts one series: each model of StatsForecast alone, then the median of them."""

import time
import warnings as python_warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from statsforecast.models import MSTL, AutoCES, AutoETS, AutoTheta, SeasonalNaive

from .season import candidate_seasons, find_seasons, profile

NEWEST_POINTS = 2_016
# ETS has no seasonal form of more points a cycle.
LONGEST_ETS_SEASON = 24
NOTABLE_GAPS = 0.01
PLAIN = (1e-6, 1e9)
LARGEST = float(np.finfo(np.float64).max)


@dataclass(frozen=True)
class Task:
    """One series with what is asked of it. Values: one a row, NaN for a gap. Bounds: infinite where there is none."""

    values: np.ndarray
    frequency_ms: int
    horizon: int
    levels: tuple[float, ...]
    season_lengths: tuple[int, ...] | None
    bounds: tuple[float | None, float | None]
    models: tuple[str, ...] | None


@dataclass(frozen=True)
class Columns:
    mean: np.ndarray
    # One row a level.
    lo: np.ndarray
    hi: np.ndarray


def newest(values: np.ndarray) -> np.ndarray:
    """The points that count: the newest 2,016, from the first that is not a gap."""
    window = values[-NEWEST_POINTS:]
    seen = np.flatnonzero(~np.isnan(window))
    return window[seen[0] :] if len(seen) else window[:0]


def forecast(task: Task) -> dict[str, Any]:
    """Answers one series; at least two of its newest points must be observed. Never raises on data."""
    started = time.process_time()
    warnings: list[str] = []
    window = newest(task.values)
    if len(task.values) > NEWEST_POINTS:
        warnings.append(f"Only the newest {NEWEST_POINTS} of {len(task.values)} points count")
    missing = float(np.mean(np.isnan(window)))
    if missing >= NOTABLE_GAPS:
        warnings.append(f"{max(1, round(100 * missing))}% of the expected points are missing and were interpolated")

    largest = float(np.nanmax(np.abs(window)))
    scale = 1.0 if largest == 0 or PLAIN[0] <= largest <= PLAIN[1] else largest
    z = window / scale
    with python_warnings.catch_warnings(), np.errstate(all="ignore"):
        python_warnings.simplefilter("ignore")
        seasons = _seasons(z, task)
        y = fill_gaps(z, max(seasons, default=1))
        columns, names = _constant(task, float(y[0])) if np.ptp(y) == 0 else _combined(y, seasons, task, warnings)

    lower, upper = _limits(window, task.bounds)
    def within(x: np.ndarray) -> np.ndarray:
        with np.errstate(over="ignore"):
            return np.clip(np.clip(x * scale, -LARGEST, LARGEST), lower, upper)

    mean = within(columns.mean)
    return {
        "seasonLength": max(seasons, default=1),
        "mean": mean.tolist(),
        "intervals": [
            {"level": level, "lo": np.minimum(within(lo), mean).tolist(), "hi": np.maximum(within(hi), mean).tolist()}
            for level, lo, hi in zip(task.levels, columns.lo, columns.hi, strict=True)
        ],
        "models": [{"name": name, "weight": 1 / len(names)} for name in names],
        "warnings": warnings,
        "cpuMs": round(1_000 * (time.process_time() - started), 3),
    }


def fill_gaps(y: np.ndarray, m: int) -> np.ndarray:
    """Fills NaN by straight lines; with two cycles of a season, on what the season leaves. Ends repeat the nearest point."""
    gaps = np.isnan(y)
    if not gaps.any():
        return y
    at = np.arange(len(y))
    season = profile(y, m)[at % m] if m > 1 and len(y) >= 2 * m else np.zeros(len(y))
    rest = y - season
    return np.where(gaps, np.interp(at, at[~gaps], rest[~gaps]) + season, y)


def _seasons(z: np.ndarray, task: Task) -> list[int]:
    """Ascending, of those that there are two cycles of: as named, else as found."""
    if task.season_lengths is not None:
        return sorted(m for m in task.season_lengths if len(z) >= 2 * m)
    return find_seasons(fill_gaps(z, 1), candidate_seasons(task.frequency_ms))


def _constant(task: Task, value: float) -> tuple[Columns, list[str]]:
    row = np.full(task.horizon, value)
    rows = np.tile(row, (len(task.levels), 1))
    return Columns(row, rows, rows), ["Constant"]


def _combined(y: np.ndarray, seasons: list[int], task: Task, warnings: list[str]) -> tuple[Columns, list[str]]:
    """The median, step by step, of the models that can be fitted: no weights to learn, and one that runs away is outvoted."""
    made: dict[str, Columns] = {}
    for name in task.models or _default_models(seasons):
        try:
            made[name] = _fit(MODELS[name](seasons), y, task)
        except Exception:  # whatever a model stumbles over, the others go on
            warnings.append(f"{name} could not be fitted to this series and was left out")
    if not made:
        warnings.append("None of the models could be fitted: the last value is repeated")
        made["Naive"] = _naive(y, task)
    of = list(made.values())
    return (
        Columns(*(np.median([getattr(columns, part) for columns in of], axis=0) for part in ("mean", "lo", "hi"))),
        list(made),
    )


def _naive(y: np.ndarray, task: Task) -> Columns:
    """As SeasonalNaive without a season; of two points too, whose one difference says how wide."""
    return _fit(SeasonalNaive(season_length=1), y, task)


def _fit(model: Any, y: np.ndarray, task: Task) -> Columns:
    answer = model.forecast(y=y.astype(np.float64), h=task.horizon, level=sorted(set(task.levels)))
    columns = Columns(
        np.asarray(answer["mean"], np.float64),
        np.array([answer[f"lo-{level}"] for level in task.levels], np.float64),
        np.array([answer[f"hi-{level}"] for level in task.levels], np.float64),
    )
    for part in (columns.mean, columns.lo, columns.hi):
        if not np.isfinite(part).all():
            raise ArithmeticError("not finite")
    return columns


def _default_models(seasons: list[int]) -> list[str]:
    """Every model that can see the longest season. Seasonal naive is what they are measured against, and none of them."""
    if not seasons:
        return ["AutoETS", "AutoTheta", "AutoCES"]
    sees = ["AutoETS"] if seasons[-1] <= LONGEST_ETS_SEASON else []
    return [*sees, "AutoTheta", "AutoCES", "MSTL"]


def _longest(seasons: list[int], at_most: float = float("inf")) -> int:
    return max((m for m in seasons if m <= at_most), default=1)


# MSTL without a season would be the smoothing of its trend alone.
MODELS: dict[str, Callable[[list[int]], Any]] = {
    "AutoETS": lambda seasons: AutoETS(season_length=_longest(seasons, LONGEST_ETS_SEASON)),
    "AutoTheta": lambda seasons: AutoTheta(season_length=_longest(seasons)),
    "MSTL": lambda seasons: MSTL(season_length=seasons) if seasons else AutoETS(model="ZZN"),
    "AutoCES": lambda seasons: AutoCES(season_length=_longest(seasons)),
    "SeasonalNaive": lambda seasons: SeasonalNaive(season_length=_longest(seasons)),
}


def _limits(observed: np.ndarray, bounds: tuple[float | None, float | None]) -> tuple[float, float]:
    """As asked; without a min, 0 is one when no point is negative and the max leaves room."""
    upper = LARGEST if bounds[1] is None else bounds[1]
    if bounds[0] is not None:
        return bounds[0], upper
    return (0.0 if upper >= 0 and not np.nanmin(observed) < 0 else -LARGEST), upper
