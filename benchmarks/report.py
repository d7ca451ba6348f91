"""The result as a Markdown table and as an SVG chart."""

from collections.abc import Sequence
from html import escape

from .layers import Layer
from .scenarios import Row

BEGIN, END = "<!-- results -->", "<!-- /results -->"
# Pixels; bars are cut at _MAXIMUM × base. The chart is narrow, to be readable on a telephone.
_WIDTH, _LEFT, _SCALE, _MAXIMUM, _LINE = 480, 200, 46, 5, 20
_SVG = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}">
<style>
text {{ font: 12px sans-serif; fill: #1f2328 }} .title {{ font-weight: bold }}
rect {{ fill: #afb8c1 }} .usersmanager {{ fill: #c2410c }} .urllib3, .aiohttp {{ fill: #57606a }}
path {{ stroke: #1f2328 }} .base {{ stroke-dasharray: 3 3 }}
</style>
<rect width="100%" height="100%" style="fill: #fff"/>
<text x="8" y="14">Time per call × the bare library's (less is better), cut at {maximum}</text>
<path class="base" d="M{base} 24V{height}"/>
{parts}
</svg>
"""


def table(rows: Sequence[Row]) -> str:
    """Return a Markdown table with a group of lines for each scenario."""
    lines = [
        "| Scenario | Client | Time × base (quartiles) | µs per call | Server busy |",
        "| --- | --- | ---: | ---: | ---: |",
    ]
    previous = ""
    for title, client, (low, median, high), microseconds, busy in rows:
        lines.append(
            f"| {title if title != previous else ''} | {client} | {median:.2f}"
            f" ({low:.2f}–{high:.2f}) | {microseconds:,.0f} | {busy:.0%} |"
        )
        previous = title
    return "\n".join(lines)


def layers_table(layers: Sequence[Layer]) -> str:
    """Return a Markdown table of the layers of a call."""
    lines = [
        "| Layer | One thread, µs | asyncio, 100 in flight, µs |",
        "| --- | ---: | ---: |",
    ]
    lines += [f"| {name} | {alone:.1f} | {together:.1f} |" for name, alone, together in layers]
    return "\n".join(lines)


def replace_results(page: str, text: str) -> str:
    """Return a page with another text between its two markers."""
    before, rest = page.split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}\n\n{text}\n\n{END}{after}"


def chart(rows: Sequence[Row]) -> str:
    """Return an SVG chart: a panel for each scenario, a bar with its quartiles for each client."""
    parts, y, title = [], 0, ""
    for row in rows:
        if row.scenario != title:
            y, title = y + 2 * _LINE, row.scenario
            parts.append(f'<text class="title" x="8" y="{y - 6}">{escape(title)}</text>')
        parts.append(_bar(row, y))
        y += _LINE
    return _SVG.format(
        width=_WIDTH, height=y + _LINE, base=_x(1), maximum=_MAXIMUM, parts="\n".join(parts)
    )


def _bar(row: Row, y: int) -> str:
    low, median, high = row.quartiles
    library = row.client.split()[0]
    return (
        f'<text x="{_LEFT - 8}" y="{y + 14}" text-anchor="end">{escape(row.client)}</text>'
        f'<rect class="{library}" x="{_LEFT}" y="{y + 3}" width="{_x(median) - _LEFT}"'
        f' height="14"/><path d="M{_x(low)} {y + 10}H{_x(high)}"/>'
        f'<text x="{_x(max(high, 1)) + 6}" y="{y + 14}">{median:.2f}</text>'
    )


def _x(ratio: float) -> int:
    return _LEFT + round(min(ratio, _MAXIMUM) * _SCALE)
