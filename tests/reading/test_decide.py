"""What a response means."""

import dataclasses
import json
import math
from datetime import UTC, datetime
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socialconnect.reading.decide import (
    ErrorRule,
    Fail,
    Follow,
    GoOn,
    Manners,
    Refetch,
    Retry,
    backoff,
    budget_left,
    decide,
    trace_id,
)
from socialconnect.reading.messages import Response
from socialconnect.reading.waits import retry_after
from socialconnect.secret import Secret

NOW = 1_800_000_000.0


def answer(status, body=None, **headers):
    content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    return Response(status, {name.replace("_", "-"): value for name, value in headers.items()}, content)


def judge(response, *rules, attempt=1, attempts=5, dice=0.0, fresh_token=False, scopes=None, **manners):
    return decide(
        response,
        attempt=attempt,
        attempts=attempts,
        manners=Manners(rules=rules, **manners),
        now=NOW,
        dice=lambda: dice,
        fresh_token=fresh_token,
        scopes=scopes,
    )


# HTTP's own meaning


@pytest.mark.parametrize("status", [200, 201, 202, 203, 206])
def test_success_goes_on(status):
    """A 2xx holds what was asked for."""
    assert judge(answer(status, {"error": "a field of that name"})) == GoOn()


@pytest.mark.parametrize("status", [204, 205])
def test_no_content_is_empty(status):
    """A status that has no body by definition means no rows."""
    assert judge(answer(status)) == GoOn(empty=True)


def test_not_modified_is_empty_and_says_why():
    """A 304 brings no rows and is no failure, but nobody takes it for an empty account."""
    decision = judge(answer(304))
    assert decision.empty
    assert "304" in decision.cut


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_followed(status):
    """A redirect says where, and the transport decides whether that is home."""
    assert judge(answer(status, location="https://api.example/user/7")) == Follow("https://api.example/user/7")


def test_a_redirect_to_nowhere_is_refused():
    """Without a Location there is nothing to follow."""
    assert judge(answer(302)) == Fail("refused", "302")


def test_a_dead_token_is_fetched_again_once():
    """The first 401 asks for the token again; with a fresh one it is an error."""
    response = answer(401, {"message": "Bad credentials"})
    assert judge(response) == Refetch("401: Bad credentials")
    assert judge(response, fresh_token=True) == Fail("token", "401: Bad credentials")


@pytest.mark.parametrize("status", [408, 425, 500, 502, 503, 504, 520, 521, 522, 523, 524, 529])
def test_a_failing_service_is_tried_again(status):
    """What failed for now is sent again, and nobody else is held up for it."""
    decision = judge(answer(status))
    assert isinstance(decision, Retry)
    assert decision.after > 0
    assert not decision.throttled


def test_too_many_requests_wait_and_hold_the_others():
    """A 429 waits as long as it says and closes the gate for all who share the budget."""
    assert judge(answer(429, retry_after="30")) == Retry(30.0, "429", throttled=True)


def test_too_many_requests_without_a_word_wait_ever_longer():
    """A 429 without Retry-After waits a second, and longer each time, within bounds."""
    waits = [judge(answer(429), attempt=number, attempts=99).after for number in range(1, 30)]
    assert waits[0] == pytest.approx(1.0)
    assert waits[:8] == sorted(set(waits[:8]))
    assert max(waits) <= 900


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (402, "denied"),
        (403, "denied"),
        (451, "denied"),
        (404, "not_found"),
        (410, "not_found"),
        (400, "refused"),
        (405, "refused"),
        (409, "refused"),
        (422, "refused"),
        (431, "refused"),
        (501, "refused"),
        (505, "refused"),
    ],
)
def test_what_repeating_does_not_mend_fails(status, kind):
    """Every other error fails at once, as what HTTP says it is."""
    assert judge(answer(status, {"message": "no"})) == Fail(kind, f"{status}: no")


@pytest.mark.parametrize(("status", "kind"), [(429, "throttled"), (503, "unavailable")])
def test_the_last_try_fails_and_says_when_to_come_back(status, kind):
    """When the tries are used up, the failure carries the wait that the service asked for."""
    assert isinstance(judge(answer(status, retry_after="90"), attempt=4), Retry)
    assert judge(answer(status, retry_after="90"), attempt=5) == Fail(kind, str(status), retry_after=90.0)


