"""Pages that are written from the program are what the program writes now."""

import pathlib
import subprocess

from harness import daemon

ROOT = pathlib.Path(__file__).resolve().parents[2]


def test_the_compatibility_pages_are_up_to_date(tmp_path):
    subprocess.run([daemon.binary(), "--compatibility", tmp_path], check=True, stdout=subprocess.DEVNULL)
    written = {page.name: page.read_text() for page in tmp_path.iterdir()}
    kept = {page.name: page.read_text() for page in (ROOT / "docs/compatibility").iterdir()}
    assert written == kept, "run: build/mayfly --compatibility docs/compatibility"
