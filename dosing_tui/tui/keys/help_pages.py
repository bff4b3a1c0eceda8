"""The help page's second page, by the bindings' ids: batches, shift report, doctor, maintenance."""

from typing import TypeAlias

HelpGroup: TypeAlias = tuple[str, tuple[tuple[str, tuple[str, ...]], ...]]
HelpPage: TypeAlias = tuple[tuple[HelpGroup, ...], tuple[HelpGroup, ...]]
HELP_BATCHES: tuple[HelpGroup, ...] = (
    ("Batches: the list", (
        ("The list, and back", ("batches",)), ("All, running, complete", ("left", "right")),
        ("Only unreviewed", ("batch-unreviewed",)), ("Only with exceptions", ("batch-exceptions",)),
        ("Only clean ones", ("batch-clean",)),
        ("One batch; back", ("zoom", "back")), ("Range, filters", ("range", "filters")),
    )),
    ("Batches: one batch", (
        ("Newer, older batch", ("left", "right")), ("Next to review", ("batch-next",)),
        ("Next with exceptions", ("batch-exception",)), ("Stored messages", ("batch-messages",)),
        ("Up, down", ("row-up", "row-down")),
    )),
    ("Doctor", (
        ("Open, and close", ("doctor-close",)), ("Check again", ("doctor-refresh",)),
    )),
    ("Maintenance", (
        ("Open, and close", ("maintenance-close",)), ("Read again", ("maintenance-refresh",)),
    )),
    ("Lots", (
        ("Open, and close", ("lots-close",)), ("To its batches or lots", ("zoom",)),
        ("Shares below 1 %", ("lots-small",)), ("Read again", ("lots-refresh",)),
    )),
    ("Batches: review", (
        ("Approve, and go on", ("batch-approve",)), ("Approve with deviation", ("batch-deviation",)),
        ("Reject", ("batch-reject",)), ("Needs information", ("batch-question",)),
        ("Comment", ("batch-comment",)), ("Withdraw last review", ("batch-undo",)),
        ("Approve all clean ones", ("batch-all",)),
    )),
    ("Shift report", (
        ("Shift before, after", ("report-back", "report-forward")),
        ("Line down, up", ("report-down", "report-up")),
        ("By pages", ("report-page-down", "report-page-up")),
        ("To the ends", ("report-first", "report-last")),
        ("Save; make again", ("report-save", "report-refresh")),
        ("Details, close", ("report-details", "report-close")),
        ("Hand over, take over", ("report-leave", "report-take")),
    )),
)  # fmt: skip
