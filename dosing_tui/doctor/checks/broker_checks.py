"""Checks of the broker, by what a probe of it found. Pure."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from types import MappingProxyType

from dosing_tui.config.settings import MqttSettings, MqttTransport
from dosing_tui.database.diagnosis.facts import RowTimes
from dosing_tui.doctor.checks.check_result import CheckResult, CheckTheme, ThemeReporter
from dosing_tui.domain.messages.models import READING_TABLES
from dosing_tui.domain.quantities.quantity_text import count_noun, format_decimal
from dosing_tui.ipc.listen_address import is_loopback
from dosing_tui.mqtt.broker_probe import BrokerAnswers, BrokerFailure
from dosing_tui.mqtt.connection_faults import format_address
from dosing_tui.mqtt.optional_topics import DROP_COUNT_TOPIC

REFUSED_QOS = 128
CERTIFICATE_WARN_DAYS = 30
CERTIFICATE_ERROR_DAYS = 7
_REPORT = ThemeReporter(CheckTheme.BROKER)
_REMEDIES: Mapping[BrokerFailure, str] = MappingProxyType(
    {
        BrokerFailure.SETTINGS: "Correct the setting, or make the file readable for this account.",
        BrokerFailure.UNREACHABLE: "Start the broker, or correct mqtt.host, mqtt.port and the firewall.",
        BrokerFailure.UNTRUSTED: "Renew the certificate, or set mqtt.ca_file and mqtt.host to what it names.",
        BrokerFailure.CLIENT_CERTIFICATE: "Set mqtt.cert_file and mqtt.key_file to a certificate that the "
        "broker's authority has signed.",
        BrokerFailure.NOT_MQTT: "Set mqtt.port, mqtt.tls and mqtt.transport to those of the broker.",
        BrokerFailure.SILENT: "Restart a broker that hangs; else correct mqtt.port, tls and transport.",
        BrokerFailure.ACCOUNT: "Set mqtt.username and the password (mqtt.password_file) of an account of it.",
        BrokerFailure.REFUSED: "Read the broker's log: it names the reason.",
        BrokerFailure.LOST: "Read the broker's log: it names the reason.",
    }
)


def check_broker(
    settings: MqttSettings, answers: BrokerAnswers, row_times: tuple[RowTimes, ...], now: datetime
) -> Iterator[CheckResult]:
    """``row_times``: of the database; empty if it could not be read."""
    if answers.failure is not None:
        yield _REPORT.fail_check("connection", answers.reason, _REMEDIES[answers.failure])
        yield _REPORT.skip_check("topics", "Certificate, topics and queues need a connection.")
        return
    yield _REPORT.pass_check("connection", _describe_connection(settings, answers))
    yield _check_encryption(settings, answers, now)
    yield from _check_topics(settings, answers)
    yield from _check_retained(answers)
    yield from _check_deliveries(settings, answers, row_times)
    yield _check_drop_count(answers)


def _describe_connection(settings: MqttSettings, answers: BrokerAnswers) -> str:
    name = f", {answers.version}" if answers.version else ""
    way = " over WebSockets" if settings.transport is MqttTransport.WEBSOCKETS else ""
    account = f"account {settings.username}" if settings.username else "no account"
    protocol = f"MQTT {settings.protocol.value}{way}"
    answer = f"{format_address(settings)} answers in {format_decimal(answers.connect_s * 1000, 0, ' ms')}"
    return f"{answer}: {protocol}, {account}{name}."


def _check_encryption(settings: MqttSettings, answers: BrokerAnswers, now: datetime) -> CheckResult:
    if answers.certificate_ends is None:
        if is_loopback(settings.host):
            return _REPORT.pass_check("encryption", "Not encrypted, on this machine only.")
        return _REPORT.warn_of(
            "encryption",
            f"The connection to {settings.host} is not encrypted: others can read the password.",
            "Give the broker a certificate and set mqtt.tls, mqtt.ca_file and mqtt.port.",
        )
    ends, days = answers.certificate_ends, (answers.certificate_ends - now).days
    text = f"The broker's certificate ends in {count_noun(days, 'day')}, on {ends:%Y-%m-%d}."
    if days < CERTIFICATE_ERROR_DAYS:
        return _REPORT.fail_check("encryption", text, "Renew the broker's certificate now.")
    if days < CERTIFICATE_WARN_DAYS:
        return _REPORT.warn_of("encryption", text, "Renew the broker's certificate.")
    return _REPORT.pass_check("encryption", f"TLS. {text}")


def _check_topics(settings: MqttSettings, answers: BrokerAnswers) -> Iterator[CheckResult]:
    for topic in settings.topics:
        qos = answers.granted_qos.get(topic, REFUSED_QOS)
        if qos >= REFUSED_QOS:
            yield _REPORT.fail_check(
                "topic",
                f"The broker does not let account '{settings.username}' read {topic}.",
                f"Give it the right in the broker's access rules (Mosquitto: topic read {topic}).",
            )
        elif qos == 0:
            yield _REPORT.warn_of(
                "topic",
                f"The broker grants {topic} with QoS 0 only: messages are lost while the collector is away.",
                "Allow QoS 1 for this account at the broker.",
            )
        else:
            yield _REPORT.pass_check("topic", f"{topic} can be read, with QoS {qos}.")


def _check_retained(answers: BrokerAnswers) -> Iterator[CheckResult]:
    for topic in answers.retained_topics:
        yield _REPORT.warn_of(
            "retained",
            f"{topic} has a retained message: it comes again with each connection.",
            f"Publish without 'retain' at the stations; delete it: mosquitto_pub -r -n -t {topic}",
        )
    if not answers.retained_topics:
        yield _REPORT.pass_check("retained", "No topic has a retained message.")


def _check_deliveries(
    settings: MqttSettings, answers: BrokerAnswers, row_times: tuple[RowTimes, ...]
) -> Iterator[CheckResult]:
    """A broker with an ACL file grants every subscription and sends nothing: only the readings show it."""
    newest = {row.table_name: row.newest for row in row_times}
    silent = [
        topic
        for topic, table in zip(settings.topics, READING_TABLES, strict=True)
        if newest.get(table) is None
    ]
    if 0 < len(silent) < len(settings.topics) and newest:
        yield _REPORT.warn_of(
            "deliveries",
            f"{', '.join(silent)} never delivered a reading, other topics did.",
            "Check what stations publish, and the broker's access rules: an ACL file refuses silently.",
        )
        return
    count, qos0 = answers.message_count, answers.qos0_count
    if not count:
        yield _REPORT.pass_check("deliveries", "No message while this check listened.")
    elif qos0:
        yield _REPORT.pass_check(
            "deliveries",
            f"{count_noun(count, 'message')}, {qos0} with QoS 0: the broker needs queue_qos0_messages, "
            "or they are lost while the collector is away.",
        )
    else:
        yield _REPORT.pass_check("deliveries", f"{count_noun(count, 'message')}, all with QoS 1.")


def _check_drop_count(answers: BrokerAnswers) -> CheckResult:
    if answers.closes_on_sys:
        return _REPORT.skip_check("queue", "The broker closes the connection that asks for $SYS.")
    if answers.dropped_count is None:
        return _REPORT.skip_check("queue", f"The broker sends no {DROP_COUNT_TOPIC} to this account.")
    if answers.dropped_count > 0:
        return _REPORT.warn_of(
            "queue",
            f"The broker has dropped {count_noun(answers.dropped_count, 'message')} since its start:"
            " a queue was full.",
            "Raise max_queued_messages and max_queued_bytes at the broker (docs/user/it.md).",
        )
    return _REPORT.pass_check("queue", "The broker has dropped no message since its start.")
