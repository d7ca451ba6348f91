"""A third-party module registered under shipped names: it must not be imported."""

raise KeyboardInterrupt("imported")
