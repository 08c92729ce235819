import io
import json
import logging
import sys
import threading
from collections.abc import Iterator

import pytest
from prometheus_client import REGISTRY, generate_latest
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr

from core.errors import EngineMissing, UserError
from core.metrics import Metrics
from core.telemetry import bug_reports, set_up_logging
from tests.fakes.sentry import fake_sentry


class Log:
    """What was logged in one of the two formats."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sys, "excepthook", sys.excepthook)
        monkeypatch.setattr(threading, "excepthook", threading.excepthook)
        self._stream = io.StringIO()
        self._handlers: list[logging.Handler] = []
        self._level = logging.getLogger().level

    def begin(self, log_format: str, level: str = "info") -> logging.Handler:
        handler = set_up_logging("json" if log_format == "json" else "people", level, self._stream)
        self._handlers.append(handler)
        return handler

    @property
    def text(self) -> str:
        return self._stream.getvalue()

    @property
    def lines(self) -> list[str]:
        return self.text.splitlines()

    def end(self) -> None:
        logging.captureWarnings(False)
        for handler in self._handlers:
            logging.getLogger().removeHandler(handler)
        logging.getLogger().setLevel(self._level)


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[Log]:
    written = Log(monkeypatch)
    yield written
    written.end()


def fail(error: Exception) -> None:
    raise error


ours = logging.getLogger("core.somewhere")
theirs = logging.getLogger("somelibrary.deep")


def test_people_read_one_short_line_with_the_fields(log: Log) -> None:
    log.begin("people")
    ours.info("stream.opened", extra={"streams": 3, "engine": "local"})
    (line,) = log.lines
    assert line.endswith("info     stream.opened streams=3 engine=local")


def test_machines_read_one_json_object_a_line(log: Log) -> None:
    log.begin("json")
    ours.warning("stream.lost", extra={"delay": 0.5, "again": True, "reason": None})
    (line,) = log.lines
    event = json.loads(line)
    assert event.pop("time").endswith("+00:00")
    assert event == {
        "level": "WARNING",
        "logger": "core.somewhere",
        "message": "stream.lost",
        "delay": 0.5,
        "again": True,
        "reason": None,
    }


@pytest.mark.parametrize("form", ["people", "json"])
def test_a_failure_is_logged_with_its_place_and_without_its_words(log: Log, form: str) -> None:
    log.begin(form)
    said = "something somebody " + "said"
    try:
        fail(ValueError(said))
    except ValueError:
        ours.exception("session.bug")
    assert "builtins.ValueError" in log.text
    assert "test_telemetry.py" in log.text
    assert "test_a_failure_is_logged_with_its_place" in log.text
    assert said not in log.text


@pytest.mark.parametrize("form", ["people", "json"])
def test_percent_signs_in_a_message_do_no_harm(log: Log, form: str) -> None:
    log.begin(form)
    ours.info("100 % and %s and %(x)s")
    assert "100 % and %s and %(x)s" in log.text


def test_what_was_put_into_a_message_is_not_shown(log: Log) -> None:
    log.begin("people")
    ours.info("hello %s", "Ann")
    assert "hello %s" in log.text
    assert "Ann" not in log.text


def test_of_a_library_only_the_place_of_a_warning_is_shown(log: Log) -> None:
    log.begin("people", "debug")
    theirs.info("heard %s", "Ann")
    theirs.debug("heard Ann")
    assert not log.text
    theirs.warning("heard Ann", extra={"who": "Ann"})
    assert "Ann" not in log.text
    assert "test_telemetry.py line" in log.text
    assert "somelibrary.deep" in log.text


def test_the_level_holds(log: Log) -> None:
    log.begin("people", "warning")
    ours.info("too quiet")
    assert not log.text
    ours.warning("loud enough")
    assert "loud enough" in log.text


def test_logging_does_not_change_what_others_see_of_a_record(
    log: Log, caplog: pytest.LogCaptureFixture
) -> None:
    log.begin("people")
    ours.info("hello %s", "there", extra={"text": "spoken"})
    assert caplog.records[0].getMessage() == "hello there"
    assert vars(caplog.records[0])["text"] == "spoken"


def test_an_exception_that_ends_the_process_or_a_thread_is_logged_without_its_words(log: Log) -> None:
    log.begin("people")
    said = "something somebody " + "said"

    thread = threading.Thread(target=fail, args=[ValueError(said)])
    thread.start()
    thread.join()
    try:
        fail(ValueError(said))
    except ValueError as error:
        sys.excepthook(ValueError, error, error.__traceback__)
    assert log.text.count("builtins.ValueError") == 2
    assert "a thread ended by a bug" in log.text
    assert "the process ends by a bug" in log.text
    assert said not in log.text


def test_stopping_with_control_c_is_no_bug(log: Log) -> None:
    log.begin("people")
    sys.excepthook(KeyboardInterrupt, KeyboardInterrupt(), None)
    assert not log.text


def test_a_line_that_cannot_be_written_is_not_printed_elsewhere(
    log: Log, capsys: pytest.CaptureFixture[str]
) -> None:
    class Odd:
        def __str__(self) -> str:
            raise RuntimeError("spoken")

    record = logging.makeLogRecord({"name": "core.somewhere", "msg": Odd()})
    log.begin("people").handle(record)
    assert not log.text
    printed = capsys.readouterr().err
    assert printed == "a line of the log was lost: RuntimeError for core.somewhere\n"


def test_every_metric_is_named_after_spokenly_and_explained() -> None:
    for family in text_string_to_metric_families(generate_latest(Metrics().registry).decode()):
        assert family.name.startswith(("spokenly_", "process_", "python_gc_"))
        assert family.documentation.endswith(".") or not family.name.startswith("spokenly_")


def test_every_series_exists_before_anything_happens() -> None:
    names = {
        (sample.name, *sample.labels.values())
        for family in text_string_to_metric_families(generate_latest(Metrics().registry).decode())
        for sample in family.samples
    }
    assert ("spokenly_frames_dropped_total", "inbox") in names
    assert ("spokenly_decode_queue", "interim") in names
    assert ("spokenly_line_failures_total", "busy") in names
    assert ("spokenly_caption_lateness_seconds_count", "final") in names
    assert ("spokenly_captions_total",) in names
    assert ("spokenly_rooms",) in names


def test_a_label_that_is_not_foreseen_is_a_bug() -> None:
    metrics = Metrics()
    with pytest.raises(KeyError):
        metrics.frames_dropped["Ann"].inc()  # type: ignore[index]  # mypy knows it too


def test_two_processes_worth_of_metrics_live_side_by_side() -> None:
    first, second = Metrics(), Metrics()
    first.captions.inc()
    assert first.registry.get_sample_value("spokenly_captions_total") == 1
    assert second.registry.get_sample_value("spokenly_captions_total") == 0
    assert REGISTRY.get_sample_value("spokenly_captions_total") is None


@pytest.mark.real_time
def test_a_bug_is_reported_with_its_place_and_without_its_words() -> None:
    said = "something somebody " + "said"
    with fake_sentry() as sentry:
        with bug_reports(sentry.dsn):
            try:
                fail(ValueError(said))
            except ValueError:
                ours.exception("session.bug", extra={"tracks": 2, "text": said})
        (event,) = sentry.events
    assert event["logentry"] == {"message": "session.bug"}
    assert event["extra"] == {"tracks": 2, "text": "[withheld]"}
    assert event["release"].startswith("spokenly@")
    assert event["level"] == "error"
    (raised,) = event["exception"]["values"]
    assert raised["type"] == "ValueError"
    frames = raised["stacktrace"]["frames"]
    assert [frame["function"] for frame in frames] == [
        "test_a_bug_is_reported_with_its_place_and_without_its_words",
        "fail",
    ]
    assert frames[-1]["context_line"].strip() == "raise error"
    assert not [frame for frame in frames if "vars" in frame or "abs_path" in frame]
    assert said not in sentry.everything


@pytest.mark.real_time
def test_what_is_no_bug_is_not_reported() -> None:
    with fake_sentry() as sentry:
        with bug_reports(sentry.dsn):
            ours.warning("stream.lost")
            ours.info("room.opened")
        assert not sentry.everything


@pytest.mark.real_time
def test_nothing_is_reported_after_the_end_or_without_a_dsn() -> None:
    with fake_sentry() as sentry:
        with bug_reports(sentry.dsn):
            pass
        ours.error("too late")
        with bug_reports(None):
            ours.error("to nobody")
        assert not sentry.everything


def test_a_dsn_that_is_none_is_refused_in_one_sentence_that_does_not_quote_it() -> None:
    with (
        pytest.raises(UserError, match="SPOKENLY_SENTRY_DSN") as refused,
        bug_reports(SecretStr("gopher://private@example")),
    ):
        pass
    assert "private" not in str(refused.value)


def test_what_is_missing_on_this_machine_is_said(log: Log) -> None:
    log.begin("people")
    try:
        fail(EngineMissing("no model in /models"))
    except EngineMissing:
        ours.exception("engine.missing")
    assert "core.errors.EngineMissing: no model in /models" in log.text
