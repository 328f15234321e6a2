"""Medians and ratios of the benchmark."""

import pytest

from benchmarks.figures import Run, figures, spread


def _run(count: int, seconds: float, **cpu: float) -> Run:
    return Run(count, seconds, cpu, {"sandbox": 0.1})


def test_a_run_tells_rate_and_cpu_for_each() -> None:
    run = _run(1000, 2.0, worker=0.3, database=0.2)
    assert run.per_s == 500
    assert run.cpu_ms == pytest.approx(0.5)
    assert run.ms_of("worker") == pytest.approx(0.3)
    assert run.ms_of("sandbox") == pytest.approx(0.1)


def test_the_best_pool_is_chosen_for_rate_and_for_cpu_apart() -> None:
    complete = [_run(100, 1.0, worker=0.1), _run(100, 2.0, worker=0.3), _run(100, 1.0, worker=0.2)]
    noop = {
        "solo": [_run(10, 0.1, worker=0.02)] * 3,
        "prefork 2": [_run(10, 0.05, worker=0.04)] * 3,
    }
    told = figures(complete, noop, "default@1")
    assert told["best_noop"] == {"rate": "prefork 2", "cpu": "solo"}
    assert (told["complete_per_s"], told["noop_per_s"]) == (100, 200)
    assert told["ratio"] == pytest.approx(0.5)
    assert told["cpu_ms_per_reminder"] == pytest.approx(2.0)
    assert told["cpu_ms_per_noop"] == pytest.approx(2.0)
    assert told["cpu_ratio"] == pytest.approx(1.0)
    assert told["spread"]["cpu_ratio"] == pytest.approx({"median": 1.0, "min": 0.5, "max": 1.5})
    assert told["processes"]["worker"]["max"] == pytest.approx(3.0)
    assert told["others"]["sandbox"]["median"] == pytest.approx(1.0)


def test_carriers_cpu_is_not_ours() -> None:
    assert _run(100, 1.0, worker=0.1).cpu_ms == pytest.approx(1.0)


def test_a_spread_holds_median_and_extremes() -> None:
    assert spread([3.0, 1.0, 2.0]) == {"median": 2.0, "min": 1.0, "max": 3.0}
