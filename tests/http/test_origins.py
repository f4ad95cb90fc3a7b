"""A token goes home only."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socialconnect.errors import ForeignOrigin, UsageError
from socialconnect.http.origins import Origins

HOME = "https://api.example.com"
HOSTILE = [
    "https://evil.example/user",
    "https://api.example.com.evil.example/user",
    "https://evilapi.example.com/user",
    "https://xapi.example.com/user",
    "https://example.com/user",
    "https://api.example.com@evil.example/user",
    "https://user:pass@api.example.com/user",
    "https://evil.example\\@api.example.com/user",
    "https://api.example.com\\@evil.example/user",
    "https://api.example.com\\.evil.example/user",
    "https://evil.example#@api.example.com/user",
    "https://evil.example?@api.example.com/user",
    "https://api.example.com:8443/user",
    "https://api.example.com:80/user",
    "https://api.example.com:99999/user",
    "https://api.example.com:x/user",
    "http://api.example.com/user",
    "http://api.example.com:443/user",
    "ftp://api.example.com/user",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "data:text/plain,x",
    "//evil.example/user",
    "/user",
    "user",
    "",
    "https://",
    "https:///user",
    "https:api.example.com/user",
    "https://api.exаmple.com/user",  # noqa: RUF001 - a Cyrillic letter is what is tried
    "https://api.xn--exmple-4nf.com/user",
    "https://api.example.com\t/user",
    "https://api.exam\nple.com/user",
    "https://api.example.com/user\r\nX-Evil: 1",
    " https://api.example.com/user",
    "https://api.example.com/a/../../user",
    "https://api.example.com/..",
    "https://api.example.com/./user",
    "https://api.example.com/%2e%2e/user",
    "https://api.example.com/%2E./user",
    "https://api.example.com/a%2f..%2fuser",
    "https://[::1]/user",
    "https://[::1",
    "https://127.0.0.1/user",
    "https://0x7f000001/user",
    "https://api.example.com%00.evil.example/user",
    "https://api.example.com%2eevil.example/user",
    "https://api。example。com.evil.example/user",
]


@pytest.mark.parametrize("url", HOSTILE)
def test_nothing_else_is_home(url):
    """An address that is not the provider's own, however it is dressed up, is refused."""
    with pytest.raises(ForeignOrigin, match="Nothing was sent"):
        Origins([HOME], {}).resolve(url)


@pytest.mark.parametrize(
    ("url", "called"),
    [
        ("https://api.example.com/user", "https://api.example.com/user"),
        ("https://api.example.com", "https://api.example.com"),
        ("https://api.example.com/", "https://api.example.com"),
        ("https://api.example.com:443/user?a=1&b=%20", "https://api.example.com/user?a=1&b=%20"),
        ("https://API.Example.COM/User", "https://api.example.com/User"),
        ("https://api.example.com./user", "https://api.example.com/user"),
        ("HTTPS://api.example.com/user", "https://api.example.com/user"),
        ("https://api.example.com/user#part", "https://api.example.com/user"),
        ("https://api.example.com/a...b/.c", "https://api.example.com/a...b/.c"),
        ("https://api.example.com/user?next=https://evil.example/../", None),
    ],
)
def test_home_is_home_in_any_spelling(url, called):
    """The provider's own address is called at one spelling, built from our own parts."""
    assert Origins([HOME], {}).resolve(url) == (called or url)


@pytest.mark.parametrize(
    "base", ["https://proxy.example/api", "http://127.0.0.1:8000/api.example.com", "http://[::1]:9"]
)
def test_a_replaced_origin_goes_to_its_base(base):
    """Both the canonical address and the replacing one go to the base, also where that has a path."""
    origins = Origins([HOME], {HOME: base})
    assert origins.resolve(f"{HOME}/user?page=2") == f"{base}/user?page=2"
    assert origins.resolve(f"{base}/user?page=2") == f"{base}/user?page=2"


@pytest.mark.parametrize(
    "url",
    [
        "https://proxy.example/",
        "https://proxy.example/other/user",
        "https://proxy.example/api2/user",
        "https://proxy.example/api/../other",
        "https://proxy.example/api/%2e%2e/other",
        "http://proxy.example/api/user",
        "https://proxy.example:444/api/user",
    ],
)
def test_a_base_is_not_left_by_its_path(url):
    """A base with a path stands for that path alone."""
    with pytest.raises(ForeignOrigin):
        Origins([HOME], {HOME: "https://proxy.example/api"}).resolve(url)


def test_each_origin_has_its_own_base():
    """Two origins behind one proxy are told apart by their paths."""
    bases = {"https://a.example": "http://localhost:1/a", "https://b.example": "http://localhost:1/b"}
    origins = Origins(bases, bases)
    assert origins.resolve("https://a.example/x") == "http://localhost:1/a/x"
    assert origins.resolve("http://localhost:1/b/x") == "http://localhost:1/b/x"
    with pytest.raises(ForeignOrigin):
        origins.resolve("http://localhost:1/c/x")


@pytest.mark.parametrize(
    "base", ["http://proxy.example", "ftp://proxy.example", "https://a@proxy.example", "proxy", ""]
)
def test_an_unsafe_base_is_refused(base):
    """No setting can send a token in the clear to another machine."""
    with pytest.raises(UsageError, match="https://"):
        Origins([HOME], {HOME: base})


@given(st.text(max_size=60), st.sampled_from(["", "https://", f"{HOME}", f"{HOME}/", "https://api.example.com"]))
def test_whatever_is_called_is_home(text, start):
    """No text at all resolves to another host than the provider's."""
    try:
        called = Origins([HOME], {}).resolve(start + text)
    except ForeignOrigin:
        return
    assert called == HOME or called.startswith((f"{HOME}/", f"{HOME}?"))
