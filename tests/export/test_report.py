"""The report of an export: what it exits with, in words, in a cell, and as a document for programs."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone

import pytest

from socialconnect.errors import (
    MalformedResponse,
    MissingScope,
    ProviderNotEnabled,
    ReconnectNeeded,
    SocialConnectError,
    TargetError,
    Unavailable,
)
from socialconnect.export.report import KEPT, ExportReport, Tally, Traffic, attach, report_of
from socialconnect.export.telling import document, lasting, shown, text
from socialconnect.runs.outcomes import Outcome
from socialconnect.secret import Secret

BEGAN = datetime(2026, 11, 22, 3, 0, tzinfo=timezone(timedelta(hours=1)))
KEYS = {
    *("format", "socialconnect", "id", "to", "mode", "resumed", "started_at", "ended_at", "seconds", "ending"),
    *("exit_code", "complete", "error", "accounts", "reasons", "rows", "requests", "bytes", "waited", "throttled"),
    *("hosts", "statuses", "first_error", "last_error", "resources"),
}
RESOURCE_KEYS = {
    *("resource", "accounts", "reasons", "rows", "earlier", "drift", "first_error", "last_error", "troubled"),
    "troubled_left_out",
}


def outcome(user="user_1", error=None, *, rows=0, status="failed"):
    """How one account ended."""
    found = Outcome(user, "github", "github.repos", "eac_1", rows=rows)
    if error is None:
        found.close()
    else:
        found.fail(error, status)
    return found


def tally(*outcomes, resource="github.repos"):
    """A tally of those outcomes."""
    found = Tally(resource)
    for one in outcomes:
        found.add(one, one.rows)
    return found


def report(*outcomes, ending="finished", **how):
    """The report of an export that ended so for its accounts."""
    given = {"resources": (tally(*outcomes),), "traffic": Traffic(), "to": "exports/", **how}
    return ExportReport(
        id="run_1", mode="merge", started_at=BEGAN, ended_at=BEGAN + timedelta(seconds=250), ending=ending, **given
    )


GOOD = outcome(rows=3)
DEAD = outcome("user_2", ReconnectNeeded("The token is dead.", cure="Ask the user."))
DOWN = outcome("user_3", Unavailable("GitHub is down.", cure="Later."))
ODD = outcome("user_4", MalformedResponse("This is no JSON."))
OFF = outcome("user_5", ProviderNotEnabled("GitHub is not enabled."))


@pytest.mark.parametrize(
    ("outcomes", "ending", "code"),
    [
        ([], "finished", 0),
        ([GOOD], "finished", 0),
        ([GOOD, DEAD], "finished", 4),
        ([GOOD, DEAD, ODD], "troubled", 6),
        ([GOOD, DEAD, ODD, DOWN], "troubled", 5),
        ([GOOD, DEAD, ODD, DOWN, OFF], "troubled", 3),
        ([GOOD, DEAD, ODD, DOWN, OFF], "deadline", 8),
        ([GOOD], "deadline", 8),
        ([GOOD], "stopped", 5),
        ([GOOD, DEAD], "stopped", 5),
    ],
)
def test_the_exit_code_says_what_to_do_first(outcomes, ending, code):
    """Resume counts before set-up, that before trouble that passes, that before what owners must do."""
    assert report(*outcomes, ending=ending).exit_code == code


def test_what_ended_it_counts_too():
    """An error that ended all of it is in the code, beside those of accounts."""
    assert report(DEAD, ending="stopped", cause=TargetError("The disk is full.")).exit_code == 3
    assert report(OFF, ending="stopped", cause=Unavailable("Clerk is down.")).exit_code == 3
    assert report(DEAD, ending="stopped", cause=Unavailable("Clerk is down.")).exit_code == 5


def test_a_part_that_is_all_there_is_is_well():
    """An account of which a provider gives a part, without an error, does not fail the export, nor pass as complete."""
    part = outcome(rows=3)
    part.partial("cut", "An organisation hides behind SSO.")
    found = report(part)
    assert (found.exit_code, found.complete) == (0, False)
    assert "1 cut: user_1" in str(found)
    assert report(GOOD).complete


def test_the_document_has_its_keys_and_adds_up():
    """Every documented key is there, counts are over all resources, times are UTC."""
    traffic = Traffic(requests=5, bytes=700, waited=1.23456, throttled=1)
    traffic.hosts["api.github.com"] = 5
    traffic.statuses[200], traffic.statuses[0] = 4, 1
    both = tally(GOOD, DEAD), tally(outcome(rows=2), DOWN, resource="github.issues")
    found = report(resources=both, traffic=traffic, ending="troubled").document()
    assert set(found) == KEYS
    assert all(set(one) == RESOURCE_KEYS for one in found["resources"])
    assert (found["format"], found["exit_code"], found["complete"], found["error"]) == (1, 5, False, None)
    assert (found["started_at"], found["ended_at"]) == ("2026-11-22T02:00:00.000Z", "2026-11-22T02:04:10.000Z")
    assert found["accounts"] == {"ok": 2, "empty": 0, "partial": 0, "skipped": 0, "failed": 2}
    assert found["reasons"] == {"reconnect_needed": 1, "unavailable": 1}
    assert (found["rows"], found["seconds"], found["waited"]) == (5, 250.0, 1.235)
    assert found["statuses"] == {"0": 1, "200": 4}
    assert found["first_error"].startswith("failed: reconnect_needed")
    assert found["last_error"].startswith("failed: unavailable")
    assert found["resources"][0]["troubled"] == [
        {
            "user_id": "user_2",
            "external_account_id": "eac_1",
            "status": "failed",
            "reason": "reconnect_needed",
            "message": "The token is dead.",
            "cure": "Ask the user.",
            "rows": 0,
        }
    ]
    assert json.loads(json.dumps(found)) == found


def test_the_document_tells_what_ended_it():
    """What ended an export is there with its code and cure, and the exit code is the command's."""
    cause = TargetError("The disk is full.", cure="Make room.")
    found = document(report(GOOD, ending="stopped", cause=cause, error=str(cause)), 3)
    assert found["error"] == {"code": "target", "message": "The disk is full.", "cure": "Make room."}
    told = document(report(GOOD, ending="stopped", error="It was interrupted."), 143)
    assert (told["error"]["message"], told["exit_code"]) == ("It was interrupted.", 143)


