"""What a process costs: instructions by valgrind, or processor time. Neither is a time on a clock."""

import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass, field
from typing import Callable

# Nothing of this machine's configuration; the same hashes in every Python; no compiled files beside the sources.
ENVIRONMENT = {
    **os.environ,
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_SYSTEM": "/dev/null",
    "LC_ALL": "C.UTF-8",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONHASHSEED": "0",
}


class Failed(Exception):
    """A tool could not do what it was asked."""


@dataclass
class Command:
    """One process."""

    argv: list
    stdin: str = ""
    cwd: str = "."
    env: dict = field(default_factory=dict)
    exit_codes: tuple = (0,)

    def run(self, before=()):
        """Runs it, behind the words of `before`. Returns what it printed, and the seconds of user and system time that
        the process and its threads took."""
        with tempfile.TemporaryFile() as stdin, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
            stdin.write(self.stdin.encode())
            stdin.seek(0)
            environment = {**ENVIRONMENT, **self.env}
            process = subprocess.Popen([*before, *self.argv], stdin=stdin, stdout=out, stderr=errors, cwd=self.cwd, env=environment)
            try:
                _, status, used = os.wait4(process.pid, 0)
            except BaseException:
                process.kill()
                raise
            process.returncode = os.waitstatus_to_exitcode(status)
            out.seek(0)
            printed = out.read().decode(errors="replace")
            if process.returncode not in self.exit_codes:
                errors.seek(0)
                said = (errors.read().decode(errors="replace") + printed).strip().splitlines()
                raise Failed(f"exit code {process.returncode}: {said[-1] if said else 'nothing printed'}")
            return printed, used.ru_utime + used.ru_stime


def can_count():
    return shutil.which("valgrind") is not None


def instructions(command):
    """Instructions of all threads. Code that a just-in-time compiler writes is counted, too."""
    with tempfile.TemporaryDirectory() as folder:
        log = os.path.join(folder, "log")
        valgrind = ["valgrind", "--tool=cachegrind", "--cache-sim=no", f"--cachegrind-out-file={folder}/out", f"--log-file={log}"]
        valgrind.append("--vgdb=no")  # leaves no pipes behind
        # Without this, code that V8 replaced would run as it was before.
        valgrind.append("--smc-check=all-non-file")
        command.run(valgrind)
        with open(log, encoding="utf-8") as lines:
            counted = re.search(r"I\s+refs:\s+([\d,]+)", lines.read())
    if not counted:
        raise Failed("valgrind counted nothing")
    return int(counted[1].replace(",", ""))


@dataclass
class Cost:
    """What the start of a process costs, and what a run over the inputs costs in addition."""

    start: float
    work: float


def cost(measure, tool, size):
    start = measure(tool.nothing()[0])
    commands = tool.everything(size)
    total = sum(measure(command) for command in commands)
    return Cost(start, max(total - start * len(commands), 0))


@dataclass
class Tool:
    """What is measured. `nothing` prepares and returns a process that has nothing to do, `everything` of a size (of
    files, for example) prepares and returns the processes that do all the work of that size."""

    name: str
    nothing: Callable
    everything: Callable
    # Its work gets cheaper the more there is, because it compiles what it runs often: it is counted over everything.
    warms_up: bool = False


@dataclass
class Ratios:
    """Costs of one tool as multiples of the first tool's over the same inputs; None if nothing was measured."""

    start_instructions: float = None
    start_time: float = None
    work_instructions: float = None
    work_time: float = None


def compare(tools, size, counted_size, rounds, share=lambda name, size: 1):
    """The ratios of each tool by its name, and (name, reason) for what failed. Time is measured over `size`,
    instructions over `counted_size` (0: not at all), because counting is slow. `share` is the part of the inputs of a
    size that a tool works on, if not all do the same."""
    failed, able = [], []
    for tool in tools:
        try:
            cost(lambda command: command.run()[1], tool, size)  # shows whether it works, and warms the caches of the disk
            able.append(tool)
        except Failed as reason:
            failed.append((tool.name, f"failed: {reason}"))
    ratios = {tool.name: Ratios() for tool in able}
    if not able:
        return ratios, failed
    base = able[0]

    times = {}
    for _ in range(rounds):
        # The tools take turns, so that a busy moment of the machine does not fall on one of them alone.
        for tool in able:
            now = cost(lambda command: command.run()[1], tool, size)
            old = times.get(tool.name, now)
            times[tool.name] = Cost(min(old.start, now.start), min(old.work, now.work))
    for tool in able:
        ratios[tool.name].start_time = quotient(times[tool.name].start, times[base.name].start)
        work = times[tool.name].work / max(share(tool.name, size), 1)
        ratios[tool.name].work_time = quotient(work, times[base.name].work / max(share(base.name, size), 1))

    if counted_size:
        base_costs = {}
        for tool in able:
            counted = size if tool.warms_up else counted_size
            try:
                if counted not in base_costs:
                    base_costs[counted] = cost(instructions, base, counted)
                of = base_costs[counted]
                counts = of if tool is base else cost(instructions, tool, counted)
            except Failed as reason:
                failed.append((tool.name, f"instructions not counted: {reason}"))
                continue
            ratios[tool.name].start_instructions = quotient(counts.start, of.start)
            work = counts.work / max(share(tool.name, counted), 1)
            ratios[tool.name].work_instructions = quotient(work, of.work / max(share(base.name, counted), 1))
    return ratios, failed


def quotient(one, other):
    return one / other if other else None
