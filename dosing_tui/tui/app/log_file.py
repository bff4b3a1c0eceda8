"""The log file. Every logger, warning and exception goes there: nothing may write over the screen."""

import errno
import logging
import sys
import threading
from logging.handlers import RotatingFileHandler
from pathlib import Path

import platformdirs

from dosing_tui.config.sections.log_settings import LogSettings
from dosing_tui.domain.messages.text_sanitizer import clean_line
from dosing_tui.errors import ConfigError

_MAX_BYTES, _BACKUP_COUNT = 2_000_000, 4
_LOG_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
log = logging.getLogger(__name__)


def get_log_path(settings: LogSettings) -> Path:
    if settings.file:
        return Path(settings.file).expanduser()
    return platformdirs.user_log_path("dosing-tui", appauthor=False) / "console.log"


class CleanFormatter(logging.Formatter):
    """One line per record. Text of messages or servers can neither forge lines nor send escape codes."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  # logging's name
        record.message = clean_line(record.message, 2_000)
        return super().formatMessage(record)


def open_log(settings: LogSettings) -> Path:
    """Send loggers, warnings and exceptions of threads to the file.

    Raises: ConfigError when the file cannot be written.
    """
    path = get_log_path(settings)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handler = RotatingFileHandler(path, maxBytes=_MAX_BYTES, backupCount=_BACKUP_COUNT, encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"The log file {path} cannot be written: {error.strerror}.") from error
    handler.setFormatter(CleanFormatter(_LOG_FORMAT))
    logging.basicConfig(level=settings.level, handlers=[handler], force=True)
    logging.captureWarnings(True)
    # errors of a full disk must not be written to the screen either
    logging.raiseExceptions = False
    threading.excepthook = _log_thread_failure
    sys.unraisablehook = _log_unraisable
    return path


def _log_thread_failure(failure: threading.ExceptHookArgs) -> None:
    name = failure.thread.name if failure.thread is not None else "?"
    # Textual's writer thread after the terminal was closed: the console itself ends on SIGHUP
    if name == "textual-output" and getattr(failure.exc_value, "errno", None) in (errno.EIO, errno.EPIPE):
        log.info("the terminal is gone")
        return
    log.error("thread %s failed", name, exc_info=failure.exc_value)


def _log_unraisable(failure: "sys.UnraisableHookArgs") -> None:
    description = failure.err_msg or "ignored exception"
    log.error("%s: %r", description, failure.object, exc_info=failure.exc_value)
