"""The units of systemd, as text: the collector as a hardened service, and its backup by a timer."""

from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct, structs
from msgspec.structs import replace

from dosing_tui.config.secrets import format_variable
from dosing_tui.config.settings import Settings

STATE_FOLDER = Path("/var/lib")
HARDENING = (
    "UMask=0077",
    "CapabilityBoundingSet=",
    "AmbientCapabilities=",
    "NoNewPrivileges=yes",
    "ProtectSystem=strict",
    "ProtectHome=yes",
    "PrivateTmp=yes",
    "PrivateDevices=yes",
    "ProtectClock=yes",
    "ProtectHostname=yes",
    "ProtectKernelTunables=yes",
    "ProtectKernelModules=yes",
    "ProtectKernelLogs=yes",
    "ProtectControlGroups=yes",
    "ProtectProc=invisible",
    "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX",
    "RestrictNamespaces=yes",
    "RestrictRealtime=yes",
    "RestrictSUIDSGID=yes",
    "LockPersonality=yes",
    "SystemCallArchitectures=native",
    "SystemCallFilter=@system-service",
)
"""No capability; no write but to the state folder and the folders named; sockets of broker, database and
channels only."""


class BackupPlan(Struct, frozen=True):
    """``user`` and ``password_file``: of the role that owns the tables; '' for those of the settings."""

    folder: Path
    at: str
    """HH:MM, by the machine's clock."""
    keep_count: int
    user: str = ""
    password_file: str = ""


class ServicePlan(Struct, frozen=True):
    """``name`` is that of the unit and of its folder in /var/lib; each site on the machine has another."""

    name: str
    account: str
    program: str
    settings_path: Path
    settings: Settings
    backup: BackupPlan | None = None

    @property
    def state_folder(self) -> Path:
        return STATE_FOLDER / self.name


def list_unit_names(name: str) -> tuple[str, ...]:
    """All that ``render_units`` may write, the ones that are started first."""
    return f"{name}.service", f"{name}-backup.timer", f"{name}-backup.service"


def render_units(plan: ServicePlan) -> dict[str, str]:
    """Text by name of the file."""
    service, timer, backup = list_unit_names(plan.name)
    units = {service: _render_lines(_list_collector_lines(plan))}
    if plan.backup:
        units[timer] = _render_lines(_list_timer_lines(plan.backup))
        units[backup] = _render_lines(_list_backup_lines(plan, plan.backup))
    return units


def list_sandbox(plan: ServicePlan) -> list[str]:
    """What a process needs to be in the service's place: account, folders, credentials, limits."""
    folder = plan.settings.anchors.folder
    return [
        f"User={plan.account}",
        f"StateDirectory={plan.name}",
        "StateDirectoryMode=0700",
        f"Environment=DOSING_COLLECTOR_SPOOL_DIR={plan.state_folder}",
        f"EnvironmentFile=-{plan.settings_path.parent / 'environment'}",
        *_list_credentials(plan.settings),
        *([f'ReadWritePaths="-{_escape_quoted(folder)}"'] if folder else []),
        *HARDENING,
    ]


def _list_collector_lines(plan: ServicePlan) -> Iterator[str]:
    yield from (
        "[Unit]",
        "Description=dosing-tui collector: broker to database",
        "Documentation=man:dosing-tui(1)",
        "Wants=network-online.target",
        "After=network-online.target",
        "",
        "[Service]",
        "Type=notify",
        "WatchdogSec=60",
        f"ExecStart={plan.program} --config {plan.settings_path} collect",
        "Restart=always",
        "RestartSec=2",
        "# what is in the spool may be written before the end",
        "TimeoutStopSec=60",
        *list_sandbox(plan),
        "",
        "[Install]",
        "WantedBy=multi-user.target",
    )


def _list_backup_lines(plan: ServicePlan, backup: BackupPlan) -> Iterator[str]:
    role = f" --user {backup.user}" if backup.user else ""
    command = f"backup {backup.folder} --keep {backup.keep_count}{role}"
    yield from (
        "[Unit]",
        "Description=dosing-tui backup: database, spool and settings",
        "Documentation=man:dosing-tui-backup(1)",
        "Wants=network-online.target",
        "After=network-online.target",
        f"RequiresMountsFor={backup.folder}",
        "",
        "[Service]",
        "Type=oneshot",
        "Nice=10",
        f"ExecStart={plan.program} --config {plan.settings_path} {command}",
        *_list_backup_sandbox(plan, backup.password_file),
        f"ReadWritePaths={backup.folder}",
    )


def _list_backup_sandbox(plan: ServicePlan, password_file: str) -> Iterator[str]:
    """The collector's; with the password of the tables' owner where there is a file with it."""
    if not password_file:
        yield from list_sandbox(plan)
        return
    database = replace(plan.settings.database, password_file=password_file)
    yield from list_sandbox(structs.replace(plan, settings=replace(plan.settings, database=database)))
    yield "# the collector's own, which would come before the file"
    yield f"UnsetEnvironment={format_variable('database', 'password')}"


def _list_timer_lines(backup: BackupPlan) -> Iterator[str]:
    yield from (
        "[Unit]",
        "Description=dosing-tui backup, each day",
        "",
        "[Timer]",
        f"OnCalendar=*-*-* {backup.at}:00",
        "# a day on which the machine was off is made up for",
        "Persistent=true",
        "",
        "[Install]",
        "WantedBy=timers.target",
    )


def _list_credentials(settings: Settings) -> list[str]:
    """Each secret that the settings name as a file, under the name by which the program looks for it."""
    files = {
        "mqtt-password": settings.mqtt.password_file,
        "database-password": settings.database.password_file,
        "anchors-key": settings.anchors.key_file,
    }
    for channel in settings.notifications:
        files[f"notification-{channel.name}-url"] = channel.url_file
        files[f"notification-{channel.name}-password"] = channel.password_file
    return [
        f"LoadCredential={name}:{_escape_specifiers(str(Path(file).expanduser().absolute()))}"
        for name, file in files.items()
        if file
    ]


def _escape_specifiers(text: str) -> str:
    return text.replace("%", "%%")


def _escape_quoted(text: str) -> str:
    return _escape_specifiers(text).replace("\\", "\\\\").replace('"', '\\"')


def _render_lines(lines: Iterator[str]) -> str:
    return "\n".join([*lines, ""])
