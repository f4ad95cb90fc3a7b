"""The library's log as JSON lines: one object each, with the record's own fields, and nothing secret."""

import json
import logging
import re
import sys
import time
import warnings

import pytest

import socialconnect as sc
from socialconnect.cli.log import JsonLines, log_as_json
from socialconnect.secret import Secret

_log = logging.getLogger("socialconnect.somewhere")


@pytest.fixture
def lines(capsys):
    """What stands on stderr, each line read as JSON; anything else fails."""
    return lambda: [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_a_record_is_an_object(lines):
    """A line has time, level, logger and message, then the record's own fields as JSON has them."""
    with log_as_json():
        _log.info("%d rows", 12, extra={"user_id": "user_a", "rows": 12, "waited": 0.1234567, "cached": False})
    [line] = lines()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line.pop("time"))
    assert list(line) == ["level", "logger", "message", "user_id", "rows", "waited", "cached"]
    assert line == {
        "level": "info",
        "logger": "socialconnect.somewhere",
        "message": "12 rows",
        "user_id": "user_a",
        "rows": 12,
        "waited": 0.123457,
        "cached": False,
    }


def test_the_time_is_utc(monkeypatch):
    """The moment is told in UTC, wherever the machine stands."""
    record = logging.makeLogRecord({"name": "socialconnect", "msg": "now", "created": 1_800_000_000.25})
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    try:
        getattr(time, "tzset", int)()  # Windows reads it when it is asked
        assert json.loads(JsonLines().format(record))["time"] == "2027-01-15T08:00:00.250Z"
    finally:
        monkeypatch.undo()
        getattr(time, "tzset", int)()


def test_a_line_is_one_line_of_ascii(capsys):
    """Line breaks, colours and other writing are escaped, so that a line is one line wherever it goes."""
    with log_as_json():
        _log.info("Ada\n\x1b[31mrøde\u2028", extra={"reason": "a\nb"})
    [line] = capsys.readouterr().err.splitlines()
    assert line.isascii()
    assert "\x1b" not in line
    assert json.loads(line)["message"] == "Ada\n\x1b[31mrøde\u2028"


def test_fields_that_say_nothing_are_left_out(lines):
    """What is empty has no place in a line, but nought and no have."""
    with log_as_json():
        _log.info("sent", extra={"reason": None, "account": "", "given": (), "rows": 0, "cached": False})
    assert set(lines()[0]) == {"time", "level", "logger", "message", "rows", "cached"}


def test_a_field_takes_nobody_elses_place(lines):
    """A field of the record cannot pass for the time, the level or the logger."""
    with log_as_json():
        _log.info("sent", extra={"level": "error", "time": "never", "logger": "root"})
    [line] = lines()
    assert (line["level"], line["logger"]) == ("info", "socialconnect.somewhere")
    assert line["time"] != "never"


def test_no_secret_leaves(lines):
    """Message, fields and tracebacks are without any secret that is alive, and stay JSON."""
    secret = Secret('open "sesame" {now}')
    with log_as_json():
        try:
            int(secret.reveal())
        except ValueError:
            _log.exception("it said %s", secret.reveal(), extra={"why": f"because of {secret.reveal()}", "odd": secret})
    [line] = lines()
    assert "sesame" not in json.dumps(line)
    assert line["message"] == "it said [secret]"
    assert line["why"] == "because of [secret]"
    assert line["error"].endswith("with base 10: '[secret]'")


def test_an_error_is_text_without_locals(lines):
    """A traceback names files and lines, and no value of any variable."""

    def fail():
        held = "a value that nobody sees".upper()
        raise RuntimeError(len(held))

    with log_as_json():
        try:
            fail()
        except RuntimeError:
            _log.warning("it failed", exc_info=True)
    [line] = lines()
    assert line["error"].startswith("Traceback (most recent call last):\n")
    assert "in fail" in line["error"]
    assert "NOBODY SEES" not in line["error"]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {"a": 1}, [1], object()], ids=repr)
def test_every_value_is_json(lines, value):
    """A value that JSON does not have is told as text."""
    with log_as_json():
        _log.info("odd", extra={"value": value})
    assert lines()[0]["value"] == str(value)


