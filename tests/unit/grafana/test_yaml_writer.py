"""What is written as YAML is read as the same, by another's reader."""

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from dosing_tui.grafana.datasource import Json
from dosing_tui.grafana.yaml_writer import dump_yaml

TEXT = st.text(st.characters(exclude_categories=["Cs"])) | st.text("a \n-:#'\"|%\\{")
SCALARS = st.none() | st.booleans() | st.integers() | st.sampled_from([0.0, 1.5, -20.25]) | TEXT
CONTENT = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


@given(CONTENT)
def test_it_reads_the_same(content: Json) -> None:
    assert yaml.safe_load(dump_yaml(content)) == content


@pytest.mark.parametrize("word", ["no", "On", "y", "null", "~", "12", "1e3", "0x1f", "", "- a", "2026-11-24"])
def test_no_text_is_taken_for_something_else(word: str) -> None:
    assert yaml.safe_load(dump_yaml({word: [word]})) == {word: [word]}


def test_a_statement_stands_on_its_own_lines() -> None:
    assert dump_yaml({"sql": "-- why\nSELECT 1\n\n  FROM t"}) == (
        "sql: |-\n  -- why\n  SELECT 1\n\n    FROM t\n"
    )
