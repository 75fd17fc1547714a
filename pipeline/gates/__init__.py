"""Gates before publishing: what must hold of data, model and list for a run to go out.

A gate is a value (`pipeline.gates.gate.Gate`): an id, wording, the setting that holds its limit,
and a function of facts. The facts are counts that buckets give while they are scored, the model,
and the profiles of runs that were published before; no row is read twice for them (design 6).
"""

from pipeline.gates.gate import Accepted, Finding, Gate
from pipeline.gates.settings import Gates

__all__ = ["Accepted", "Finding", "Gate", "Gates"]