def test_arguments_that_do_not_fit_are_not_told():
    """A message whose arguments do not fit is told without them, instead of an error that prints them."""
    record = logging.makeLogRecord({"msg": "%d rows of %s", "args": ("many",)})
    assert json.loads(JsonLines().format(record))["message"] == "%d rows of %s"


@pytest.mark.parametrize(
    ("level", "told"),
    [
        ("debug", ["debug", "info", "warning", "error"]),
        ("info", ["info", "warning", "error"]),
        ("error", ["error"]),
    ],
)
def test_the_level_is_the_callers(lines, level, told):
    """Records from the level on are written, warnings among them, others are not."""
    with log_as_json(level):
        for one in (_log.debug, _log.info, _log.warning, _log.error):
            one("something")
    assert [line["level"] for line in lines()] == told


def test_warnings_are_lines_too(lines):
    """What warns in the block is a line, so that whoever reads them meets nothing else."""
    with warnings.catch_warnings(), log_as_json():
        warnings.simplefilter("always")
        warnings.warn("2 accounts were not read whole", sc.PartialWarning, stacklevel=1)
    [line] = lines()
    assert (line["level"], line["logger"]) == ("warning", "py.warnings")
    assert "PartialWarning: 2 accounts were not read whole" in line["message"]


def test_it_ends_with_the_block(lines):
    """After the block the loggers are as they were, also after an error."""
    logger = logging.getLogger("socialconnect")
    before = (logger.level, list(logger.handlers), warnings.showwarning)

    def broken():
        with log_as_json("debug"):
            raise LookupError

    with pytest.raises(LookupError):
        broken()
    _log.debug("afterwards")
    assert lines() == []
    assert (logger.level, list(logger.handlers), warnings.showwarning) == before
    assert logging.getLogger("py.warnings").handlers == []


def test_a_read_tells_its_requests(lines):
    """At DEBUG each request is a line, with where to, for whom and what came as fields."""
    client = sc.sandbox(users=12)
    with log_as_json("debug"):
        run = client.read("github.repos", on_error="ignore")
    told = [line for line in lines() if "attempt" in line]
    assert len(told) == run.trace.requests
    for line, sent in zip(told, run.trace.last, strict=True):
        assert line["logger"] == "socialconnect.http.listening"
        assert line["level"] == "debug"
        assert [line[name] for name in ("host", "path", "status", "attempt", "method")] == [
            *(sent.host, sent.path, sent.status, sent.attempt, sent.method)
        ]
        assert line.get("user_id", "") == sent.user_id
        assert line.get("resource", "") == sent.resource
    assert {line.get("resource") for line in told} == {None, "github.repos"}


def test_a_read_tells_its_trouble_and_its_end(lines):
    """At INFO each account in trouble is a line, with its outcome's fields, and the run is the last."""
    client = sc.sandbox(users=20)
    with log_as_json():
        run = client.read("github.repos", on_error="ignore")
    *told, last = lines()
    troubled = {outcome.external_account_id: outcome for outcome in run.ended if outcome.status == "failed"}
    assert set(troubled) == {line["external_account_id"] for line in told}
    for line in told:
        outcome = troubled[line["external_account_id"]]
        assert (line["outcome"], line["reason"], line["user_id"]) == ("failed", outcome.reason, outcome.user_id)
        assert (line["rows"], line["requests"], line["resource"]) == (0, outcome.requests, "github.repos")
    assert (last["run_id"], last["rows"], last["accounts"]) == (run.id, len(run.frame), len(run.ended))
    assert last["requests"] == run.trace.requests


def test_nothing_is_built_where_nobody_reads(monkeypatch, caplog):
    """Where DEBUG is off, no line of a request is made."""
    caplog.set_level(logging.INFO, "socialconnect")
    monkeypatch.setattr("socialconnect.http.listening.asdict", lambda _: pytest.fail("fields were built for nobody"))
    assert sc.sandbox(users=2).instance().environment_type == "production"
    caplog.set_level(logging.DEBUG, "socialconnect")
    with pytest.raises(BaseException, match="for nobody"):
        sc.sandbox(users=2).instance()


def test_it_writes_where_stderr_is_now(capsys):
    """The lines go to stderr, and stdout keeps what was asked for."""
    with log_as_json():
        _log.info("told")
        sys.stdout.write("a,b\n")
    out, err = capsys.readouterr()
    assert out == "a,b\n"
    assert json.loads(err)["message"] == "told"
