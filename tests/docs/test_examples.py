"""The Python blocks in the README and the documentation run, with a sandbox."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import generate_key

from usersmanager._composition import hookspecs
from usersmanager.testing import Sandbox

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
PRIVATE_KEY = generate_key("RSA", 2048).as_pem(private=True)
BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


def blocks() -> Iterator[Any]:
    for page in PAGES:
        for match in BLOCK.finditer(page.read_text()):
            line = page.read_text()[: match.start()].count("\n") + 2
            name = page.relative_to(ROOT).as_posix()
            yield pytest.param(page, line, match[1], id=f"{name}:{line}")


@pytest.fixture
def names(sandbox: Sandbox) -> dict[str, Any]:
    """The variables that the examples use."""
    sandbox.add_user("auth0|123", email="a@example.com", **{"https://example.com/roles": ["admin"]})
    sandbox.add_user("auth0|9")
    return {
        "__name__": "example",
        "access_token": sandbox.issue_token("auth0|123"),
        "access_tokens": [sandbox.issue_token("auth0|123"), sandbox.issue_token("auth0|9")],
        "api_token": sandbox.issue_api_token(),
        "agent_token": sandbox.issue_token("auth0|9"),
        "client_id": sandbox.client_id,
        "client_secret": sandbox.client_secret,
        "private_key": PRIVATE_KEY,
        "subject": "auth0|123",
    }


@pytest.mark.parametrize(("page", "line", "source"), list(blocks()))
def test_every_block_of_python_runs(
    page: Path, line: int, source: str, names: dict[str, Any], sandbox: Sandbox
) -> None:
    source = re.sub(r"https://(tenant\.auth0|accounts\.example)\.com", sandbox.base_url, source)
    exec(compile("\n" * (line - 1) + source, str(page), "exec"), names)


@pytest.fixture
def printed(
    names: dict[str, Any], sandbox: Sandbox, capsys: pytest.CaptureFixture[str]
) -> Callable[[str], str]:
    """Return what the block of the README with a text prints."""

    def printed(text: str) -> str:
        (source,) = (block for block in BLOCK.findall(PAGES[0].read_text()) if text in block)
        exec(source.replace("https://tenant.auth0.com", sandbox.base_url), names)
        return capsys.readouterr().out.strip()

    return printed


@pytest.mark.parametrize(
    ("text", "output"),
    [
        ("UnauthorizedError", "auth0|123 a@example.com ['admin']"),
        ("asyncio.run(main())", "['auth0|123', 'auth0|9']"),
        ("def show(", "created a link"),
        ("class Canned", "auth0|123"),
        ("class Timing", "get_info: 200 in 0.0"),
    ],
)
def test_an_example_in_the_readme_prints_the_expected_output(
    printed: Callable[[str], str], text: str, output: str
) -> None:
    assert printed(text).startswith(output)


def plugin_blocks() -> Iterator[Any]:
    for block in blocks():
        source = block.values[2]
        if "class " in source and "@hookimpl" in source and "def __init__(self, " not in source:
            yield block


@pytest.mark.parametrize(("page", "line", "source"), list(plugin_blocks()))
def test_a_plugin_of_the_documentation_works_in_both_modes(
    page: Path, line: int, source: str, names: dict[str, Any], sandbox: Sandbox, mode: Any
) -> None:
    class_name = re.findall(r"^class (\w+)", source, re.MULTILINE)[-1]
    source = source.replace("https://tenant.auth0.com", sandbox.base_url)
    exec(compile("\n" * (line - 1) + source, str(page), "exec"), names)
    plugin = names[class_name]()
    call = ("get_info", (names["access_token"],), {})
    settings = {"base_url": sandbox.base_url, "plugins": [plugin], "discover": False}
    profiles = mode.calls([call, call], **settings)
    assert [profile.sub for profile in profiles] == ["auth0|123"] * 2


@pytest.mark.parametrize(
    "hook", [name for name in dir(hookspecs) if name.startswith("usersmanager_")]
)
def test_every_hook_is_documented(hook: str) -> None:
    assert f"`{hook}`" in (ROOT / "docs/plugins.md").read_text()


def test_every_toml_block_is_valid() -> None:
    for page in PAGES:
        for block in re.findall(r"^```toml\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL):
            assert tomllib.loads(block)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_to_a_file_is_valid(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
        assert (page.parent / target).exists(), target
