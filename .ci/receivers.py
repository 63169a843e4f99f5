"""Tries the receivers of docs/receivers against a running system, and its deliveries with the libraries of Standard Webhooks.

Each receiver is sent an event and a test by the system, through a relay that keeps what passes; then the same once more, and
what it must refuse: other bytes, another id, another time, an old delivery, the signature of another secret.
"""

import base64
import hashlib
import hmac
import json
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

URL, KEY = os.environ["SWITCHBOARD_URL"].rstrip("/"), os.environ["SWITCHBOARD_KEY"]
PATIENCE_S = 30
DAY_S = 24 * 3_600


def ask(method: str, path: str, body: object = None, key: str = "") -> dict:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(URL + path, data=data, method=method)
    request.add_header("authorization", f"Bearer {KEY}")
    request.add_header("content-type", "application/json")
    if key:
        request.add_header("idempotency-key", key)
    with urllib.request.urlopen(request) as answer:
        text = answer.read()
        return json.loads(text) if text else {}


def post(port: int, headers: dict[str, str], body: bytes) -> int:
    request = urllib.request.Request(f"http://127.0.0.1:{port}/", data=body, method="POST", headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def until(what: str, holds) -> None:
    end = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < end, what
        time.sleep(0.05)


def listens(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


class Relay:
    """Hands requests on to a receiver, and keeps them."""

    def __init__(self, port: int) -> None:
        self.kept: list[tuple[dict[str, str], bytes, int]] = []
        relay = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                own = {name: headers[name] for name in headers if name.startswith("webhook-") or name == "content-type"}
                status = post(port, own, body)
                relay.kept.append((own, body, status))
                self.send_response(status)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


def signed(secret: str, headers: dict[str, str], body: bytes, at: int) -> dict[str, str]:
    text = f"{headers['webhook-id']}.{at}.".encode() + body
    mac = hmac.new(base64.b64decode(secret.removeprefix("whsec_")), text, hashlib.sha256).digest()
    return {**headers, "webhook-timestamp": str(at), "webhook-signature": "v1," + base64.b64encode(mac).decode()}


def wrong(secret: str, headers: dict[str, str], body: bytes) -> dict[str, tuple[dict[str, str], bytes]]:
    """What must be refused, by what is wrong with it."""
    now = int(headers["webhook-timestamp"])
    other = "whsec_" + base64.b64encode(b"x" * 32).decode()
    return {
        "other bytes": (headers, body + b" "),
        "another id": ({**headers, "webhook-id": headers["webhook-id"] + "0"}, body),
        "another time": ({**headers, "webhook-timestamp": str(now + 1)}, body),
        "an old delivery": (signed(secret, headers, body, now - DAY_S), body),
        "one of tomorrow": (signed(secret, headers, body, now + DAY_S), body),
        "another secret": (signed(other, headers, body, now), body),
        "another scheme": ({**headers, "webhook-signature": headers["webhook-signature"].replace("v1,", "v2,")}, body),
        "no signature": ({**headers, "webhook-signature": ""}, body),
    }


def libraries(deliveries: list[tuple[str, dict[str, str], bytes]]) -> None:
    """The libraries of Standard Webhooks for Python and JavaScript; that for Rust is in its receiver."""
    cases = []
    for secret, headers, body in deliveries:
        cases.append(("a delivery", secret, headers, body, True))
        cases += [(name, secret, *one, False) for name, one in wrong(secret, headers, body).items()]
    lines = [json.dumps({"secret": secret, "headers": headers, "body": body.decode()}) for _, secret, headers, body, _ in cases]
    command = ["node", os.environ["VERIFIER"]]
    said = subprocess.run(command, input="\n".join(lines), capture_output=True, text=True, check=True).stdout.split()
    assert len(said) == len(cases), said
    for (name, secret, headers, body, good), javascript in zip(cases, said):
        try:
            Webhook(secret).verify(body.decode(), headers)
            python = True
        except WebhookVerificationError:
            python = False
        assert (python, javascript) == (good, "good" if good else "bad"), (name, python, javascript)
    print(f"{len(cases)} deliveries judged alike by the libraries for Python and JavaScript")


def main() -> None:
    receivers = {
        "JavaScript": ["node", "docs/receivers/receiver.mjs"],
        "Python": [sys.executable, "docs/receivers/receiver.py"],
        "Perl": ["perl", "docs/receivers/receiver.pl"],
        "Java": ["java", "docs/receivers/Receiver.java"],
        "Rust": [os.environ["RUST_RECEIVER"]],
    }
    deliveries = []
    for language, command in receivers.items():
        port = free_port()
        relay = Relay(port)
        address = f"http://127.0.0.1:{relay.server.server_address[1]}/"
        name = f"receiver in {language} {time.time_ns()}"
        made = ask("POST", "/v1/endpoints", {"url": address, "types": ["contact.created"]}, name)
        environment = {**os.environ, "SECRET": made["secret"], "PORT": str(port)}
        program = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
        try:
            until(f"{language} listens", lambda: listens(port))
            tried = ask("POST", f"/v1/endpoints/{made['id']}/test")
            assert tried["taken"] and tried["status"] == 204, (language, tried)
            ask("POST", "/v1/contacts", {"name": "Müller & Söhne \U0001f44b"}, name)
            until(f"{language} is told", lambda: len(relay.kept) == 2)
            for headers, body, status in relay.kept:
                assert status == 204, (language, status)
                assert post(port, headers, body) == 204, f"{language}: one that comes twice is taken"
                for why, (other, bytes_) in wrong(made["secret"], headers, body).items():
                    assert post(port, other, bytes_) == 400, f"{language} takes {why}"
                deliveries.append((made["secret"], headers, body))
            print(f"{language}: took what is genuine, refused what is not")
        finally:
            program.terminate()
            program.wait()
            relay.server.shutdown()
    libraries(deliveries)


main()
