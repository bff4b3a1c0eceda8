"""Keeps the stored batches true to the readings: what a write has touched, and on demand any span."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from psycopg.rows import class_row

from dosing_tui.config.settings import Settings
from dosing_tui.database.batches.duration_learning import learn
from dosing_tui.database.batches.rebuild_span import Change, rebuild_span, reference
from dosing_tui.database.batches.span_planner import Span, Touched, affected, merged, pieces
from dosing_tui.database.connection import Limits, Session, connect, target
from dosing_tui.database.error_mapping import rowless_errors
from dosing_tui.database.schema.maintenance import RAW_KEPT
from dosing_tui.database.sql_files import statement
from dosing_tui.domain.batches.models import DEFAULT_RULES
from dosing_tui.domain.messages.text_sanitizer import clean_line
from dosing_tui.errors import ConfigError

LOCK = 0x646F73696E69
"""Key of the advisory lock: one program at a time rebuilds. Its neighbours are maintenance and migrations."""
AT_ONCE = 40
"""Most stations' days of one call of ``keep``."""
LIMITS = Limits(statement_s=60.0)


def keep(settings: Settings, *, now: datetime) -> Change:
    """Rebuild what was touched since the last time, the newest first; nothing if somebody else is at it.

    Raises: DatabaseAway, DatabaseRefused.
    """
    with _session(settings, "batches") as session:
        if session.execute("SELECT pg_try_advisory_lock(%s)", (LOCK,)).fetchone() != (True,):
            return Change()
        done = _keep(session, settings, now)
        learn(session, now=now)
        return done


def keep_until_now(settings: Settings) -> None:
    """As ``keep``, by the clock of the process that does it: it may be another than the one that asks."""
    keep(settings, now=datetime.now(UTC))


def rebuild(
    settings: Settings, *, since: datetime, until: datetime, now: datetime, report: Callable[[str], None]
) -> Change:
    """Rebuild all batches that begin in [since, until). Reviews, their comments and PINs are not touched.

    What is older than the readings that are kept stays as it is stored.
    Raises: ConfigError, if the alarms by which batches are judged are of another site; DatabaseAway,
    DatabaseRefused.
    """
    until, done = min(until, now + DEFAULT_RULES.max_duration), Change()
    with _session(settings, "rebuild") as session:
        _check_site(session, settings.plant.site)
        session.execute("SELECT pg_advisory_lock(%s)", (LOCK,))
        since = max(since, _oldest(session, now))
        by = reference(session, settings, since=since, until=until)
        report(
            f"The database's rules: {by.limits.tolerance_g:g} g are within tolerance,"
            f" stock is low below {by.limits.stock_low_percent:g} %."
        )
        asked = {"from": since, "to": until}
        for (device,) in session.execute(statement("batches/stations"), asked).fetchall():
            for span in pieces(Span(device, since, until)):
                with session.transaction():
                    done += rebuild_span(session, span, by, now=now)
            report(f"{device}: {done.batches:,} batches so far, {done.stored:,} of them new or changed.")
    return done


def _check_site(session: Session, site: str) -> None:
    """The journal goes by sites: under another name batches would lose their alarms, and reviews outdate."""
    row = session.execute(statement("batches/other_site"), {"site": site}).fetchone()
    if row is not None:
        raise ConfigError(
            f"plant.site is {site}, but the alarms in the database are of {clean_line(row[0])}:"
            " batches are rebuilt under the collector's plant.site, so that none loses its alarms."
        )


def _keep(session: Session, settings: Settings, now: datetime) -> Change:
    with session.cursor(row_factory=class_row(Touched)) as cursor:
        touched = cursor.execute(statement("batches/touched"), {"rows": AT_ONCE}).fetchall()
    silent = {"before": now - DEFAULT_RULES.max_orphan_gap, "rows": AT_ONCE}
    spans = [affected(each, DEFAULT_RULES) for each in touched]
    for device, at in session.execute(statement("batches/silent"), silent).fetchall():
        spans.append(Span(device, at, at + timedelta(microseconds=1)))
    if not spans:
        return Change()
    oldest = _oldest(session, now)
    since, until = min(span.since for span in spans), max(span.until for span in spans)
    by, done = reference(session, settings, since=since, until=until), Change()
    for whole in merged(spans):
        for span in pieces(_kept(whole, oldest)):
            with session.transaction():
                done += rebuild_span(session, span, by, now=now)
    session.execute(
        statement("batches/settle"),
        {name: [getattr(each, name) for each in touched] for name in ("device_id", "day", "touches")},
    )
    return done


def _kept(span: Span, oldest: datetime) -> Span:
    """As far as readings are surely kept: where they are gone, batches must not go with them."""
    return Span(span.device_id, max(span.since, oldest), span.until)


def _oldest(session: Session, now: datetime) -> datetime:
    """From when on the readings of every batch are whole, also where fewer are kept than here is usual."""
    kept_since = now - RAW_KEPT
    row = session.execute(statement("batches/oldest_kept")).fetchone()
    if row is not None:
        kept_since = max(kept_since, row[0] or now)
    return kept_since + DEFAULT_RULES.max_level_age + DEFAULT_RULES.max_duration


@contextmanager
def _session(settings: Settings, application: str) -> Iterator[Session]:
    """The lock falls with the session."""
    with (
        connect(settings, application=application, autocommit=True, limits=LIMITS) as session,
        rowless_errors(target(settings)),
    ):
        # moments of one zone compare by the clock on the wall, which shows an hour of the autumn twice
        session.execute("SET TIME ZONE 'UTC'")
        yield session
