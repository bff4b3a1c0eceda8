"""Settings of one notification channel; documented as in ``settings``."""

from enum import StrEnum

from dosing_tui.config.sections.section import Secret, Section


class NotificationKind(StrEnum):
    WEBHOOK = "webhook"
    SLACK = "slack"
    TEAMS = "teams"
    MAIL = "mail"
    COMMAND = "command"


class MailSecurity(StrEnum):
    STARTTLS = "starttls"
    TLS = "tls"
    PLAIN = "plain"


class NotificationSettings(Section, frozen=True):
    name: str = ""
    """Name of the channel: small letters, digits, - and _. Earlier alarms are not sent to a new name."""
    kind: NotificationKind = NotificationKind.WEBHOOK
    """webhook (JSON), slack (Slack, Mattermost, Rocket.Chat), teams, mail or command."""
    priorities: tuple[str, ...] = ("high", "medium", "low")
    """Priorities of the alarms to send."""
    on: tuple[str, ...] = ("raise",)
    """raise, return, unacknowledged (for after_minutes), or several of them. return includes alarms
    that were shelved, suppressed by design or taken out of service."""
    after_minutes: float = 10.0
    """Time without an acknowledgement, for unacknowledged."""
    most_in_10_minutes: int = 10
    """Maximum of messages in ten minutes; the last one summarises the rest."""
    timeout_s: float = 10.0
    """Timeout of the server or the command; after it the message is sent again."""
    url_file: str = ""
    """File (mode 0600) that holds the URL of webhook, slack or teams. DOSING_NOTIFICATIONS_<NAME>_URL and the
    systemd credential "notification-<name>-url" take precedence. The URL is a secret."""
    url: Secret = ""
    """Filled from the environment, a systemd credential or url_file; refused in the file."""
    unencrypted: bool = False
    """Allow http:// and mail without TLS to other machines."""
    ca_file: str = ""
    """Certificate authority to trust instead of the system's."""
    host: str = "localhost"
    """Mail server."""
    port: int = 0
    """Its port; 0 for 587 (starttls), 465 (tls) or 25 (plain)."""
    security: MailSecurity = MailSecurity.STARTTLS
    """starttls, tls or plain; plain is for this machine's own mail server."""
    username: str = ""
    """Account of the mail server; empty for none."""
    password_file: str = ""
    """File (mode 0600) that holds its password. DOSING_NOTIFICATIONS_<NAME>_PASSWORD and the systemd
    credential "notification-<name>-password" take precedence."""
    password: Secret = ""
    """Filled from the environment, a systemd credential or password_file; refused in the file."""
    sender: str = ""
    """Sender of the mail, e.g. "dosing@plant.example"."""
    to: tuple[str, ...] = ()
    """Recipients of the mail."""
    command: tuple[str, ...] = ()
    """Program and arguments, run without a shell, with the message as JSON on standard input. Exit status 0:
    delivered; 75: try again; any other: failed."""
