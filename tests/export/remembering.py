"""A sink that is a few lists: what every other one does, in the fewest words, to hold the engine to."""

from socialconnect.errors import TargetError


class Remembering:
    """Keeps rows as dicts. `breaks_at` is the number of the commit that fails, as a full disk would make it."""

    def __init__(self, breaks_at=None):
        self.seen = {}
        self.staged = {}
        self.kept = {}
        self.run = None
        self.mode = "merge"
        self.commits = 0
        self.finished = []
        self.breaks_at = breaks_at
        self.opened = False

    def open(self, datasets, mode):
        """Take hold."""
        assert not self.opened
        self.opened, self.mode = True, mode
        self.keys = {dataset.resource: dataset.key for dataset in datasets}
        self._datasets = datasets
        for dataset in datasets:
            self.seen.setdefault(dataset.resource, [])
            self.staged.setdefault(dataset.resource, [])
        return self.run

    def begin(self, run, *, resume):
        """Begin, or go on."""
        self.run = run
        if not resume:
            self.staged = {name: [] for name in self.staged}

    def states(self, resource, user_id):
        """What is kept of a user."""
        return [state for (name, user, _), state in self.kept.items() if (name, user) == (resource, user_id)]

    def commit(self, rows, changes):
        """Stage, settle, keep."""
        self.commits += 1
        if self.breaks_at is not None and self.commits >= self.breaks_at:
            raise TargetError("The disk is full.", cure="Make room.")
        for name, table in rows.items():
            self.staged[name] += table.to_pylist()
        for change in changes:
            state = change.state
            self.kept[state.resource, state.user_id, state.account] = state
            if change.verdict:
                self._settle(change)

    def finish(self, run, listed):
        """The run ended."""
        self.run = run
        self.finished.append((run, sorted(listed)))
        for name in listed:
            come = {
                (user, account)
                for (resource, user, account), state in self.kept.items()
                if resource == name and state.run_id == run.id
            }
            self.seen[name] = [row for row in self.seen[name] if _who(row) in come or self.mode == "append"]

    def datasets(self):
        """What it holds."""
        return self._datasets

    def rows(self, resource):
        """All rows."""
        return iter(self.seen[resource])

    def close(self):
        """Let go."""
        self.opened = False

    def _settle(self, change):
        state, verdict = change.state, change.verdict
        if verdict == "kept":
            return
        name, who = state.resource, (state.user_id, state.account)
        mine = [row for row in self.staged[name] if _who(row) == who]
        self.staged[name] = [row for row in self.staged[name] if _who(row) != who]
        old = [row for row in self.seen[name] if _who(row) == who]
        others = [row for row in self.seen[name] if _who(row) != who]
        mine = self._unrepeated(name, mine)
        if verdict == "unchanged":
            return
        if verdict == "gone":
            self.seen[name] = others if self.mode != "append" else self.seen[name]
        elif self.mode == "append":
            self.seen[name] = others + old + mine
        elif verdict == "whole":
            self.seen[name] = others + mine
        elif self.mode == "replace":
            self.seen[name] = others + (old or mine)
        else:
            new = {self._key(name, row) for row in mine}
            self.seen[name] = (
                others
                + [row for row in old if self._key(name, row) not in new]
                + [row for row in mine if row["_deleted_at"] is None]
            )

    def _key(self, name, row):
        return tuple(row[column] for column in self.keys[name])

    def _unrepeated(self, name, rows):
        latest = {self._key(name, row) if self.keys[name] else number: row for number, row in enumerate(rows)}
        return list(latest.values())


def _who(row):
    return row["user_id"], row["external_account_id"] or ""
