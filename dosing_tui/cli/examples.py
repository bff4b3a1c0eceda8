"""Examples at the foot of each help page, by the command's words. A test compares their options."""

from collections.abc import Mapping
from types import MappingProxyType

import click

EXAMPLES: Mapping[str, tuple[str, ...]] = MappingProxyType({
    "": ("dosing-tui", "dosing-tui --config /etc/dosing-tui/config.toml --theme light", "dosing-tui doctor"),
    "alarms": ("dosing-tui alarms list", "dosing-tui alarms ack --all --yes"),
    "alarms ack": ("dosing-tui alarms ack STOCK_LOW/dosing_system_01/T-12 --comment 'drum ordered'",),
    "alarms journal": ("dosing-tui alarms journal --since 24h --state shelved --format csv",),
    "alarms list": ("dosing-tui alarms list --state unacknowledged",),
    "alarms notifications": ("dosing-tui alarms notifications",),
    "alarms remove": ("dosing-tui alarms remove DEVICE_OFFLINE/dosing_system_02 --reason 'pump replaced'",),
    "alarms reset": ("dosing-tui alarms reset --all --yes",),
    "alarms restore": ("dosing-tui alarms restore DEVICE_OFFLINE/dosing_system_02",),
    "alarms shelve": ("dosing-tui alarms shelve DEVICE_OFFLINE/dosing_system_02 --for 1h --reason repair",),
    "alarms test-notification": ("dosing-tui alarms test-notification control-room",),
    "alarms unshelve": ("dosing-tui alarms unshelve STOCK_LOW/dosing_system_01/T-12",),
    "audit": ("dosing-tui audit verify",),
    "audit anchor": ("dosing-tui audit anchor >> /mnt/quality/anchors.txt",),
    "audit verify": ("dosing-tui audit verify --anchors /mnt/quality",),
    "backup": ("dosing-tui backup /var/backups/dosing-tui --user dosing_owner --keep 30",),
    "batches": ("dosing-tui batches list --range today",),
    "batches export": ("dosing-tui batches export --range yesterday --format html --output records",),
    "batches list": ("dosing-tui batches list --range today --unreviewed --format csv",),
    "batches pin": ("dosing-tui batches pin --as 'A. Miller'",),
    "batches policy": ("dosing-tui batches policy --second-person --as 'A. Miller' --reason 'SOP 12'",),
    "batches rebuild": ("dosing-tui batches rebuild --from 2026-11-01 --to 2026-11-08",),
    "batches review": ("dosing-tui batches review 1042 --approve --as 'A. Miller'",),
    "batches show": ("dosing-tui batches show 1042",),
    "collect": ("dosing-tui --config /etc/dosing-tui/config.toml collect",),
    "completion": (
        "dosing-tui completion bash > /etc/bash_completion.d/dosing-tui",
        "dosing-tui completion zsh > ~/.zfunc/_dosing-tui",
    ),
    "config": ("dosing-tui config init",),
    "config init": ("dosing-tui --config /etc/dosing-tui/config.toml config init",),
    "config path": ("$EDITOR \"$(dosing-tui config path)\"",),
    "config show": ("dosing-tui config show",),
    "deploy": ("dosing-tui deploy check",),
    "deploy check": ("dosing-tui deploy check deploy",),
    "demo": ("dosing-tui demo", "dosing-tui demo --headless --duration 60 --devices 3"),
    "doctor": (
        "dosing-tui doctor",
        "dosing-tui doctor --notify --listen 60",
        "dosing-tui doctor --bundle support.zip",
        "dosing-tui doctor --format json | jq '.checks[] | select(.level == \"error\")'",
    ),
    "grafana": ("dosing-tui grafana --output /etc/grafana/provisioning --prometheus http://localhost:9090",),
    "import": (
        "dosing-tui import doses-2025.csv --table dosing_consumption",
        "dosing-tui import levels.parquet --table inventory_levels",
    ),
    "maintain": ("dosing-tui maintain status",),
    "maintain run": ("dosing-tui maintain run",),
    "maintain status": ("dosing-tui maintain status",),
    "man": ("dosing-tui man /usr/local/share/man/man1",),
    "materials": ("dosing-tui materials balance", "dosing-tui materials list --from 2026-11-01 --format csv"),
    "materials add": (
        "dosing-tui materials add delivery dosing_system_01 T-12 10 --unit kg --lot A-17",
        "dosing-tui materials add count dosing_system_01 T-12 9900",
        "dosing-tui materials add waste dosing_system_01 T-12 100 --reason spilled",
    ),
    "materials balance": ("dosing-tui materials balance --days --device dosing_system_01",),
    "materials import": ("dosing-tui materials import deliveries.csv --as 'A. Miller'",),
    "materials list": ("dosing-tui materials list --kind delivery --kind drum-change --format json",),
    "migrate": ("dosing-tui migrate --check", "dosing-tui migrate"),
    "panel": ("dosing-tui panel --list", "dosing-tui panel error_rate --range today --format csv"),
    "pumps": ("dosing-tui pumps log tube dosing_system_01 --pump 2", "dosing-tui pumps due"),
    "pumps due": ("dosing-tui pumps due --format csv",),
    "pumps list": ("dosing-tui pumps list --station dosing_system_01 --pump 2",),
    "pumps log": (
        "dosing-tui pumps log tube dosing_system_01 --pump 2 --note '3.2 mm'",
        "dosing-tui pumps log check dosing_system_01 --pump 2 --target 40 --readings '40.1 39.9 40.0'",
        "dosing-tui pumps log calibration dosing_system_01 --at '2026-11-24 06:00' --as 'A. Miller'",
    ),
    "pumps withdraw": ("dosing-tui pumps withdraw 12 --reason 'of pump 3, not 2'",),
    "recipes": ("dosing-tui recipes show",),
    "recipes export": ("dosing-tui recipes export recipes.toml",),
    "recipes import": ("dosing-tui recipes import recipes.toml --as 'A. Miller'",),
    "recipes show": ("dosing-tui recipes show",),
    "report": ("dosing-tui report shift --last",),
    "report shift": ("dosing-tui report shift --last --format html --output handover.html",),
    "restore": (
        "dosing-tui restore /var/backups/dosing-tui/dosing-plant1-20261129T020000Z --database proof --verify",
    ),
    "serve": ("dosing-tui serve --listen 127.0.0.1:8000",),
    "service": ("dosing-tui service show",),
    "service doctor": ("sudo dosing-tui --config /etc/dosing-tui/config.toml service doctor",),
    "service install": (
        "sudo dosing-tui --config /etc/dosing-tui/config.toml service install --start",
        "sudo dosing-tui --config /etc/dosing-tui/config.toml service install --force --backup /var/backups",
    ),
    "service show": ("dosing-tui service show --account dosing",),
    "service uninstall": ("sudo dosing-tui service uninstall",),
    "simulate": ("dosing-tui simulate --broker localhost:1883 --devices 3 --faults nan,duplicates",),
    "stations": ("dosing-tui stations list",),
    "stations list": ("dosing-tui stations list",),
    "stations retire": (
        "dosing-tui stations retire dosing_system_09 --reason 'sold' --as 'A. Miller'",
        "dosing-tui stations retire dosing_system_01 --chemical T-9 --reason 'drum removed'",
    ),
    "stations unretire": ("dosing-tui stations unretire dosing_system_09",),
    "trace": (
        "dosing-tui trace --lot A-17 --chemical T-12",
        "dosing-tui trace --batch dosing_system_01-20261124-007 --format json",
        "dosing-tui trace --next",
    ),
})  # fmt: skip
"""Words of the command -> its examples; "" is the program itself."""


WHOLE_SENTENCE = 200
"""Characters of a command in a list of commands: click breaks lines, and cuts off what is longer."""


def format_examples(words: str) -> str:
    """The end of a help page; lines are kept as they are."""
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in EXAMPLES[words])


def add_examples(command: click.Command, words: str) -> None:
    """To the command and those in its group, and the first sentence of each, whole, to the list of commands.

    A help that has examples of its own keeps them.
    """
    command.short_help = command.short_help or command.get_short_help_str(WHOLE_SENTENCE)
    if command.epilog is None and words in EXAMPLES:
        command.epilog = format_examples(words)
    if isinstance(command, click.Group):
        for name, member in command.commands.items():
            add_examples(member, f"{words} {name}".strip())
