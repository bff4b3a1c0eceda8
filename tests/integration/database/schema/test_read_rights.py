"""The diagnosis knows every table that a panel or a screen reads: none can be forgotten in its list."""

import re

from dosing_tui.database.diagnosis.rights import COLLECTOR_RIGHTS, VIEWER_RIGHTS
from dosing_tui.database.sql_files import list_statements, read_statement
from tests.support.database.schema_inspection import fetch_rows

SCREEN_FOLDERS = (
    "panels",
    "series",
    "reads",
    "reports",
    "trends",
    "alerts",
    "batches",
    "notifications",
    "doctor",
)
READ_VERBS = ("select", "count", "filter")
OWNED = """
SELECT c.relname
  FROM pg_class AS c
 WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm') AND NOT c.relispartition
   AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.objid = c.oid AND d.deptype = 'e')
"""
FUNCTIONS = """
SELECT p.proname, pg_get_functiondef(p.oid)
  FROM pg_proc AS p
 WHERE p.pronamespace = 'public'::regnamespace AND p.prokind = 'f' AND NOT p.prosecdef
   AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.objid = p.oid AND d.deptype = 'e')
"""


def list_words(text: str) -> set[str]:
    return set(re.findall(r"[a-z][a-z0-9_]*", re.sub(r"--.*|'[^']*'", "", text)))


def list_read_words(functions: dict[str, str]) -> set[str]:
    """Of the statements of the screens, and of the functions that these call."""
    words: set[str] = set()
    for folder in SCREEN_FOLDERS:
        for name in list_statements(folder):
            if folder in ("panels", "series", "trends", "alerts") or name.split("/")[1].startswith(
                READ_VERBS
            ):
                words |= list_words(read_statement(name))
    waiting = words & functions.keys()
    while waiting:
        name = waiting.pop()
        found = list_words(functions[name])
        waiting |= (found - words) & functions.keys()
        words |= found
    return words


def test_the_diagnosis_checks_every_table_that_a_screen_reads(migrated: str) -> None:
    owned = {name for (name,) in fetch_rows(migrated, OWNED)}
    functions: dict[str, str] = {}
    for name, definition in fetch_rows(migrated, FUNCTIONS):
        functions[name] = functions.get(name, "") + definition
    checked = {right.name for right in VIEWER_RIGHTS}
    assert sorted(owned & list_read_words(functions) - checked) == []
    tables = {right.name for right in (*VIEWER_RIGHTS, *COLLECTOR_RIGHTS) if right.privilege != "EXECUTE"}
    assert tables - owned == set()
