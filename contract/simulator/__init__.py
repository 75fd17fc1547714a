"""A simulated electricity utility: billing history with known truth, for tests and demonstration.

Read `run.py` first: cells of customers are simulated one by one (`cell.py` tells the order), and
what the utility's systems would hold on the day of the cut is written as a dataset.
"""

from contract.simulator.run import SimulationReport, simulate
from contract.simulator.world import World, read_world

__all__ = ["SimulationReport", "World", "read_world", "simulate"]
