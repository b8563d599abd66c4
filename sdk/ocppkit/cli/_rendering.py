"""Renders several packages side by side, each in a process of its own: formatting takes all of a core."""

import gc
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, wait
from multiprocessing import get_context
from multiprocessing.queues import SimpleQueue
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from ocppkit.codegen import Job

__all__ = ["render_all"]

Progress: TypeAlias = Callable[[str, int, int], None]
Step: TypeAlias = tuple[str, int, int]

_LOOK_EVERY = 0.1
"""Seconds between two looks at what the processes have done."""


def render_all(jobs: Sequence["Job"], progress: Progress) -> list[Mapping[str, str]]:
    """Returns the files of each job.

    Args:
        jobs: what to render.
        progress: told what is done, how far it is, and how far it goes.

    Raises:
        CodegenError: one of the jobs is refused.
    """
    from ocppkit.codegen import generate

    workers = min(len(jobs), os.cpu_count() or 1)
    if workers == 1:
        return [generate(job, progress) for job in jobs]
    # Spawned, not forked: the progress display runs a thread, and a fork of threads may hang.
    context = get_context("spawn")
    steps: SimpleQueue[Step] = context.SimpleQueue()
    with ProcessPoolExecutor(workers, context, _prepare, (steps,)) as pool:
        # The later a version, the larger it is; the longest job must not be the last to start.
        pending = {pool.submit(_render, job): job for job in reversed(jobs)}
        running = set(pending)
        while running:
            _, running = wait(running, _LOOK_EVERY)
            while not steps.empty():
                progress(*steps.get())
        done = {job: future.result() for future, job in pending.items()}
    return [done[job] for job in jobs]


_steps: list["SimpleQueue[Step]"] = []
"""In a process of the pool: where it reports."""


def _prepare(steps: "SimpleQueue[Step]") -> None:
    """Makes a process of the pool ready."""
    _steps.append(steps)
    # It ends before what it leaves behind is worth looking for, which would be a fifth of its work.
    gc.disable()


def _render(job: "Job") -> Mapping[str, str]:
    from ocppkit.codegen import generate

    def report(what: str, done: int, total: int) -> None:
        _steps[0].put((what, done, total))

    return generate(job, report)
