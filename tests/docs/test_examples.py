"""The Python blocks in the README and the documentation run, with a sandbox."""

from __future__ import annotations

import asyncio
import logging
import re
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import generate_key
from tests.support import TENANT

from usersmanager import AsyncUsersManager
from usersmanager.testing import FakeTransport, Sandbox

ROOT = Path(__file__).parents[2]
# The recipes need their frameworks: `tox -e recipes` tests the files that they show. The files of
# the tutorial are tested in test_tutorial.py.
PAGES = [
    ROOT / "README.md",
    *(
        page
        for page in sorted((ROOT / "docs").rglob("*.md"))
        if page.parent.name != "recipes" and page.name != "tutorial.md"
    ),
]
BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


def blocks() -> Iterator[Any]:
    for page in PAGES:
        for match in BLOCK.finditer(page.read_text()):
            line = page.read_text()[: match.start()].count("\n") + 2
            name = page.relative_to(ROOT).as_posix()
            # FastAPI is not among the dependencies of the ordinary tests.
            marks = [pytest.mark.slow] if "fastapi" in match[1] else []
            yield pytest.param(page, line, match[1], id=f"{name}:{line}", marks=marks)


@pytest.fixture(scope="module")
def private_key() -> bytes:
    """A key of RSA takes long to generate."""
    return generate_key("RSA", 2048).as_pem(private=True)


@pytest.fixture
def names(sandbox: Sandbox, private_key: bytes) -> Iterator[dict[str, Any]]:
    """The variables that the examples use."""
    level = logging.getLogger("usersmanager").level
    roles = {"https://example.com/roles": ["admin"]}
    sandbox.add_user("auth0|123", email="a@example.com", email_verified=True, **roles)
    sandbox.add_user("auth0|9")
    yield {
        "__name__": "example",
        "access_token": sandbox.issue_token("auth0|123"),
        "access_tokens": [sandbox.issue_token("auth0|123"), sandbox.issue_token("auth0|9")],
        "api_token": sandbox.issue_api_token(),
        "agent_token": sandbox.issue_token("auth0|9"),
        "client_id": sandbox.client_id,
        "client_secret": sandbox.client_secret,
        "private_key": private_key,
        "subject": "auth0|123",
    }
    logging.getLogger("usersmanager").setLevel(level)


@pytest.mark.parametrize(("page", "line", "source"), list(blocks()))
def test_every_block_of_python_runs(
    page: Path, line: int, source: str, names: dict[str, Any], sandbox: Sandbox
) -> None:
    exec(compile("\n" * (line - 1) + at(sandbox, source), str(page), "exec"), names)


def at(sandbox: Sandbox, source: str) -> str:
    """Return a sample that calls the sandbox."""
    return re.sub(r"https://(tenant\.auth0|accounts\.example)\.com", sandbox.base_url, source)


@pytest.fixture
def printed(
    names: dict[str, Any], sandbox: Sandbox, capsys: pytest.CaptureFixture[str]
) -> Callable[[str], str]:
    """Return what the block of the README with a text prints."""

    def printed(text: str) -> str:
        (source,) = (block for block in BLOCK.findall(PAGES[0].read_text()) if text in block)
        exec(at(sandbox, source), names)
        return capsys.readouterr().out.strip()

    return printed


@pytest.mark.parametrize(
    ("text", "output"),
    [
        ('plugins=["cache"]', "auth0|123 a@example.com"),
        ("from_issuer", "auth0|123"),
    ],
)
def test_an_example_in_the_readme_prints_the_expected_output(
    printed: Callable[[str], str], text: str, output: str
) -> None:
    assert printed(text).startswith(output)


def test_the_cache_of_the_readme_sends_one_request(
    printed: Callable[[str], str], sandbox: Sandbox
) -> None:
    printed('plugins=["cache"]')
    assert len(sandbox.requests) == 1


def test_the_test_in_the_readme_passes() -> None:
    names: dict[str, Any] = {}
    (source,) = (block for block in BLOCK.findall(PAGES[0].read_text()) if "_fake" in block)
    exec(source, names)
    names["test_a_retry_succeeds"](FakeTransport())


@pytest.mark.slow
@pytest.mark.parametrize("status", [200, 401, 503])
def test_the_api_in_the_readme_answers_as_it_says(status: int, names: dict[str, Any]) -> None:
    from fastapi import HTTPException

    (source,) = (block for block in BLOCK.findall(PAGES[0].read_text()) if "fastapi" in block)
    exec(source, names)
    fake = FakeTransport()
    fake.profile("auth0|1") if status == 200 else fake.status(status, retry_after="30")

    async def answer() -> int:
        url = TENANT
        async with AsyncUsersManager(url, transport=fake) as names["users"]:
            try:
                await names["me"]("Bearer a-token")
            except HTTPException as error:
                return error.status_code
            return 200

    assert asyncio.run(answer()) == status


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


def test_every_toml_block_is_valid() -> None:
    for page in PAGES:
        for block in re.findall(r"^```toml\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL):
            assert tomllib.loads(block)
