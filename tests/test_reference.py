"""The reference: made from the declarations, current, true, the same everywhere, and safe from odd names."""

from __future__ import annotations

import inspect
import re
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest
from markdown_it import MarkdownIt

import socialconnect as sc
from socialconnect import reference
from socialconnect.connectors import Connectors
from socialconnect.frames import Table
from socialconnect.reading.declare import Parent
from socialconnect.reading.extract import Extractor
from socialconnect.reading.variants import Variants
from socialconnect.reference.fields import dtype, selections
from socialconnect.reference.pen import escape, table
from socialconnect.reference.provider import prefix

PAGES = Path(__file__).parents[1] / "notebooks" / "reference"
COMMAND = "socialconnect connectors --write notebooks/reference"
KNOWN = Connectors()
EVERY = [(connector, one) for connector in KNOWN.values() for one in connector.resources]
every = pytest.mark.parametrize(("connector", "resource"), EVERY, ids=[f"{one.name}.{two.name}" for one, two in EVERY])
each = pytest.mark.parametrize("name", list(KNOWN))


def blocks(text):
    return re.findall(r"```python\n(.*?)```", text, re.DOTALL)


def rows(text):
    """The rows of the first table in a Markdown text, as a parser sees them: each cell's text without markup."""
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    found: list[list[str]] = []
    for before, token in pairwise(tokens):
        if before.type == "tr_open":
            found.append([])
        if token.type == "inline" and before.type in ("td_open", "th_open"):
            found[-1].append("".join(child.content for child in token.children or ()))
        if token.type == "table_close":
            break
    return found


def shown(text):
    """What a reader sees of a Markdown text, without markup."""
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    inline = (token for token in tokens if token.type == "inline")
    return "\n".join(
        "".join(" " if child.type == "softbreak" else child.content for child in token.children or ())
        for token in inline
    )


def bare(text):
    """A text without breaks and without the ` of names."""
    return " ".join(text.replace("`", "").split())


@each
def test_a_page_is_current(name):
    """The page in the repository is what the declaration says today."""
    path = PAGES / f"{name}.md"
    assert path.exists(), f"run: {COMMAND}"
    assert path.read_text("utf-8") == f"{reference.page(KNOWN[name])}\n", f"run: {COMMAND}"


def test_the_index_is_current():
    """The index has every page, and no page is left over from a connector that is gone."""
    assert (PAGES / "README.md").read_text("utf-8") == f"{reference.index(KNOWN.values())}\n", f"run: {COMMAND}"
    assert {path.name for path in PAGES.iterdir()} == {"README.md", *(f"{name}.md" for name in KNOWN)}


@each
def test_a_cell_shows_the_page(name):
    """`client.github` in a cell shows the page, `client.github.repos` its part of it; both are plain lines in repr."""
    client = sc.sandbox(users=1)
    page = reference.page(KNOWN[name])
    assert client[name]._repr_markdown_() == page
    for resource in KNOWN[name].resources:
        bound = client[name][resource.name]
        assert bound._repr_markdown_() == reference.section(KNOWN[name], resource)
        assert bound._repr_markdown_() in page
        assert re.fullmatch(r"<.{10,160}>", repr(bound))


def test_a_cell_has_text_beside_markdown():
    """What IPython makes of it: Markdown where that can be drawn, one line of text where it cannot."""
    formatter = pytest.importorskip("IPython.core.formatters").DisplayFormatter()
    client = sc.sandbox(users=1)
    data, _ = formatter.format(client.github)
    assert set(data) == {"text/plain", "text/markdown"}
    assert data["text/plain"].startswith("<GitHub: repos")
    data, _ = formatter.format(client.github.repos)
    assert data["text/markdown"].startswith("## github.repos\n")


@each
@pytest.mark.filterwarnings("ignore::socialconnect.PartialWarning")
def test_a_page_can_be_pasted(name):
    """Every block of a page runs in the sandbox, one after another, and gives the resource's frame."""
    first, *others = blocks(reference.page(KNOWN[name]))
    names: dict[str, object] = {}
    rows = {True: 0, False: 0}
    exec(compile(first, f"{name}.md", "exec"), names)
    for resource, block in zip(KNOWN[name].resources, others, strict=True):
        exec(compile(block, f"{name}.md", "exec"), names)
        frame = names.pop("frame")
        assert isinstance(frame, pd.DataFrame)
        assert frame.attrs["resource"] == f"{name}.{resource.name}"
        assert len(frame) or resource.parent, block
        rows[resource.parent is not None] += len(frame)  # one parent alone may be without
    assert rows[True] or not [one for one in KNOWN[name].resources if one.parent]