# How long


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0),
        ("120", 120),
        (" 7 ", 7),
        ("1.5", 1.5),
        ("-5", 0),
        ("86400", 86400),
        ("1e9", 1e9),
        ("", None),
        ("soon", None),
        ("nan", None),
        ("inf", None),
        ("9" * 400, None),
        ("Mon, 99 Foo 2026 99:99:99 GMT", None),
        ("Mon, 01 Jan 99999 00:00:00 GMT", None),
        ("01 Jan 2020 00:00:00 +99999999999", None),
    ],
)
def test_retry_after_in_seconds(text, seconds):
    """Seconds are read as they come, none below zero; what is no time at all is None."""
    assert retry_after(text, NOW) == seconds


@pytest.mark.parametrize(("ahead", "seconds"), [(90, 90), (0, 0), (-3600, 0)])
def test_retry_after_as_a_date(ahead, seconds):
    """A date is the time that is left until then; one that has passed is now."""
    moment = datetime.fromtimestamp(NOW + ahead, UTC)
    assert retry_after(format_datetime(moment, usegmt=True), NOW) == seconds


@given(st.text(max_size=40) | st.datetimes().map(format_datetime) | st.floats().map(str), st.floats(0, 1e11))
def test_retry_after_is_never_negative(text, now):
    """Whatever the header holds and whatever the clock says, the wait is None or a number from zero."""
    seconds = retry_after(text, now)
    assert seconds is None or 0 <= seconds < math.inf


WAITS = [
    (("retry-after",), {"retry_after": "12"}, None, 12),
    (("retry-after", "epoch:x-reset"), {"x_reset": str(int(NOW) + 45)}, None, 45),
    (("epoch:x-reset",), {"x_reset": f"{NOW + 45}"}, None, 45),
    (("epoch:x-reset",), {"x_reset": str(int(NOW) - 45)}, None, 0),
    (("epoch_ms:x-reset",), {"x_reset": str(int((NOW + 45) * 1000))}, None, 45),
    (("body:retry_after",), {}, {"retry_after": 0.64}, 0.64),
    (("body:error.retry_after",), {}, {"error": {"retry_after": 300}}, 300),
    (("body:retry_after", "60"), {}, {"retry_after": None}, 60),
    (
        ("epoch:x-reset", "body:retry_after", "retry-after"),
        {"x_reset": "soon", "retry_after": "8"},
        {"retry_after": "soon"},
        8,
    ),
    (("60",), {}, None, 60),
    (("epoch:x-reset",), {"x_reset": str(int((NOW + 45) * 1000))}, None, 45),
    (("seconds:x-after",), {"x_after": "1.5"}, None, 1.5),
    (("ms:x-every",), {"x_every": "10000"}, None, 10),
    (("iso:x-reset",), {"x_reset": "2027-01-15T08:01Z"}, None, 60),
    (("item:ratelimit;t",), {"ratelimit": '"api";r=0;t=37'}, None, 37),
    (("item:ratelimit;t", "5"), {"ratelimit": '"api";rt=37'}, None, 5),
    (("json:x-usage:regain:60",), {"x_usage": '{"17": [{"calls": 100, "regain": 4}, {"regain": 2}]}'}, None, 240),
    (("json:x-usage:regain:60", "7"), {"x_usage": '{"17": [{"regain": 0}]}'}, None, 7),
    (("json:x-usage:regain:60", "7"), {"x_usage": "none"}, None, 7),
]


@pytest.mark.parametrize(("wait", "headers", "body", "seconds"), WAITS)
def test_a_rule_says_where_the_wait_stands(wait, headers, body, seconds):
    """The first place of a rule's `wait` that holds a time gives it: seconds, epoch, epoch in ms, body or fixed."""
    rule = ErrorRule("throttled", status=(429,), wait=wait)
    assert judge(answer(429, body, **headers), rule) == Retry(seconds, "429", throttled=True)


