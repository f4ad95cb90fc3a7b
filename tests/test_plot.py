"""Pictures: what is drawn is what the frame says, on any theme, for ten users and for thousands."""

import re
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime
from typing import get_args

import pandas as pd
import pytest

import socialconnect as sc
from socialconnect.http.send import Sent
from socialconnect.plot.signs import SIGNS
from socialconnect.runs import judge, picture
from socialconnect.runs import outcomes as kept
from socialconnect.runs.outcomes import Outcome
from socialconnect.runs.run import Run
from socialconnect.tracing.trace import Trace

pytest.importorskip("matplotlib")

RESOURCES = ["github.repos", "google.profile", "notion.users"]


@pytest.fixture(scope="module")
def client():
    return sc.sandbox(users=60)


@pytest.fixture(scope="module")
def covered(client):
    return client.coverage(RESOURCES)


@pytest.fixture(scope="module")
def runs(client):
    return [client.read(name, on_error="ignore") for name in RESOURCES]


def words(chart):
    return [one.get_text() for one in chart.texts]


def cells(chart):
    """(row, column, state) of each cell that is drawn."""
    found = [patch.get_gid() for axes in chart.axes for patch in axes.patches if patch.get_gid()]
    return [(int(down), int(across), state) for _, down, across, state in (one.split("-") for one in found)]


def bars(axes):
    """Label of each series of bars: the figures of its bars."""
    return {one.get_label(): [patch for patch in one.patches if patch.get_height()] for one in axes.containers}


def frame_of(rows, column="state"):
    return pd.DataFrame(rows, columns=["user_id", "resource", column])


def run_of(sents, outcomes=()):
    trace = Trace()
    for sent in sents:
        trace.add(sent)
    return Run("id", "github.repos", datetime(2026, 11, 22, tzinfo=UTC), pd.DataFrame(), tuple(outcomes), trace)


def sent(at, *, host="api.github.com", waited=0.0, then="goon", seconds=0.5):
    return Sent("u", "a", "r", "/p", "github", host, "GET", 200, 1000.0 + at, seconds, waited, 1, 10, None, then)


# the map of users by resources


def test_each_cell_is_the_users_state(covered):
    """Up to 24 users have a row each, in the frame's order, and each cell is that user's state there."""
    users = covered["user_id"].unique()[:20]
    frame = covered[covered["user_id"].isin(users)].drop_duplicates(["user_id", "resource"])
    chart = sc.plot.coverage(frame)
    drawn = {(users[down], RESOURCES[across]): state for down, across, state in cells(chart)}
    assert drawn == {(row.user_id, row.resource): row.state for row in frame.itertuples()}
    assert [one for one in words(chart) if one.startswith("user_")] == [*users]


def test_many_users_are_grouped_by_what_they_have_in_common(covered):
    """Beyond 24, a row is all users alike: its bar is how many they are, and nobody is named."""
    chart = sc.plot.coverage(covered)
    states = sc.plot.coverage_map(covered).frame
    expected = Counter(states.itertuples(index=False, name=None))
    rows = {}
    for down, across, state in cells(chart):
        rows.setdefault(down, [""] * 3)[across] = state
    figures = [patch.get_width() for patch in chart.axes[0].patches]
    assert dict(zip(map(tuple, rows.values()), figures, strict=True)) == expected
    assert sum(figures) == 60
    assert not re.search(r"user_|@", "".join(words(chart)))


def test_the_heads_count_all_users(covered):
    """Above each column stands how many of the users can be read, each counted once."""
    readable = covered[covered["state"] == "readable"].groupby("resource", observed=True)["user_id"].nunique()
    assert [f"{readable[name]} of 60" for name in RESOURCES] == [
        one for one in words(sc.plot.coverage(covered)) if re.fullmatch(r"\d+ of \d+", one)
    ]


