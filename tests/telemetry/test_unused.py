"""Where nobody uses OpenTelemetry, nothing of it is there."""

import subprocess
import sys

import socialconnect as sc
from socialconnect.telemetry import told

READ = """
import sys
import socialconnect as sc
run = sc.sandbox(users=5).read("github.profile", on_error="ignore")
print(len(run.ended) > 0, [name for name in sys.modules if name.startswith("opentelemetry")])
"""


def test_nothing_is_imported():
    """A read imports nothing of OpenTelemetry, though it is installed."""
    done = subprocess.run([sys.executable, "-c", READ], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "[]"]


def test_half_of_it_is_none(monkeypatch):
    """Where something of OpenTelemetry is loaded and its API cannot be, a read goes on without, and keeps its watch."""
    monkeypatch.setitem(sys.modules, "opentelemetry.context", sys)
    monkeypatch.setitem(sys.modules, "socialconnect.telemetry.emitting", None)
    monkeypatch.delattr("socialconnect.telemetry.emitting", raising=False)
    told._loaded.cache_clear()
    seen = []
    try:
        run = sc.sandbox(users=5).read("github.profile", on_error="ignore", watch=seen.append)
    finally:
        told._loaded.cache_clear()
    assert sorted(map(id, seen)) == sorted(map(id, run.ended))


def test_whoever_watches_still_does(collected):
    """The caller's own watch is called with each outcome where OpenTelemetry is told too."""
    seen = []
    run = sc.sandbox(users=5).read("github.profile", on_error="ignore", watch=seen.append)
    assert sorted(map(id, seen)) == sorted(map(id, run.ended))
    assert len(collected.named("socialconnect.account")) == len(seen)
