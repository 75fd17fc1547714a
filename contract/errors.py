"""The errors that a user can mend: bad data, bad settings, and what the machine refuses.

Everything else is a bug and keeps its traceback. The command line turns each of these
into one clear line and its exit code.
"""


class DataError(Exception):
    """A table or file breaks the contract.

    The message names the table or file, the column, how many rows, the first example and
    what to do. It holds ids and counts, never names or a customer's amounts.
    """

    exit_code = 3


class ConfigError(Exception):
    """A setting, mapping or argument is wrong; the message gives its path and the remedy."""

    exit_code = 2


class MachineError(Exception):
    """The machine refuses: the disk is full, writing is not permitted, a process was ended.

    The message names the folder and what to do. Nothing that was finished has changed, and the
    same command goes on where it was.
    """

    exit_code = 5


class BusyError(MachineError):
    """Another process is at the same work; the message names it."""

    exit_code = 6


class GateError(Exception):
    """A run is made but not published: a gate did not let it through.

    The message has a line for each gate that stopped it, with its figure, limit and remedy. The
    newest list stays the one it was, and the run's work is kept.
    """

    exit_code = 7


def exit_code_of(error: BaseException) -> int:
    """Return the exit code that a command ends with; 1 is a bug.

    >>> exit_code_of(BusyError("x")), exit_code_of(KeyError("x"))
    (6, 1)
    """
    return error.exit_code if isinstance(error, _TOLD) else 1


_TOLD = (DataError, ConfigError, MachineError, GateError)
