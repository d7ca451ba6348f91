"""The package as a whole: what it exports, what it imports, and its metadata."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import usersmanager

CORE = Path(usersmanager.__file__).parent
PYPROJECT = Path(__file__).parents[1] / "pyproject.toml"
HTTP_AND_PLUGINS = {
    *("aiohttp", "httptools", "requests", "urllib3", "yarl", "click", "rich", "tenacity"),
    *("usersmanager_aiohttp", "usersmanager_native", "usersmanager_urllib3"),
    *("usersmanager_cache", "usersmanager_headers", "usersmanager_jwt", "usersmanager_logging"),
    *("joserfc", "usersmanager_opentelemetry", "usersmanager_retry", "opentelemetry"),
}
EXTENSIONS = [
    *("aiohttp", "cache", "headers", "jwt", "logging", "native", "opentelemetry", "retry"),
    "urllib3",
]


def test_importing_the_package_imports_no_plugin_and_no_http_library() -> None:
    code = "import sys, usersmanager.web; print(*sys.modules, sep='\\n')"
    output = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True
    ).stdout
    assert set(output.split()) & (HTTP_AND_PLUGINS | {"http.client"}) == set()


def test_importing_the_fake_transport_imports_no_http_library() -> None:
    code = (
        "import sys; from usersmanager.testing import FakeTransport; print(*sys.modules, sep='\\n')"
    )
    output = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True
    ).stdout
    assert set(output.split()) & (HTTP_AND_PLUGINS | {"http.client"}) == set()


PUBLIC = (
    *("usersmanager", "usersmanager.operations"),
    *("usersmanager.plugins", "usersmanager.transports"),
)
FACES = (*PUBLIC, "usersmanager.oauth", "usersmanager.testing")


@pytest.mark.parametrize("name", EXTENSIONS)
def test_transports_and_plugins_import_only_public_names(name: str) -> None:
    package = importlib.import_module(f"usersmanager_{name}")
    for path in Path(str(package.__file__)).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("usersmanager"):
                if node.level == 0:
                    assert node.module in PUBLIC
                    public = set(importlib.import_module(node.module).__all__)
                    assert {alias.name for alias in node.names} <= public
            elif isinstance(node, ast.Import):
                assert not any(alias.name.startswith("usersmanager") for alias in node.names)


# Of a NamedTuple, which is public in spite of its name, and of a client of redis-py.
OF_OTHERS = {"_replace", "_retries"}


@pytest.mark.parametrize("name", EXTENSIONS)
def test_transports_and_plugins_use_no_private_attribute_of_the_core(name: str) -> None:
    package = importlib.import_module(f"usersmanager_{name}")
    nodes = [
        node
        for path in Path(str(package.__file__)).parent.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
    ]
    used = {node.attr for node in nodes if isinstance(node, ast.Attribute) and is_private(node)}
    own = {node.attr for node in nodes if isinstance(node, ast.Attribute) and is_of_self(node)}
    own |= {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    assert used <= own | OF_OTHERS


def is_private(attribute: ast.Attribute) -> bool:
    return attribute.attr.startswith("_") and not attribute.attr.endswith("__")


def is_of_self(attribute: ast.Attribute) -> bool:
    return isinstance(attribute.value, ast.Name) and attribute.value.id == "self"


def test_the_operations_of_oauth_are_made_of_public_names() -> None:
    for path in (CORE / "oauth").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.level == 2:
                face = importlib.import_module(f"usersmanager.{node.module or ''}".rstrip("."))
                assert node.module in (None, "operations", "plugins")
                assert {alias.name for alias in node.names} <= set(face.__all__)


@pytest.mark.parametrize("name", [*FACES, "usersmanager.web"])
def test_the_public_names_exist_and_are_sorted(name: str) -> None:
    face = importlib.import_module(name)
    assert face.__all__ == sorted(face.__all__)
    assert all(hasattr(face, public) for public in face.__all__)


@pytest.mark.parametrize("name", FACES)
def test_dir_lists_only_public_names_and_submodules(name: str) -> None:
    face = importlib.import_module(name)
    submodules = {module.name for module in pkgutil.iter_modules(getattr(face, "__path__", []))}
    assert set(face.__all__) <= set(dir(face)) <= set(face.__all__) | submodules


def test_an_application_has_to_know_at_most_40_names() -> None:
    assert len(usersmanager.__all__) <= 40


@pytest.mark.parametrize("name", FACES)
def test_an_unknown_name_is_an_attribute_error(name: str) -> None:
    with pytest.raises(AttributeError, match="nonexistent"):
        _ = importlib.import_module(name).nonexistent


@pytest.mark.parametrize(
    "name",
    ["usersmanager", *(f"usersmanager_{name}" for name in EXTENSIONS), "usersmanager_pytest"],
)
def test_every_import_package_is_marked_as_typed(name: str) -> None:
    assert (Path(str(importlib.import_module(name).__file__)).parent / "py.typed").exists()


def test_every_module_can_be_imported_without_a_warning() -> None:
    names = [
        module.name
        for module in pkgutil.iter_modules([str(CORE)], "usersmanager.")
        if not module.ispkg and not module.name.endswith("__main__")
    ]
    code = "; ".join(
        ["import importlib, sys"] + [f"importlib.import_module('{name}')" for name in names]
    )
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)


def test_the_version_of_the_package_is_that_of_the_distribution() -> None:
    from importlib.metadata import version

    assert version("usersmanager") == usersmanager.__version__


@pytest.mark.parametrize(("library", "unsupported"), [("aiohttp", "4.0.0"), ("urllib3", "3.0.0")])
def test_the_next_major_version_of_an_http_library_is_excluded(
    library: str, unsupported: str
) -> None:
    project = tomllib.loads(PYPROJECT.read_text())["project"]
    requirements = map(Requirement, project["dependencies"])
    specifier = next(item.specifier for item in requirements if item.name == library)
    assert not specifier.contains(unsupported, prereleases=True)
    assert not specifier.contains(f"{unsupported}a1", prereleases=True)


def test_a_cache_in_the_process_imports_neither_redis_nor_cryptography() -> None:
    code = "import sys, usersmanager_cache as c; c.Cache(); print(*sys.modules, sep='\\n')"
    output = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True
    ).stdout
    assert set(output.split()) & {"asyncio", "cryptography", "redis", "valkey"} == set()
