"""In which task, thread and event loop code runs."""

from __future__ import annotations

import asyncio
import sys
import threading
from types import ModuleType

import pytest

from usersmanager._flow.running import is_in_event_loop, running_id


def test_a_thread_without_an_event_loop_is_known_by_its_number() -> None:
    assert not is_in_event_loop()
    assert running_id() == threading.get_ident()


def test_a_task_is_told_from_its_thread() -> None:
    async def main() -> None:
        assert is_in_event_loop()
        assert running_id() == id(asyncio.current_task())

    asyncio.run(main())


def test_while_another_thread_imports_asyncio_there_is_no_event_loop(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # This is how `sys.modules` has it until the import ends.
    monkeypatch.setitem(sys.modules, "asyncio", ModuleType("asyncio"))
    assert not is_in_event_loop()
    assert running_id() == threading.get_ident()