@every
def test_the_table_has_every_column(connector, resource):
    """The table shows each column with the dtype that its frame has; what comes on request is listed below it."""
    text = reference.section(connector, resource)
    listed = {row[0]: row[1] for row in rows(text)[1:]}
    usual = resource.select(None)
    frame = Table(Extractor(resource, usual).columns).frame()
    assert list(listed) == frame.columns.tolist()
    for name, told in listed.items():
        found = frame[name].dtype
        assert told == ("string" if isinstance(found, pd.StringDtype) else str(found)), name
    for column in resource.columns:
        assert (column.name in listed) != column.on_request
        assert f"`{column.name}`" in text
        path = column.path
        for long, short in selections(resource).items():
            path = path.replace(long, short)
            assert f"`{short}`: the first element with" in text
        assert column.of_parent or path == column.name or path in shown(text).replace("\\|", "|")


@every
def test_every_fact_is_told(connector, resource):
    """Sentence, source, parameters, scopes, capabilities, parents and notes stand on the page and in `?` alike."""
    for text in (shown(reference.section(connector, resource)), reference.resource_text(connector, resource)):
        facts = [resource.doc, resource.source, *resource.scopes, *resource.fuller, *resource.fuller.values()]
        facts += [resource.capability, *resource.notes, *resource.key, *resource.drop, *resource.older]
        facts += [] if resource.identity else [f"{resource.method} {resource.path}"]
        for param in resource.arguments:
            facts += [f"{param.name}: ", *param.choices, *param.excludes, *param.needs, param.note]
            facts += ["" if param.note else param.pattern]
            facts += [str(bound) for bound in (param.least, param.most) if bound is not None]
        facts += [rule.cure for rule in resource.rules]
        facts += [f"{resource.cap:,}"] if resource.cap else []
        facts += [f"{connector.name}.{resource.parent.resource}"] if resource.parent else []
        assert not [fact for fact in facts if bare(str(fact)) not in bare(text)]


@each
def test_every_fact_of_a_provider_is_told(name):
    """Title, origins, limits, versions, aliases, scopes and cures stand on the page and in `?` alike."""
    connector = KNOWN[name]
    for text in (shown(reference.page(connector)), reference.connector_text(connector)):
        said = bare(text)
        facts = [connector.title, connector.doc, connector.source, connector.strategy, connector.api_version]
        facts += [*connector.versions, *connector.scope_aliases, f"at most {connector.concurrency} at once"]
        facts += [origin.removeprefix("https://") for origin in connector.origins]
        facts += [f"{limit.requests:,} requests" for limit in connector.budgets] + [
            limit.at for limit in connector.budgets
        ]
        facts += [rule.cure for rule in connector.manners.rules]
        facts += [scope.removeprefix(prefix(connector)) for one in connector.resources for scope in one.scopes]
        facts += [resource.name for resource in connector.resources]
        assert not [fact for fact in facts if bare(fact) not in said]


@every
def test_plain_text_fits(connector, resource):
    """`?` shows lines of at most 96 columns, and the Markdown outside tables lines of at most 80."""
    for text, width in (
        (reference.resource_text(connector, resource), 96),
        (reference.section(connector, resource), 80),
    ):
        lines = [line for line in text.splitlines() if not line.startswith(("|", "Source:", "frame", "one ", "    "))]
        assert not [line for line in lines if len(line) > width and " " in line.strip(" -")]


@each
def test_a_page_is_sound_markdown(name):
    """A parser sees one heading for each resource, one table each, as many cells in each row, and no HTML."""
    text = reference.page(KNOWN[name])
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    kinds = [token.type for token in tokens] + [child.type for token in tokens for child in token.children or ()]
    resources = KNOWN[name].resources
    assert kinds.count("heading_open") == 1 + len(resources)
    assert kinds.count("table_open") == len(resources)
    assert kinds.count("fence") == 1 + len(resources)
    assert not {"html_block", "html_inline", "em_open", "blockquote_open", "ordered_list_open", "code_block"} & set(
        kinds
    )


ODD = "a|b_c_ *d* `e [f](g) <h> &amp; $i$ ~~j~~ \\k"
HOSTILE = sc.Connector(
    "odd",
    origin="https://api.odd.example",
    title=ODD,
    doc=f"# {ODD}\n\n- {ODD}",
    scope_aliases={"x|y": ODD},
    api_version="2",
    version_header="v|w",
    versions=("1|0", "2"),
    manners=sc.Manners(rules=(sc.ErrorRule("denied", cure=ODD),), implies={"wide|r": ("s|t",)}),
    budgets=(sc.Budget(5, 7.5, "host", "https://api.odd.example/a|b"), sc.Budget(1000, 86400)),
    resources=(
        sc.Resource(
            "boxes",
            "/boxes",
            doc="The boxes, 1. and 2. + 3.",
            columns=(sc.Column("id", "string"), sc.Column("full", "boolean")),
            scopes=("s|t",),
            key=("id",),
        ),
        sc.Resource(
            "things",
            "/boxes/{box}/things",
            doc=ODD,
            parent=Parent("boxes", "box", where="full", pattern=r"[a|b]+", note=ODD, arguments={}),
            columns=(
                sc.Column("__id__", "Int64", "a.b|c", note=ODD),
                sc.Column("a|b", "string", "x[?y=z].w", on_request=True, take=r"(a|b)"),
                sc.Column("when", "datetime", form="ms", personal=True),
                sc.Column("many", "Int64", "list", form="count", default=0),
                sc.Column("tags", "list"),
                sc.Column("extra", "json"),
            ),
            params=(
                sc.Param("state", choices=("a|b", "_c_"), many=True, excludes=("size",)),
                sc.Param("code", pattern=r"[a|b]+"),
                sc.Param("size", kind=int, least=1, most=50, needs=("state",), note=ODD),
            ),
            paging=sc.PageNumber("page", "items", 50),
            capability=ODD,
            fuller={"wide|r": ODD},
            drop=("secret|one",),
            rules=(sc.ErrorRule("empty", cure="1. Nothing to do."),),
            cap=12_000,
            older={"1|0": {"path": "/old/{box}", "columns": (sc.Column("gone", "string"),), "key": ()}},
            key=("__id__",),
            notes=(ODD, "- not a list", "> not a quotation", "# not a heading", "=== not a rule"),
            variants=Variants("properties", "type", {"nu|mber": (sc.Column("value", "Float64"),)}),
        ),
    ),
)


