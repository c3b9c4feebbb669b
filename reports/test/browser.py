"""A headless Chromium for tests, spoken to over its debugging pipe: no packages, no port.

    with Browser() as b:
        page = b.page("file:///.../report.html", width=390, dark=True)
        page.run("document.title")      a value of JavaScript
        page.complaints                 console errors and refused loads, as lines
        page.screenshot("page.png"); page.print("page.pdf")
"""
import base64
import fcntl
import json
import os
import select
import shutil
import signal
import subprocess
import tempfile
import time

PATIENCE = 60   # seconds for one answer: the machine may be busy

FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync",
         "--disable-dev-shm-usage", "--hide-scrollbars", "--remote-debugging-pipe")


def program():
    return shutil.which("chromium") or shutil.which("chromium-browser")


class BrowserError(Exception):
    """The browser did not do what it was asked."""


def out_of_the_way(fd):
    """The same pipe under a number that is neither 3 nor 4."""
    moved = fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 10)
    os.close(fd)
    return moved


class Browser:
    def __enter__(self):
        self.folder = tempfile.mkdtemp()
        there, self.say = os.pipe()     # what it reads as 3
        self.hear, back = os.pipe()     # what it writes to 4
        there, back = out_of_the_way(there), out_of_the_way(back)

        def take():
            os.dup2(there, 3)
            os.dup2(back, 4)

        self.process = subprocess.Popen(
            [program(), *FLAGS, f"--user-data-dir={self.folder}", "about:blank"],
            preexec_fn=take, pass_fds=(3, 4), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, start_new_session=True, env={**os.environ, "HOME": self.folder})
        os.close(there)
        os.close(back)
        self.number, self.rest, self.told = 0, b"", []
        return self

    def __exit__(self, *_):
        try:
            self.ask("Browser.close")
            self.process.wait(10)
        except (BrowserError, OSError, subprocess.TimeoutExpired):
            pass
        try:
            os.killpg(self.process.pid, signal.SIGKILL)     # the group that was started here
        except OSError:
            pass
        self.process.wait()
        os.close(self.say)
        os.close(self.hear)
        shutil.rmtree(self.folder, ignore_errors=True)

    def ask(self, method, session=None, **parameters):
        self.number += 1
        asked = {"id": self.number, "method": method, "params": parameters}
        if session:
            asked["sessionId"] = session
        os.write(self.say, json.dumps(asked).encode() + b"\0")
        while True:
            said = self.next()
            if said.get("id") == self.number:
                if "error" in said:
                    raise BrowserError(f"{method}: {said['error']['message']}")
                return said["result"]
            self.told.append(said)

    def next(self):
        end = time.monotonic() + PATIENCE
        while b"\0" not in self.rest:
            ready, _, _ = select.select([self.hear], [], [], max(0, end - time.monotonic()))
            got = os.read(self.hear, 1 << 20) if ready else b""
            if not got:
                raise BrowserError("the browser said nothing" if not ready else "the browser is gone")
            self.rest += got
        one, self.rest = self.rest.split(b"\0", 1)
        return json.loads(one)

    def wait_for(self, method, session):
        for i, said in enumerate(self.told):
            if said.get("method") == method and said.get("sessionId") == session:
                return self.told.pop(i)
        while True:
            said = self.next()
            if said.get("method") == method and said.get("sessionId") == session:
                return said
            self.told.append(said)

    def page(self, url, width=900, height=800, dark=False, phone=False, scripts=True):
        return Page(self, url, width, height, dark, phone, scripts)


class Page:
    def __init__(self, browser, url, width, height, dark, phone, scripts):
        self.browser = browser
        target = browser.ask("Target.createTarget", url="about:blank")["targetId"]
        self.session = browser.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.ask(domain + ".enable")
        self.ask("Emulation.setDeviceMetricsOverride", width=width, height=height,
                 deviceScaleFactor=1, mobile=phone)
        self.ask("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])
        if not scripts:
            self.ask("Emulation.setScriptExecutionDisabled", value=True)
        self.width = width
        self.go(url)

    def ask(self, method, **parameters):
        return self.browser.ask(method, self.session, **parameters)

    def go(self, url):
        began = time.monotonic()
        went = self.ask("Page.navigate", url=url)
        if "loaderId" in went:  # else only the part behind # changed
            self.browser.wait_for("Page.loadEventFired", self.session)
        self.seconds = time.monotonic() - began

    def run(self, expression):
        """The value of an expression; promises are waited for."""
        done = self.ask("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in done:
            raise BrowserError(f"{expression}: {done['exceptionDetails']['text']}")
        return done["result"].get("value")

    @property
    def complaints(self):
        """Everything red in the console, and every load but that of the page itself."""
        self.run("0")
        lines = []
        for said in self.browser.told:
            if said.get("sessionId") != self.session:
                continue
            what, told = said.get("method"), said.get("params", {})
            if what == "Log.entryAdded" and told["entry"]["level"] in ("error", "warning"):
                lines.append(told["entry"]["text"])
            elif what == "Runtime.exceptionThrown":
                lines.append(told["exceptionDetails"]["text"])
            elif what == "Runtime.consoleAPICalled" and told["type"] in ("error", "warning", "assert"):
                lines.append(str(told["args"]))
            elif what == "Network.requestWillBeSent" and not told["request"]["url"].startswith("file:"):
                lines.append("loads " + told["request"]["url"][:100])
        return lines

    def screenshot(self, path, top=0, height=None):
        high = self.run("document.documentElement.scrollHeight")
        clip = {"x": 0, "y": top, "width": self.width, "height": min(height or high, high - top), "scale": 1}
        shot = self.ask("Page.captureScreenshot", format="png", captureBeyondViewport=True, clip=clip)
        with open(path, "wb") as f:
            f.write(base64.b64decode(shot["data"]))

    def print(self, path):
        made = self.ask("Page.printToPDF", preferCSSPageSize=True, printBackground=True)
        with open(path, "wb") as f:
            f.write(base64.b64decode(made["data"]))
