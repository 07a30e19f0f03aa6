"""Workers that die, for the tests of the run: a module that a spawned process can import."""

import os
import signal
from pathlib import Path

from augcli.commands.expand import worker


def set_up_deadly(context):
    """A job function that a source called `deadly` kills, every time."""
    answer = worker.set_up(context)

    def deadly(task):
        if isinstance(task, worker.MakePairs) and "deadly" in task.job.item.key:
            os.kill(os.getpid(), signal.SIGKILL)
        return answer(task)

    return deadly


def set_up_killed_once(context):
    """A job function that is killed once in the life of an input folder, half-way through a pair's files."""
    answer = worker.set_up(context)
    marker = Path(context.root).with_name("killed")
    write = worker.Store.write

    def killing(store, name, data):
        write(store, name, data)
        if not marker.exists():
            marker.touch()
            os.kill(os.getpid(), signal.SIGKILL)

    worker.Store.write = killing
    return answer
