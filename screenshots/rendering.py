"""Draws what a program wrote to a terminal: xterm.js in headless Chromium, where blocks meet without gaps."""

import base64
import json
import re
import shutil
import struct
import subprocess
import tempfile
from pathlib import Path

from screenshots.recorder import Size

PACKAGES = ("@xterm/xterm@5.5.0", "@xterm/addon-canvas@0.7.0")
FONT, FONT_SIZE = "JetBrains Mono", 15
MARGIN = 8
_ENDS = b"\x1b[?1049l"
"""The program leaves its screen: what comes after is not in the picture."""


class Renderer:
    """``cache`` keeps the npm packages between runs."""

    def __init__(self, cache: Path) -> None:
        self._chromium = _found("chromium", "chromium-browser", "google-chrome")
        self._modules = cache / "node_modules"
        if not (self._modules / "@xterm" / "addon-canvas").is_dir():
            cache.mkdir(parents=True, exist_ok=True)
            npm = [_found("npm"), "install", "--no-audit", "--no-fund", "--silent", "--prefix", str(cache)]
            subprocess.run([*npm, *PACKAGES], check=True)

    def draw(self, recorded: bytes, size: Size, picture: Path, ground: str) -> None:
        """Write the last frame of a recording as a PNG of exactly the terminal's size."""
        with tempfile.TemporaryDirectory() as folder:
            page = Path(folder) / "page.html"
            page.write_text(self._page(recorded.split(_ENDS)[0], size, ground), encoding="utf-8")
            width, height = self._measure(page, folder)
            self._browse(page, folder, f"--screenshot={picture}", f"--window-size={width},{height}")
        _check(picture, width, height)

    def _page(self, recorded: bytes, size: Size, ground: str) -> str:
        script = "".join(
            f"<script>{(self._modules / '@xterm' / name).read_text(encoding='utf-8')}</script>"
            for name in ("xterm/lib/xterm.js", "addon-canvas/lib/addon-canvas.js")
        )
        style = (self._modules / "@xterm/xterm/css/xterm.css").read_text(encoding="utf-8")
        options = {
            "cols": size.columns, "rows": size.rows, "fontFamily": FONT, "fontSize": FONT_SIZE,
            "theme": {"background": ground}, "allowProposedApi": True, "scrollback": 0,
            "drawBoldTextInBrightColors": False, "customGlyphs": True,
        }  # fmt: skip
        return _PAGE.format(
            style=style, script=script, ground=ground, margin=MARGIN, options=json.dumps(options),
            data=base64.b64encode(recorded).decode(),
        )  # fmt: skip

    def _measure(self, page: Path, folder: str) -> tuple[int, int]:
        """How large the terminal became, in pixels; the page says it in its title."""
        document = self._browse(page, folder, "--dump-dom", "--window-size=2400,1600")
        found = re.search(r"<title>(\d+)x(\d+)</title>", document)
        if found is None:
            raise RuntimeError("the page was not drawn")
        return int(found[1]), int(found[2])

    def _browse(self, page: Path, folder: str, *arguments: str) -> str:
        command = [
            self._chromium, "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
            "--force-device-scale-factor=1", "--virtual-time-budget=8000",
            f"--user-data-dir={folder}/profile", *arguments, page.as_uri(),
        ]  # fmt: skip
        done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=120)
        return done.stdout


_PAGE = """<!doctype html><html><head><meta charset="utf-8"><title>waiting</title><style>{style}
html, body {{ margin: 0; background: {ground}; overflow: hidden; }}
#terminal {{ position: absolute; left: {margin}px; top: {margin}px; }}
.xterm-viewport {{ overflow: hidden !important; }}
</style>{script}</head><body><div id="terminal"></div><script>
const bytes = Uint8Array.from(atob("{data}"), c => c.charCodeAt(0));
document.fonts.load('16px "JetBrains Mono"').then(() => {{
  const terminal = new Terminal({options});
  terminal.open(document.getElementById("terminal"));
  terminal.loadAddon(new CanvasAddon.CanvasAddon());
  terminal.write(bytes, () => {{
    const screen = document.querySelector(".xterm-screen").getBoundingClientRect();
    document.title = Math.ceil(screen.width + {margin} * 2) + "x" + Math.ceil(screen.height + {margin} * 2);
  }});
}});
</script></body></html>"""


def _found(*names: str) -> str:
    for name in names:
        if path := shutil.which(name):
            return path
    raise RuntimeError(f"{names[0]} is needed to make pictures")


def _check(picture: Path, width: int, height: int) -> None:
    """A PNG says its size in its first bytes."""
    if struct.unpack(">II", picture.read_bytes()[16:24]) != (width, height):
        raise RuntimeError(f"{picture} has not the size {width}x{height}")