@pytest.mark.parametrize(
    "text", [ODD, "_a_", "__a__", "a_b", "a `*b", "*", "1*2", "&lt;", "<b>", "\\", "[x]", "`", "``a`"]
)
def test_what_is_escaped_is_read_as_it_was(text):
    """A sentence reads in Markdown as it was declared."""
    assert shown(escape(text)) == text
    assert MarkdownIt().render(escape(text)).count("<") == len(("<p>", "</p>"))


def test_odd_names_break_nothing():
    """Bars, underscores, stars and angles in a declaration neither break a table nor become markup."""
    text = reference.page(HOSTILE)
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    kinds = [token.type for token in tokens] + [child.type for token in tokens for child in token.children or ()]
    assert kinds.count("heading_open") == 3
    assert kinds.count("table_open") == 2
    assert not {"html_inline", "html_block", "em_open", "link_open", "blockquote_open", "ordered_list_open"} & set(
        kinds
    )
    told = rows(reference.section(HOSTILE, HOSTILE.resource("things")))
    assert {len(row) for row in told} == {3}
    assert told[3] == ["box", "string", "id of odd.boxes"]
    assert told[4] == ["__id__", "Int64", f"a.b|c; key; {ODD}"]


def test_all_that_can_be_declared_is_told():
    """Whatever a declaration can say has its words on the page."""
    said = " ".join(shown(reference.page(HOSTILE)).split())
    for words in (
        "box: one or several id of odd.boxes. a|b_c_",
        "Without box: odd.boxes is read first, then one listing for each of its rows",
        "rows whose full is False are left out",
        "code: a text, in the form [a|b]+",
        "state: one or several of a|b, _c_, not with size",
        "size: a whole number, at least 1, at most 50, only with state",
        "where odd.boxes is read first, it needs s|t, or one that contains it (wide|r)",
        "wide|r contains s|t",
        "Capability: a|b_c_",
        "the capability a|b_c_",
        "wide|r: a|b_c_",
        "one after another, by number, 50 rows each",
        "at most 12,000 rows of one listing: the outcome of a longer one is partial",
        "in version 1|0 and older, it reads /old/{box}, there is no __id__, a|b, extra, many, tags, when",
        "there is gone too",
        "Never read: secret|one",
        "5 requests in 7.5 seconds for all tokens together at https://api.odd.example/a|b",
        "1,000 requests a day for each token",
        '2, sent as v|w; 1|0 can be chosen by Settings(api_versions={"odd": "1|0"})',
        "milliseconds since 1970",
        "how many there are, 0 where nothing is sent",
        "nu|mber: FIELD Float64",
    ):
        assert words in said, words


def test_a_table_is_aligned_until_it_is_wide():
    """Cells are padded to the widest of their column, but no wider than most need."""
    lines = table(("name", "kind"), [("a", "x"), ("b" * 40, "y"), ("c|d", "z")])
    assert lines[2] == f"| a{' ' * 27} | x |"
    assert lines[3] == f"| {'b' * 40} | y |"
    assert lines[4].startswith("| c\\|d ")


@every
def test_a_call_is_completed(connector, resource):
    """The signature names every argument of a resource, the parent's first, so that completion knows them."""
    signature = inspect.signature(sc.sandbox(users=1)[connector.name][resource.name])
    every_call = inspect.signature(sc.BoundResource.__call__).parameters
    own = [name for name in signature.parameters if name not in every_call]
    assert own == [one.name for one in resource.arguments]
    assert not resource.parent or own[0] == resource.parent.param
    assert {*every_call} - {"self", "arguments"} == {*signature.parameters} - {*own}


def test_documentation_is_made_when_it_is_asked_for():
    """A connector of many resources costs no more than the one that is used."""
    client = sc.sandbox(users=1)
    bound = client.github
    assert "pushed_at" not in bound.__doc__
    assert bound.repos is bound["repos"]
    assert dtype("datetime") == "datetime64[us, UTC]"
