"""What a user has to do, in the same words wherever it is said: in an error, an outcome or a frame of coverage."""

from __future__ import annotations

_LINK = "client.connect(…) gives them the link"


def connect(title: str) -> str:
    """For who has not connected a provider, or never finished.

    >>> connect("GitHub")
    'Ask the user to connect GitHub: client.connect(…) gives them the link.'
    """
    return f"Ask the user to connect {title}: {_LINK}."


def reconnect(title: str) -> str:
    """For a token that is dead.

    >>> reconnect("GitHub")
    'Ask the user to connect GitHub again: client.connect(…) gives them the link.'
    """
    return f"Ask the user to connect {title} again: {_LINK}."


def allow(title: str) -> str:
    """For a token that lacks a permission.

    >>> allow("GitHub")
    'Ask the user to connect GitHub again and to allow it: client.connect(…, scopes=[…]) asks for it.'
    """
    return f"Ask the user to connect {title} again and to allow it: client.connect(…, scopes=[…]) asks for it."


ENABLE = "Enable it in the Dashboard under SSO connections, or check its name."
"""For a provider that the Clerk instance does not offer."""

FIND = "Check the id, and that the key is of the right instance: development and production share no users."
"""For a user whom the Clerk instance does not have."""