def test_rare_combinations_are_counted_where_they_have_no_row():
    """What does not fit has no row, and the picture says how many users that are."""
    states = [one for one in SIGNS if one in get_args(judge.State)]
    rows = [
        (f"u{user}", f"github.r{place}", states[(user // 5**place) % 5]) for user in range(125) for place in range(3)
    ]
    chart = sc.plot.coverage(frame_of(rows))
    assert len({down for down, _, _ in cells(chart)}) == 16
    assert any("109 users in 109 rarer combinations have no row" in one for one in words(chart))


@pytest.mark.parametrize(
    ("column", "one", "other", "shown"),
    [
        ("state", "readable", "token_dead", "readable"),
        ("state", "not_verified", "missing_scope", "missing_scope"),
        ("status", "ok", "failed", "failed"),
        ("status", "skipped", "ok", "ok"),
    ],
)
@pytest.mark.parametrize("turn", [1, -1])
def test_a_user_with_several_accounts_is_shown_once(column, one, other, shown, turn):
    """For coverage the account counts that can be read, for outcomes the one that went wrong; the picture says so."""
    frame = frame_of([("u", "github.repos", state) for state in (one, other)[::turn]], column)
    chart = sc.plot.coverage(frame)
    assert cells(chart) == [(0, 0, shown)]
    assert any("1 user with several accounts that differ" in text for text in words(chart))


def test_who_was_not_asked_has_an_empty_place():
    """A user whom one of several runs did not read has no cell there, and the picture says what that means."""
    frame = frame_of([("u", "github.repos", "ok"), ("v", "notion.users", "failed")], "status")
    assert sorted(cells(sc.plot.coverage(frame))) == [(0, 0, "ok"), (1, 1, "failed")]
    assert "An empty place: not asked." in words(sc.plot.coverage(frame))


def test_a_state_that_is_new_does_not_break_the_map():
    """A state that a later version adds is drawn with a sign of its own and its name."""
    chart = sc.plot.coverage(frame_of([("u", "github.repos", "on_holiday")]))
    assert cells(chart) == [(0, 0, "on_holiday")]
    assert "on_holiday" in words(chart)


def test_the_listing_that_broke_off_has_a_row():
    """The outcome that belongs to no user is not lost."""
    run = run_of([], [Outcome(None, "github", "github.repos", status="failed", reason="unavailable")])
    assert "the listing of users" in words(sc.plot.coverage(run))


def test_the_map_as_text_has_the_same_rows(covered):
    """Without a chart library the map is a text of the same rows, aligned, with the legend below."""
    lines = str(sc.plot.coverage_map(covered)).splitlines()
    counts = [int(one.split()[0]) for one in lines if re.match(r"\d+ users?  ", one)]
    assert sum(counts) == 60
    assert counts == sorted(counts, reverse=True)
    head = lines[2]
    for name, mark in zip(RESOURCES, lines[3].split()[2:], strict=True):
        assert lines[3][head.index(name) + (len(name) - 1) // 2 :].startswith(mark)
    assert "✓ readable" in "\n".join(lines)


def test_the_map_as_html_is_escaped_and_runs_nothing():
    """What users could have written into an id or a state is text in the map, and there is no script."""
    html = sc.plot.coverage_map(frame_of([("<script>x</script>", "github.repos", "<b>")]))._repr_html_()
    assert "<script" not in html
    assert "&lt;script&gt;" in html
    assert 'title="&lt;b&gt;"' in html


def test_the_map_as_html_says_each_state_in_words(covered):
    """Each cell carries the state's name, and the legend has every sign with its name."""
    html = sc.plot.coverage_map(covered)._repr_html_()
    for state in covered["state"].unique():
        assert f'title="{state}"' in html
        assert f"</span> {state}</span>" in html


def test_the_map_needs_no_chart_library():
    """`sc.plot` and its map load no matplotlib; a chart does."""
    code = """
import sys
import socialconnect as sc
frame = sc.sandbox(users=3).coverage("github.repos")
str(sc.plot.coverage_map(frame)), sc.plot.coverage_map(frame)._repr_html_()
print("matplotlib" in sys.modules)
sc.plot.coverage(frame)
print("matplotlib" in sys.modules, "matplotlib.pyplot" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True", "False"]


# outcomes by provider


def test_each_bar_is_the_accounts_of_one_status(runs):
    """A resource's bar is cut by status, each piece as long as the accounts are many, one behind the other."""
    chart = sc.plot.outcomes(runs)
    for run in runs:
        expected = run.outcomes["status"].value_counts()
        drawn = {
            one.get_label().removeprefix(f"{run.resource} "): one.patches[0]
            for one in chart.axes[0].containers
            if one.get_label().startswith(run.resource)
        }
        assert {status: patch.get_width() for status, patch in drawn.items()} == expected[expected > 0].to_dict()
        ends = sorted((patch.get_x(), patch.get_x() + patch.get_width()) for patch in drawn.values())
        assert [end for _, end in ends[:-1]] == [start for start, _ in ends[1:]]


def test_every_count_and_reason_stands_in_words(runs):
    """Under a bar stands each count with its status, and why accounts failed."""
    said = words(sc.plot.outcomes(runs))
    for run in runs:
        for status, group in run.outcomes.groupby("status", observed=True):
            reasons = group["reason"].dropna().astype(str).value_counts()
            found = [one for one in said if one.startswith(f"{len(group):,} {status}")]
            assert any(all(reason in one for reason in reasons.index) for one in found)


def test_a_run_and_its_outcomes_give_the_same_picture(runs):
    """A run, its outcomes as a frame, and a list of it alone are drawn alike."""
    drawn = [words(sc.plot.outcomes(one)) for one in (runs[0], runs[0].outcomes, [runs[0]])]
    assert drawn[0] == drawn[1] == drawn[2]


def test_a_resource_read_twice_has_a_bar_for_each(runs):
    """Two runs of one resource are not added up."""
    said = words(sc.plot.outcomes([runs[0], runs[1], runs[0]]))
    assert [one for one in said if "github.repos" in one] == ["github.repos (1 of 2)", "github.repos (2 of 2)"]
    assert said.count(f"{len(runs[0].ended)} accounts") == 2


# requests over the time of a run


def test_every_request_is_in_a_bar(runs):
    """The bars of each host have all of its requests, by what followed."""
    words_of = {"goon": "went on", "refetch": "fetched the token again", "retry": "tried again", "fail": "gave up"}
    trace = runs[0].trace.frame()
    chart = sc.plot.requests(runs[0])
    hosts = [*trace["host"].astype(str).unique()]
    for host, axes in zip(hosts, chart.axes, strict=False):
        then = trace[trace["host"] == host]["then"].astype(str).map(words_of).value_counts().to_dict()
        assert {label: sum(one.get_height() for one in each) for label, each in bars(axes).items()} == then
        assert host in words(chart)


def test_bars_stand_at_their_time():
    """A request is in the bar of the time at which it was sent, counted from the first that was waited for or sent."""
    chart = sc.plot.requests(run_of([sent(0), sent(0.2), sent(30), sent(59, then="retry")]))
    found = bars(chart.axes[0])
    assert [(one.get_x(), one.get_height()) for one in found["went on"]] == [(0, 2), (30, 1)]
    assert [(one.get_x(), one.get_height()) for one in found["tried again"]] == [(59, 1)]
    assert "a bar has the requests sent in 1 second" in words(chart)
    assert "seconds since the start" in words(chart)
    assert any("1970-01-01 00:16:40 UTC" in one for one in words(chart))


def test_what_followed_is_stacked():
    """In one bar, what went on stands at the bottom and what was tried again on top of it."""
    chart = sc.plot.requests(run_of([sent(0, then="retry"), sent(0.1), sent(0.2), sent(59)]))
    found = bars(chart.axes[0])
    assert [(one.get_y(), one.get_height()) for one in found["tried again"]] == [(2, 1)]
    assert chart.axes[0].get_ylim()[1] >= 3


def test_one_wait_after_another_is_not_two():
    """A wait that begins as another ends does not count beside it."""
    chart = sc.plot.requests(run_of([sent(0), sent(20, waited=10), sent(30, waited=10)]))
    assert any("at most 1 at once" in one for one in words(chart))


def test_waits_are_shown_while_they_last():
    """The last lane has how many requests were held back at a time, until they were sent."""
    run = run_of([sent(0), sent(20, waited=20), sent(30, waited=20), sent(59, waited=5)])
    chart = sc.plot.requests(run)
    (lane,) = chart.axes[1].patches
    values, edges, _ = lane.get_data()
    held = dict(zip(edges.round(3).tolist(), values.tolist(), strict=False))
    assert [held[at] for at in (0, 5, 15, 25, 40, 55, 59)] == [1, 1, 2, 1, 0, 1, 1]
    assert any("at most 2 at once" in one for one in words(chart))
    assert any("waited 45 seconds added up" in one for one in words(chart))


def test_without_waits_there_is_no_empty_lane():
    """Where no request waited, a sentence says so."""
    chart = sc.plot.requests(run_of([sent(0), sent(1)]))
    assert "No request waited." in words(chart)
    assert "waiting" not in words(chart)


def test_few_busy_hosts_have_a_lane_and_the_others_share_one():
    """Beyond six hosts the rarer ones are taken together, and the picture says so."""
    sents = [sent(host / 10, host=f"h{host}.example") for host in range(9) for _ in range(9 - host)]
    chart = sc.plot.requests(run_of(sents))
    assert [one for one in words(chart) if one.endswith((".example", "hosts"))] == [
        *(f"h{host}.example" for host in range(5)),
        "other hosts",
    ]
    assert any("4 hosts with fewer requests" in one for one in words(chart))
    total = sum(one.get_height() for axes in chart.axes[:6] for each in bars(axes).values() for one in each)
    assert total == len(sents)


def test_requests_that_are_no_longer_known_are_said():
    """A run with more requests than are kept one by one says how many are drawn."""
    run = run_of([sent(0), sent(1)])
    run.trace.requests = 1_002
    assert "The last 2 of 1,002 requests: older ones are only counted." in words(sc.plot.requests(run))


# repositories by language


def repos(rows):
    frame = pd.DataFrame(rows, columns=["id", "language", "created_at"])
    return frame.assign(created_at=pd.to_datetime(frame["created_at"], utc=True))


def test_each_repository_is_counted_once_in_its_month():
    """A bar is how many repositories of the language began in that month; one that two users see counts once."""
    frame = repos(
        [
            (1, "Rust", "2026-01-31T23:59:59Z"),
            (1, "Rust", "2026-01-31T23:59:59Z"),
            (2, "Rust", "2026-05-01T00:00:00Z"),
            (3, "Go", "2026-03-31T00:00:00+02:00"),
            (4, None, "2026-02-10T00:00:00Z"),
            (5, "Go", None),
        ]
    )
    chart = sc.plot.languages(frame)
    drawn = {axes.containers[0].get_label(): [one.get_height() for one in axes.patches] for axes in chart.axes}
    assert drawn == {"Rust": [1, 0, 0, 0, 1], "Go": [0, 0, 1, 0, 0], "no language": [0, 1, 0, 0, 0]}
    said = " ".join(words(chart))
    assert "4 repositories by the month (UTC)" in said
    assert "6 rows; a repository that several users can see counts once." in said
    assert "1 without a date have no bar." in said


def test_rare_languages_are_taken_together():
    """The eight most frequent languages have a row, all others one, and nothing is lost."""
    rows = [(f"{name}-{one}", f"L{name:02}", "2026-01-05") for name in range(11) for one in range(11 - name)]
    chart = sc.plot.languages(repos(rows))
    labels = [axes.containers[0].get_label() for axes in chart.axes]
    assert labels == [*(f"L{name:02}" for name in range(8)), "3 others"]
    assert sum(patch.get_height() for axes in chart.axes for patch in axes.patches) == len(rows)


@pytest.mark.parametrize(
    ("last", "period"), [("2026-06-01", "month"), ("2031-01-01", "quarter"), ("2060-01-01", "year")]
)
def test_the_period_fits_the_time(last, period):
    """Months, quarters or years, so that bars stay readable; few ticks, in words of the period."""
    chart = sc.plot.languages(repos([(1, "Go", "2025-05-05"), (2, "Go", last)]))
    assert f"by the {period} (UTC)" in chart.told
    assert 1 <= len(chart.axes[0].get_xticks()) <= 9


def test_a_period_that_is_not_over_is_said():
    """The last bar is no fall: the month in which the frame was read had not ended."""
    frame = repos([(1, "Go", "2026-11-05")])
    assert "was not over" not in " ".join(words(sc.plot.languages(frame)))
    frame.attrs["read_at"] = "2026-11-22T04:00:00+00:00"
    assert "2026-11 was not over when this was read." in words(sc.plot.languages(frame))


def test_names_are_not_formulas():
    """A language or a user with dollar signs is written as it is."""
    svg = sc.plot.languages(repos([(1, "$x^2$", "2026-01-01")])).svg()
    assert svg.startswith("<svg")
    assert r"\$x^2\$" in words(sc.plot.languages(repos([(1, "$x^2$", "2026-01-01")])))


# what is common to all


@pytest.fixture(scope="module")
def charts(covered, runs):
    return [
        sc.plot.coverage(covered),
        sc.plot.coverage(runs),
        sc.plot.outcomes(runs),
        sc.plot.requests(runs[0]),
        sc.plot.languages(runs[0].frame),
    ]


def test_a_chart_shows_itself_once_as_svg(charts):
    """What a cell gets is one SVG and one line of text, and nothing for pyplot to show again."""
    for chart in charts:
        bundle = chart._repr_mimebundle_(include=None, exclude=None)
        assert set(bundle) == {"image/svg+xml", "text/plain"}
        assert bundle["image/svg+xml"].startswith("<svg")
        assert "<script" not in bundle["image/svg+xml"]
        assert "\n" not in bundle["text/plain"]
        assert chart._repr_html_() is None


def test_a_chart_is_the_same_for_the_same_data(covered):
    """A notebook that is run again on the same frame has the same output, byte for byte."""
    assert sc.plot.coverage(covered).svg() == sc.plot.coverage(covered).svg()


def test_a_chart_is_small(charts):
    """No chart grows with its users: none is over 200 KB."""
    assert max(len(chart.svg()) for chart in charts) < 200_000


def test_no_chart_names_anybody(client, charts):
    """No name or address of a user stands in a chart of many."""
    users = client.users()
    private = {*users["first_name"].dropna(), *users["email"].dropna(), *users["last_name"].dropna()}
    for chart in charts:
        said = " ".join(words(chart)) + chart.svg()
        assert not [one for one in private if re.search(rf"\b{re.escape(str(one))}\b", said)]


def test_the_readers_style_is_left_alone_and_out(covered):
    """A style chosen for other pictures neither changes a chart nor is changed by it."""
    import matplotlib as mpl  # noqa: PLC0415 - the file is skipped without it

    plain = sc.plot.coverage(covered).svg()
    with mpl.rc_context(
        {"font.family": "monospace", "axes.grid": True, "axes.facecolor": "black", "svg.fonttype": "none"}
    ):
        before = dict(mpl.rcParams)
        assert sc.plot.coverage(covered).svg() == plain
        assert dict(mpl.rcParams) == before


def _contrast(colour, ground):
    from matplotlib.colors import to_rgb  # noqa: PLC0415 - the file is skipped without it

    def light(one):
        parts = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in to_rgb(one)]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    low, high = sorted((light(colour), light(ground)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("ground", ["white", "#111111", "#1e1e1e"])
def test_ink_and_tones_are_readable_on_light_and_dark(charts, ground):
    """Every word and sign stands out from a white page and from the dark themes of Jupyter and VS Code."""
    for chart in charts:
        assert chart.get_facecolor()[3] == 0
        texts = [*chart.texts, *(one for axes in chart.axes for one in axes.texts)]
        ticks = [one for axes in chart.axes for one in (*axes.get_xticklabels(), *axes.get_yticklabels())]
        for one in (*texts, *ticks):
            least = 3 if one.get_text() in {sign.mark for sign in SIGNS.values()} else 3.8
            assert _contrast(one.get_color(), ground) >= least, one.get_text()


def test_states_differ_by_more_than_colour():
    """States that can stand in one picture have different marks, and statuses different hatchings."""
    for names in (get_args(judge.State), get_args(kept.Status)):
        assert set(names) <= set(SIGNS)
        assert len({SIGNS[name].mark for name in names}) == len(names)
    assert len({SIGNS[name].hatch for name in get_args(kept.Status)}) == 5


def test_hatchings_are_seen_in_the_svg():
    """Each status but the first has a hatching that its fill does not hide, and so has its picture."""
    rows = [(f"u{place}", "github.repos", status) for place, status in enumerate(get_args(kept.Status))]
    svg = sc.plot.outcomes(frame_of(rows, "status").assign(provider="github")).svg()
    grounds = re.findall(r'<pattern [^>]*>\s*<rect [^>]*fill="([^"]*)"', svg)
    assert grounds == ["none"] * 4


def test_marks_are_those_of_the_runs_own_picture():
    """A state has one mark wherever it is shown, in a chart or in what a run shows of itself."""
    own = {state: mark for state, (mark, _) in picture._SIGNS.items()}
    # the chart tells a user who is not there from a dead token
    assert {state: sign.mark for state, sign in SIGNS.items() if state != "user_not_found"} == {
        state: mark for state, mark in own.items() if state != "user_not_found"
    }


@pytest.mark.parametrize(
    ("draw", "says"),
    [
        (lambda covered, _: sc.plot.coverage(covered.iloc[:0]), "No user is in this frame."),
        (lambda _, run: sc.plot.outcomes(run.outcomes.iloc[:0]), "No account was read."),
        (lambda _, __: sc.plot.requests(run_of([])), "No request was sent."),
        (lambda _, run: sc.plot.languages(run.frame.iloc[:0]), "No repository with a date is in this frame."),
    ],
)
def test_nothing_gives_a_picture_that_says_so(covered, runs, draw, says):
    """An empty frame or run is no error: the picture says that there is nothing."""
    chart = draw(covered, runs[0])
    assert says in words(chart)
    assert chart.svg().startswith("<svg")


@pytest.mark.parametrize(
    ("draw", "says"),
    [
        (lambda frame: sc.plot.coverage(frame[["user_id"]]), "no column 'resource' and no 'state'"),
        (lambda _: sc.plot.coverage_map(3), "not drawn from a int"),
        (sc.plot.outcomes, "no column 'status'"),
        (lambda _: sc.plot.outcomes([]), "holds runs"),
        (lambda frame: sc.plot.outcomes([frame]), "holds runs"),
        (sc.plot.requests, "not drawn from a DataFrame"),
        (sc.plot.languages, "no column 'language'"),
    ],
)
def test_what_cannot_be_drawn_is_refused_with_the_cure(covered, draw, says):
    """Anything else is a UsageError that says what is missing and what to pass."""
    with pytest.raises(sc.UsageError, match=says) as caught:
        draw(covered)
    assert "Pass " in caught.value.cure


def test_without_matplotlib_the_cure_is_said(covered, monkeypatch):
    """Where the extra is not installed, a chart names it, and the map is there all the same."""
    monkeypatch.delitem(sys.modules, "socialconnect.plot.canvas", raising=False)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(sc.MissingPackage, match=r"pip install 'socialconnect\[plot\]'"):
        sc.plot.coverage(covered)
    assert "readable" in str(sc.plot.coverage_map(covered))


@pytest.mark.kernel
def test_a_cell_shows_a_chart_once(tmp_path):
    """A cell that ends with a chart has one output, an SVG, also where pyplot draws into cells."""
    from tests.kernels import notebook  # noqa: PLC0415 - skips without a kernel

    code = """
    import matplotlib.pyplot
    import socialconnect as sc
    chart = sc.plot.coverage(sc.sandbox(users=3).coverage("github.repos"))
    chart
    """
    with notebook(tmp_path) as front:
        seen = [content["data"] for kind, content in front.messages(front.send(code)) if "data" in content]
    assert len(seen) == 1
    assert seen[0]["image/svg+xml"].startswith("<svg")
    assert seen[0]["text/plain"].startswith("<Chart: Who can be read")
