import numpy as np
import pytest

from forecast_service.models import MODELS, NEWEST_POINTS, Task, fill_gaps, forecast
from forecast_service.season import candidate_seasons, find_seasons

HOUR = 3_600_000
RNG = np.random.default_rng(7)
TIME = np.arange(24 * 28)
DAILY = 100 + 20 * np.sin(2 * np.pi * TIME / 24) + RNG.normal(0, 2, len(TIME))
WEEKLY = DAILY + 15 * (TIME % 168 < 48)


def task(values: object, **given: object) -> Task:
    defaults = {
        "frequency_ms": HOUR,
        "horizon": 5,
        "levels": (80.0, 95.0),
        "season_lengths": None,
        "bounds": (None, None),
        "models": None,
    }
    return Task(values=np.array(values, np.float64), **{**defaults, **given})


def check(made: dict, of: Task) -> None:
    """What holds of every answer."""
    mean = np.array(made["mean"])
    assert mean.shape == (of.horizon,) and np.isfinite(mean).all()
    inner_lo = inner_hi = mean
    for interval in sorted(made["intervals"], key=lambda one: one["level"]):
        lo, hi = np.array(interval["lo"]), np.array(interval["hi"])
        assert np.isfinite(lo).all() and np.isfinite(hi).all()
        assert (lo <= inner_lo).all() and (hi >= inner_hi).all()
        inner_lo, inner_hi = lo, hi
    assert sum(model["weight"] for model in made["models"]) == pytest.approx(1)
    assert made["cpuMs"] >= 0


@pytest.mark.parametrize(
    "values",
    [
        [1, 2],
        [3, 1, 2],
        [0] * 50,
        [-5] * 3,
        [1, np.nan] * 20,
        [np.nan] * 30 + [1, 2] + [np.nan] * 30,
        [0] * 40 + [1] + [0] * 39,
        [1e300, -1e300] * 20,
        [1e-300, 2e-300] * 20,
        [1] * 30 + [1e300] + [1] * 30,
        list(range(60)),
        [1, 2, 3, 4] * 10,
        -np.abs(DAILY[:100]),
        RNG.poisson(0.3, 80),
    ],
    ids=lambda values: str(values)[:40],
)
def test_no_series_is_without_a_finite_forecast_with_nested_intervals(values: object) -> None:
    of = task(values)
    check(forecast(of), of)


@pytest.mark.parametrize("name", MODELS)
def test_each_model_alone_beats_the_mean_on_a_daily_cycle(name: str) -> None:
    of = task(DAILY[:-48], horizon=48, season_lengths=(24,), models=(name,))
    made = forecast(of)
    check(made, of)
    assert [model["name"] for model in made["models"]] == [name]
    error = np.mean(np.abs(np.array(made["mean"]) - DAILY[-48:]))
    assert error < 0.4 * np.mean(np.abs(DAILY[:-48].mean() - DAILY[-48:]))


def test_the_forecast_is_the_median_of_its_models() -> None:
    alone = [forecast(task(DAILY, models=(name,)))["mean"] for name in ("AutoTheta", "AutoCES", "MSTL")]
    together = forecast(task(DAILY, models=("AutoTheta", "AutoCES", "MSTL")))
    assert together["mean"] == pytest.approx(np.median(alone, axis=0))
    assert together["models"] == [{"name": name, "weight": pytest.approx(1 / 3)} for name in ("AutoTheta", "AutoCES", "MSTL")]


def test_the_same_request_has_the_same_answer() -> None:
    first, second = (forecast(task(WEEKLY)) for _ in range(2))
    assert {**first, "cpuMs": 0} == {**second, "cpuMs": 0}


@pytest.mark.parametrize(("y", "expected"), [(DAILY, [24]), (WEEKLY, [24, 168]), (RNG.normal(0, 1, 500), []), (np.arange(500.0), [])])
def test_seasons_are_found_where_they_are_and_only_there(y: np.ndarray, expected: list[int]) -> None:
    assert find_seasons(y, candidate_seasons(HOUR)) == expected


@pytest.mark.parametrize(
    ("frequency_ms", "expected"),
    [(60_000, [60, 1_440, 10_080]), (300_000, [12, 288, 2_016]), (HOUR, [24, 168]), (24 * HOUR, [7, 365]), (7 * 24 * HOUR, [52])],
)
def test_candidate_seasons_follow_from_the_frequency(frequency_ms: int, expected: list[int]) -> None:
    assert candidate_seasons(frequency_ms) == expected


def test_a_season_without_two_cycles_is_passed_over() -> None:
    assert forecast(task(DAILY[:40], season_lengths=(24,)))["seasonLength"] == 1


def test_a_gap_in_a_season_is_filled_by_the_season() -> None:
    y = DAILY.copy()
    y[100:112] = np.nan
    assert np.abs(fill_gaps(y, 24)[100:112] - DAILY[100:112]).max() < 10
    assert np.abs(fill_gaps(y, 1)[100:112] - DAILY[100:112]).max() > 15


def test_bounds_hold_and_are_zero_below_where_nothing_is_negative() -> None:
    falling = np.linspace(100, 5, 40)
    assert min(forecast(task(falling, horizon=20))["mean"]) == 0
    assert min(forecast(task(falling, horizon=20, bounds=(-1_000, None)))["mean"]) < 0
    bounded = forecast(task(DAILY, horizon=24, bounds=(95.0, 105.0)))
    flat = [*bounded["mean"], *(n for interval in bounded["intervals"] for n in (*interval["lo"], *interval["hi"]))]
    assert (min(flat), max(flat)) == (95, 105)
    assert max(forecast(task([1, 2, 3, 2, 1], bounds=(None, -1.0)))["mean"]) == -1


def test_only_the_newest_points_count_and_the_answer_says_so() -> None:
    recent = np.concatenate([np.full(1_000, 1e6), np.tile([1.0, 2, 4], NEWEST_POINTS // 3)])
    made = forecast(task(recent, models=("SeasonalNaive",), season_lengths=(3,)))
    assert made["mean"] == [1, 2, 4, 1, 2]
    assert made["warnings"] == ["Only the newest 2016 of 3016 points count"]


def test_a_model_that_cannot_be_fitted_is_left_out_and_the_answer_says_so() -> None:
    made = forecast(task([1, 5, 2, 7, 3], models=("AutoETS", "SeasonalNaive")))
    assert made["models"] == [{"name": "SeasonalNaive", "weight": 1}]
    assert made["warnings"] == ["AutoETS could not be fitted to this series and was left out"]
