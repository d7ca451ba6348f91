"""`python -m usersmanager`: the command line, without its console script."""

from __future__ import annotations

import sys

from .cli import main

sys.exit(main())
