"""Mutation testing, `tox -e mutation`: do the tests fail if the code is wrong?

mutmut mutates functions; `constants.py` mutates the constants outside them. Prints the surviving
mutants and the score of each module, and exits with 1 if the total score is below 90 %.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
MINIMUM_SCORE = 90.0
PARSER_TESTS = [
    "tests/transports/http1/test_parser.py",
    "tests/transports/http1/test_parser_properties.py",
]
POOL_TESTS = [
    "tests/transports/http1/test_slots.py",
    "tests/transports/http1/test_pool.py",
    "tests/transports/http1/test_sync_pool.py",
    "tests/transports/http1/test_async_pool.py",
]
# The modules to mutate, and the tests that should fail then.
TESTS = {
    "usersmanager._operations.challenge": ["tests/operations/test_challenge.py"],
    "usersmanager._operations.content_coding": ["tests/operations/test_decoding.py"],
    "usersmanager._operations.decoding": ["tests/operations/test_decoding.py"],
    "usersmanager._operations.error_details": ["tests/operations/test_error_details.py"],
    "usersmanager._operations.error_document": [
        "tests/operations/test_error_details.py",
        "tests/operations/test_decoding.py",
    ],
    "usersmanager._operations.error_text": ["tests/operations/test_error_text.py"],
    "usersmanager._operations.json_body": ["tests/operations/test_json_body.py"],
    "usersmanager._operations.media_type": ["tests/operations/test_decoding.py"],
    "usersmanager._operations.subject": ["tests/operations/test_decoding.py"],
    "usersmanager._operations.status": ["tests/operations/test_status.py"],
    "usersmanager._operations.body": ["tests/operations/test_operation.py"],
    "usersmanager._operations.get_info": [
        "tests/operations/test_arguments.py",
        "tests/operations/test_requests.py",
        "tests/manager/test_endpoints.py",
    ],
    "usersmanager._operations.impersonate": [
        "tests/operations/test_arguments.py",
        "tests/operations/test_requests.py",
    ],
    "usersmanager._operations.operation": ["tests/operations/test_operation.py"],
    "usersmanager._operations.reading": [
        "tests/operations/test_reading.py",
        "tests/operations/test_reading_errors.py",
    ],
    "usersmanager._operations.target": ["tests/operations/test_operation.py"],
    "usersmanager._operations.endpoints": ["tests/manager/test_endpoints.py"],
    "usersmanager._operations.provider": ["tests/operations/test_provider.py"],
    "usersmanager._values.forms": [
        "tests/operations/test_operation.py",
        "tests/manager/test_credentials.py",
    ],
    "usersmanager._values.dates": [
        "tests/values/test_response.py",
        "tests/values/test_rate_limit.py",
    ],
    "usersmanager._values.headers": [
        "tests/values/test_headers.py",
        "tests/values/test_request.py",
    ],
    "usersmanager._values.hosts": ["tests/values/test_urls.py"],
    "usersmanager._values.rate_limit": ["tests/values/test_rate_limit.py"],
    "usersmanager._values.rate_limit_items": ["tests/values/test_rate_limit.py"],
    "usersmanager._values.redaction": [
        "tests/values/test_redaction.py",
        "tests/operations/test_reading_errors.py",
    ],
    "usersmanager._values.site": ["tests/manager/test_provider.py"],
    "usersmanager._values.retry_after": ["tests/values/test_rate_limit.py"],
    "usersmanager._values.token": ["tests/values/test_token.py"],
    "usersmanager._values.url_advice": ["tests/values/test_urls.py"],
    "usersmanager._values.urls": ["tests/values/test_urls.py"],
    "usersmanager._values.user_ids": ["tests/values/test_user_ids.py"],
    "usersmanager._values.validation": ["tests/values/test_validation.py"],
    "usersmanager.transports.http1.async_connection": [
        "tests/transports/http1/test_async_connection.py"
    ],
    "usersmanager.transports.http1.async_pool": ["tests/transports/http1/test_async_pool.py"],
    "usersmanager.transports.http1.async_transport": ["tests/transports/http1/test_transport.py"],
    "usersmanager.transports.http1.head": PARSER_TESTS,
    "usersmanager.transports.http1.parser": PARSER_TESTS,
    "usersmanager.transports.http1.pool": POOL_TESTS,
    "usersmanager.transports.http1.receiver": ["tests/transports/http1/test_receiver.py"],
    "usersmanager.transports.http1.slots": POOL_TESTS,
    "usersmanager.transports.http1.stream": ["tests/transports/http1/test_stream.py"],
    "usersmanager.transports.http1.sync_pool": ["tests/transports/http1/test_sync_pool.py"],
    "usersmanager.transports.http1.timer": ["tests/transports/http1/test_timer.py"],
    "usersmanager.transports.http1.transport": ["tests/transports/http1/test_transport.py"],
    "usersmanager_retry.budget": ["tests/plugins/test_retry_budget.py"],
    "usersmanager_retry.policy": [
        "tests/plugins/test_retry.py",
        "tests/plugins/test_retry_settings.py",
        "tests/plugins/test_retry_wait.py",
    ],
    "usersmanager_retry.retry": [
        "tests/plugins/test_retry.py",
        "tests/plugins/test_retry_wait.py",
        "tests/plugins/test_retry_budget.py",
    ],
    "usersmanager_retry.settings": ["tests/plugins/test_retry_settings.py"],
}
# The profile "ci" makes hypothesis deterministic, and so the score.
PYTEST = ["--hypothesis-profile=ci", "-pno:cacheprovider"]


class Outcome(NamedTuple):
    """The status of one mutant of a module, and its change."""

    module: str
    status: str
    change: str


def path_of(module: str) -> Path:
    """Return the path of a module in the staged tree."""
    return Path("src", *module.split(".")).with_suffix(".py")


def stage(directory: Path) -> None:
    """Copy the sources, under one root because mutmut supports only one, and the tests."""
    for root in ("core", "plugins", "transports"):
        shutil.copytree(ROOT / root, directory / "src", dirs_exist_ok=True)
    shutil.copytree(
        ROOT / "tests", directory / "tests", ignore=shutil.ignore_patterns("node_modules")
    )
    shutil.copy(ROOT / "pyproject.toml", directory)
    settings = {
        "source_paths": ["src/"],
        "only_mutate": [str(path_of(module)) for module in TESTS],
        "pytest_add_cli_args": PYTEST,
        "pytest_add_cli_args_test_selection": sorted(set(chain(*TESTS.values()))),
        "timeout_multiplier": ["6"],
        "track_dependencies": ["false"],
    }
    lines = ["\n    ".join([f"{name} =", *values]) for name, values in settings.items()]
    (directory / "setup.cfg").write_text("\n".join(["[mutmut]", *lines]), encoding="utf-8")


def functions() -> Iterator[Outcome]:
    """Yield the mutants of functions."""
    completed = python("mutmut", "run")
    if completed.returncode:
        raise SystemExit(completed.stdout[-5000:])
    check_names()
    for line in python("mutmut", "results", "--all", "true").stdout.splitlines():
        name, _, status = line.strip().partition(": ")
        diff = python("mutmut", "show", name).stdout.splitlines() if status != "killed" else []
        changed = [line for line in diff if line.startswith(("-", "+")) and line[1:2] == " "]
        yield Outcome(name.rpartition(".")[0], status, "\n".join(changed))


def check_names() -> None:
    """Check that pytest finds each test by its name: mutmut mistakes such an error for a kill."""
    names = json.loads(Path("mutants/mutmut-stats.json").read_text())["duration_by_test"]
    completed = python("pytest", "--collect-only", "-q", *PYTEST, *names)
    if completed.returncode:
        raise SystemExit(completed.stdout[-5000:])


def python(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a Python module."""
    command = [sys.executable, "-m", *arguments]
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def outside_functions() -> Iterator[Outcome]:
    """Yield the mutants of constants."""
    sys.path[:0] = [os.path.abspath("src"), str(HERE)]
    import constants

    for module, tests in TESTS.items():
        source = path_of(module).read_text(encoding="utf-8")
        for mutant, status in constants.run(module, source, [*PYTEST, *tests]):
            yield Outcome(module, status, f"-{mutant.before}\n+{mutant.after}")


def report(outcomes: Iterable[Outcome]) -> float:
    """Print the surviving mutants and a table; return the total score."""
    rows: dict[str, Counter[str]] = defaultdict(Counter)
    for outcome in outcomes:
        rows[outcome.module][outcome.status] += 1
        rows["all"][outcome.status] += 1
        if outcome.status != "killed":
            print(f"{outcome.module}: {outcome.status}\n{outcome.change}\n", flush=True)
    score = 0.0
    for module in [*TESTS, "all"]:
        counts = rows[module]
        killed = counts["killed"] + counts["timeout"]
        score = 100 * killed / counts.total()
        print(f"{module:26}{killed:5} of{counts.total():5}{score:7.1f} %", dict(counts))
    return score


def main() -> int:
    with tempfile.TemporaryDirectory() as directory:
        stage(Path(directory))
        os.chdir(directory)
        score = report(chain(functions(), outside_functions()))
        os.chdir(ROOT)
    return 0 if score >= MINIMUM_SCORE else 1


if __name__ == "__main__":
    raise SystemExit(main())
