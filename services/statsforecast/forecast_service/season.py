"""Which seasons a series has."""

import numpy as np

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
# 90% two-sided, as in the M4 competition's seasonality test.
CRITICAL = 1.645


def candidate_seasons(frequency_ms: int) -> list[int]:
    """Season lengths worth testing: hour, day and week for sub-daily series, week and year from daily on. Ascending, each >= 2."""
    cycles = (HOUR_MS, DAY_MS, 7 * DAY_MS) if frequency_ms < DAY_MS else (7 * DAY_MS, 365 * DAY_MS)
    lengths = [round(cycle / frequency_ms) for cycle in cycles]
    return [m for m in lengths if m >= 2]


def find_seasons(y: np.ndarray, candidates: list[int]) -> list[int]:
    """Those candidates whose autocorrelation is significant on what the shorter ones leave.

    y: points, oldest first, no NaN, shape (n,). A season needs two cycles.
    Source: the seasonality test of the M4 competition's benchmarks (Assimakopoulos & Nikolopoulos 2000), with R's acf.
    """
    n = len(y)
    time = np.arange(n)
    rest = y - np.polyval(np.polyfit(time, y, 1), time)
    # Rounding leaves that much of a straight line.
    noise = 1e-9 * float(np.max(np.abs(y)))
    found: list[int] = []
    for m in candidates:
        if n < 2 * m:
            break
        if np.std(rest) > noise and _is_seasonal(rest, m):
            found.append(m)
            rest = rest - profile(rest, m)[time % m]
    return found


def profile(y: np.ndarray, m: int) -> np.ndarray:
    """The mean of each phase of a cycle of m points, shape (m,). NaN are left out; a phase without a point has the mean of all."""
    phase = np.arange(len(y)) % m
    seen = ~np.isnan(y)
    counts = np.bincount(phase[seen], minlength=m)
    sums = np.bincount(phase[seen], weights=y[seen], minlength=m)
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.mean(y[seen]))


def _is_seasonal(y: np.ndarray, m: int) -> bool:
    n = len(y)
    size = 1 << (2 * n - 1).bit_length()
    spectrum = np.fft.rfft(y - y.mean(), size)
    covariances = np.fft.irfft(spectrum * np.conj(spectrum), size)[: m + 1]
    acf = covariances / covariances[0]
    return bool(acf[m] > CRITICAL * np.sqrt((1 + 2 * np.sum(acf[1:m] ** 2)) / n))
