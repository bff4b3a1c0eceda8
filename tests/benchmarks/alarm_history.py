"""Fills a journal: ``python -m tests.benchmarks.alarm_history DSN ROWS SITE``."""

import sys

import psycopg

INSERT = """
INSERT INTO alarm_journal (uuid, site, rule, device_id, item, event, at, received_at, priority,
                           rule_version, message, value, limit_value, author)
SELECT gen_random_uuid(), %(site)s, 'STOCK_LOW', 'dosing_system_0' || n / 4 %% 3, 'T-' || n / 4 %% 40,
       (ARRAY['raise', 'acknowledge', 'return', 'raise'])[1 + n %% 4], told.at, told.at, 'medium',
       1, 'Low inventory: T-' || n / 4 %% 40, 19.9, 20, CASE n %% 4 WHEN 1 THEN 'Anna' ELSE '' END
  FROM generate_series(1, %(rows)s) AS n
 CROSS JOIN LATERAL (SELECT now() - make_interval(secs => 20 * (%(rows)s - n)) AS at) AS told
"""


def fill_journal(dsn: str, rows: int, site: str = "plant1") -> None:
    """Raise, acknowledge, return, and raise again, every twenty seconds something, of 120 alarms."""
    with psycopg.connect(dsn) as session:
        session.execute(INSERT, {"rows": rows, "site": site})
        session.commit()
        session.autocommit = True
        session.execute("VACUUM ANALYZE alarm_journal")


if __name__ == "__main__":
    fill_journal(sys.argv[1], int(sys.argv[2]), sys.argv[3])
