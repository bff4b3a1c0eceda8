"""The process that rebuilds batches imports what a rebuild needs: its start is most of what it costs."""

import json
import pickle
import subprocess
import sys

from dosing_tui.collector.dependencies import build_rebuild_target
from dosing_tui.config.settings import Settings

STARTED = """
import json, pickle, sys
import dosing_tui.ipc.call_process, dosing_tui.ipc.call_server
pickle.loads(bytes.fromhex(sys.argv[1]))
print(json.dumps(sorted(sys.modules)))
"""
"""As the process starts: its program, then the function that it receives."""

HEAVY = (
    "click", "fpdf", "jinja2", "orjson", "paho", "plotext", "psycopg_pool", "pyarrow", "rich", "sqlite3",
    "textual", "tomllib",
    "dosing_tui.cli", "dosing_tui.collector", "dosing_tui.config.alarm_limits", "dosing_tui.config.loader",
    "dosing_tui.config.settings", "dosing_tui.database.legacy_import", "dosing_tui.database.panel_reader",
    "dosing_tui.database.schema.migrate", "dosing_tui.domain.alarm_rules.evaluator",
    "dosing_tui.domain.alarm_rules.shared.limits", "dosing_tui.domain.batch_review.query_models",
    "dosing_tui.domain.panels", "dosing_tui.live_state", "dosing_tui.mqtt",
)  # fmt: skip
"""Libraries, and modules of ours that declare much."""


def test_the_process_that_rebuilds_batches_imports_nothing_heavy() -> None:
    target = pickle.dumps(build_rebuild_target(Settings()), pickle.HIGHEST_PROTOCOL)
    command = [sys.executable, "-c", STARTED, target.hex()]
    loaded = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    assert "dosing_tui.database.batches.incremental_rebuild" in loaded
    assert [name for name in loaded for heavy in HEAVY if name == heavy or name.startswith(f"{heavy}.")] == []
