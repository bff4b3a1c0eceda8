"""Every error that the program raises, by the reaction of the caller.

DosingError
├── ConfigError            a wrong setting: print it, exit 2
├── PayloadError           an unusable message: store it as rejected, with the reason
├── SpoolError             the spool cannot be read or written: stop acknowledging
├── RangeError             a time range cannot be parsed: prompt again
├── BackupError            a backup or restore failed: print the reason, exit 2
├── ExportError            rows cannot be exported: print the reason, exit 2
├── BrokerError            the broker is unreachable or refuses: print the reason, retry
├── AlarmCommandError      an operator command is not possible in the alarm's state: show the reason
├── DeliveryError          a notification was not delivered: retry, unless it is permanent
├── DemoError              an embedded server does not start: print the reason, exit 2
├── RecipeError            an unusable master recipe: print the reason, exit 2
├── MaterialError          an entry of the material ledger is refused: show the reason
├── ReviewError            a review is not stored: show the reason, reload the batch
└── DatabaseError
    ├── DatabaseUnavailableError  refused connection, restart, timeout: retry later
    ├── DatabaseAccessError       password, privilege, missing or newer schema: no retry helps
    └── InvalidRowError           one unusable row: isolate it, store the others

A message has the object, the value and the remedy, in one sentence for the operator.
"""


class DosingError(Exception):
    """Root of the tree; its text is for the operator."""


class ConfigError(DosingError):
    """A setting is unknown, mistyped or unusable."""


class PayloadError(DosingError):
    """A payload cannot become a reading. ``field`` is '' for an error of the whole message."""

    def __init__(self, field: str, reason: str) -> None:
        self.field = field
        super().__init__(reason)


class SpoolError(DosingError):
    """The spool cannot be opened, is held by another process, or its disk is full."""


class DamagedSpoolError(SpoolError):
    """The content of the spool's file is damaged: no retry can succeed."""


class RangeError(DosingError):
    """The text is not a time range, or the range is empty."""


class BackupError(DosingError):
    """A backup cannot be made, restored or proved."""


class ExportError(DosingError):
    """Unknown panel or value, or a file that exists already or cannot be written."""


class BrokerError(DosingError):
    """The broker is unreachable, or refuses this client."""


class AlarmCommandError(DosingError):
    """An operator command is not possible in the alarm's state."""


class DeliveryError(DosingError):
    """A server or a command did not accept a message. ``is_permanent``: a retry cannot succeed."""

    def __init__(self, reason: str, *, is_permanent: bool = False) -> None:
        self.is_permanent = is_permanent
        super().__init__(reason)


class DemoError(DosingError):
    """An embedded server is missing, does not start or does not answer."""


class RecipeError(DosingError):
    """A master recipe is not readable, or has impossible values."""


class MaterialError(DosingError):
    """An entry of the material ledger lacks something, or a file of entries is not readable."""


class ReviewError(DosingError):
    """Another review came first, the batch has changed, a reason is missing, or a PIN is wrong."""


class DatabaseError(DosingError):
    """Root of all database errors."""


class DatabaseUnavailableError(DatabaseError):
    """Temporary: unreachable, restarting, out of connections, timed out."""


class DatabaseAccessError(DatabaseError):
    """Needs a correction: wrong password, missing privilege, no schema, schema newer than this program."""


class InvalidRowError(DatabaseError):
    """One row cannot be stored (data exception, violated constraint)."""


def describe_file_error(error: OSError | UnicodeDecodeError) -> str:
    """Why a text file cannot be read, and for one of another encoding where.

    >>> describe_file_error(UnicodeDecodeError("utf-8", b"a\\nGr\\xf6\\xdfe", 4, 5, "invalid start byte"))
    'line 2 is not UTF-8; save the file as UTF-8 (CSV UTF-8 in a spreadsheet)'
    """
    if isinstance(error, OSError):
        return error.strerror or str(error)
    line = error.object[: error.start].count(b"\n") + 1
    return f"line {line} is not UTF-8; save the file as UTF-8 (CSV UTF-8 in a spreadsheet)"
