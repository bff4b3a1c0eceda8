"""Attempts to forge or to stop something by SQL, each as the role that tries it: for a test and its table.

``python -m tests.support.database.sql_attempts`` prints the table of ``docs/sql-attempts.md``.
"""

import sys
from dataclasses import dataclass

RIGHT = "42501"
"""SQLSTATE of a missing right."""
REFUSED = "DT001"
READ_ONLY = "25006"
CHECK = "23514"
WHY = {
    RIGHT: "no right",
    REFUSED: "refused by the function",
    READ_ONLY: "read-only role",
    CHECK: "refused by a check",
}
ENTER = "SELECT enter_review(:key, 'approved', '{who}', '', '', 0, :record, :judgement)"
PIN = "INSERT INTO pin_entry (who, pin, new_pin) VALUES ('{who}', '{pin}', {new})"
ENTRY = (
    "INSERT INTO alarm_journal"
    " (uuid, site, rule, event, at, received_at, priority, rule_version, until, author)"
    " VALUES (gen_random_uuid(), 'plant1', 'R', 'shelve', now(), {received}, 'low', 1, {until}, U&'{author}')"
)
"""Into the alarm journal."""
ACT = (
    """SELECT enter_alarm_action('{{"uuid": "00000000-0000-0000-0000-0000000000aa", "site": "plant1","""
    """ "rule": "STOCK_LOW", "device_id": "d", "priority": "low", "author": "Anna", "comment": "why not","""
    """ {more}}}')"""
)
"""An action on an alarm."""
JOURNAL = (
    "INSERT INTO alarm_journal (uuid, site, rule, event, at, received_at, priority, rule_version, until)"
    " VALUES (gen_random_uuid(), 'plant1', 'STOCK_LOW', '{event}', {at}, now(), 'high', 1, {until})"
)
ACT_OFTEN = (
    "SELECT enter_alarm_action(jsonb_build_object('uuid', gen_random_uuid(), 'site', 'plant1', 'rule', 'R',"
    " 'device_id', 'd', 'priority', 'low', 'author', 'Anna', 'event', 'acknowledge'))"
    " FROM generate_series(1, 200)"
)
"""More actions than are left to a role that has acted on a flood of alarms."""
MATERIAL = "SELECT enter_material('{entry}')"
STATION_ENTRY = (
    '{"entry_key": "station:1", "source": "station", "time": "2026-11-23T12:00:00Z", "device_id": "d",'
    ' "chemical": "B", "kind": "count", "entered_quantity": 1, "entered_unit": "g"}'
)
LATER_SEQ = "'2024-01-01', 'review', 'b', 'Anna', '{}', 'p', 'h'"


@dataclass(frozen=True, slots=True)
class SqlAttempt:
    """``steps`` run in one transaction; the last one is refused with ``sqlstate``."""

    role: str
    goal: str
    steps: tuple[str, ...]
    sqlstate: str = RIGHT


def as_role(role: str, *attempts: tuple[str, *tuple[str, ...]], sqlstate: str = RIGHT) -> list[SqlAttempt]:
    return [SqlAttempt(role, goal, steps, sqlstate) for goal, *rest in attempts for steps in [tuple(rest)]]


