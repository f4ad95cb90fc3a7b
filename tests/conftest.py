"""What every test shares."""

from __future__ import annotations

import asyncio

# looptime asks for a loop around every test, and asyncio would make one that nobody closes
asyncio.set_event_loop(None)
