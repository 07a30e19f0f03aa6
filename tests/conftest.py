"""What all tests need."""

import os
import signal
import threading

from hypothesis import settings

# A shell starts what runs in the background with Ctrl-C ignored, and children inherit that.
if threading.current_thread() is threading.main_thread():
    signal.signal(signal.SIGINT, signal.default_int_handler)

settings.register_profile("ci", derandomize=True)  # where a red run blocks others, it is no matter of luck
if os.environ.get("CI"):
    settings.load_profile("ci")
