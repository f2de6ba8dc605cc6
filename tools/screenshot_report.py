"""Take the picture of a report that the README shows.

A picture in a README goes stale without anybody noticing, so it is made by a command and never by
hand. It shows the first screen of `report.html` as a browser draws it, in light colours. Needed is
Chromium or Chrome, which is no dependency of the project: `apt-get install chromium`, or name one
in `$CHROMIUM`. The browser gets a profile of its own, loads one local file and asks no network.

Run `make demo`, then `python tools/screenshot_report.py` from anywhere. It reads
`demo-out/report.html`, writes `docs/images/report.png`, and refuses a picture over 250 kB, which
would make the page slow to open. Pictures of other reports: `REPORT PICTURE [HEIGHT]`.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parent.parent
REPORT = ROOT / "demo-out/report.html"
PICTURE = ROOT / "docs/images/report.png"
WIDTH = 1280
HEIGHT = 1190
"""Down to the end of the equity chart, for a report on two modes."""

BYTES_MAX = 250_000
SECONDS_MAX = 120
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
OPTIONS = (
    *("--headless", "--disable-gpu", "--hide-scrollbars", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update", "--disable-quic"),
    # Time inside the page runs ahead until its scripts are done.
    "--virtual-time-budget=10000",
    # A container's root may not use the sandbox; the page is our own file.
    *(("--no-sandbox",) if hasattr(os, "geteuid") and os.geteuid() == 0 else ()),
)


def browser() -> str:
    """Return the path of a browser, or stop with a sentence."""
    named = os.environ.get("CHROMIUM")
    found = [path for name in ([named] if named else BROWSERS) if (path := shutil.which(name))]
    if not found:
        sys.exit("no Chromium found: apt-get install chromium, or name one in $CHROMIUM")
    return found[0]


def take(report: Path, picture: Path, height: int) -> None:
    """Write the top `height` pixels of `report` as a PNG file, or stop with a sentence."""
    if not report.is_file():
        sys.exit(f"{report}: there is no report; make one with `make demo`")
    with TemporaryDirectory() as folder:
        shot = Path(folder) / "shot.png"
        command = [
            browser(),
            *OPTIONS,
            f"--user-data-dir={folder}/profile",
            f"--window-size={WIDTH},{height}",
            f"--screenshot={shot}",
            report.resolve().as_uri(),
        ]
        ran = subprocess.run(  # noqa: S603  The command is put together here.
            command, capture_output=True, timeout=SECONDS_MAX, text=True, check=False
        )
        if ran.returncode or not shot.exists():
            sys.exit(f"the browser took no picture:\n{ran.stderr}")
        size = shot.stat().st_size
        if size > BYTES_MAX:
            sys.exit(f"the picture has {size:,} bytes, at most {BYTES_MAX:,}; lower the height")
        picture.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(shot, picture)
    sys.stdout.write(f"{picture}: {WIDTH} × {height}, {size:,} bytes\n")


if __name__ == "__main__":
    given = sys.argv[1:]
    take(
        Path(given[0]) if given else REPORT,
        Path(given[1]) if len(given) > 1 else PICTURE,
        int(given[2]) if len(given) > 2 else HEIGHT,
    )