def test_many_troubled_accounts_are_counted_not_all_listed():
    """Beyond a thousand, accounts are counted: the document stays small however many fail."""
    many = [outcome(f"user_{number}", Unavailable("Down.")) for number in range(KEPT + 5)]
    found = report(*many, ending="troubled").document()["resources"][0]
    assert (len(found["troubled"]), found["troubled_left_out"], found["reasons"]) == (
        KEPT,
        5,
        {"unavailable": KEPT + 5},
    )


def test_nothing_secret_is_in_any_of_them():
    """A secret that got into a message, and a target's password, are in no rendering."""
    secret = Secret("a-token-of-somebody")
    leaky = outcome(error=MissingScope(f"It said {secret.reveal()}.", cure=f"Not {secret.reveal()}"))
    found = report(leaky, to="postgresql://ada:en@gine@db/x", error=f"Also {secret.reveal()}", ending="stopped")
    for said in (str(found), repr(found), found._repr_html_(), json.dumps(found.document())):
        assert secret.reveal() not in said
        assert "gine" not in said.replace("engine", "")
        assert "ada" in said or said.startswith("<Export")


@pytest.mark.parametrize(
    ("to", "told"),
    [
        ("exports/", "exports/"),
        ("s3://bucket/a@b:c/", "s3://bucket/a@b:c/"),
        ("sqlite:////srv/x.db", "sqlite:////srv/x.db"),
        ("postgresql://ada:eng@db/x", "postgresql://ada:***@db/x"),
        ("postgresql://ada:e/n@g@db/x", "postgresql://ada:***@db/x"),
        ("postgresql://ada@db/x?password=eng&sslmode=require", "postgresql://ada@db/x?password=***&sslmode=require"),
        ("abfs://box@store/x?sas_token=eng", "abfs://box@store/x?sas_token=***"),
    ],
)
def test_a_targets_password_is_not_shown(to, told):
    """What is secret in an address is not shown, the rest is."""
    assert shown(to) == told


