"""The command line: click commands, and the one place where an error becomes an exit code."""

from __future__ import annotations

import gc
import os
import signal
import sys
import traceback
from collections.abc import Callable
from typing import Any, NoReturn

import click

from augcli.errors import AugcliError

DONE, FAILED, REFUSED, BUG, UNWRITABLE, INTERRUPTED, TERMINATED = 0, 1, 2, 70, 74, 130, 143
CODES = {"StoreError": UNWRITABLE, "EngineError": BUG}  # by name: their modules need not be loaded
REPORT_TO = "please report it, with the lines above and the recipe"


class Terminated(BaseException):
    """The process was told to end (SIGTERM)."""


def main() -> NoReturn:
    """Run the command line, and turn whatever happens into an exit code."""
    signal.signal(signal.SIGTERM, _terminate)
    # Millions of small objects stay to the end; looking for cycles among them takes a quarter of the time.
    gc.set_threshold(200_000, 50, 50)
    sys.exit(exit_code(lambda: _run_cli()))


def _terminate(*_: Any) -> None:
    raise Terminated


def _run_cli() -> int:
    from augcli.cli.app import cli

    code = cli.main(standalone_mode=False)
    return code if isinstance(code, int) else DONE


def exit_code(command: Callable[[], int]) -> int:
    """What a command ends with: expected errors in one line, interrupts quietly, bugs with a traceback."""
    try:
        return command()
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.ClickException as error:
        error.show()
        return REFUSED
    except (KeyboardInterrupt, click.Abort):
        _say("interrupted; run the same command again to continue")
        return INTERRUPTED
    except Terminated:
        _say("terminated; run the same command again to continue")
        return TERMINATED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except AugcliError as error:
        _say(str(error))
        return CODES.get(type(error).__name__, REFUSED)
    except Exception:
        traceback.print_exc()
        _say(f"this is a bug in augcli; {REPORT_TO}")
        return BUG


def _say(text: str) -> None:
    click.echo(f"augcli: {text}" if "\n" not in text else text, err=True)