OPERATOR = [
    *as_role(
        "dosing_operator",
        ("stop the audit trail by the highest number",
         f"INSERT INTO audit_trail VALUES (9223372036854775807, {LATER_SEQ})"),
        ("date an audit entry 2024", f"INSERT INTO audit_trail VALUES (99, {LATER_SEQ})"),
        ("stop the collector", "UPDATE collector_leases SET holder = NULL"),
        ("be elected to collect", "INSERT INTO collector_leases VALUES ('plant1', 99, NULL, '', 0)"),
        ("hold up the election of a collector", "SELECT FROM collector_leases FOR UPDATE"),
        ("change an audit entry", "UPDATE audit_trail SET who = 'Ben'"),
        ("remove an audit entry", "DELETE FROM audit_trail"),
        ("empty the audit trail", "TRUNCATE audit_trail CASCADE"),
        ("write a review without the function", "INSERT INTO batch_reviews SELECT * FROM batch_reviews"),
        ("change a review", "UPDATE batch_reviews SET signature = 'signed with a PIN'"),
        ("remove a review", "DELETE FROM batch_reviews"),
        ("read the hashes of PINs", "SELECT pin_hash FROM reviewer_pins"),
        ("read a hash by COPY", "COPY reviewer_pins TO STDOUT"),
        ("replace a PIN's hash", "INSERT INTO reviewer_pins VALUES ('Anna', 'x', 1)"),
        ("change a PIN's hash", "UPDATE reviewer_pins SET pin_hash = 'x'"),
        ("say that a PIN was right",
         "INSERT INTO pin_checks (who, is_change, refusal) VALUES ('Anna', false, '')"),
        ("read what was found of others' PINs", "SELECT * FROM pin_checks"),
        ("forget the counters of tries", "DELETE FROM pin_counters"),
        ("set a counter of tries back", "SELECT setval('pin_tries_1', 1)"),
        ("restart a counter of tries", "ALTER SEQUENCE pin_tries_1 RESTART"),
        ("remove a counter of tries", "DROP SEQUENCE pin_tries_1"),
        ("read a counter of tries", "SELECT last_value FROM pin_tries_1"),
        ("append to the chain directly",
         "SELECT append_audit_entry('2024-01-01', 'review', 'b', 'Anna', '{}')"),
        ("compare a PIN uncounted", "SELECT check_pin('Anna', '0000')"),
        ("hash a PIN to compare it", "SELECT hash_pin('0000', '', 1)"),
        ("set a PIN directly", "SELECT change_pin('Anna', '0000', true)"),
        ("drop the plant's review policy", "SELECT set_review_policy(false, false, 'Anna', 'why not')"),
        ("write a review policy", "INSERT INTO review_policy VALUES (1, false, false, 'why not')"),
        ("add a version of a recipe", "SELECT add_recipe_version('CU-85', '', NULL, '{}', 'Anna')"),
        ("write a recipe", "INSERT INTO recipe_masters VALUES ('CU-85', '', 9, now(), '{}', 1)"),
        ("become the owner of the functions", "SET ROLE dosing_auditor"),
        ("become the owner of the tables", "SET ROLE dosing_owner"),
        ("become another login", "SET SESSION AUTHORIZATION dosing_owner"),
        ("switch triggers off", "SET session_replication_role = replica"),
        ("disable the triggers of a table", "ALTER TABLE batch_reviews DISABLE TRIGGER ALL"),
        ("add a trigger that sees PINs",
         "CREATE TRIGGER spy INSTEAD OF INSERT ON pin_entry FOR EACH ROW EXECUTE FUNCTION receive_pin()"),
        ("replace the function that signs",
         "CREATE OR REPLACE FUNCTION enter_review(text, text, text, text, text, bigint, text, text)"
         " RETURNS bigint LANGUAGE sql AS 'SELECT 1::bigint'"),
        ("shadow a function of the server",
         "CREATE FUNCTION public.sha256(bytea) RETURNS bytea LANGUAGE sql AS 'SELECT $1'"),
        ("make a table", "CREATE TABLE mine (a integer)"),
        ("give oneself a right", "GRANT INSERT ON audit_trail TO dosing_operator",
         f"INSERT INTO audit_trail VALUES (99, {LATER_SEQ})"),
        ("write a note in the name of another role",
         "INSERT INTO operator_notes (at, text, author, db_role) VALUES (now(), 'a', 'b', 'dosing_owner')"),
        ("date when a note was written",
         "INSERT INTO operator_notes (at, text, author, noted_at) VALUES (now(), 'a', 'b', '2024-01-01')"),
        ("stop notes by the highest id",
         "INSERT INTO operator_notes (id, at, text, author) OVERRIDING SYSTEM VALUE"
         " VALUES (9223372036854775807, now(), 'a', 'b')"),
        ("change a note", "UPDATE operator_notes SET text = 'b'"),
        ("write to the log of pumps without the function",
         "INSERT INTO service_log (request_id, at, device_id, kind, note, person, os_user)"
         " VALUES (gen_random_uuid(), now(), 'd', 'tare', '', 'Anna', '')"),
        ("move a tube change", "UPDATE service_log SET at = '2024-01-01'"),
        ("remove a tube change", "DELETE FROM service_log"),
        ("stop the alarm journal by the highest id",
         "INSERT INTO alarm_journal (id, uuid, site, rule, event, at, received_at, priority, rule_version)"
         " OVERRIDING SYSTEM VALUE VALUES (9223372036854775807, gen_random_uuid(), 's', 'r', 'raise', now(),"
         " now(), 'high', 1)"),
        ("write to the journal as another role",
         "INSERT INTO alarm_journal (uuid, site, rule, event, at, received_at, priority, rule_version,"
         " db_role) VALUES (gen_random_uuid(), 's', 'r', 'raise', now(), now(), 'high', 1, 'dosing_writer')"),
        ("hide one's role in the journal as entered offline",
         "INSERT INTO alarm_journal (uuid, site, rule, event, at, received_at, priority, rule_version,"
         " offline) VALUES (gen_random_uuid(), 's', 'r', 'raise', now(), now(), 'high', 1, true)"),
        ("raise an alarm", JOURNAL.format(event="raise", at="now()", until="NULL")),
        ("end a standing alarm yesterday",
         JOURNAL.format(event="return", at="now() - INTERVAL '1 day'", until="NULL")),
        ("hide an alarm without a name", JOURNAL.format(event="suppress", at="now()", until="NULL")),
        ("shelve an alarm for 73 years",
         JOURNAL.format(event="shelve", at="'2099-12-31'", until="'2099-12-31 00:05'")),
        ("acknowledge an alarm at a time of one's choice",
         JOURNAL.format(event="acknowledge", at="'2024-01-01'", until="NULL")),
        ("remove an alarm from the journal", "DELETE FROM alarm_journal"),
        ("forget how many alarm actions were entered", "DELETE FROM alarm_action_rates"),
        ("set the rate of alarm actions back", "UPDATE alarm_action_rates SET spent = 0"),
        ("enter alarm actions at another's rate",
         "INSERT INTO alarm_action_rates VALUES ('dosing_writer', 1e9, now())"),
        ("store a dose",
         "INSERT INTO dosing_consumption (time, device_id, pump, chemical) VALUES (now(), 'd', 1, 'B')"),
        ("store a dose by the way of other writers",
         "INSERT INTO ingest_dosing_consumption (time, device_id, pump, chemical)"
         " VALUES (now(), 'd', 1, 'B')"),
        ("widen the tolerance", "UPDATE tolerance_rules SET definition = replace(definition, '0.5', '99')"),
        ("enter a wider tolerance", "SELECT set_tolerance_rules(definition, 'me') FROM tolerance_rules"),
        ("write to the material ledger without the function",
         "INSERT INTO material_entries (entry_id, kind) VALUES (1, 'count')"),
        ("change an entry of the material ledger", "UPDATE material_entries SET mass_g = 1"),
        ("remove an entry of the material ledger", "DELETE FROM material_entries"),
        ("empty the material ledger", "TRUNCATE material_entries"),
        ("hold a lock of the program", "SELECT FROM process_locks WHERE name = 'audit_trail' FOR UPDATE"),
        ("rename a lock of the program", "UPDATE process_locks SET name = 'x'"),
        ("stop notes by their sequence",
         "SELECT setval('operator_notes_id_seq', 9223372036854775807)"),
        ("write a large object", "SELECT lo_from_bytea(0, 'x')"),
        ("hold an advisory lock", "SELECT pg_advisory_lock(1)"),
        ("make a temporary table", "CREATE TEMPORARY TABLE t (a integer)"),
        ("write to the transaction log", "SELECT pg_logical_emit_message(false, 'x', 'x')"),
        ("fill the disk with temporary files", "SET temp_file_limit = -1"),
        ("end the collector's sessions",
         "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'dosing_writer'"),
        ("end sessions as the collector may", "SELECT * FROM end_blocking_sessions()"),
        ("run a program on the server", "COPY (SELECT 1) TO PROGRAM 'true'"),
        ("read a file of the server", "SELECT pg_read_file('postgresql.conf')"),
    ),
    *as_role(
        "dosing_operator",
        ("approve without a PIN where the plant requires one", ENTER.format(who="Anna")),
        ("approve with a wrong PIN",
         PIN.format(who="Anna", pin="9999", new="NULL"), ENTER.format(who="Anna")),
        ("approve as another with one's own PIN",
         PIN.format(who="Anna", pin="1234", new="NULL"), ENTER.format(who="Ben")),
        ("sign twice with a PIN entered once",
         PIN.format(who="Anna", pin="1234", new="NULL"), "SELECT take_pin_check('Anna', false)",
         ENTER.format(who="Anna")),
        ("sign with the PIN of somebody who has none",
         PIN.format(who="Carl", pin="0000", new="NULL"), ENTER.format(who="Carl")),
        ("give a new name its first PIN, and sign",
         PIN.format(who="Carl", pin="", new="'4711'"), PIN.format(who="Carl", pin="4711", new="NULL"),
         ENTER.format(who="Carl")),
        ("replace another's PIN without the old one, and sign",
         PIN.format(who="Ben", pin="", new="'4711'"), PIN.format(who="Ben", pin="4711", new="NULL"),
         ENTER.format(who="Ben")),
        ("sign a batch that has changed", PIN.format(who="Anna", pin="1234", new="NULL"),
         "SELECT enter_review(:key, 'approved', 'Anna', '', '', 0, 'other', :judgement)"),
        ("enter material in the name of a station", MATERIAL.format(entry=STATION_ENTRY)),
        ("enter material in nobody's name", MATERIAL.format(entry=STATION_ENTRY.replace("station", "cli"))),
        ("hide who signs behind control characters", PIN.format(who="Anna", pin="1234", new="NULL"),
         "SELECT enter_review(:key, 'approved', 'Anna', E'a\\x1b[2J', '', 0, :record, :judgement)"),
        ("turn around the text of who signs", PIN.format(who="Anna", pin="1234", new="NULL"),
         "SELECT enter_review(:key, 'approved', U&'Anna\\202E', '', '', 0, :record, :judgement)"),
        ("sign as an invisible namesake",
         "SELECT enter_review(:key, 'comment', U&'An\\200Bna', '', 'seen', 0, :record, :judgement)"),
        ("hide a remark behind eight-bit controls", PIN.format(who="Anna", pin="1234", new="NULL"),
         "SELECT enter_review(:key, 'comment', 'Anna', '', U&'a\\009B2J', 0, :record, :judgement)"),
        ("fill the audit trail with a remark of megabytes", PIN.format(who="Anna", pin="1234", new="NULL"),
         "SELECT enter_review(:key, 'comment', 'Anna', '', repeat('x', 2001), 0, :record, :judgement)"),
        ("fill the audit trail with an account of megabytes", PIN.format(who="Anna", pin="1234", new="NULL"),
         "SELECT enter_review(:key, 'comment', 'Anna', repeat('x', 513), 'a', 0, :record, :judgement)"),
        sqlstate=REFUSED,
    ),
    *as_role(
        "dosing_operator",
        ("write a note of no time",
         "INSERT INTO operator_notes (at, text, author) VALUES ('infinity', 'a', 'b')"),
        ("write a note with invisible letters",
         "INSERT INTO operator_notes (at, text, author) VALUES (now(), U&'a\\200B', 'b')"),
        ("fill the disk with the name of a PIN",
         "INSERT INTO pin_entry (who, pin) VALUES (repeat('x', 100000), '1234')"),
        sqlstate=CHECK,
    ),
    *as_role(
        "dosing_operator",
        ("raise an alarm by the function", ACT.format(more='"event": "raise"')),
        ("return an alarm to normal by the function", ACT.format(more='"event": "return"')),
        ("hide an alarm by the function", ACT.format(more='"event": "suppress"')),
        ("shelve an alarm for a year", ACT.format(more='"event": "shelve", "shelve_s": 31536000')),
        ("shelve an alarm for no known time", ACT.format(more='"event": "shelve", "shelve_s": "NaN"')),
        ("flood the alarm journal with actions", ACT_OFTEN),
        ("act on an alarm without a name", ACT.format(more='"event": "acknowledge", "author": ""')),
        ("act on an alarm with a name that turns the text around",
         ACT.format(more='"event": "acknowledge", "author": "Anna\\u202e"')),
        ("write a book into the journal",
         ACT.format(more='"event": "acknowledge", "comment": "%s"' % ("x" * 501))),
        sqlstate=REFUSED,
    ),
    SqlAttempt("dosing_operator", "confirm one's own approval as the second person",
               (PIN.format(who="Anna", pin="1234", new="NULL"), ENTER.format(who="Anna"),
                PIN.format(who="Anna", pin="1234", new="NULL"),
                "SELECT enter_review(:key, 'confirmed', 'Anna', '', '',"
                " (SELECT max(review_id) FROM batch_reviews), :record, :judgement)"), "P0001"),
]  # fmt: skip
WRITABLE = "SET TRANSACTION READ WRITE"
VIEWER = as_role(
    "dosing_viewer",
    ("review", WRITABLE, ENTER.format(who="Anna")),
    ("enter a PIN", WRITABLE, PIN.format(who="Anna", pin="1234", new="NULL")),
    ("make counters", WRITABLE, "SELECT prepare_pin_entry('Anna')"),
    ("hold up reviews", WRITABLE, "SELECT lock_audit_trail()"),
    ("hold up alarms", WRITABLE, "SELECT FROM process_locks WHERE name = 'alarm_journal' FOR UPDATE"),
    ("hold up rebuilds", WRITABLE, "SELECT FROM process_locks WHERE name = 'batch_rebuild' FOR SHARE"),
    ("hold up the election of a collector", WRITABLE, "SELECT FROM collector_leases FOR KEY SHARE"),
    ("become the collector", WRITABLE, "UPDATE collector_leases SET epoch = epoch + 1, holder = NULL"),
    ("lock the audit trail", WRITABLE, "LOCK TABLE audit_trail IN EXCLUSIVE MODE"),
    ("lock the doses", WRITABLE, "LOCK TABLE dosing_consumption IN ROW EXCLUSIVE MODE"),
    ("hold up other writers", WRITABLE, "LOCK TABLE ingest_lock IN EXCLUSIVE MODE"),
    ("store a dose by the way of other writers", WRITABLE,
     "INSERT INTO ingest_dosing_consumption (time, device_id, pump, chemical) VALUES (now(), 'd', 1, 'B')"),
    ("lock a batch", WRITABLE, "SELECT FROM batches FOR KEY SHARE"),
    ("read the hashes of PINs", "SELECT pin_hash FROM reviewer_pins"),
    ("enter material", WRITABLE, MATERIAL.format(entry=STATION_ENTRY)),
    ("change the material ledger", WRITABLE, "UPDATE material_entries SET mass_g = 1"),
    ("write a note", WRITABLE, "INSERT INTO operator_notes (at, text, author) VALUES (now(), 'a', 'b')"),
    ("acknowledge an alarm", WRITABLE,
     "INSERT INTO alarm_journal (uuid, site, rule, event, at, received_at, priority, rule_version)"
     " VALUES (gen_random_uuid(), 's', 'r', 'acknowledge', now(), now(), 'high', 1)"),
    ("acknowledge an alarm by the function", WRITABLE, ACT.format(more='"event": "acknowledge"')),
    ("create a large object", WRITABLE, "SELECT lo_create(0)"),
    ("open a large object for writing", WRITABLE, "SELECT lo_open(1, 131072)"),
    ("fill the server's table of locks",
     "SELECT count(*) FROM (SELECT pg_advisory_lock(g) FROM generate_series(1, 1000000) AS g) AS x"),
    ("hold an advisory lock shared", "SELECT pg_try_advisory_xact_lock_shared(1, 2)"),
    ("write to the transaction log",
     "SELECT pg_logical_emit_message(false, 'x', repeat('x', 50000000))"),
    ("fill the disk with temporary files", "SET temp_file_limit = -1"),
    ("make a temporary table", WRITABLE, "CREATE TEMPORARY TABLE t (a integer)"),
    ("end the collector's query",
     "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE usename = 'dosing_writer'"),
)  # fmt: skip
COLLECTOR = as_role(
    "dosing_writer",
    ("review", ENTER.format(who="Anna")),
    ("append to the audit trail", f"INSERT INTO audit_trail VALUES (99, {LATER_SEQ})"),
    ("enter a PIN", PIN.format(who="Anna", pin="1234", new="NULL")),
    ("read the hashes of PINs", "SELECT pin_hash FROM reviewer_pins"),
    ("list a batch as approved", "UPDATE batches SET disposition = 'approved', disposed_by = 'Anna'"),
    ("store a batch as approved already",
     "INSERT INTO batches (batch_key, disposition) VALUES ('x', 'approved')"),
    ("remove a reading", "DELETE FROM dosing_consumption"),
    ("change the material ledger", "UPDATE material_entries SET mass_g = 1"),
    ("rename a lock of the program", "UPDATE process_locks SET name = 'x'"),
    ("create a large object", "SELECT lo_create(0)"),
    ("write a note", "INSERT INTO operator_notes (at, text, author) VALUES (now(), 'a', 'b')"),
    ("take the right to end sessions", "SET ROLE dosing_watchdog"),
) + as_role(
    "dosing_writer",
    ("store an alarm entry that nobody can read",
     ENTRY.format(received="'infinity'", until="NULL", author="a")),
    ("hide an alarm for ever", ENTRY.format(received="now()", until="'infinity'", author="a")),
    ("turn around the text of an alarm entry", ENTRY.format(received="now()", until="NULL", author="\\202E")),
    ("store a reading that nobody can read",
     "INSERT INTO inventory_levels (time, device_id, chemical, received_at)"
     " VALUES (now(), 'd', 'B', 'infinity')"),
    ("store an event of a chemical of megabytes",
     "INSERT INTO batch_events (time, device_id, event, chemical)"
     " VALUES (now(), 'd', 'refill', repeat('x', 30000000))"),
    ("store an event of no mass",
     "INSERT INTO batch_events (time, device_id, event, mass_g) VALUES (now(), 'd', 'refill', 'NaN')"),
    ("store a reading with a flag of megabytes",
     "INSERT INTO batch_events (time, device_id, event, flags)"
     " VALUES (now(), 'd', 'e', ARRAY[repeat('x', 30000000)])"),
    sqlstate=CHECK,
)  # fmt: skip
TELEGRAF = as_role(
    "dosing_telegraf",
    ("read reviews", "SELECT * FROM batch_reviews"),
    ("stop the collector", "UPDATE collector_leases SET holder = NULL"),
    ("review", ENTER.format(who="Anna")),
    ("write to the journal", "INSERT INTO alarm_journal (uuid) VALUES (gen_random_uuid())"),
    ("hold an advisory lock", "SELECT pg_advisory_lock(1)"),
    ("make a temporary table", "CREATE TEMPORARY TABLE t (a integer)"),
    ("act on an alarm", ACT.format(more='"event": "acknowledge"')),
)
ATTEMPTS = [*OPERATOR, *VIEWER, *COLLECTOR, *TELEGRAF]


def format_table() -> str:
    """The attempts as a Markdown table."""
    rows = [
        f"| `{one.role}` | {one.goal} | {WHY.get(one.sqlstate, 'refused by a trigger')} |" for one in ATTEMPTS
    ]
    return "\n".join(["| role | attempt | refused |", "|---|---|---|", *rows, ""])


if __name__ == "__main__":
    sys.stdout.write(format_table())