def test_the_words_fit_a_screen():
    """Many reasons and many accounts are told on one screen: each reason once, with three users and its cure."""
    dead = [outcome(f"user_{number}", ReconnectNeeded("Dead.", cure="Ask.")) for number in range(200)]
    said = text(report(GOOD, *dead, DOWN, ODD, ending="troubled"))
    assert "Export of github.repos to exports/: finished, and another try may mend accounts, 4 min 10 s." in said
    assert "  200 reconnect_needed: user_0, user_1, user_2, …\n    the first: Dead. Ask." in said
    assert "  1 unavailable: user_3\n" in said
    assert len(said.splitlines()) < 24


def test_many_resources_and_reasons_fit_a_screen_too():
    """Of a hundred resources and a dozen reasons the last are told together, and nothing is lost of the sums."""
    kinds = (ReconnectNeeded, MissingScope, Unavailable, MalformedResponse, ProviderNotEnabled, TargetError)
    failed = [outcome(f"user_{kind.code}", kind("It failed.")) for kind in kinds]
    many = tuple(tally(outcome(rows=2), *failed, resource=f"acme.number{place}") for place in range(100))
    said = str(report(resources=many, ending="troubled"))
    assert "acme.number0, acme.number1, acme.number2 and 97 more" in said
    assert "  93 others      186  93     558\n" in said
    assert "  and 1 other reason" in said
    assert len(said.splitlines()) <= 24


def test_nobody_there_is_a_sentence():
    """Where nobody has connected the provider, the report says so instead of an empty table alone."""
    assert "Nobody has connected github" in str(report())
    assert report().exit_code == 0


def test_nothing_changed_is_a_sentence():
    """Where every account was read and nothing came, the report says that nothing has changed."""
    assert "Nothing has changed" in str(report(outcome()))
    assert "Nothing has changed" not in str(report(GOOD))


def test_a_provider_that_is_off_is_told_once():
    """A resource that was given up, since its provider is not enabled, is told so, and not as nobody's connection."""
    found = tally()
    found.codes[3] += 1
    found.last_error = "GitHub is not enabled. Turn it on."
    said = str(report(resources=(found,)))
    assert "github.repos was not read: GitHub is not enabled. Turn it on." in said
    assert "Nobody" not in said


def test_accounts_of_the_earlier_part_are_told():
    """A run that was gone on with says how many accounts had been read before."""
    found = tally(GOOD)
    found.earlier = 12
    said = str(report(resources=(found,), resumed=True))
    assert "finished (gone on with)" in said
    assert "12 of these accounts had been read before" in said


def test_a_cell_shows_it_escaped():
    """In a notebook it is a table; what services sent is escaped."""
    hostile = outcome(error=Unavailable("<script>alert(1)</script>"))
    shown_there = report(hostile, ending="troubled")._repr_html_()
    assert "<table>" in shown_there
    assert "<script>" not in shown_there


def test_drift_and_waits_are_told():
    """Values that were not as declared, long waits and 429s are in the words."""
    found = tally(GOOD)
    found.drift["pushed_at"] = 1234
    said = str(report(resources=(found,), traffic=Traffic(requests=1000, waited=90, throttled=7)))
    assert "became NA: github.repos.pushed_at (1,234)." in said
    assert "1,000 requests, 0.0 MB, waits add up to 1 min 30 s, 7 answers 429." in said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "0.0 s"), (59.94, "59.9 s"), (60, "1 min 0 s"), (3600, "1 h 0 min"), (90000, "25 h 0 min")],
)
def test_a_time_is_told_as_people_say_it(seconds, said):
    """Seconds, minutes or hours, whichever is meant."""
    assert lasting(seconds) == said


@pytest.mark.parametrize("error", [SocialConnectError("It broke."), KeyboardInterrupt()])
def test_what_breaks_an_export_off_carries_its_report(error):
    """Whoever catches what ended an export finds how far it came; other errors carry none."""
    assert report_of(error) is None
    found = report(GOOD)
    attach(error, found)
    assert report_of(error) is found
