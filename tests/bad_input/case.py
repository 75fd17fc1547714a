"""A broken input as a row: what is spoiled, what is run, how it ends."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from breaking import Step

# Nobody's: every customer of the world is called so, and no message may say it.
PRIVATE = {"name": "王某某甲", "phone": "13900000000", "address": "某某路壹号"}


@dataclass(frozen=True, kw_only=True)
class Case:
    """One broken input.

    Attributes:
        run: The arguments of the command line; a name in braces is a path of the world.
        code: Its exit code.
        says: What the message must match: where, what, and what to do.
        steps: What spoils the world, in order.
        needs: Which world is spoiled: the dataset alone, or with a plan, or with a model too.
        environment: Variables that are set while it runs.
        adds: Beginnings of paths at which something whole may be added all the same, such as a
            staged store, which is as good for the next run.
    """

    name: str
    run: str
    code: int
    says: str
    steps: tuple[Step, ...] = ()
    needs: Literal["data", "plan", "model"] = "data"
    environment: Mapping[str, str] = field(default_factory=dict)
    adds: tuple[str, ...] = ()


def case(name: str, run: str, code: int, says: str, *steps: Step, **more) -> Case:
    return Case(name=name, run=run, code=code, says=says, steps=steps, **more)
