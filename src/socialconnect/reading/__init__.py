"""How any connector is read: declare, paginate, decide, extract are pure; `read` is the loop."""
