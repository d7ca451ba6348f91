"""What a call costs: against the bare HTTP libraries, and against what people use today.

    python -m benchmarks --quick

`peers/` has one small function for each contestant, `scenes/` one module for each
question. The rest measures (`rounds`), stands in for the network (`server`)
and reports (`report`, `chart`).
"""
