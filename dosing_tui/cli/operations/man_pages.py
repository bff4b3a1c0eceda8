"""Manual pages in roff, from click's commands. Source of the format: man(7)."""

from collections.abc import Iterator

import click

from dosing_tui import __version__

EXIT_STATUSES = (
    ("0", "Done; for lists: there is something."),
    ("1", "Nothing to show or not done; migrate --check: steps are missing; doctor: warnings."),
    ("2", "Wrong input, setting, password or right; the reason is on stderr."),
    ("3", "The database is unavailable: try again later; doctor: errors."),
)
_ENVIRONMENT = (
    ("DOSING_TUI_CONFIG", "Settings file, unless --config names one."),
    ("DOSING_<SECTION>_<KEY>", "Overrides a setting, e.g. DOSING_MQTT_HOST."),
)


_HELP_OPTIONS = ("-h", "--help")
_EXAMPLES = "\b\nExamples:\n"


def render_man_pages(command: click.Command, words: tuple[str, ...] = ("dosing-tui",)) -> dict[str, str]:
    """Name of each page -> its text: of the command, typed as ``words``, and of all in its group."""
    name, options = "-".join(words), list(_HELP_OPTIONS)
    with click.Context(command, info_name=" ".join(words), help_option_names=options) as ctx:
        pages = {name: "\n".join(_list_lines(command, ctx, name)) + "\n"}
        if isinstance(command, click.Group):
            for member_name in command.list_commands(ctx):
                member = command.get_command(ctx, member_name)
                if member is not None and not member.hidden:
                    pages |= render_man_pages(member, (*words, member_name))
    return pages


def _list_lines(command: click.Command, ctx: click.Context, name: str) -> Iterator[str]:
    yield f'.TH "{name.upper()}" "1" "" "dosing-tui {__version__}" "dosing-tui"'
    yield ".SH NAME"
    yield f"{_escape(name)} \\- {_escape(command.get_short_help_str(200))}"
    yield ".SH SYNOPSIS"
    yield f"\\fB{_escape(ctx.info_name or name)}\\fR {_escape(' '.join(command.collect_usage_pieces(ctx)))}"
    yield ".SH DESCRIPTION"
    yield from _list_paragraphs(command.help or "")
    records = [
        each.get_help_record(ctx) for each in command.get_params(ctx) if isinstance(each, click.Option)
    ]
    options = [record for record in records if record]
    yield from _list_items("OPTIONS", options)
    if isinstance(command, click.Group):
        members = ((one, command.get_command(ctx, one)) for one in command.list_commands(ctx))
        yield from _list_items(
            "COMMANDS", [(f"{name}-{one}(1)", each.get_short_help_str(200)) for one, each in members if each]
        )
    yield from _list_items("EXIT STATUS", EXIT_STATUSES)
    yield from _list_items("ENVIRONMENT", _ENVIRONMENT)
    if command.epilog and command.epilog.startswith(_EXAMPLES):
        lines = command.epilog.removeprefix(_EXAMPLES).splitlines()
        yield from (".SH EXAMPLES", ".nf", *(_escape(line.strip()) for line in lines), ".fi")
    elif command.epilog:
        yield from _list_paragraphs(command.epilog)


def _list_paragraphs(text: str) -> Iterator[str]:
    """A paragraph that begins with click's mark is printed as it is."""
    for paragraph in text.strip().split("\n\n"):
        is_literal = paragraph.startswith("\b\n")
        lines = [_escape(line) for line in paragraph.removeprefix("\b\n").splitlines()]
        yield ".PP"
        yield from [".nf", *lines, ".fi"] if is_literal else [" ".join(line.strip() for line in lines)]


def _list_items(title: str, items: "list[tuple[str, str]] | tuple[tuple[str, str], ...]") -> Iterator[str]:
    if items:
        yield f".SH {title}"
    for term, text in items:
        yield ".TP"
        yield f"\\fB{_escape(term)}\\fR"
        yield _escape(text)


def _escape(text: str) -> str:
    """No character of the text is a command of roff."""
    escaped = text.replace("\\", "\\e").replace("-", "\\-").replace("\n", " ")
    return f"\\&{escaped}" if escaped.startswith((".", "'")) else escaped
