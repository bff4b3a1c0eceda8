"""Every caller gives a statement of ``sql/`` all its parameters, also where no test calls it."""

from collections.abc import Iterable, Mapping
from functools import cache

import pytest

from dosing_tui.database import leader_election
from dosing_tui.database.batches import audit_verify
from dosing_tui.database.schema.maintenance import _select_steps
from dosing_tui.database.server_flavour import ServerFlavour
from dosing_tui.domain.messages.models import ReadingKind
from tests.support.database.statement_calls import (
    StatementCall,
    Unknown,
    find_needed,
    list_calls,
)

STEPS = [_select_steps(flavour, flavour) for flavour in ServerFlavour]
FAMILIES = {
    "maintenance/*": sorted(
        {f"maintenance/{name}" for step in STEPS for name in step.partitioning + step.retention}
    ),
    "writes/insert_*": [f"writes/insert_{kind.value}" for kind in ReadingKind],
}
"""The statements of a name that is put together, where not all that fit it are meant."""
LEASE = frozenset(leader_election.LeaseToken.__struct_fields__)
AUDITED = [statement for statement, _, _ in audit_verify._AUDITED_TABLES.values()]
NOTHING: frozenset[str] = frozenset()
UNREAD: Mapping[str, tuple[Iterable[str], frozenset[str]]] = {
    "database.batches.audit_verify._check_tables": (AUDITED, NOTHING),
    "database.leader_election.release_lock": (["writes/release_collector_lease"], LEASE),
    "database.leader_election._renew": (["writes/renew_collector_lease"], LEASE),
    "database.reading_writer._store_or_bisect": (
        FAMILIES["writes/insert_*"],
        frozenset(kind.value for kind in ReadingKind),  # each its own
    ),
}
"""Calls that the search cannot follow: their statements and what they give, said here."""
COMPOSED = {
    "database.chunk_statement._build_text",
    "database.legacy_import.copy_statements.compose_slice_copy",
    "database.legacy_import.copy_statements.reject_invalid_rows",
    "database.schema.migration_history._list_takeover",
    "database.schema.migration_history.list_migrations",
}
"""Functions that make another statement of one, or run a migration: no parameter has its name there."""


@cache
def list_package_calls() -> list[StatementCall | Unknown]:
    return list(list_calls(FAMILIES))


def find_missing(calls: Iterable[StatementCall | Unknown]) -> list[str]:
    """What is missing, and what could not be followed, in sentences."""
    told = []
    for call in calls:
        if isinstance(call, Unknown):
            if call.where not in UNREAD and call.where not in COMPOSED:
                told.append(f"{call.where}: {call.what} cannot be followed")
        elif missing := find_needed(call.statement) - call.given:
            told.append(f"{call.where} gives {call.statement} no {', '.join(sorted(missing))}")
    return told


def test_every_caller_gives_a_statement_all_its_parameters() -> None:
    calls = list_package_calls()
    assert sum(isinstance(call, StatementCall) for call in calls) > 200
    assert find_missing(calls) == []


@pytest.mark.parametrize("where", sorted(UNREAD))
def test_a_call_that_cannot_be_followed_gives_them_too(where: str) -> None:
    statements, given = UNREAD[where]
    assert [name for name in statements if find_needed(name) - given] == []


def test_what_is_excepted_is_still_there() -> None:
    unknown = {call.where for call in list_package_calls() if isinstance(call, Unknown)}
    assert sorted((UNREAD.keys() | COMPOSED) - unknown) == []


@pytest.mark.parametrize(
    ("module", "old", "new", "told"),
    [
        (
            "dosing_tui.database.lots.lot_reader", '            "site": settings.plant.site,\n', "",
            "database.lots.lot_reader.read_tank_lots gives panels/stock_outlook no site",
        ),
        (
            "dosing_tui.database.panel_reader", '            "now": query.now,\n', "",
            "database.panel_reader.read_panel gives panels/batches_left no now",
        ),
    ],
)  # fmt: skip
def test_a_parameter_that_is_left_out_is_found(module: str, old: str, new: str, told: str) -> None:
    found = find_missing(list_calls(FAMILIES, {module: lambda text: text.replace(old, new, 1)}))
    assert told in found
