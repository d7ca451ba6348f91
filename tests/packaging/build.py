"""Build the distributions into dist/, check them, and test what was built. See `tox -e build`.

Arguments are passed to pytest.
"""

from __future__ import annotations

import email
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import venv
import zipfile
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DIST = ROOT / "dist"
SMOKE = Path(__file__).with_name("smoke.py")
RESOLUTIONS = ("lowest", "newest")
_LINK = re.compile(r"\]\(([^)]*)\)|^\[[^\]]+\]: *(\S+)", re.MULTILINE)


def run(*command: str | Path, folder: Path = ROOT) -> None:
    """Print and run a command; end the program if it fails."""
    print("$", *command, flush=True)
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    if subprocess.run(command, cwd=folder, env=inherited).returncode:
        sys.exit(f"failed: {command[0]}")


def build(source: Path, target: Path) -> dict[str, str]:
    """Build a source tree; return the SHA-256 digests of the sdist and the wheel, by name."""
    run(sys.executable, "-m", "build", "--outdir", target, folder=source)
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in target.iterdir()}


def relative_links(text: str) -> list[str]:
    """Return the links of a Markdown text that only lead somewhere in the repository."""
    targets = [inline or reference for inline, reference in _LINK.findall(text)]
    return [target for target in targets if not target.startswith(("https://", "#"))]


def check_description(wheel: Path) -> None:
    """End the program if the description, which PyPI shows, has a relative link."""
    with zipfile.ZipFile(wheel) as archive:
        (path,) = (path for path in archive.namelist() if path.endswith(".dist-info/METADATA"))
        description = str(email.message_from_bytes(archive.read(path)).get_payload())
    relative = relative_links(description)
    if not description.strip() or relative:
        sys.exit(f"no description, or one with relative links: {', '.join(relative)}")


def unpack(sdist: Path, target: Path) -> Path:
    """Unpack an sdist; return its folder."""
    with tarfile.open(sdist) as archive:
        archive.extractall(target, filter="data")
    return target / sdist.name.removesuffix(".tar.gz")


def new_environment(folder: Path) -> Path:
    """Create an empty virtual environment; return its interpreter."""
    venv.create(folder, symlinks=os.name != "nt")
    return folder / ("Scripts" if os.name == "nt" else "bin") / "python"


def install(python: Path, resolution: str, *requirements: str) -> None:
    """Install requirements with the lowest or newest versions that the project declares."""
    if resolution == "lowest":
        uv = ("uv", "pip", "install", "--quiet", "--resolution", "lowest-direct")
        run(*uv, "--python", python, *requirements)
    else:
        run(sys.executable, "-m", "pip", "--quiet", "--python", python, "install", *requirements)


def main(arguments: Sequence[str]) -> None:
    """Build, check, install and test."""
    shutil.rmtree(DIST, ignore_errors=True)
    digests = build(ROOT, DIST)
    sdist, wheel = (next(DIST.glob(pattern)) for pattern in ("*.tar.gz", "*.whl"))
    run(sys.executable, "-m", "twine", "check", "--strict", sdist, wheel)
    run("check-wheel-contents", wheel)
    check_description(wheel)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source = unpack(sdist, folder)
        if build(source, folder / "again") != digests:
            sys.exit("the distributions built from the sdist have other bytes")
        for resolution in RESOLUTIONS:
            python = new_environment(folder / resolution)
            install(python, resolution, f"{wheel}")
            run(python, "-I", "-W", "error", SMOKE, "aiohttp", "native", "urllib3")
            install(python, resolution, f"{wheel}[cli,otel,redis]")
            run(python, "-I", "-W", "error", "-m", "usersmanager", "plugins")
        python = new_environment(folder / "tests")
        install(python, "newest", f"{wheel}[cli]", "--group", f"{source / 'pyproject.toml'}:test")
        run(python, "-m", "pytest", *arguments, folder=source)


if __name__ == "__main__":
    main(sys.argv[1:])