def test_waits_are_spread_but_never_cut_short():
    """The dice only lengthen what a service asked for, by a tenth and a second at most."""
    for dice in (0.0, 0.5, 0.999):
        long = judge(answer(429, retry_after="100"), dice=dice).after
        short = judge(answer(429, retry_after="2"), dice=dice).after
        assert 100 <= long <= 101
        assert 2 <= short <= 2.2
    assert judge(answer(429, retry_after="100"), dice=0.9).after > 100


def test_a_fixed_wait_is_the_least_one():
    """A wait that a rule fixes doubles with each try and is never shorter than it says."""
    rule = ErrorRule("throttled", status=(403,), wait=("60",))
    waits = [judge(answer(403), rule, attempt=n, attempts=99, dice=dice).after for n in (1, 2, 3) for dice in (0, 0.9)]
    assert all(wait >= least for wait, least in zip(waits, (60, 60, 120, 120, 240, 240), strict=True))


@pytest.mark.parametrize(
    ("attempt", "dice", "seconds"), [(1, 0.0, 0.25), (1, 0.5, 0.375), (2, 0.0, 0.5), (3, 0.5, 1.5), (99, 0.0, 32.0)]
)
def test_backoff_doubles_and_is_spread_by_half(attempt, dice, seconds):
    """Each backoff is between the half and the whole of half a second, a second, two and so on."""
    assert backoff(attempt, lambda: dice) == seconds


@given(st.integers(1, 200), st.floats(0, 1, exclude_max=True))
def test_backoff_is_bounded(attempt, dice):
    """Whatever the try and the dice, a backoff lasts more than nothing and at most its bound."""
    assert 0 < backoff(attempt, lambda: dice) <= 64
    assert backoff(attempt + 1, lambda: dice) >= backoff(attempt, lambda: dice)


# A provider's rules


def test_rules_come_before_http():
    """A connector's word about an answer wins over HTTP's, and its first rule over its second."""
    first, second = ErrorRule("setup", status=(403,), cure="Switch the API on."), ErrorRule("scope", status=(403,))
    assert judge(answer(403), first, second) == Fail("setup", "403", "Switch the API on.")
    assert judge(answer(403), second, first).kind == "scope"


RULES = [
    (ErrorRule("empty", status=(409,)), answer(409), answer(410)),
    (ErrorRule("empty", status=(403, 409)), answer(403), answer(404)),
    (ErrorRule("empty", header="x-problem"), answer(403, x_problem=""), answer(403)),
    (ErrorRule("empty", header="x-left=0"), answer(403, x_left="0"), answer(403, x_left="4990")),
    (ErrorRule("empty", header="x-left=0"), answer(403, x_left="0"), answer(403)),
    (ErrorRule("empty", lacks="retry-after"), answer(403), answer(403, retry_after="1")),
    (
        ErrorRule("empty", at="error.code", values=("190", "102")),
        answer(400, {"error": {"code": 190}}),
        answer(400, {"error": {"code": 19}}),
    ),
    (
        ErrorRule("empty", at="errors[].extensions.code", values=("RATELIMITED",)),
        answer(400, {"errors": [{"extensions": {"code": "OTHER"}}, {"extensions": {"code": "RATELIMITED"}}]}),
        answer(400, {"errors": [{"extensions": {}}]}),
    ),
    (
        ErrorRule("empty", at="error.'.tag'|reason", values=("gone",)),
        answer(400, {"error": {".tag": "other"}, "reason": "gone"}),
        answer(400, {"error": {".tag": "other"}}),
    ),
    (ErrorRule("empty", at="error", values=("x",)), answer(400, {"error": "x"}), answer(400, b"error=x")),
    (ErrorRule("empty", text=r"rate limit\b"), answer(403, b"API Rate Limit hit"), answer(403, b"rate limits")),
    (
        ErrorRule("empty", status=(403,), header="x-problem", text="later"),
        answer(403, b"later", x_problem="1"),
        answer(403, b"never", x_problem="1"),
    ),
]


