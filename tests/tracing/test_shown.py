"""A trace as it is shown: short, in text and in a cell, on any theme, and without any secret of the world it is of."""

import pickle
import re
from html.parser import HTMLParser

import pytest
from tests.tracing.test_trace import asked, sent, trace_of
from tests.worlds import opened, user_of

import socialconnect as sc

TAGS = {"div", "span", "b", "code", "pre", "table", "thead", "tbody", "tr", "th", "td", "details", "summary"}
NASTY = "<script>alert('&')</script>"


class Page(HTMLParser):
    """Reads HTML strictly: every tag closed, nothing that runs or leads anywhere."""

    def __init__(self, text):
        super().__init__()
        self.open, self.words, self.styles = [], [], []
        self.feed(text)
        assert self.open == [], "unclosed"

    def handle_starttag(self, tag, attrs):
        assert tag in {
            "div",
            "span",
            "b",
            "code",
            "pre",
            "table",
            "thead",
            "tbody",
            "tr",
            "th",
            "td",
            "details",
            "summary",
        }
        for name, value in attrs:
            assert name in {"style", "colspan"}, name
            if name == "style":
                self.styles.append(value)
        self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)

    @property
    def text(self):
        return " ".join(self.words)


def whole(trace):
    """Every way in which a trace and what is in it can be shown or kept."""
    yield from (repr(trace), str(trace), trace._repr_html_(), repr(trace.steps), repr(trace.last))
    yield from (trace.frame().to_csv(), trace.frame().to_html(), pickle.dumps(trace).decode("latin-1"))
    for number in range(1, len(trace) + 1):
        try:
            one = trace.exchange(number)
        except sc.UsageError:
            return
        yield from (repr(one), str(one), one._repr_html_(), one.request, one.response)


def held(trace, secrets):
    """None of these secrets is in any of it."""
    assert len(secrets) > 1
    for text in whole(trace):
        found = [one for one in secrets if one in text]
        assert not found, text[max(0, text.find(found[0]) - 300) : text.find(found[0]) + 20]


@pytest.fixture(scope="module")
def many():
    client = sc.sandbox(users=100)
    with sc.trace() as trace:
        client.read("github.repos", on_error="ignore")
    return trace


def test_text_is_narrow(many):
    """No line is longer than a hundred signs, nor are there many; the rest is counted."""
    lines = str(many).splitlines()
    assert max(map(len, lines)) <= 100
    assert len(lines) < 80
    assert re.search(r"and \d+ more users: \d+ requests \(\d+ to Clerk, \d+ to GitHub\)", lines[-1])
    assert "  you ──▶ Clerk   the token for github" in str(many)
    assert re.search(r"you ◀── GitHub  200, \d+ ms: page 1, [\d,]+ rows?", str(many))


def test_counts_add_up(many):
    """What is told in full and what is counted is everything."""
    figures = [int(one.replace(",", "")) for one in re.findall(r"([\d,]+) requests? \(", str(many))]
    assert sum(figures) == many.requests


@pytest.mark.parametrize("words", range(24, 36))
def test_a_mark_stays_in_one_piece(words):
    """A line that is folded does not part the mark of a token, wherever it is folded."""
    text = str(trace_of(sent(path="/" + "w " * words, token="aaaaaa")))
    assert text.count("[token aaaaaa]") == 1
    assert "\N{NO-BREAK SPACE}" not in text
    assert max(map(len, text.splitlines())) <= 100


def test_one_user_is_one_story():
    """With one user all that was sent stands in its order, Clerk's own answers among it."""
    steps = [sent(provider="clerk", path="/v1/instance", user_id="", account=""), asked("aa"), sent(token="aa", rows=2)]
    lines = str(trace_of(*steps)).splitlines()
    assert lines[2] == "user_a → eac_1"
    assert [line.split("──▶")[1].split("  ")[-1].strip() for line in lines if "──▶" in line] == [
        "which instance the key belongs to",
        "the token for acme",
        "GET /things with [token aa]",
    ]
    assert lines[-1].strip() == "= 3 requests (2 to Clerk, 1 to acme), 2 rows"


def test_a_long_story_is_cut_and_says_so():
    """Of one user's many pages the first are told and the others counted."""
    text = str(trace_of(asked("aa"), *(sent(rows=100, token="aa") for _ in range(50))))
    assert "page 13, 100 rows" in text
    assert "page 14," not in text
    assert "… 37 requests (37 to acme), 3,700 rows" in text


