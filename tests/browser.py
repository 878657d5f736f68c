"""A headless Chromium that tests drive by its DevTools protocol over a pipe: no port, no driver, no library."""

import base64
import json
import os
import select
import shutil
import subprocess
import time
from typing import Any

FLAGS = """
--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking
--disable-component-update --disable-sync --disable-extensions --disable-dev-shm-usage --mute-audio
--hide-scrollbars --remote-debugging-pipe
"""
#: How many seconds an answer may take.
PATIENCE = 60
NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
#: The keys that a film knows, as the protocol has them: code, number, text.
KEYS = {
    " ": ("Space", 32, " "), "ArrowLeft": ("ArrowLeft", 37, ""), "ArrowRight": ("ArrowRight", 39, ""),
    "Home": ("Home", 36, ""), "End": ("End", 35, ""), "+": ("Equal", 187, "+"), "-": ("Minus", 189, "-"),
    "Enter": ("Enter", 13, "\r"), "Tab": ("Tab", 9, ""), "Escape": ("Escape", 27, ""),
}  # fmt: skip


def executable() -> str | None:
    """Where Chromium is, if it is installed."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


class Browser:
    """One Chromium with one page."""

    def __init__(self, profile: Any, width: int = 1280, height: int = 800) -> None:
        orders, self.orders = os.pipe()
        self.answers, answers = os.pipe()

        def connected() -> None:
            # The protocol's pipes are 3 and 4; both are moved out of the way before they are put there.
            free = max(orders, answers, 4) + 1
            first, second = os.dup2(orders, free), os.dup2(answers, free + 1)
            os.dup2(first, 3)
            os.dup2(second, 4)

        self.process = subprocess.Popen(
            [
                str(executable()),
                *FLAGS.split(),
                f"--user-data-dir={profile}",
                f"--window-size={width},{height}",
                "about:blank",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            close_fds=False,
            preexec_fn=connected,
        )
        os.close(orders)
        os.close(answers)
        self.buffer, self.number, self.session = b"", 0, None
        self.events: list[dict[str, Any]] = []
        targets = self.send("Target.getTargets")["targetInfos"]
        target = next(one["targetId"] for one in targets if one["type"] == "page")
        self.session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.send(f"{domain}.enable")

    def send(self, method: str, **parameters: Any) -> dict[str, Any]:
        """What the browser answers to an order."""
        self.number += 1
        order = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            order["sessionId"] = self.session
        os.write(self.orders, json.dumps(order).encode() + b"\0")
        while True:
            message = self.read()
            if message.get("id") == self.number:
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error']}")
                result: dict[str, Any] = message["result"]
                return result
            self.events.append(message)

    def read(self) -> dict[str, Any]:
        """The next message."""
        while b"\0" not in self.buffer:
            if not select.select([self.answers], [], [], PATIENCE)[0]:
                raise TimeoutError("Chromium does not answer")
            more = os.read(self.answers, 1 << 16)
            if not more:
                raise RuntimeError("Chromium ended")
            self.buffer += more
        message, _, self.buffer = self.buffer.partition(b"\0")
        answer: dict[str, Any] = json.loads(message)
        return answer

    def open(self, address: str) -> None:
        """Load a page, and wait until it stands."""
        self.events.clear()
        self.send("Page.navigate", url="about:blank")
        self.send("Page.navigate", url=address)
        self.until(f"document.readyState === 'complete' && location.href === {json.dumps(address)}")

    def until(self, condition: str, seconds: float = 15) -> None:
        """Wait until JavaScript finds a condition true."""
        end = time.monotonic() + seconds
        while not self.run(condition):
            if time.monotonic() > end:
                raise TimeoutError(condition)
            time.sleep(0.02)

    def run(self, expression: str) -> Any:
        """The value of an expression of JavaScript."""
        answer = self.send("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(answer["exceptionDetails"]["exception"]["description"])
        return answer["result"].get("value")

    def press(self, key: str) -> None:
        """Press a key, and let it go."""
        code, number, text = KEYS[key] if key in KEYS else (f"Key{key.upper()}", ord(key.upper()), key)
        how = {"key": key, "code": code, "windowsVirtualKeyCode": number}
        self.send("Input.dispatchKeyEvent", type="keyDown", **how, **({"text": text} if text else {}))
        self.send("Input.dispatchKeyEvent", type="keyUp", **how)

    def point(self, x: float, y: float, click: bool = False) -> None:
        """Move the pointer, and press its button if that is said."""
        self.send("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)
        for kind in ("mousePressed", "mouseReleased") if click else ():
            self.send("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def prefer(self, **features: str) -> None:
        """What the reader prefers: prefers_color_scheme="dark", prefers_reduced_motion="reduce"."""
        wishes = [{"name": name.replace("_", "-"), "value": value} for name, value in features.items()]
        self.send("Emulation.setEmulatedMedia", features=wishes)

    def resize(self, width: int, height: int) -> None:
        """Another size of the window."""
        self.send("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def picture(self) -> bytes:
        """What is seen, as PNG."""
        return base64.b64decode(self.send("Page.captureScreenshot")["data"])

    def paper(self) -> bytes:
        """What is printed, as PDF."""
        return base64.b64decode(self.send("Page.printToPDF", printBackground=True)["data"])

    def close(self) -> None:
        """End the browser."""
        try:
            self.session = None
            self.send("Browser.close")
        except (OSError, RuntimeError):
            self.process.kill()
        self.process.wait(10)
        os.close(self.orders)
        os.close(self.answers)