@pytest.mark.parametrize(("rule", "holds", "fails"), RULES)
def test_everything_that_a_rule_names_must_hold(rule, holds, fails):
    """A rule speaks only of the answers that fit every condition it gives."""
    assert judge(holds, rule) == GoOn(empty=True)
    assert isinstance(judge(fails, rule), Fail)


SLACK = (
    ErrorRule("token", status=(200,), at="error", values=("invalid_auth", "token_expired")),
    ErrorRule(
        "scope", status=(200,), at="error", values=("missing_scope",), required="body:needed", granted="body:provided"
    ),
    ErrorRule("throttled", status=(200,), at="error", values=("ratelimited",), wait=("retry-after", "30")),
    ErrorRule("refused", status=(200,), at="ok", values=("False",)),
)


def test_an_error_inside_a_success():
    """A provider that answers errors with 200 is understood by the same rules."""
    assert judge(answer(200, {"ok": True, "members": []}), *SLACK) == GoOn()
    assert judge(answer(200, {"ok": False, "error": "invalid_auth"}), *SLACK) == Refetch("200: invalid_auth")
    assert judge(answer(200, {"ok": False, "error": "ratelimited"}, retry_after="9"), *SLACK).after == 9
    assert judge(answer(200, {"ok": False, "error": "odd"}), *SLACK) == Fail("refused", "200: odd")
    lacking = {"ok": False, "error": "missing_scope", "needed": "users:read", "provided": "openid,email"}
    assert judge(answer(200, lacking), *SLACK) == Fail(
        "scope", "200: missing_scope", required=("users:read",), granted=("openid", "email")
    )


def test_rules_for_errors_leave_successes_alone():
    """Without a rule for 200, a success is not even looked into: a field named `error` is a field."""
    rule = ErrorRule("refused", status=(400,), at="error", values=("x",))
    assert judge(answer(200, {"error": "x"}), rule) == GoOn()


def test_an_empty_kind_is_no_error():
    """An error status that means no rows goes on as such."""
    assert judge(answer(404), ErrorRule("empty", status=(404,))) == GoOn(empty=True)


def test_a_success_may_say_that_it_left_something_out():
    """A rule of that kind keeps the rows and tells what is missing: its own sentence, or the service's."""
    hidden = ErrorRule("partial", status=(200,), header="x-sso=partial-results", cure="Sign in to the organisation.")
    assert judge(answer(200, [1], x_sso="partial-results; orgs=7"), hidden) == GoOn(cut="Sign in to the organisation.")
    assert judge(answer(200, [1]), hidden) == GoOn()
    errors = ErrorRule("partial", status=(200,), at="errors[].title", values=("Not Found",))
    body = {"data": [1], "errors": [{"title": "Not Found", "message": "A post is gone."}]}
    assert judge(answer(200, body), errors) == GoOn(cut="200: A post is gone.")
    assert judge(answer(200, {"data": [1], "errors": []}), errors) == GoOn()


SIGN_ON = ErrorRule(
    "denied", status=(403,), header="x-sign-on=required", cure="Sign on.", quoted=r"url=(https://acme\.example/[^\s;]+)"
)


@pytest.mark.parametrize(
    ("header", "cure"),
    [
        ("required; url=https://acme.example/sso?ticket=7", "Sign on: https://acme.example/sso?ticket=7"),
        ("required; url=https://acme.example/sso?ticket=7; kind=b", "Sign on: https://acme.example/sso?ticket=7"),
        ("required; url=https://evil.example/sso", "Sign on."),
        ("required; url=http://acme.example/sso", "Sign on."),
        ("required; url=https://acme.example.evil.example/sso", "Sign on."),
        ("required", "Sign on."),
        (f"required; url=https://acme.example/{'a' * 400}", f"Sign on: https://acme.example/{'a' * 279}…"),
    ],
    ids=["address", "more behind it", "foreign", "not https", "foreign by its end", "none", "long"],
)
def test_a_cure_quotes_what_its_pattern_allows(header, cure):
    """What the rule's pattern finds in its header ends the cure, cut where it is long; nothing else of it is shown."""
    found = judge(answer(403, {"message": "No"}, x_sign_on=header), SIGN_ON)
    assert isinstance(found, Fail)
    assert found.cure == cure


