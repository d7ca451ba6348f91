"""`usersmanager new`. Whether what it makes works is in tests/packaging/test_templates.py."""

from __future__ import annotations

import ast
import builtins
import keyword
import subprocess
import sys
import tomllib

import pytest

from usersmanager.cli.app import run

KINDS = ["plugin", "transport"]
A_GOOD_NAME = "usersmanager: error: a good name is words of lower-case letters and digits, "


@pytest.fixture
def make(tmp_path, capsys):
    """Makes a package; gives its folder."""

    def make(kind, name):
        assert run(["new", kind, name, "--into", str(tmp_path)]) == 0
        assert capsys.readouterr().err == ""
        return tmp_path / f"usersmanager-{name}"

    return make


@pytest.fixture
def refusal(tmp_path, capsys):
    """The one line that says why nothing is made."""

    def refusal(*arguments):
        before = sorted(tmp_path.rglob("*"))
        assert run(["new", "--into", str(tmp_path), *arguments]) == 2
        assert sorted(tmp_path.rglob("*")) == before
        shown = capsys.readouterr()
        assert shown.out == ""
        assert shown.err.count("\n") == 1
        return shown.err

    return refusal


def files(folder):
    return sorted(
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()
    )


@pytest.mark.parametrize("kind", KINDS)
def test_it_makes_a_whole_package(make, kind):
    assert files(make(kind, "one-two")) == [
        ".gitignore",
        "README.md",
        "pyproject.toml",
        "src/usersmanager_one_two/__init__.py",
        "src/usersmanager_one_two/py.typed",
        "tests/test_contract.py",
        f"tests/test_{kind}.py",
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_no_placeholder_is_left(make, kind):
    folder = make(kind, "one-two")
    assert not any("$" in name + (folder / name).read_text() for name in files(folder))


@pytest.mark.parametrize(
    ("kind", "entry_point"),
    [("plugin", "usersmanager_one_two:OneTwoPlugin"), ("transport", "usersmanager_one_two")],
)
def test_it_has_an_entry_point_and_what_a_registry_asks_for(make, kind, entry_point):
    project = tomllib.loads((make(kind, "one-two") / "pyproject.toml").read_text())["project"]
    assert project["name"] == "usersmanager-one-two"
    assert project["entry-points"] == {f"usersmanager.{kind}s": {"one-two": entry_point}}
    assert project["dependencies"] == ["usersmanager>=0.1"]
    assert {"version", "description", "readme", "requires-python", "classifiers"} <= set(project)
    assert "pytest>=8.2" in project["optional-dependencies"]["test"]


def test_without_a_folder_it_is_made_here(command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = command("new", "plugin", "here")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "usersmanager-here is made. Try it:",
        "",
        "cd usersmanager-here",
        "python -m pip install --editable '.[test]'",
        "python -m pytest",
    ]
    assert (tmp_path / "usersmanager-here" / "pyproject.toml").exists()


def test_the_folder_to_make_it_in_is_made_too(tmp_path, capsys):
    into = tmp_path / "a new" / "folder"
    assert run(["new", "plugin", "x", "--into", str(into)]) == 0
    assert f"cd '{into}/usersmanager-x'\n" in capsys.readouterr().out
    assert (into / "usersmanager-x" / "README.md").exists()


def test_a_name_may_be_the_whole_distributions(tmp_path, make):
    make("plugin", "whole")
    assert run(["new", "plugin", "usersmanager-twice", "--into", str(tmp_path)]) == 0
    assert files(tmp_path / "usersmanager-twice") == [
        name.replace("whole", "twice") for name in files(tmp_path / "usersmanager-whole")
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_there_is_not_overwritten(make, refusal, kind):
    folder = make(kind, "mine")
    (folder / "README.md").write_text("mine")
    assert refusal(kind, "mine") == (
        "usersmanager: error: usersmanager-mine exists already: nothing is overwritten\n"
    )
    assert (folder / "README.md").read_text() == "mine"


def test_an_empty_folder_or_a_file_of_the_name_is_left_alone_too(tmp_path, refusal):
    (tmp_path / "usersmanager-folder").mkdir()
    (tmp_path / "usersmanager-file").touch()
    assert "exists already" in refusal("plugin", "folder")
    assert "exists already" in refusal("plugin", "file")


@pytest.mark.parametrize(
    "name",
    [
        *("", "-", "-a", "a-", "a--b", "A", "Retry", "a_b", "a.b", "a b", "a/b", "../a", "a\n"),
        *("2fa", "é", "usersmanager-", "usersmanager_a", "a$b", "~", "a" * 31),
    ],
)
def test_a_bad_name_is_refused_and_a_good_one_described(refusal, name):
    told = refusal("plugin", "--", name)
    assert told.startswith(A_GOOD_NAME)
    assert "such as request-id" in told


def test_a_name_that_is_refused_is_not_shown(refusal):
    assert "hush" not in refusal("plugin", "eyJ.hush.hush")


@pytest.mark.parametrize("name", ["retry", "urllib3", "pytest"])
def test_a_name_whose_package_is_installed_is_refused(refusal, name):
    assert refusal("transport", name) == (
        "usersmanager: error: a package of that name is installed already: take another name\n"
    )


def test_there_are_two_kinds(refusal):
    assert refusal("manager", "mine") == (
        "usersmanager: error: there are two kinds to make: plugin and transport\n"
    )


def test_a_folder_that_can_not_be_written_to_is_one_line(tmp_path, capsys):
    (tmp_path / "file").touch()
    assert run(["new", "plugin", "x", "--into", str(tmp_path / "file" / "below")]) == 2
    told = capsys.readouterr().err
    assert told == "usersmanager: error: the package can't be written: Not a directory\n"


@pytest.mark.parametrize("kind", KINDS)
def test_no_good_name_collides_with_a_keyword_a_builtin_or_an_import(make, kind):
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


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["x", "a-name-of-thirty-letters-in-it"])
def test_what_it_makes_is_clean_for_ruff(make, kind, name):
    pytest.importorskip("ruff")
    folder = make(kind, name)
    for arguments in (["check"], ["format", "--check"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *arguments, "--no-cache", "."],
            cwd=folder,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout


def test_its_help_has_80_columns(command):
    done = command("new", "--help")
    assert done.stdout.startswith("Usage: usersmanager new [OPTIONS] plugin|transport NAME\n")
    assert max(map(len, done.stdout.splitlines())) <= 80
