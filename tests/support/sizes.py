"""How large soak tests and benchmarks are: small by default, of full size under ``--full-size``."""

import os

FULL_SIZE_VARIABLE = "BENCHMARK_FULL_SIZE"
"""Set by ``--full-size``, before any test module is imported."""


def choose_size(name: str, *, small: float, full: float) -> float:
    """The value of ``BENCHMARK_<name>`` if there is one, else the small or the full size."""
    default = full if os.environ.get(FULL_SIZE_VARIABLE) else small
    return float(os.environ.get(f"BENCHMARK_{name}") or default)