def test_a_quoted_secret_is_scrubbed():
    """A secret that a provider puts into the quoted header does not leave."""
    secret = Secret("very-secret-value-of-a-token")
    found = judge(answer(403, x_sign_on=f"required; url=https://acme.example/{secret.reveal()}"), SIGN_ON)
    assert isinstance(found, Fail)
    assert secret.reveal() not in found.cure
    assert found.cure.startswith("Sign on: https://acme.example/")


def test_what_a_success_left_out_can_be_named():
    """A success that left something out says what its header names."""
    rule = ErrorRule("partial", status=(200,), header="x-left=some", cure="Some are missing.", quoted=r"ids=([\d,]+)")
    assert judge(answer(200, [], x_left="some; ids=1,2"), rule) == GoOn(cut="Some are missing: 1,2")
    assert judge(answer(200, [], x_left="some"), rule) == GoOn(cut="Some are missing.")


def test_a_hopeless_wait_gives_up():
    """A daily limit fails on the first try and says when it ends."""
    rule = ErrorRule(
        "throttled", status=(429,), header="x-limit=day", wait=("retry-after",), give_up=True, cure="Tomorrow."
    )
    assert judge(answer(429, x_limit="day", retry_after="40000"), rule) == Fail(
        "throttled", "429", "Tomorrow.", retry_after=40000.0
    )
    assert isinstance(judge(answer(429, x_limit="minute", retry_after="40"), rule), Retry)


def test_a_rule_may_allow_fewer_tries():
    """With `tries` a failure is final after so many, although more are allowed elsewhere."""
    rule = ErrorRule("unavailable", status=(500,), tries=2)
    assert isinstance(judge(answer(500), rule, attempt=1), Retry)
    assert isinstance(judge(answer(500), rule, attempt=2), Fail)
    assert isinstance(judge(answer(503), rule, attempt=2), Retry)


# Scopes


@pytest.mark.parametrize(
    ("source", "response", "words"),
    [
        ("header:x-accepted", answer(403, x_accepted="repo, public_repo"), ("repo", "public_repo")),
        ("header:x-accepted", answer(403), ()),
        (
            "challenge",
            answer(403, www_authenticate='Bearer error="insufficient_scope", scope="read:user repo"'),
            ("read:user", "repo"),
        ),
        ("challenge", answer(403, www_authenticate="Bearer"), ()),
        ("body:error.required_scope", answer(403, {"error": {"required_scope": "files.read"}}), ("files.read",)),
        ("body:scopes", answer(403, {"scopes": ["a", "b"]}), ("a", "b")),
        ("body:scopes", answer(403, b"text"), ()),
        ("=read user data", answer(403), ("read user data",)),
        ("", answer(403), ()),
    ],
)
def test_where_missing_scopes_stand(source, response, words):
    """Required and granted scopes are read out of a header, a challenge, the body or a fixed text."""
    decision = judge(response, ErrorRule("scope", status=(403,), required=source, granted=source))
    assert (decision.required, decision.granted) == (words, words)


def test_what_clerk_knows_stands_in_for_granted_scopes():
    """Where the provider does not say what was granted, the scopes that Clerk stored do."""
    rule = ErrorRule("scope", status=(403,), granted="header:x-scopes")
    assert judge(answer(403), rule, scopes=["gist"]).granted == ("gist",)
    assert judge(answer(403, x_scopes="repo"), rule, scopes=["gist"]).granted == ("repo",)


GITHUB = ErrorRule("scope", status=(403, 404), required="header:x-accepted", granted="header:x-scopes", disjoint=True)


