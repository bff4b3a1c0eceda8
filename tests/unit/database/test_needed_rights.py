"""What the doctor asks of the collector's role, and what deploy/postgres/rights.sql gives it."""

import re
from pathlib import Path

from dosing_tui.database.diagnosis.rights import COLLECTOR_RIGHTS, NeededRight

RIGHTS_SQL = Path(__file__).parents[3] / "deploy" / "postgres" / "rights.sql"
GRANT = re.compile(
    r"^GRANT (?P<rights>.+?) ON (?P<kind>FUNCTION )?(?P<names>.+) TO (?P<roles>.+)$", re.DOTALL
)
PRIVILEGE = re.compile(r"([A-Z]+)(?: \(([^)]*)\))?")
NAME = re.compile(r"(\w+(?:\([^)]*\))?)")


def list_granted(role: str) -> set[NeededRight]:
    text = re.sub(r"--.*", "", RIGHTS_SQL.read_text())
    found = set()
    for statement in text.split(";"):
        grant = GRANT.match(" ".join(statement.split()))
        if not grant or role not in grant["roles"] or "ALL TABLES" in grant["names"]:
            continue
        for name in NAME.findall(grant["names"]):
            for privilege, columns in PRIVILEGE.findall(grant["rights"]):
                for column in columns.split(", ") if columns else ("",):
                    found.add(NeededRight(name, privilege, column))
    return found


def test_the_doctor_asks_for_every_right_that_the_collector_is_given() -> None:
    assert set(COLLECTOR_RIGHTS) == list_granted("dosing_writer")
