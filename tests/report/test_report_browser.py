"""A browser shows the page: its script-free HTML is taken in whole, and it complains of nothing."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.report.report_runs import ABBE, INDEX, write_campaign

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
QUIET = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--enable-logging=stderr",
)  # fmt: skip

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="There is no chromium on this machine.")


def browse(page: Path, profile: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [str(CHROMIUM), *QUIET, f"--user-data-dir={profile}", *options, page.as_uri()]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)


def test_the_console_check_would_see_an_error(tmp_path: Path) -> None:
    page = tmp_path / "bad.html"
    page.write_text("<!doctype html><title>x</title><script>undefinedFunction()</script>")
    assert "CONSOLE" in browse(page, tmp_path / "profile", "--dump-dom").stderr


def test_the_page_loads_whole_and_without_complaint(tmp_path: Path) -> None:
    campaign = write_campaign(tmp_path / "shown", INDEX + ABBE, cycles=1)
    campaign.run()
    page = campaign.directory / "report" / "index.html"
    shown = browse(page, tmp_path / "profile", "--dump-dom")
    assert "CONSOLE" not in shown.stderr
    assert "<title>shown: campaign report</title>" in shown.stdout
    for best in campaign.state().best():
        assert f"<code>{best.text}</code>" in shown.stdout
    picture = tmp_path / "page.png"
    browse(page, tmp_path / "profile", "--window-size=500,900", f"--screenshot={picture}")
    assert picture.read_bytes().startswith(b"\x89PNG")
