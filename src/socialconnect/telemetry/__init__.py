"""Spans and metrics for OpenTelemetry, where the application that calls has set it up.

Nothing is to be switched on: an application that has made a tracer or meter provider finds the following in it. Where
OpenTelemetry is not imported by anybody, nothing of it is imported here either.

Spans, each a child of whatever span is current where the call is made, also through the background loop:

- `socialconnect.read github.repos` (and `retry`, `export`, `read_all`, `users`, `accounts`): one call, named with its
  resource where it is one. `socialconnect.accounts`, `.rows`, `.requests`, `.waited` (seconds) are its totals,
  `socialconnect.accounts.failed` and the like count outcomes, `error.type` is the code of what ended it early.
- `socialconnect.account github.repos`: one account of it, with `socialconnect.user_id` and `.external_account_id` (the
  pseudonyms that Clerk gives), `.status`, `.rows`, `.pages`, `.requests`, `.retries`, `.waited`; `error.type` is the
  reason where it was not read whole.
- `GET /user/repos`: one exchange (kind CLIENT), by the semantic conventions: `http.request.method`, `server.address`,
  `http.response.status_code`, `url.template`, `http.request.resend_count`, `http.response.body.size`, `error.type`.

Never in them: addresses with values, queries, headers, bodies, tokens, error messages. No trace header goes to Clerk or
a provider.

Metrics, as counters: `socialconnect.requests` (by `server.address`, `http.request.method` and status),
`socialconnect.throttled` (answers that said: slower), `socialconnect.waited` (seconds), `socialconnect.token.fetches`,
`socialconnect.accounts` (by `socialconnect.resource`, `socialconnect.status` and `error.type`), `socialconnect.rows`.

A call of very many accounts is one trace, in which the first 5,000 spans are everything, and after them only accounts
that failed or were read in part, with what was sent for them; `socialconnect.accounts.without_span` counts the others.
Metrics count all of it. A sampler drops whole calls (`TraceIdRatioBased`), or accounts by name and attributes: they are
there when it is asked, and what is dropped takes its requests along.

Source: https://opentelemetry.io/docs/specs/semconv/http/http-spans/
"""
