"""`hornbeam monitor`: a local page that draws what `RemoteMonitor` sends, live."""

from hornbeam.monitor.server import Server, serve
from hornbeam.monitor.store import Store

__all__ = ["Server", "Store", "serve"]
