"""The web pages of the sandbox: Clerk's Account Portal and the consent pages of all providers, to be used by hand."""

from __future__ import annotations

from socialconnect.sandbox.website.consent import ConsentPages
from socialconnect.sandbox.website.portal import Portal

__all__ = ["ConsentPages", "Portal"]
