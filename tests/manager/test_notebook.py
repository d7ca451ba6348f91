"""Both managers in the cells of a notebook, which an event loop runs."""

from __future__ import annotations

from typing import Any

import pytest

from usersmanager.testing import Sandbox

SYNC = """
from usersmanager import AsyncUsersManager, UsersManager
with UsersManager({url!r}) as users:
    print(users.get_info({token!r}).sub)
"""
ASYNC = """
async with AsyncUsersManager({url!r}) as users:
    print((await users.get_info({token!r})).sub)
"""


def run_cells(*sources: str) -> list[Any]:
    """Return the outputs of the cells of a notebook."""
    import nbclient
    import nbformat

    notebook = nbformat.v4.new_notebook(cells=list(map(nbformat.v4.new_code_cell, sources)))
    nbclient.NotebookClient(notebook, timeout=60).execute()
    return [cell["outputs"] for cell in notebook["cells"]]


def texts(outputs: list[Any], stream: str) -> str:
    return "".join(output["text"] for output in outputs if output.get("name") == stream)


@pytest.mark.slow
@pytest.mark.filterwarnings("default")  # The libraries of the kernel may warn.
def test_each_cell_gets_its_profile_and_only_the_first_a_warning() -> None:
    with Sandbox() as sandbox:
        token = sandbox.add_user("u").issue_token("u")
        cells = [SYNC, SYNC, SYNC, ASYNC]
        outputs = run_cells(*(cell.format(url=sandbox.base_url, token=token) for cell in cells))
    assert [texts(cell, "stdout") for cell in outputs] == ["u\n"] * 4
    warnings = [texts(cell, "stderr") for cell in outputs]
    assert warnings[0].count("RuntimeWarning: a UsersManager call blocks") == 1
    assert "in a notebook, it does no harm" in warnings[0]
    assert warnings[1:] == [""] * 3
