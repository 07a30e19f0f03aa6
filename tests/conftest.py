"""What all tests need."""

import os
import signal
import threading

import pytest
from hypothesis import settings

from augcli.transforms import TRANSFORMS, plugins

# A shell starts what runs in the background with Ctrl-C ignored, and children inherit that.
if threading.current_thread() is threading.main_thread():
    signal.signal(signal.SIGINT, signal.default_int_handler)

# No test is timed. Where a red run blocks others, it is no matter of luck either.
settings.register_profile("plain", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "plain")


@pytest.fixture
def no_plugins():
    """What a test loads is gone after it."""
    known, loaded = dict(TRANSFORMS), dict(plugins.PLUGINS)
    yield
    for registry, before in ((TRANSFORMS, known), (plugins.PLUGINS, loaded)):
        registry.clear()
        registry.update(before)
