"""Power laws against laws that are known, and against the linear regression of SciPy."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from bench.results.growth import COSTS, FARTHEST, fit, measured
from bench.results.rows import Status
from tests.support.rows import failed, row

SIZES = [1e4, 3e4, 1e5, 3e5, 1e6]


def noisy(power: float, seed: int, sizes: list[float] = SIZES) -> list[float]:
    noise = np.random.default_rng(seed).normal(0, 0.1, len(sizes))
    return [7 * x**power * float(np.exp(e)) for x, e in zip(sizes, noise, strict=True)]


@pytest.mark.parametrize("power", [1.2, 1.0, -0.35, 0.0])
def test_a_law_without_noise_is_fitted_exactly(power: float) -> None:
    law = fit(SIZES, [7 * x**power for x in SIZES])
    exponent, prediction = law.exponent, law.at(1e8)
    assert [exponent.value, exponent.low, exponent.high] == pytest.approx([power] * 3, abs=1e-12)
    assert [prediction.value, prediction.low, prediction.high] == pytest.approx([7 * 1e8**power] * 3)


@pytest.mark.parametrize("sizes", [SIZES, SIZES[:3], [10.0, 10.0, 1000.0]])
def test_intervals_are_those_of_linear_regression(sizes: list[float]) -> None:
    y = noisy(1.1, 3, sizes)
    law, line = fit(sizes, y), stats.linregress(np.log(sizes), np.log(y))
    t = stats.t.ppf(0.975, len(sizes) - 2)
    exponent = law.exponent
    assert exponent.value == pytest.approx(line.slope)
    assert [exponent.low, exponent.high] == pytest.approx([line.slope - t * line.stderr, line.slope + t * line.stderr])
    # At x = 1, log x is 0, and the line has its intercept; a measurement deviates by the error of the intercept and
    # by the residuals.
    residuals = np.log(y) - line.intercept - line.slope * np.log(sizes)
    error = np.sqrt(line.intercept_stderr**2 + residuals @ residuals / (len(sizes) - 2))
    at_one = law.at(1)
    expected = np.exp([line.intercept, line.intercept - t * error, line.intercept + t * error])
    assert [at_one.value, at_one.low, at_one.high] == pytest.approx(expected)


def test_intervals_contain_the_truth_as_often_as_they_say() -> None:
    truth = 7 * 1e7**1.1
    laws = [fit(SIZES, noisy(1.1, seed)) for seed in range(1000)]
    covered = np.mean([law.exponent.low <= 1.1 <= law.exponent.high for law in laws])
    noise = np.exp(np.random.default_rng(12345).normal(0, 0.1, len(laws)))
    predictions = [law.at(1e7) for law in laws]
    measurements = np.mean([p.low <= truth * e <= p.high for p, e in zip(predictions, noise, strict=True)])
    assert [covered, measurements] == pytest.approx([0.95, 0.95], abs=0.02)


def test_two_points_have_a_law_without_an_interval() -> None:
    law = fit([1e4, 1e6], [2.0, 200.0])
    for estimate, value in ((law.exponent, 1.0), (law.at(1e8), 2e4)):
        assert estimate.value == pytest.approx(value)
        assert np.isnan([estimate.low, estimate.high]).all()
        assert not estimate.is_supported


@pytest.mark.parametrize(
    ("x", "y"),
    [([], []), ([1e4], [2.0]), ([1e4, 1e4], [2.0, 3.0]), ([1e4, 1e5], [np.nan, 2.0]), ([1e4, 1e5], [0.0, 2.0])],
)
def test_what_cannot_be_fitted_is_unknown(x: list[float], y: list[float]) -> None:
    law = fit(x, y)
    assert np.isnan([law.exponent.value, law.at(1e8).value, law.reach(1.0)]).all()


def test_unknown_values_do_not_count() -> None:
    assert fit(SIZES, [np.nan, *noisy(1.1, 0)[1:]]) == fit(SIZES[1:], noisy(1.1, 0)[1:])


def test_predictions_are_supported_near_what_was_measured() -> None:
    law = fit(SIZES, noisy(1.1, 0))
    assert law.exponent.is_supported
    assert law.at(FARTHEST * SIZES[-1]).is_supported
    assert not law.at(FARTHEST * SIZES[-1] * 1.01).is_supported
    near, far = law.at(2e6), law.at(1e9)
    assert near.high / near.low < far.high / far.low


def test_a_wild_law_is_as_uncertain_as_numbers_go() -> None:
    prediction = fit([1.0, 1.1, 1.2], [1.0, 1e9, 1.0]).at(1e9)
    assert (prediction.low, prediction.high) == (0.0, np.inf)


def test_the_reach_of_a_law_is_its_inverse() -> None:
    law = fit(SIZES, noisy(1.1, 0))
    assert law.at(law.reach(1e9)).value == pytest.approx(1e9)
    steady, falling = fit(SIZES, [5.0] * 5), fit(SIZES, [x**-1 for x in SIZES])
    assert (steady.reach(6), steady.reach(4), falling.reach(1)) == (np.inf, 0.0, np.inf)


def frame(rows: list[object]) -> pd.DataFrame:
    return pd.DataFrame(vars(one) for one in rows).astype(dict.fromkeys(COSTS, float))


def test_measures_are_means_over_builds_and_throughput_at_the_recall() -> None:
    rows = [
        row(
            n=n, repeat=repeat, build_seconds=n / 100 + 4 * repeat, search_params={"ef": ef}, recall=recall, qps=qps / n
        )
        for n in (1000, 2000)
        for repeat in (0, 1)
        for ef, recall, qps in ((10, 0.8, 4e6), (20, 1.0, 1e6))
    ]
    line = measured(frame(rows), "n", 0.9).set_index("n")
    assert line["build_seconds"].to_dict() == {1000: 12.0, 2000: 22.0}
    assert line["qps"].tolist() == pytest.approx([2000.0, 1000.0])
    assert line["index_bytes"].tolist() == [10 << 20] * 2


def test_a_recall_that_is_not_reached_leaves_the_costs() -> None:
    rows = [row(n=n, recall=recall) for n, recall in ((1000, 0.97), (2000, 0.94))]
    rows += [failed(Status.TIMEOUT, "too slow", n=4000), row(n=8000, recall=None)]
    line = measured(frame(rows), "n", 0.95).set_index("n")
    assert line["build_seconds"].to_dict() == {1000: 2.0, 2000: 2.0, 8000: 2.0}
    assert line["qps"].notna().tolist() == [True, False, False]


def test_builds_on_fewer_threads_do_not_count() -> None:
    rows = [row(n=n, threads_build=threads, build_seconds=8 / threads) for n in (1000, 2000) for threads in (1, 4)]
    assert measured(frame(rows), "n", 0.9)["build_seconds"].tolist() == [2.0, 2.0]
