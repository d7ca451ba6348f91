"""A certified OpenID provider run by Node.js, a browser, and clients in either mode."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import urlencode
from urllib.request import ProxyHandler, Request, build_opener

import pytest

from usersmanager import AsyncUsersManager, UserInfo, UsersManager

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

# The provider is on this machine, so ignore the proxies of the environment.
_open = build_opener(ProxyHandler({})).open
_TIMEOUT = 120
_BROWSER_ARGUMENTS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)


@dataclass(frozen=True)
class Provider:
    """A running provider with the users "ada" and "grace"."""

    issuer: str

    def token(
        self,
        username: str,
        scope: str = "openid profile email",
        *,
        client: str = "json",
        expires_in: int = 3600,
    ) -> str:
        """Log a user in. The client "json" gets profiles as JSON, "jwt" as signed JWTs."""
        form = {
            "grant_type": "password",
            "client_id": client,
            "username": username,
            "scope": scope,
            "expires_in": expires_in,
        }
        with _open(f"{self.issuer}/token", urlencode(form).encode(), _TIMEOUT) as response:
            return str(json.load(response)["access_token"])

    def delete_user(self, name: str) -> None:
        """Delete a user, until the next login."""
        request = Request(f"{self.issuer}/users/{name}", method="DELETE")
        _open(request, timeout=_TIMEOUT).close()


RunProvider = Callable[..., AbstractContextManager[Provider]]


Fetch = Callable[..., UserInfo]


@pytest.fixture
def fetch(mode: Any) -> Fetch:
    """Call `get_info` with a new manager, in either mode."""

    def fetch(base_url: str, token: str, **options: Any) -> UserInfo:
        (profile,) = mode.calls([("get_info", (token,), options)], base_url=base_url)
        assert isinstance(profile, UserInfo)
        return profile

    return fetch


CallIssuer = Callable[..., list[Any]]


@pytest.fixture
def call_issuer(mode: Any) -> CallIssuer:
    """Make calls, functions of a manager, with a new manager of an issuer, in either mode."""

    def call_issuer(issuer: str, *calls: Callable[[Any], Any], **settings: Any) -> list[Any]:
        if mode.name == "sync":
            with UsersManager.from_issuer(issuer, **settings) as users:
                return [call(users) for call in calls]

        async def main() -> list[Any]:
            async with AsyncUsersManager.from_issuer(issuer, **settings) as users:
                return [await call(users) for call in calls]

        return asyncio.run(main())

    return call_issuer


@pytest.fixture(scope="session")
def run_provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunProvider]:
    """Start a provider: `with run_provider(USERINFO_ROUTE="/me") as provider: ...`"""
    node, npm = _program("node"), _program("npm")
    # Each test process installs into its own copy.
    folder = tmp_path_factory.mktemp("provider")
    source = Path(__file__).parent / "provider"
    ignore = shutil.ignore_patterns("node_modules")
    shutil.copytree(source, folder, ignore=ignore, dirs_exist_ok=True)
    subprocess.run([npm, "ci", "--prefer-offline"], cwd=folder, check=True, timeout=300)
    yield partial(_running, node, folder)
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def provider(run_provider: RunProvider) -> Iterator[Provider]:
    with run_provider() as running:
        yield running


@pytest.fixture(scope="session")
def expired_token(provider: Provider) -> str:
    """A token that was valid and has expired."""
    seconds = 3
    token = provider.token("ada", expires_in=seconds)
    with UsersManager(provider.issuer) as users:
        assert users.get_info(token).sub == "ada"
    time.sleep(seconds)
    return token


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    """Headless Chromium with its own profile. No process of it is left at the end."""
    # With both paths, Selenium searches and downloads nothing.
    program, driver = _program("chromium"), _program("chromedriver")
    try:
        from selenium.webdriver import Chrome, ChromeOptions, ChromeService
    except ModuleNotFoundError:
        _cannot_run("the tests in a browser need selenium: pip install --group e2e")
    home = tmp_path_factory.mktemp("browser")
    options = ChromeOptions()
    options.binary_location = program
    for argument in (*_BROWSER_ARGUMENTS, f"--user-data-dir={home / 'profile'}"):
        options.add_argument(argument)
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("HOME", str(home))
        # Everything is on this machine, so ignore the proxies of the environment.
        environment.setenv("no_proxy", "*")
        browser = Chrome(options, ChromeService(driver))
    try:
        yield browser
    finally:
        browser.quit()
    deadline = time.monotonic() + _TIMEOUT
    while processes := _processes_that_mention(home):
        assert time.monotonic() < deadline, f"the browser left processes behind: {processes}"
        time.sleep(0.05)
    shutil.rmtree(home)


def _processes_that_mention(path: Path) -> list[str]:
    """Return the processes with a path in their arguments or environment, if there is a /proc."""
    processes = []
    for process in Path("/proc").glob("[0-9]*"):
        # A process may end meanwhile, or belong to another user.
        with contextlib.suppress(OSError):
            arguments = (process / "cmdline").read_bytes()
            if os.fsencode(path) in arguments + (process / "environ").read_bytes():
                processes.append(arguments.replace(b"\0", b" ").decode(errors="replace"))
    return processes


def _program(name: str) -> str:
    return shutil.which(name) or _cannot_run(f"the end-to-end tests need {name}, not found on PATH")


def _cannot_run(reason: str) -> NoReturn:
    # In CI, a missing program is a failure.
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@contextmanager
def _running(node: str, folder: Path, **environment: str) -> Iterator[Provider]:
    with subprocess.Popen(
        [node, "server.mjs"],
        cwd=folder,
        env=os.environ | environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield Provider(_issuer(process))
            assert process.stdin is not None
            process.stdin.close()
            assert process.wait(_TIMEOUT) == 0, "the provider did not exit"
        finally:
            process.kill()


def _issuer(process: subprocess.Popen[str]) -> str:
    """Return the issuer that a provider prints when it is ready."""
    assert process.stdout is not None
    # `readline` has no timeout, but it returns when the process ends.
    timer = threading.Timer(_TIMEOUT, process.kill)
    timer.start()
    line = process.stdout.readline()
    timer.cancel()
    assert line, "the provider did not start; see its errors in the captured output"
    return str(json.loads(line)["issuer"])
