"""Ctrl-C in `fit` leaves a usable model: it ends the training between steps, not inside one."""

import contextlib
import signal
import threading


class Interrupts:
    """Remembers a Ctrl-C until `check` is called at a place where the weights are whole."""

    def __init__(self):
        self.asked = False

    def _note(self, number, frame):
        if self.asked:  # a second Ctrl-C does not wait
            raise KeyboardInterrupt
        self.asked = True

    def check(self):
        """Raises KeyboardInterrupt if Ctrl-C was pressed."""
        if self.asked:
            self.asked = False
            raise KeyboardInterrupt


@contextlib.contextmanager
def deferred():
    """Context in which Ctrl-C waits for `Interrupts.check`.

    A handler that the program has set itself stays in force, and so do other threads.
    """
    interrupts = Interrupts()
    mine = (
        threading.current_thread() is threading.main_thread()
        and signal.getsignal(signal.SIGINT) is signal.default_int_handler
    )
    if not mine:
        yield interrupts
        return
    signal.signal(signal.SIGINT, interrupts._note)
    try:
        yield interrupts
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
