"""Publishes the head of the audit trail where the database's owner has no hand: in a file and by MQTT."""

import os
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from dosing_tui.collector.context.interfaces import CollectorContext
from dosing_tui.config.settings import Settings
from dosing_tui.database.audit.audit_head import build_audit_anchor
from dosing_tui.domain.batch_review.audit_anchor import (
    AuditAnchor,
    find_audit_anchors,
    format_audit_anchor,
    sign_audit_anchor,
)
from dosing_tui.domain.quantities.set_back_clock import is_due
from dosing_tui.errors import BrokerError, DatabaseError
from dosing_tui.mqtt.publisher import Publisher

MAX_AGE = timedelta(days=1)
"""An unchanged head is published again after this time: an old anchor alone does not show a cut-off end."""
MQTT_TIMEOUT_S = 10.0
STOP_TIMEOUT_S = 5.0
_NOTICE = "anchors"


def get_anchor_file(settings: Settings) -> Path:
    return Path(settings.anchors.folder).expanduser() / f"audit-anchors-{settings.plant.site}.txt"


class AnchorPublisher:
    """One thread. Not started without a target. A failed publication is a notice, and is repeated."""

    def __init__(self, context: CollectorContext) -> None:
        self._context = context
        self._settings = context.settings
        self._last: AuditAnchor | None = None
        self._is_started = bool(self._settings.anchors.folder or self._settings.anchors.mqtt_topic)
        self._thread = context.create_thread(
            "audit-anchors", self._publish_due, interval_s=context.intervals.anchor_poll_s
        )

    def start(self) -> None:
        if self._is_started:
            self._thread.start()

    def stop(self) -> None:
        if self._is_started:
            self._thread.stop(STOP_TIMEOUT_S)

    def _publish_due(self) -> None:
        try:
            self._last = self._last or self._read_last()
            head = self._context.database.read_audit_head(self._last.entry if self._last else 0)
        except DatabaseError:
            return  # the database writer reports an outage
        except OSError as error:
            self._set_notice(f"{get_anchor_file(self._settings)} cannot be read: {error.strerror}.")
            return
        now = self._context.clock()
        if self._last and (head is None or head.anchored_hash != self._last.hash):
            at = f"{self._last.at:%Y-%m-%d %H:%M:%S %Z}"
            self._context.status.set_notice(
                _NOTICE,
                f"The audit trail differs from its anchor of entry {self._last.entry}, {at}:"
                " run dosing-tui audit verify --anchors.",
            )
        elif head and self._is_due(head.entry, now):
            anchor = build_audit_anchor(self._settings, head, now)
            faults = list(self._publish(anchor))
            self._set_notice(" ".join(faults))
            if not faults:
                self._last = anchor

    def _is_due(self, entry: int, now: datetime) -> bool:
        if self._last is None:
            return True
        interval = timedelta(minutes=self._settings.anchors.interval_minutes)
        return is_due(self._last.at, now, interval if entry != self._last.entry else MAX_AGE)

    def _read_last(self) -> AuditAnchor | None:
        """The last anchor in the file that is this site's and signed with the key; None without one."""
        if not self._settings.anchors.folder:
            return None
        try:
            text = get_anchor_file(self._settings).read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return None
        site, key = self._settings.plant.site, self._settings.anchors.key
        ours = [
            anchor
            for anchor in find_audit_anchors(text)
            if anchor.site == site and anchor == sign_audit_anchor(anchor, key)
        ]
        return ours[-1] if ours else None

    def _publish(self, anchor: AuditAnchor) -> Iterator[str]:
        """Publish to every target; yields a sentence for each that failed."""
        line = f"{format_audit_anchor(anchor)}\n"
        if self._settings.anchors.folder:
            try:
                _append_line(get_anchor_file(self._settings), line)
            except OSError as error:
                yield f"{get_anchor_file(self._settings)} cannot be written: {error.strerror}."
        if topic := self._settings.anchors.mqtt_topic:
            try:
                self._publish_message(topic, line.encode())
            except BrokerError as error:
                yield f"{topic}: {error}"

    def _publish_message(self, topic: str, payload: bytes) -> None:
        publisher = Publisher(
            self._settings.mqtt, client_id=f"dosing-tui-anchors-{self._settings.plant.site}"
        )
        publisher.start(MQTT_TIMEOUT_S)
        try:
            publisher.publish_message(topic, payload, qos=1, should_stop=self._thread.stop_event.is_set)
            if not publisher.wait_for_publish(MQTT_TIMEOUT_S):
                raise BrokerError("The broker does not confirm the message.")
        finally:
            publisher.stop()

    def _set_notice(self, fault: str) -> None:
        notice = f"The audit trail is not anchored: {fault}" if fault else ""
        self._context.status.set_notice(_NOTICE, notice)


def _append_line(path: Path, line: str) -> None:
    """Add a line in one write, on disk when this returns."""
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        os.write(descriptor, line.encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
