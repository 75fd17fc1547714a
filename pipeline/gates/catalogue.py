"""All gates, in the order in which they are told."""

from pipeline.gates.amount_gates import AMOUNT_GATES
from pipeline.gates.data_gates import DATA_GATES
from pipeline.gates.gate import Gate
from pipeline.gates.list_gates import LIST_GATES
from pipeline.gates.repeat_gates import REPEAT_GATES

GATES: tuple[Gate, ...] = (*DATA_GATES, *REPEAT_GATES, *AMOUNT_GATES, *LIST_GATES)
