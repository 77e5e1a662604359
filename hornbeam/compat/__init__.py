"""What old programs need: the name `keras`, and a launcher that runs them as they stand."""

from hornbeam.compat.names import activate
from hornbeam.compat.runner import run_code, run_module, run_script

__all__ = ["activate", "run_code", "run_module", "run_script"]
