"""The database's own functions and views compare chemicals and lots by what all their spellings share."""

from tests.support.database.bare_names import find_bare_names
from tests.support.database.schema_inspection import fetch_rows

DEFINED = """
SELECT p.proname, pg_get_functiondef(p.oid)
  FROM pg_proc AS p
 WHERE p.pronamespace = 'public'::regnamespace AND p.prokind = 'f'
   AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.objid = p.oid AND d.deptype = 'e')
 UNION ALL
SELECT c.relname, pg_get_viewdef(c.oid)
  FROM pg_class AS c
 WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'v'
   AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.objid = c.oid AND d.deptype = 'e')
"""
CLASS = "sums the doses of a pump, chemical and target, which are stored by their names as they were sent"
STORED = "is the identity of a stored row"
EXCEPTIONS = {
    "close_pump_day_rests": CLASS,
    "close_pump_days": CLASS,
    "close_pump_heads": CLASS,
    "count_pump_errors": CLASS,
    "count_tank_days": "looks for levels by each spelling of the tank, for the index",
    "keep_inventory_latest": STORED,
    "new_tube_rates": CLASS,
    "pump_sums": CLASS,
    "recount_errors": STORED,
    "recount_late_pump_errors": CLASS,
    "reopen_pump_days": CLASS,
    "roll_up_doses": CLASS,
    "store_ingested_dose": STORED,
    "store_ingested_event": STORED,
    "tube_settled_at": CLASS,
}
"""Functions that compare bare names, and why they may."""


def test_no_function_compares_bare_names_of_chemicals_or_lots(migrated: str) -> None:
    bare = {
        str(name): sorted(set(find_bare_names(str(body)))) for name, body in fetch_rows(migrated, DEFINED)
    }
    bare = {name: found for name, found in bare.items() if found}
    assert {name: found for name, found in bare.items() if name not in EXCEPTIONS} == {}
    assert EXCEPTIONS.keys() - bare.keys() == set()
