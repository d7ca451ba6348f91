"""The page that a browser shows after a login."""

from __future__ import annotations

import html

from aiohttp import web

__all__ = ["make_page"]

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width"><link rel="icon" href="data:,">
<style>
:root {{ color-scheme: light dark; font: 1.1rem/1.5 system-ui, sans-serif }}
body {{ min-height: 100vh; margin: 0; display: grid; place-items: center }}
main {{ margin: 1rem; padding: 1.5rem 2.5rem; border: 1px solid #8886; border-radius: .75rem;
  border-top: .4rem solid {color}; overflow-wrap: anywhere }}
h1 {{ margin: 0; font-size: 1.6rem }}
p {{ margin: .5rem 0 0; opacity: .75 }}
</style></head>
<body><main><h1>{title}</h1><p>{text}</p></main></body></html>
"""


def make_page(status: int, title: str, text: str) -> web.Response:
    """Return a response with a page: green for status 200, else red."""
    color = "#2a9d57" if status == 200 else "#c8412f"
    page = _PAGE.format(title=html.escape(title), text=html.escape(text), color=color)
    return web.Response(status=status, text=page, content_type="text/html")
