"""All gates, in the order in which they are told."""

from pipeline.gates.data_gates import DATA_GATES
from pipeline.gates.gate import Gate
from pipeline.gates.list_gates import LIST_GATES

GATES: tuple[Gate, ...] = (*DATA_GATES, *LIST_GATES)
