"""The sandbox's web pages, seen from outside: raw answers, a browser that keeps all it was answered, every page."""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit

from socialconnect.sandbox import Sandbox, Visitor
from socialconnect.sandbox.answers import Call

PORTAL = "https://accounts.sandbox.example"
CONSENT = "https://consent.sandbox.example"
HOME = f"{PORTAL}/user"
FORM = {"content-type": "application/x-www-form-urlencoded"}


class Browser(Visitor):
    """A visitor who keeps every call with its answer."""

    def __init__(self, sandbox):
        super().__init__(sandbox.world, sandbox._hosts, sandbox.requests, sandbox.clock)
        self.sandbox = sandbox
        self.answers = []

    def _ask(self, *call):
        found = super()._ask(*call)
        self.answers.append((call, found))
        return found

    @property
    def last(self):
        """The last answer."""
        return self.answers[-1][1]

    @property
    def cookie(self):
        """What this browser sends to the Account Portal."""
        kept = {**self._cookies.get("sandbox.example", {}), **self._cookies.get("accounts.sandbox.example", {})}
        return "; ".join(f"{name}={value}" for name, value in kept.items())


def raw(sandbox, url, method="GET", *, cookie="", fields=None, by_path=False, **headers):
    """The answer to one request; `fields` are those of a form."""
    parts = urlsplit(url)
    sent = {**headers, **({"cookie": cookie} if cookie else {}), **(FORM if fields is not None else {})}
    body = urlencode(fields or {}, doseq=True).encode()
    now = sandbox.clock.now()
    call = Call(parts.netloc, method, parts.path, parts.query, sent, body, now, by_path=by_path)
    return sandbox._hosts.handle(call).answer


def without(sandbox, provider, after=0):
    """The first user, by index, who has nothing at a provider."""
    world = sandbox.world
    return next(index for index in range(after, world.users) if provider not in world.situation(index))


def having(sandbox, provider, situation):
    """The first account of a provider that fares so and is the only one there."""
    world = sandbox.world
    return next(
        account
        for account in world.having(provider, situation)
        if world.situation(account.user)[provider] == (situation,)
    )


def asked(sandbox, user, provider, scopes=(), redirect_url=HOME):
    """A consent of a user's, by index, to more scopes of a connected account, or to a new one."""
    accounts = (one.eac for one in sandbox.world.accounts(user) if one.provider == provider)
    return sandbox.consents.begin(user, provider, scopes, next(accounts, None), redirect_url, now=sandbox.clock.now())


def ticket(sandbox, user, seconds=600):
    """The link of a new ticket of a user's, by index."""
    return sandbox.instance.tickets.create(user, seconds, sandbox.clock.now())


def every_page(**settings):
    """A browser that has seen every page there is, as (name, page, answer)."""
    sandbox = Sandbox(users=200, **settings)
    world, seen = sandbox.world, []

    def look(name, browser, page):
        seen.append((name, page, browser.last))
        return page

    one = Browser(sandbox)
    look("sign in", one, one.open(HOME))
    look("search", one, one.open(f"{PORTAL}/sign-in?q=ruth"))
    look("nobody", one, one.open(f"{PORTAL}/sign-in?q=zzzz"))
    troubled = having(sandbox, "github", "revoked")
    look("troubles", one, one.sign_in(world.user_id(troubled.user)))
    look("sign out", one, one.open(f"{PORTAL}/sign-out"))
    look("signed out", one, one.open(f"{PORTAL}/sign-out").press("Sign out"))
    look("nothing", one, one.open(f"{PORTAL}/elsewhere"))
    other = Browser(sandbox)
    link = ticket(sandbox, without(sandbox, "notion")).link
    look("ticket", other, other.open(link))
    own = look("own page", other, other.open(link).press("Continue as"))
    look("notion", other, own.press("Connect Notion"))
    look("connected", other, own.press("Connect Notion").press("Allow"))
    look("ticket of another", other, other.open(ticket(sandbox, troubled.user).link))
    look("ticket used", one, one.open(link))
    stranger = Browser(sandbox)
    calendar = "https://www.googleapis.com/auth/calendar.readonly"
    google = asked(sandbox, having(sandbox, "google", "healthy").user, "google", [calendar])
    look("google", stranger, stranger.open(google.link))
    look("closing", stranger, stranger.open(google.link).press("Allow"))
    look("allowed already", stranger, stranger.open(google.link))
    github = asked(sandbox, having(sandbox, "github", "healthy").user, "github", ["repo"])
    look("github", stranger, stranger.open(github.link))
    look("declined", stranger, stranger.open(github.link).press("Decline"))
    look("declined already", stranger, stranger.open(github.link))
    look("unknown consent", stranger, stranger.open(f"{CONSENT}/google/authorize?state=nonsense"))
    look("unknown provider", stranger, stranger.open(f"{CONSENT}/nonsense/authorize"))
    guarded = Browser(Sandbox(users=20, faults=["clerk:second_factor"]))
    look("second factor", guarded, guarded.open(ticket(guarded.sandbox, 1).link).press("Continue"))
    look("wrong code", guarded, guarded.open(f"{PORTAL}/sign-in/factor-two").press("Continue", code="0"))
    shut = Browser(Sandbox(users=20, faults=["clerk:portal_disabled"]))
    look("no portal", shut, shut.open(HOME))
    return sandbox, seen
