"""Slots: what counts, and for how long."""

from __future__ import annotations

import math

from usersmanager.transports.http1.slots import Alive, Slot


class Item: ...


def test_a_new_slot_is_in_use_and_has_nothing_to_keep() -> None:
    slot = Slot("a")
    assert (slot.origin, slot.connection, slot.is_reusable, slot.idle_since) == (
        *("a", None, False, math.inf),
    )


def test_an_object_counts_until_it_is_removed_or_collected() -> None:
    alive: Alive[Item] = Alive()
    removed, collected, other = Item(), Item(), Item()
    for item in (removed, collected, other):
        alive.add(item)
    assert (len(alive), set(alive)) == (3, {removed, collected, other})
    alive.remove(removed)
    alive.remove(removed)
    del item, collected
    assert (len(alive), list(alive)) == (1, [other])


def test_an_object_that_is_collected_as_others_are_looked_at_is_passed_over() -> None:
    alive: Alive[Item] = Alive()
    items = [Item() for _ in range(3)]
    for item in items:
        alive.add(item)
    del item
    looked_at = []
    for one in alive:
        looked_at.append(one)
        items.clear()
    assert len(looked_at) == 1
