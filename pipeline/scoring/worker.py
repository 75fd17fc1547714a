"""A worker process: takes buckets from one pipe and answers into another until it is closed.

Started by `pipeline.scoring.workers`. It ends at once when the process that started it is gone.
"""

import os
import queue
import sys
import threading
import traceback
from multiprocessing.connection import Connection
from typing import Any

from contract.errors import ConfigError, DataError, MachineError
from pipeline.scoring.workers import prepare_process


def main() -> None:
    """Work until there is no more to do."""
    tasks = Connection(int(sys.argv[1]), writable=False)
    answers = Connection(int(sys.argv[2]), readable=False)
    given: queue.SimpleQueue[Any] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(tasks, given), daemon=True).start()
    task = given.get()
    prepare_process(task)
    while True:
        work, bucket = given.get()
        try:
            answers.send(work(task, bucket))
        except (ConfigError, DataError, MachineError) as error:
            answers.send(error)
        except Exception:  # noqa: BLE001 - a bug is told whole where people see it
            answers.send(RuntimeError(f"bucket {bucket}:\n{traceback.format_exc()}"))


def _listen(tasks: Connection, given: "queue.SimpleQueue[Any]") -> None:
    """Pass on what comes; a closed pipe ends the process, even in the middle of a bucket."""
    try:
        while True:
            given.put(tasks.recv())
    except (EOFError, OSError):
        os._exit(0)


if __name__ == "__main__":
    main()
