"""Renders several packages side by side, in this process and in others: each takes all of a core."""

import gc
import os
from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, wait
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.queues import SimpleQueue
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from ocppkit.codegen import Job, OpenJob

__all__ = ["render_all"]

Progress: TypeAlias = Callable[[str, int, int], None]
Step: TypeAlias = tuple[str, int, int]

_LOOK_EVERY = 0.1
"""Seconds between two looks at what the processes have done."""


def render_all(jobs: Sequence["OpenJob"], progress: Progress) -> list[Mapping[str, str]]:
    """Returns the files of each job.

    Args:
        jobs: what to render.
        progress: told what is done, how far it is, and how far it goes.

    Raises:
        CodegenError: one of the jobs is refused.
    """
    workers = min(len(jobs), os.cpu_count() or 1) - 1
    if not workers:
        with _without_gc():
            return [each.render(progress) for each in jobs]
    # Spawned, not forked: the progress display runs a thread, and a fork of threads may hang.
    context = get_context("spawn")
    steps: SimpleQueue[Step] = context.SimpleQueue()
    # The later a version, the larger it is, and this process need not be started first.
    *others, own = jobs

    def report(what: str, done: int, total: int) -> None:
        progress(what, done, total)
        _hand_on(steps, progress)

    with ProcessPoolExecutor(workers, context, _prepare, (steps,)) as pool:
        pending = {each.job: pool.submit(_render, each.job) for each in reversed(others)}
        with _without_gc():
            rendered = own.render(report)
        running = set(pending.values())
        while running:
            _, running = wait(running, _LOOK_EVERY)
            _hand_on(steps, progress)
        return [*(pending[each.job].result() for each in others), rendered]


def _hand_on(steps: "SimpleQueue[Step]", progress: Progress) -> None:
    """Reports what the other processes have done since the last time."""
    while not steps.empty():
        progress(*steps.get())


@contextmanager
def _without_gc() -> Generator[None, None, None]:
    """Keeps the garbage collector from looking at what is about to be thrown away: a fifth of the work."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


_steps: list["SimpleQueue[Step]"] = []
"""In a process of the pool: where it reports."""


def _prepare(steps: "SimpleQueue[Step]") -> None:
    """Makes a process of the pool ready."""
    _steps.append(steps)
    gc.disable()  # as in `_without_gc`


def _render(job: "Job") -> Mapping[str, str]:
    from ocppkit.codegen import generate

    def report(what: str, done: int, total: int) -> None:
        _steps[0].put((what, done, total))

    return generate(job, report)
