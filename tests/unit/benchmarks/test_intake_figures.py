"""What a run of messages comes to."""

from tests.benchmarks.comparison.intake import IntakeRun


def make_run(run_in_published: int = 0, run_in_cpu_s: float = 0.0) -> IntakeRun:
    return IntakeRun(200, 199, 10.0, 0.4, 0.2, 40.0, 50.0, (8.0, 14.0), run_in_published, run_in_cpu_s)


def test_the_run_in_of_a_rate_is_a_figure_of_its_own() -> None:
    assert make_run(50, 1.0).list_rate_figures() == {
        "committed after, p50, ms": 8.0,
        "committed after, p99, ms": 14.0,
        "consumer's CPU in the run-in, ms/message": 20.0,
        "consumer's CPU, ms/message": 2.0,
        "PostgreSQL's CPU, ms/message": 1.0,
        "rows lost": 1,
    }


def test_without_a_run_in_there_is_no_figure_of_it() -> None:
    assert "consumer's CPU in the run-in, ms/message" not in make_run().list_rate_figures()
