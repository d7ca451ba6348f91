"""`usersmanager new`. tests/packaging/test_templates.py checks, installs and tests its packages."""

from __future__ import annotations

import ast
import builtins
import keyword
import tomllib

import pytest

from usersmanager.cli.app import run

KINDS = ["plugin", "transport"]


@pytest.fixture
def make(tmp_path, capsys):
    """Creates a package, and returns its directory."""

    def make(kind, name):
        assert run(["new", kind, name, "--into", str(tmp_path)]) == 0
        assert capsys.readouterr().err == ""
        return tmp_path / f"usersmanager-{name}"

    return make


@pytest.fixture
def reject(tmp_path, capsys):
    """Checks that nothing is created, and returns the error, which is one line."""

    def reject(*arguments):
        before = sorted(tmp_path.rglob("*"))
        assert run(["new", "--into", str(tmp_path), *arguments]) == 2
        assert sorted(tmp_path.rglob("*")) == before
        output = capsys.readouterr()
        assert output.out == ""
        assert output.err.count("\n") == 1
        return output.err

    return reject


def files(directory):
    return sorted(
        path.relative_to(directory).as_posix() for path in directory.rglob("*") if path.is_file()
    )


@pytest.mark.parametrize("kind", KINDS)
def test_it_creates_a_complete_package(make, kind):
    assert files(make(kind, "one-two")) == [
        ".gitignore",
        "README.md",
        "pyproject.toml",
        "src/one_two_usersmanager/__init__.py",
        "src/one_two_usersmanager/py.typed",
        "tests/test_contract.py",
        f"tests/test_{kind}.py",
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_every_placeholder_is_replaced(make, kind):
    directory = make(kind, "one-two")
    assert not any("$" in name + (directory / name).read_text() for name in files(directory))


@pytest.mark.parametrize(
    ("kind", "entry_point"),
    [("plugin", "one_two_usersmanager:OneTwoPlugin"), ("transport", "one_two_usersmanager")],
)
def test_it_has_an_entry_point_and_complete_metadata(make, kind, entry_point):
    project = tomllib.loads((make(kind, "one-two") / "pyproject.toml").read_text())["project"]
    assert project["name"] == "usersmanager-one-two"
    assert project["entry-points"] == {f"usersmanager.{kind}s": {"one-two": entry_point}}
    assert "usersmanager>=0.1" in project["dependencies"]
    assert {"version", "description", "readme", "requires-python", "classifiers"} <= set(project)
    assert "pytest>=8.2" in project["optional-dependencies"]["test"]


def test_the_default_directory_is_the_current_one(command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = command("new", "plugin", "here")
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.splitlines()[-3:] == [
        "cd usersmanager-here",
        "python -m pip install --editable '.[test]'",
        "python -m pytest",
    ]
    assert (tmp_path / "usersmanager-here" / "pyproject.toml").exists()


def test_a_missing_output_directory_is_created(tmp_path, capsys):
    into = tmp_path / "a new" / "directory"
    assert run(["new", "plugin", "x", "--into", str(into)]) == 0
    assert f"cd '{into}/usersmanager-x'\n" in capsys.readouterr().out
    assert (into / "usersmanager-x" / "README.md").exists()


def test_the_prefix_of_the_distribution_may_be_part_of_the_name(tmp_path, make):
    make("plugin", "short")
    assert run(["new", "plugin", "usersmanager-long", "--into", str(tmp_path)]) == 0
    assert files(tmp_path / "usersmanager-long") == [
        name.replace("short", "long") for name in files(tmp_path / "usersmanager-short")
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_an_existing_package_is_not_overwritten(make, reject, kind):
    directory = make(kind, "mine")
    (directory / "README.md").write_text("mine")
    assert "usersmanager-mine already exists" in reject(kind, "mine")
    assert (directory / "README.md").read_text() == "mine"


def test_an_empty_directory_or_a_file_is_not_overwritten_either(tmp_path, reject):
    (tmp_path / "usersmanager-directory").mkdir()
    (tmp_path / "usersmanager-file").touch()
    assert "already exists" in reject("plugin", "directory")
    assert "already exists" in reject("plugin", "file")


@pytest.mark.parametrize(
    "name",
    [
        *("", "-", "-a", "a-", "a--b", "A", "Retry", "a_b", "a.b", "a b", "a/b", "../a", "a\n"),
        *("2fa", "é", "usersmanager-", "usersmanager_a", "a$b", "~", "a" * 31),
    ],
)
def test_an_invalid_name_is_rejected_with_an_example_of_a_valid_one(reject, name):
    error = reject("plugin", "--", name)
    assert "invalid name" in error
    assert "such as request-id" in error


def test_an_invalid_name_is_not_quoted(reject):
    assert "hush" not in reject("plugin", "eyJ.hush.hush")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["retry", "urllib3", "json-tool"])
def test_the_name_of_what_is_installed_is_rejected(reject, tmp_path, monkeypatch, kind, name):
    (tmp_path / "json_tool_usersmanager.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    assert "already installed" in reject(kind, name)


@pytest.mark.parametrize("name", ["usersmanager", "usersmanager-usersmanager-retry"])
def test_a_package_with_the_prefix_of_the_shipped_ones_is_rejected(reject, name):
    assert "usersmanager is reserved" in reject("plugin", name)


def test_any_other_kind_is_rejected(reject):
    assert "'plugin' or 'transport'" in reject("manager", "mine")


def test_a_directory_that_cannot_be_written_to_is_an_error(tmp_path, reject):
    (tmp_path / "file").touch()
    assert "Not a directory" in reject("plugin", "x", "--into", str(tmp_path / "file" / "below"))


@pytest.mark.parametrize("kind", KINDS)
def test_no_valid_name_collides_with_a_keyword_a_builtin_or_an_import(make, kind):
    words = {word.lower() for word in [*keyword.kwlist, *keyword.softkwlist]} - {"_"}
    for name in sorted({*words, "exception", "flow", "request", "async-2", kind, f"a-{kind}"}):
        for path in make(kind, name).rglob("*.py"):
            body = ast.parse(path.read_text()).body
            defined = [node.name for node in body if isinstance(node, ast.ClassDef)]
            imported = [
                alias.name
                for node in body
                if isinstance(node, ast.ImportFrom)
                for alias in node.names
            ]
            assert not set(defined) & {*imported, *dir(builtins)}


def test_its_usage_names_the_kinds(command):
    usage = command("new", "--help").stdout.splitlines()[0]
    assert usage == "Usage: usersmanager new [OPTIONS] plugin|transport NAME"