@pytest.mark.parametrize(
    ("status", "accepted", "granted", "kind"),
    [
        (404, "repo", "gist", "scope"),
        (404, "repo", "", "scope"),
        (404, "repo", "repo, gist", "not_found"),
        (403, "public_repo", "repo", "denied"),
        (403, "read:org, read:user", "admin:org", "denied"),
        (403, "", "gist", "denied"),
        (404, None, "gist", "not_found"),
    ],
)
def test_a_scope_is_missing_only_where_none_of_the_granted_ones_would_do(status, accepted, granted, kind):
    """A disjoint rule holds when scopes are asked for and none granted, nor any that one implies, is among them."""
    headers = {"x_scopes": granted} | ({} if accepted is None else {"x_accepted": accepted})
    implies = {"repo": ("public_repo",), "admin:org": ("write:org",), "write:org": ("read:org",)}
    assert judge(answer(status, **headers), GITHUB, implies=implies).kind == kind


def test_widening_ends_in_a_circle():
    """Scopes that contain each other are each counted once."""
    assert Manners(implies={"a": ("b",), "b": ("a", "c")}).widen(["a"]) == {"a", "b", "c"}


# What it says


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ({"message": "Not allowed"}, "400: Not allowed"),
        ({"error": {"message": "Inner"}}, "400: Inner"),
        ({"error": "invalid_grant", "error_description": "Expired"}, "400: Expired"),
        ({"error": "invalid_grant"}, "400: invalid_grant"),
        ({"errors": [{"message": "First"}, {"message": "Second"}]}, "400: First"),
        ({"message": {"name": ["is taken"]}}, "400"),
        (["odd"], "400"),
        (None, "400"),
        (b"Retry later\n", "400: Retry later"),
        (b"<html><style>p{}</style><h1>Bad\n gateway</h1></html>", "400: Bad gateway"),
        (b"<br>", "400"),
    ],
)
def test_the_service_is_quoted(body, why):
    """The status and the service's own sentence say why, out of JSON, text or a proxy's page."""
    assert judge(answer(400, body)).why == why


def test_a_provider_may_keep_its_message_elsewhere():
    """`Manners.message` names another place for the sentence."""
    assert judge(answer(400, {"error_summary": "path/not_found"}), message="error_summary").why == "400: path/not_found"


def test_a_long_message_is_cut():
    """A body that is one huge sentence does not fill the screen."""
    assert len(judge(answer(400, {"message": "x" * 9999})).why) < 400
    assert len(judge(answer(400, b"x" * 9999)).why) < 400


def test_codes_are_kept_for_whoever_must_tell_errors_apart():
    """`Manners.codes` names where the provider's own codes stand."""
    body = {"errors": [{"code": "resource_not_found"}, {"code": "other"}]}
    assert judge(answer(404, body), codes="errors[].code").codes == ("resource_not_found", "other")
    assert judge(answer(404, body)).codes == ()


@given(
    st.integers(200, 599),
    st.binary(max_size=30)
    | st.recursive(st.none() | st.text(max_size=3), st.lists).map(lambda v: json.dumps(v).encode()),
    st.dictionaries(
        st.sampled_from(["retry_after", "location", "x_scopes", "x_accepted", "x_left"]), st.text(max_size=8)
    ),
)
def test_every_answer_leads_to_a_decision(status, body, headers):
    """No answer is an accident: each is one of the five decisions, and every wait a finite one."""
    decision = judge(answer(status, body, **headers), *SLACK, GITHUB)
    assert isinstance(decision, GoOn | Retry | Refetch | Follow | Fail)
    if isinstance(decision, Retry):
        assert 0 <= decision.after < math.inf


@pytest.mark.parametrize("decision", [GoOn(), Retry(1, "x"), Refetch("x"), Follow("x"), Fail("denied", "x")])
def test_a_decision_is_a_value(decision):
    """Decisions can be compared, kept and told apart, and nobody changes one on its way."""
    field = dataclasses.fields(decision)[0].name
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(decision, field, None)
    assert decision == dataclasses.replace(decision)
    assert len({decision, dataclasses.replace(decision)}) == 1


# The budget that a provider tells


@pytest.mark.parametrize(
    ("headers", "left"),
    [
        ({"x_left": "42", "x_reset": "1800000600"}, (42, 1_800_000_600.0)),
        ({"x_left": "0", "x_reset": "1800000600"}, (0, 1_800_000_600.0)),
        ({"x_left": "42"}, None),
        ({"x_reset": "1800000600"}, None),
        ({"x_left": "many", "x_reset": "1800000600"}, None),
        ({"x_left": "-1", "x_reset": "1800000600"}, None),
    ],
)
def test_the_budget_left(headers, left):
    """What is left, and until when, is known only where both headers say so in figures."""
    assert budget_left(answer(200, **headers), Manners(remaining="x-left", reset="x-reset")) == left
    assert budget_left(answer(200, **headers), Manners()) is None