def test_an_empty_trace_is_shown():
    """Nothing sent is said as that."""
    trace = trace_of()
    assert repr(trace) == "<Trace: 0 requests, 0 rows, waited 0.0 s>"
    assert str(trace) == "Trace: 0 requests, 0 rows, waited 0.0 s"
    assert "0 requests" in Page(trace._repr_html_()).text


def test_html_is_whole_and_takes_the_themes_colours(many):
    """Every tag is closed, nothing runs, and each colour is the theme's or that of the surroundings."""
    for html in (many._repr_html_(), many.exchange(1)._repr_html_()):
        for style in Page(html).styles:
            for colour in re.findall(r"(?:^|; ?)(?:color|background): ([^;]+)", style):
                assert colour.startswith("var(--jp-") or colour == "inherit", style
            for edge in re.findall(r"border(?:-left|-right|-top)?: ([^;]+)", style):
                assert "var(--jp-" in edge, style
    assert len(many._repr_html_()) < 60_000


def test_html_tells_what_the_text_tells():
    """Lanes, arrows, marks, figures: the diagram is the story too."""
    trace = trace_of(asked("aa"), sent(token="aa", then="refetch", title="Acme"), asked("bb"), sent(token="bb", rows=3))
    text = Page(trace._repr_html_()).text
    for words in ("user_a → eac_1", "you", "Clerk", "again: Acme refused [token aa]", "page 1, 3 rows", "▶", "◀"):
        assert words in text
    assert "trace.exchange(number)" not in text


def test_what_others_wrote_is_escaped():
    """A title, a path or a reason that is markup is shown letter by letter."""
    trace = trace_of(sent(title=NASTY, path=NASTY, then="fail", why=NASTY))
    html = trace._repr_html_()
    assert "<script" not in html
    assert NASTY in Page(html).text


async def _connecting(client, visitor):
    """A ticket, a session, consent, more scopes, a read: everything that hands out a secret."""
    covered = await client.coverage(["notion.users", "github.orgs"])
    away = covered.query("resource == 'notion.users' and state == 'not_connected'")["user_id"].iloc[0]
    narrow = covered.query("resource == 'github.orgs' and state == 'missing_scope'")["user_id"].iloc[0]
    hosted = await client.connect(away, "notion", ticket=True)
    visitor.consent(hosted.link, provider="notion")
    await hosted.finished()
    native = await client.connect(narrow, "github", scopes=["read:org"], flow="native")
    visitor.consent(native.link)
    await native.finished()
    await client.read("github.orgs", narrow)
    await client.token(narrow, "github")


@pytest.mark.looptime
async def test_connecting_shows_no_secret():
    """Tickets, client tokens, states, codes and tokens of the whole flow are in no form of its trace."""
    async with opened(40) as (world, client):
        with sc.trace() as trace:
            await _connecting(client, world.visitor())
        assert {one.rpartition("-")[0] for one in world.secrets()} >= {"sandbox-ticket", "sandbox-client"}
        asked = {step.asked for step in trace.steps}
        assert {"a ticket that signs the user in, once", "a session, for the ticket"} <= asked
        held(trace, world.secrets())


@pytest.mark.looptime
@pytest.mark.parametrize(
    "fault", ["github:echo_token@0.5", "github:malformed@0.3", "github:html_error@0.3", "github:foreign_redirect@0.3"]
)
async def test_a_misbehaving_provider_shows_no_secret(fault):
    """A token that comes back in whatever answer is in no form of the trace."""
    async with opened(40, faults=[fault]) as (world, client):
        with sc.trace() as trace:
            run = await client.read("github.repos", on_error="ignore")
        held(trace, world.secrets())
        held(run.trace, world.secrets())
        assert run.errors


@pytest.mark.looptime
@pytest.mark.parametrize("kind", ["echo_token", "malformed", "html_error"])
async def test_a_misbehaving_clerk_shows_no_secret(kind):
    """The secret key that comes back, or a list of tokens that breaks off, is in no form of the trace."""
    async with opened(40, faults=[f"clerk:{kind}"]) as (world, client):
        with sc.trace() as trace:
            for call in (client.instance(), client.token(user_of(world, "github"), "github")):
                with pytest.raises(sc.SocialConnectError):
                    await call
        held(trace, {*world.secrets(), "open sesame"})
        assert trace.requests > 1
