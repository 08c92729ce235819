"""What operators see: logs, metrics and, where it is set up, reports of bugs.

None of them carries speech, names, audio or tokens. Own events are a static message with `extra` fields;
what other libraries say is shown by its place alone, because their messages quote what they handle.
"""

import logging
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Literal, TextIO

import sentry_sdk
from pydantic import SecretStr
from pythonjsonlogger.json import JsonFormatter
from sentry_sdk.integrations.logging import LoggingIntegration
from sentry_sdk.utils import BadDsn

from core import redaction
from core.errors import UserError
from core.redaction import fingerprint

if TYPE_CHECKING:
    from sentry_sdk.types import Event, Hint

__all__ = ["bug_reports", "fingerprint", "set_up_logging"]


OURS: Final = ("core", "bots", "spokenly", "__main__")
"""Loggers under these names keep to static messages; of all others only the place is shown."""

_PLAIN_RECORD: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def set_up_logging(
    log_format: Literal["people", "json"] = "people", log_level: str = "info", stream: TextIO | None = None
) -> logging.Handler:
    """Send the logs of the whole process to `stream` (default: standard error), safe to show.

    Uncaught exceptions of any thread are logged too, instead of being printed with their words.
    """
    handler = _SafeStream(stream or sys.stderr)
    handler.setFormatter(_Json() if log_format == "json" else _People())
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(log_level.upper())
    logging.captureWarnings(True)
    sys.excepthook = _log_uncaught
    threading.excepthook = _log_uncaught_in_thread
    return handler


def _log_uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if not issubclass(kind, KeyboardInterrupt):
        logging.getLogger("spokenly").critical("the process ends by a bug", exc_info=(kind, error, trace))
        sentry_sdk.flush(timeout=2.0)


def _log_uncaught_in_thread(uncaught: threading.ExceptHookArgs) -> None:
    error = uncaught.exc_value
    if error is not None and not isinstance(error, SystemExit):
        logging.getLogger("spokenly").error("a thread ended by a bug", exc_info=error)


def _is_ours(record: logging.LogRecord) -> bool:
    return record.name.partition(".")[0] in OURS


def safe(record: logging.LogRecord) -> logging.LogRecord:
    """A copy of `record` that holds nothing but what may be shown."""
    shown = logging.makeLogRecord({key: value for key, value in vars(record).items() if key in _PLAIN_RECORD})
    shown.args, shown.exc_info, shown.exc_text, shown.stack_info = (), None, None, None
    if _is_ours(record):
        # The template, not what was put into it; "%" stays as it is because there are no arguments.
        shown.msg = redaction.without_tokens(str(record.msg))
        for key, value in vars(record).items():
            if key not in _PLAIN_RECORD:
                setattr(shown, key, redaction.field(key, value))
    else:
        shown.msg = f"see {record.module}.py line {record.lineno}, in {record.funcName}"
    if record.exc_info and record.exc_info[1] is not None:
        shown.exc_text = redaction.describe(record.exc_info[1])
    return shown


def fields(record: logging.LogRecord) -> dict[str, object]:
    """The `extra` fields of a record."""
    return {key: value for key, value in vars(record).items() if key not in _PLAIN_RECORD}


class _SafeStream(logging.StreamHandler[TextIO]):
    """Writes records made safe; of other people's libraries only warnings and worse."""

    def filter(self, record: logging.LogRecord) -> bool:
        return _is_ours(record) or record.levelno >= logging.WARNING

    def format(self, record: logging.LogRecord) -> str:
        return super().format(safe(record))

    def handleError(self, record: logging.LogRecord) -> None:
        """The standard one prints what was to be logged."""
        failure = sys.exc_info()[0]
        if sys.stderr is not None and failure is not None and not issubclass(failure, OSError):
            sys.stderr.write(f"a line of the log was lost: {failure.__name__} for {record.name}\n")


