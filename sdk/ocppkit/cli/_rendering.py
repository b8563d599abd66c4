"""Renders several packages at the same time, in this process and in worker processes."""

import gc
import os
from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, wait
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.queues import SimpleQueue
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from ocppkit.codegen import Job, LoadedJob

__all__ = ["render_all"]

Progress: TypeAlias = Callable[[str, int, int], None]
Step: TypeAlias = tuple[str, int, int]

_LOOK_EVERY = 0.1
"""Seconds between two checks of the progress of the worker processes."""


def render_all(jobs: Sequence["LoadedJob"], progress: Progress) -> list[Mapping[str, str]]:
    """Returns the files of each job, in the order of the jobs.

    Args:
        jobs: the jobs to render.
        progress: called with the current task, the number of its steps that are done, and the number of all its steps.

    Raises:
        CodegenError: an input of a job is wrong.
    """
    workers = min(len(jobs), os.cpu_count() or 1) - 1
    if not workers:
        with _without_gc():
            return [each.render(progress) for each in jobs]
    # Spawned, not forked: the progress display runs a thread, and a fork of threads may hang.
    context = get_context("spawn")
    steps: SimpleQueue[Step] = context.SimpleQueue()
    # The last version is the largest. This process renders it, because it need not be started first.
    *others, own = jobs

    def report(what: str, done: int, total: int) -> None:
        progress(what, done, total)
        _forward_progress(steps, progress)

    with ProcessPoolExecutor(workers, context, _prepare_worker, (steps,)) as pool:
        pending = {each.job: pool.submit(_render_in_worker, each.job) for each in reversed(others)}
        with _without_gc():
            rendered = own.render(report)
        running = set(pending.values())
        while running:
            _, running = wait(running, _LOOK_EVERY)
            _forward_progress(steps, progress)
        return [*(pending[each.job].result() for each in others), rendered]


def _forward_progress(steps: "SimpleQueue[Step]", progress: Progress) -> None:
    """Reports the steps that the worker processes have done since the last call."""
    while not steps.empty():
        progress(*steps.get())


@contextmanager
def _without_gc() -> Generator[None, None, None]:
    """Disables the garbage collector inside the block, which saves a fifth of the time of rendering."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


_steps: list["SimpleQueue[Step]"] = []
"""In a worker process: the queue for its progress."""


def _prepare_worker(steps: "SimpleQueue[Step]") -> None:
    """Prepares a worker process: keeps the queue for its progress, and disables the garbage collector."""
    _steps.append(steps)
    gc.disable()  # as in `_without_gc`


def _render_in_worker(job: "Job") -> Mapping[str, str]:
    from ocppkit.codegen import generate

    def report(what: str, done: int, total: int) -> None:
        _steps[0].put((what, done, total))

    return generate(job, report)
