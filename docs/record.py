"""Record `usersmanager demo` as docs/pictures/demo.svg: `python docs/record.py`."""

from __future__ import annotations

import io
import re
from pathlib import Path
from unittest import mock

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.terminal_theme import MONOKAI

from usersmanager.cli import demo

PICTURE = Path(__file__).parent / "pictures" / "demo.svg"

# The page must load nothing from elsewhere.
_WITHOUT_FONTS = re.sub(r"@font-face \{\{.*?\}\}", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL).replace(
    "Fira Code, monospace", "ui-monospace, Menlo, Consolas, monospace"
)


def main() -> None:
    """Run the demo, and write what it prints."""
    console = Console(
        file=io.StringIO(), record=True, width=80, markup=False, emoji=False, highlight=False
    )
    with mock.patch.object(demo, "make_console", return_value=console):
        demo.demo(args=[], standalone_mode=False)
    svg = console.export_svg(
        title="usersmanager demo", theme=MONOKAI, code_format=_WITHOUT_FONTS, unique_id="demo"
    )
    PICTURE.write_text("\n".join(line.rstrip() for line in svg.splitlines()) + "\n")


if __name__ == "__main__":
    main()