class _People(logging.Formatter):
    """One short line: time, how grave, who, what, and the fields."""

    def format(self, record: logging.LogRecord) -> str:
        time = datetime.fromtimestamp(record.created).astimezone().strftime("%H:%M:%S")
        line = f"{time} {record.levelname.lower():<8} {record.getMessage()}"
        line += "".join(f" {key}={value}" for key, value in fields(record).items())
        line += f" ({record.name})" if record.levelno >= logging.WARNING else ""
        return f"{line}\n{record.exc_text}" if record.exc_text else line


class _Json(JsonFormatter):
    """One JSON object a line: time (UTC), level, logger, message, the fields, and `error`."""

    def __init__(self) -> None:
        super().__init__(
            ["levelname", "name", "message"],
            timestamp="time",
            rename_fields={"levelname": "level", "name": "logger", "exc_info": "error"},
        )


@contextmanager
def bug_reports(
    dsn: SecretStr | None, *, release: str | None = None, patience: float = 2.0
) -> Iterator[None]:
    """While open, whatever is logged as an error or worse goes to Sentry, scrubbed. Without `dsn`: nothing.

    Closing waits up to `patience` seconds for what has not been sent yet. When an exception leaves, it stays
    open for the report that the process ends by it. A report holds the type of the
    exception, where it happened and Spokenly's static message; nothing else of the moment.
    Raises `UserError` when `dsn` is none.
    """
    if dsn is None:
        yield
        return
    try:
        _start_sentry(dsn.get_secret_value())
    except BadDsn:
        raise UserError(
            "SPOKENLY_SENTRY_DSN is not what Sentry calls a DSN: https://<key>@<host>/<project>."
        ) from None
    client = sentry_sdk.get_client()
    try:
        yield
    except BaseException:
        client.flush(timeout=patience)
        raise
    client.close(timeout=patience)


def _release() -> str:
    try:
        return f"spokenly@{version('spokenly')}"
    except PackageNotFoundError:
        return "spokenly@unknown"


def _start_sentry(dsn: str) -> None:
    sentry_sdk.init(
        dsn,
        release=_release(),
        # None of the integrations that look at requests, arguments or the machine.
        default_integrations=False,
        auto_enabling_integrations=False,
        integrations=[LoggingIntegration(level=None, event_level=logging.ERROR, sentry_logs_level=None)],
        include_local_variables=False,
        max_request_body_size="never",
        max_breadcrumbs=0,
        auto_session_tracking=False,
        send_client_reports=False,
        server_name="",
        # Said here, so that no variable of the environment can say otherwise.
        debug=False,
        spotlight=False,
        before_send=_only_what_is_safe,
        before_send_transaction=lambda _event, _hint: None,
        before_breadcrumb=lambda _crumb, _hint: None,
    )


def _only_what_is_safe(event: "Event", hint: "Hint") -> "Event":
    """A new event from the parts that are known to be safe, rather than one with bad parts taken out."""
    kept = ("event_id", "timestamp", "platform", "level", "logger", "release", "environment", "sdk")
    clean: dict[str, Any] = {key: value for key, value in event.items() if key in kept}
    record = hint.get("log_record")
    if isinstance(record, logging.LogRecord):
        shown = safe(record)
        clean["logentry"] = {"message": shown.msg}
        clean["extra"] = fields(shown)
    if runtime := event.get("contexts", {}).get("runtime"):
        clean["contexts"] = {"runtime": runtime}
    raised = (event.get("exception") or {}).get("values") or ()
    if raised:
        clean["exception"] = {"values": [_raised(one) for one in raised]}
    return clean  # type: ignore[return-value] # built from an Event's own keys


def _raised(value: Mapping[str, Any]) -> dict[str, Any]:
    """An exception of a Sentry event: its type and its frames, without words, variables and local paths."""
    frames = (value.get("stacktrace") or {}).get("frames") or ()
    kept = (
        "filename",
        "function",
        "module",
        "lineno",
        "context_line",
        "pre_context",
        "post_context",
        "in_app",
    )
    return {
        "type": value.get("type"),
        "module": value.get("module"),
        "mechanism": {"type": "logging", "handled": True},
        "stacktrace": {"frames": [{key: frame.get(key) for key in kept} for frame in frames]},
    }
