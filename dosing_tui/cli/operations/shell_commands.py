"""``dosing-tui completion`` and ``man``: made from the commands themselves, so that they cannot differ."""

from pathlib import Path

import click

from dosing_tui.cli.context import write_line

PROGRAM = "dosing-tui"
VARIABLE = "_DOSING_TUI_COMPLETE"
"""Set by the shell's function when it asks for words."""


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print the shell's function that completes commands and options with the tab key."""
    from click.shell_completion import get_completion_class

    complete = get_completion_class(shell)
    assert complete is not None  # click has the three of them
    write_line(complete(ctx.find_root().command, {}, PROGRAM, VARIABLE).source())


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.pass_context
def man(ctx: click.Context, folder: Path) -> None:
    """Write a manual page for each command to FOLDER; 'man dosing-tui' is the first."""
    from dosing_tui.cli.operations.man_pages import render_man_pages
    from dosing_tui.errors import ExportError

    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in render_man_pages(ctx.find_root().command).items():
            (folder / f"{name}.1").write_text(text, encoding="utf-8")
            write_line(folder / f"{name}.1")
    except OSError as error:
        raise ExportError(f"{folder} cannot be written: {error.strerror}.") from error
