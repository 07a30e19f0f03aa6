"""What all tests need."""

import os
import signal
import threading

import pytest
from hypothesis import HealthCheck, settings

from augcli.transforms import TRANSFORMS, plugins

# A shell starts what runs in the background with Ctrl-C ignored, and children inherit that.
if threading.current_thread() is threading.main_thread():
    signal.signal(signal.SIGINT, signal.default_int_handler)

# No test is timed, and neither is drawing its examples: a machine that stalls would fail it. Where a red run
# blocks others, it is no matter of luck either.
UNTIMED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("plain", UNTIMED)
settings.register_profile("ci", UNTIMED, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "plain")


@pytest.fixture
def no_plugins():
    """What a test loads is gone after it."""
    known, loaded = dict(TRANSFORMS), dict(plugins.PLUGINS)
    yield
    for registry, before in ((TRANSFORMS, known), (plugins.PLUGINS, loaded)):
        registry.clear()
        registry.update(before)
