"""JupyterLab, Notebook 7, Voila and one Chromium for the tests that need eyes."""

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager

NEWS = '{"fetchNews":"false","checkForUpdates":false}'  # its pop-up covers a corner
LONG = 60_000  # milliseconds after which nothing will come any more


def chromium():
    """Where the browser is, if anywhere."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


class Lab:
    """A JupyterLab of its own, in a folder of its own."""

    module = "jupyterlab"
    exposed = "--LabApp.expose_app_in_browser=True"
    ready = "/api/status"

    def __init__(self, home):
        self.home = home
        self.token = secrets.token_hex(8)
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        settings = home / "settings"
        news = settings / "@jupyterlab" / "apputils-extension"
        news.mkdir(parents=True)
        (news / "notification.jupyterlab-settings").write_text(NEWS, "utf-8")
        self.themes = settings / "@jupyterlab" / "apputils-extension" / "themes.jupyterlab-settings"
        places = {f"JUPYTER_{name}_DIR": str(home / name.lower()) for name in ("CONFIG", "DATA", "RUNTIME")}
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("JUPYTER")},
            **places,
            "JUPYTERLAB_SETTINGS_DIR": str(settings),
            "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
            "IPYTHONDIR": str(home / "ipython"),
            "JUPYTER_TOKEN": self.token,
        }
        self.root = home / "root"
        self.root.mkdir()

    @contextmanager
    def running(self):
        """Serve while the block lasts."""
        with (self.home / "log.txt").open("wb") as log:
            server = subprocess.Popen(
                [sys.executable, "-m", self.module, *self._options()], env=self.environment, stdout=log, stderr=log
            )
            try:
                self._wait(server)
                yield self
            finally:
                server.terminate()
                server.wait(20)

    def _options(self):
        return [
            "--no-browser",
            "--allow-root",
            "--ip=127.0.0.1",
            f"--port={self.port}",
            "--ServerApp.port_retries=0",
            f"--ServerApp.root_dir={self.root}",
            self.exposed,
        ]

    def _wait(self, server):
        url = self._url(self.ready)
        for _ in range(600):
            assert server.poll() is None, (self.home / "log.txt").read_text("utf-8")[-2000:]
            try:
                with urllib.request.urlopen(url, timeout=5):
                    return
            except OSError:
                time.sleep(0.1)  # a server of another process says nothing when it is up
        raise AssertionError(f"{self.module} did not start")

    def _url(self, path):
        return f"http://127.0.0.1:{self.port}{path}?token={self.token}"

    def write(self, name, *cells):
        """A notebook with these cells."""
        kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
        made = [
            {
                "cell_type": "code",
                "id": f"cell{at}",
                "metadata": {},
                "source": cell,
                "outputs": [],
                "execution_count": None,
            }
            for at, cell in enumerate(cells)
        ]
        notebook = {"cells": made, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
        (self.root / name).write_text(json.dumps(notebook), "utf-8")

    def open(self, page, name):
        """Show a notebook, with its kernel ready."""
        page.goto(self._address(name))
        page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=LONG)
        kernel = "window.jupyterapp?.shell?.currentWidget?.sessionContext?.session?.kernel"
        page.wait_for_function(f"{kernel}?.status === 'idle'", timeout=LONG)

    def _address(self, name):
        return self._url(f"/lab/workspaces/{secrets.token_hex(4)}/tree/{name}") + "&reset"

    def run(self, page):
        """Run all cells, without waiting for them."""
        page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-all-cells') }")

    def theme(self, page, name):
        """Turn to a theme: `JupyterLab Dark` or `JupyterLab Light`."""
        page.evaluate(f"() => window.jupyterapp.commands.execute('apputils:change-theme', {{theme: '{name}'}})")
        page.wait_for_function(f"document.body.dataset.jpThemeName === '{name}'", timeout=LONG)

    def show(self, page, name, theme="Light"):
        """Open a notebook in a theme and run it."""
        self.open(page, name)
        self.theme(page, f"JupyterLab {theme}")
        self.run(page)


class Notebook(Lab):
    """A Jupyter Notebook 7: the same pages, one notebook in each."""

    module = "notebook"
    exposed = "--JupyterNotebookApp.expose_app_in_browser=True"

    def _address(self, name):
        return self._url(f"/notebooks/{name}")


class Voila(Lab):
    """A Voila: a notebook is run and shown without its code, for whoever comes."""

    module = "voila"
    ready = "/"

    def _options(self):
        return ["--no-browser", "--Voila.ip=127.0.0.1", f"--port={self.port}", str(self.root)]

    def show(self, page, name, theme="Light"):
        """Show what a notebook shows."""
        page.goto(f"http://127.0.0.1:{self.port}/voila/render/{name}?theme={theme.lower()}")
