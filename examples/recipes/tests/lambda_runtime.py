"""Stands for the runtime of AWS Lambda: calls the handler with each event on standard input."""

import json
import sys

sys.path.insert(0, ".")

from app import handler

for line in sys.stdin:
    sys.stdout.write(json.dumps(handler(json.loads(line), None)) + "\n")
