"""When connectors are loaded, and where they are looked for."""

from __future__ import annotations

import subprocess
import sys

ONE = """
import sys
import socialconnect as sc

def loaded():
    return sorted(name for name in sys.modules if name.startswith("socialconnect.connectors."))

with sc.Client("sk_test_recorded") as client:
    names, before = dir(client), loaded()
    client.linear
    print(len(names) > 20, before, loaded())
"""


def test_a_connector_is_loaded_when_it_is_used():
    """A client knows all providers by name, and reads the file of none but those that it is asked for."""
    done = subprocess.run([sys.executable, "-c", ONE], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "True [] ['socialconnect.connectors.linear']"