@pytest.mark.parametrize(
    ("response", "found"),
    [
        (answer(404, {"clerk_trace_id": "t1"}, cf_ray="r1"), "t1"),
        (answer(404, {"errors": []}, cf_ray="r1"), "r1"),
        (answer(404), ""),
    ],
)
def test_the_request_has_an_id_to_quote(response, found):
    """The service's own id of a request is read off the first place that has it."""
    assert trace_id(response, Manners(trace="body:clerk_trace_id|cf-ray")) == found


# Errors that do not look like one


OK = (
    ErrorRule("token", status=(200,), at="error", values=("invalid_auth",)),
    ErrorRule("scope", status=(200,), at="error", values=("missing_scope",), required="body:needed"),
    ErrorRule("refused", status=(200,), at="ok", values=("False",)),
)
CODE = (ErrorRule("refused", status=(200,), at="error.code", but=("ok",)),)
ERRORS = (
    ErrorRule("denied", status=(200,), at="errors", without="data"),
    ErrorRule("partial", status=(200,), at="errors"),
)


@pytest.mark.parametrize(
    ("rules", "body", "kind"),
    [
        (OK, {"ok": True, "members": []}, "goon"),
        (OK, {"ok": False, "error": "invalid_auth"}, "refetch"),
        (OK, {"ok": False, "error": "missing_scope", "needed": "users:read"}, "scope"),
        (OK, {"ok": False, "error": "what_is_new"}, "refused"),
        (CODE, {"data": {}, "error": {"code": "ok", "message": ""}}, "goon"),
        (CODE, {"data": {}, "error": {"code": "internal", "message": "no"}}, "refused"),
        (CODE, {"data": {}}, "goon"),
        (ERRORS, {"data": [{"id": "1"}]}, "goon"),
        (ERRORS, {"data": [{"id": "1"}], "errors": [{"title": "gone"}]}, "partial"),
        (ERRORS, {"errors": [{"title": "gone"}]}, "denied"),
        (ERRORS, {"errors": []}, "goon"),
    ],
)
def test_an_error_in_a_200(rules, body, kind):
    """What stands in the body, what does not, and what stands there but for one word tell an error from a success."""
    found = judge(answer(200, body), *rules)
    told = "partial" if isinstance(found, GoOn) and found.cut else getattr(found, "kind", type(found).__name__.lower())
    assert told == kind
    if kind == "scope":
        assert found.required == ("users:read",)


def test_a_wait_that_is_too_long_is_not_waited():
    """A rule's `most` ends it with the time to come back; a shorter wait is waited."""
    rule = ErrorRule("throttled", status=(429,), wait=("retry-after",), most=120)
    assert judge(answer(429, retry_after="120"), rule) == Retry(120.0, "429", throttled=True)
    assert judge(answer(429, retry_after="3600"), rule) == Fail("throttled", "429", retry_after=3600.0)


def test_scopes_in_lists_inside_lists():
    """Where each of several errors names its scopes, all of them are told."""
    rule = ErrorRule("scope", status=(403,), required="body:errors[].context.needs")
    body = {"errors": [{"context": {"needs": ["a", "b"]}}, {"context": {"needs": ["c"]}}]}
    assert judge(answer(403, body), rule).required == ("a", "b", "c")


def test_a_reset_in_milliseconds():
    """Where no request is left, the reset may be told in seconds, in parts of one, or in milliseconds."""
    manners = Manners(remaining="x-left", reset="x-reset")
    for text in ("1700000000", "1700000000.0", "1700000000000"):
        assert budget_left(answer(200, x_left="0", x_reset=text), manners) == (0, 1_700_000_000.0)
    assert budget_left(answer(200, x_left="0", x_reset="soon"), manners) is None
