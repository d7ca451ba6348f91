"""A third-party plugin that ends the program when it is imported."""

import sys

sys.exit("usage: exiting")
