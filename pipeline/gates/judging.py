"""Judge a run by every gate, and hold what people accepted against what was found."""

import getpass
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from contract.errors import ConfigError, GateError
from pipeline.gates.catalogue import GATES
from pipeline.gates.facts import Facts
from pipeline.gates.gate import Accepted, Finding, Gate
from pipeline.gates.settings import Gates


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """What all gates found of a run, and who let it through which.

    Attributes:
        findings: By gate, in the order of GATES; a gate that is switched off is not there.
        stayed: Of the customers of the last list, the share that is listed again; kept so that
            later runs know what is usual.
    """

    findings: tuple[tuple[Gate, Finding], ...]
    accepted: tuple[Accepted, ...]
    stayed: float | None

    def failed(self) -> tuple[tuple[Gate, Finding], ...]:
        """Return the gates that keep the run from being published."""
        let_through = {one.gate for one in self.accepted}
        return tuple(
            (gate, finding)
            for gate, finding in self.findings
            if not finding.passed and not (gate.acceptable and gate.id in let_through)
        )

    def notes(self) -> tuple[str, ...]:
        """Return what the list's cover says: each gate that a person let it through."""
        names = {gate.id: (gate, finding) for gate, finding in self.findings}
        return tuple(
            f"闸门“{gate.name.zh}”未通过，由 {one.who} 放行：{finding.found.zh}。理由：{one.reason}"
            f" Gate {gate.id} did not hold and was accepted by {one.who}: {finding.found.en}."
            f" Reason: {one.reason}"
            for one in self.accepted
            for gate, finding in [names[one.gate]]
        )

    def as_dict(self) -> dict[str, Any]:
        """Return all verdicts as JSON values."""
        return {
            "gates": [gate.as_dict(finding) for gate, finding in self.findings],
            "accepted": [asdict(one) for one in self.accepted],
            "failed": [gate.id for gate, _ in self.failed()],
            "stayed": self.stayed,
        }

    def raise_on_failed(self, run: str) -> None:
        """Raise one GateError with a line for each gate that stops the run.

        Raises:
            GateError: A gate does not hold and nobody accepted that.
        """
        if failed := self.failed():
            lines = [gate.message(finding) for gate, finding in failed]
            raise GateError(
                f"run {run} is made but not published, {len(failed)} of {len(self.findings)} gates"
                " do not hold; the list before it stays.\n" + "\n".join(lines)
            )


def judge(facts: Facts, gates: Gates, accepted: Sequence[Accepted]) -> Judgement:
    """Judge a run by every gate that is switched on.

    Raises:
        ConfigError: What was accepted is no gate that failed, or one that cannot be.
    """
    findings = tuple((gate, gate.judge(facts, gates)) for gate in GATES if _is_on(gate, gates))
    _check_accepted(accepted, findings)
    return Judgement(findings=findings, accepted=tuple(accepted), stayed=facts.stayed)


def pair_acceptances(accept: Sequence[str], reasons: Sequence[str]) -> tuple[Accepted, ...]:
    """Return what the command line accepts, each gate with its reason in order.

    Raises:
        ConfigError: A gate is unknown or cannot be accepted, or a reason is missing.
    """
    known = {gate.id: gate for gate in GATES}
    for name in accept:
        if name not in known:
            raise ConfigError(f"--accept: {name!r} is no gate; there are {', '.join(known)}.")
        if not known[name].acceptable:
            raise ConfigError(
                f"--accept: the gate {name} cannot be accepted. {known[name].remedy.en}"
            )
    if len(set(accept)) != len(accept):
        raise ConfigError("--accept: a gate is named twice; give each once, with its reason.")
    if len(reasons) != len(accept) or not all(reason.strip() for reason in reasons):
        raise ConfigError(
            f"--accept: {len(accept)} gates with {len(reasons)} reasons; give each gate its own"
            " --reason, in words."
        )
    who = getpass.getuser() if accept else ""
    return tuple(
        Accepted(gate=name, reason=" ".join(reason.split()), who=who)
        for name, reason in zip(accept, reasons, strict=True)
    )


def _is_on(gate: Gate, gates: Gates) -> bool:
    setting = getattr(gates, gate.setting) if gate.setting else True
    return setting is not None and setting is not False


def _check_accepted(accepted: Sequence[Accepted], findings: Sequence[tuple[Gate, Finding]]) -> None:
    found = {gate.id: finding for gate, finding in findings}
    for one in accepted:
        if one.gate not in found:
            raise ConfigError(
                f"--accept: the gate {one.gate} is switched off; leave it out of the command."
            )
        if found[one.gate].passed:
            raise ConfigError(
                f"--accept: the gate {one.gate} passed ({found[one.gate].found.en}); leave it out"
                " of the command."
            )
