"""A receiver of events in Python 3.10 or later, without packages: SECRET=whsec_... PORT=8080 python3 receiver.py"""

import base64
import hashlib
import hmac
import json
import os
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TOLERANCE_S = 5 * 60
KEY = base64.b64decode(os.environ["SECRET"].removeprefix("whsec_"))
# In a real receiver this is a table with a unique key, so that a restart forgets nothing.
SEEN: set[str] = set()


def is_genuine(headers: Mapping[str, str], body: bytes) -> bool:
    """Whether these bytes came from the sender that has the secret, a moment ago."""
    name, timestamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not name or not timestamp.isdecimal() or abs(time.time() - int(timestamp)) > TOLERANCE_S:
        return False
    signed = f"{name}.{timestamp}.".encode() + body
    expected = "v1," + base64.b64encode(hmac.new(KEY, signed, hashlib.sha256).digest()).decode()
    # Several while a secret is replaced: one that fits is enough.
    given = headers.get("webhook-signature", "").split(" ")
    return any(hmac.compare_digest(one.encode(), expected.encode()) for one in given)


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        # The bytes as they came: what is parsed and written anew has another signature.
        body = self.rfile.read(int(self.headers.get("content-length", "0")))
        genuine = is_genuine(self.headers, body)
        if genuine and self.headers["webhook-id"] not in SEEN:
            SEEN.add(self.headers["webhook-id"])
            event = json.loads(body)
            print(event["sequence"], event["type"])  # Put it into a queue here, and do the work afterwards.
        self.send_response(204 if genuine else 400)
        self.end_headers()


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Receiver).serve_forever()
