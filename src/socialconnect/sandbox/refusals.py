"""What Clerk says when it does not answer what was asked."""

from __future__ import annotations

from socialconnect.sandbox.answers import Answer, answer


class Refused(Exception):
    """What Clerk answers instead of what was asked."""

    def __init__(
        self, status: int, code: str, long_message: str, *, message: str = "", meta: dict[str, object] | None = None
    ) -> None:
        super().__init__(long_message)
        self.status = status
        self.code = code
        self.message = message or long_message
        self.meta = meta or {}


def failure(refusal: Refused, trace: str = "") -> Answer:
    """An error as Clerk writes it."""
    error = {"message": refusal.message, "long_message": str(refusal), "code": refusal.code}
    errors = [{**error, "meta": refusal.meta} if refusal.meta else error]
    return answer(refusal.status, {"errors": errors, **({"clerk_trace_id": trace} if trace else {})})
