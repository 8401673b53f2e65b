"""The site as a server of files gives it to a browser."""

import functools
import http.server
import threading
from contextlib import contextmanager


@contextmanager
def served(folder, under=""):
    """The address of a server with `folder` at the path `under`."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *words):
            pass

        def do_GET(self):
            if self.path == "/favicon.ico":
                return self.send_response(204) or self.end_headers()
            self.path = self.path.removeprefix(under)
            super().do_GET()

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}{under}/"
    finally:
        server.shutdown()
        server.server_close()
