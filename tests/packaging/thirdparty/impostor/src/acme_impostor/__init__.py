"""A third party's module under names that the library ships: it must not be imported."""

raise SystemExit("imported")
