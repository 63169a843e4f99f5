"""Subscribes to a calendar's feed of a running system, with a calendar library of other hands."""

import json
import os
import urllib.error
import urllib.request
from datetime import datetime

from icalendar import Calendar

URL, KEY = os.environ["SWITCHBOARD_URL"].rstrip("/"), os.environ["SWITCHBOARD_KEY"]
CALENDAR = "/v1/appointments/calendars/feed-reader"
SERVICE = "/v1/appointments/services/feed-reader"
DAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
NAME = "תור לתספורת, צבע; ופן \U0001f487\u200d♀️ Müller"
NOTES = "line 1\nline 2 \\ " + "שלום \U0001f44b; " * 30


def ask(method: str, path: str, body: object = None, headers: dict[str, str] | None = None) -> tuple[dict, dict]:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(URL + path, data=data, method=method)
    request.add_header("authorization", f"Bearer {KEY}")
    request.add_header("content-type", "application/json")
    for name, value in (headers or {}).items():
        request.add_header(name, value)
    with urllib.request.urlopen(request) as answer:
        text = answer.read()
        return (json.loads(text) if text else {}), dict(answer.headers)


def read(link: str, method: str = "GET", headers: dict[str, str] | None = None) -> tuple[int, dict, bytes]:
    request = urllib.request.Request(link, method=method, headers=headers or {})
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, {name.lower(): value for name, value in answer.headers.items()}, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, {name.lower(): value for name, value in error.headers.items()}, error.read()


class Subscriber:
    """What a program that honours SEQUENCE shows."""

    def __init__(self) -> None:
        self.events: dict[str, tuple[int, str]] = {}

    def take(self, feed: bytes) -> list:
        assert all(len(line) <= 75 for line in feed.split(b"\r\n")), "a line is too long"
        calendar = Calendar.from_ical(feed)
        events = list(calendar.walk("VEVENT"))
        assert not calendar.errors and not any(event.errors for event in events), "the library found errors"
        for event in events:
            assert event["DTSTAMP"].dt.tzinfo is not None and event["DTSTART"].dt.tzinfo is not None
            uid, sequence = str(event["UID"]), int(event["SEQUENCE"])
            if sequence >= self.events.get(uid, (-1, ""))[0]:
                self.events[uid] = (sequence, str(event["STATUS"]))
        return events

    def shown(self) -> int:
        return sum(status != "CANCELLED" for _, status in self.events.values())


def main() -> None:
    week = {day: ["00:00-24:00"] for day in DAYS}
    ask("PUT", CALENDAR, {"name": "Anna; room, 2", "week": week})
    ask("PUT", SERVICE, {"name": "Trim", "minutes": 60, "calendars": ["feed-reader"]})
    slots, _ = ask("GET", "/v1/appointments/slots?service=feed-reader&limit=20")
    new = {"service": "feed-reader", "start": slots["slots"][8]["start"], "person": {"name": NAME}, "notes": NOTES}
    booked, _ = ask("POST", "/v1/appointments", new, {"idempotency-key": "feed-reader"})
    link = ask("POST", CALENDAR + "/feed", {"full": True})[0]["url"]
    # The address is the deployment's public one: here it is reached where the system listens.
    link = URL + link[link.index("/feeds/"):]
    subscriber = Subscriber()
    status, headers, feed = read(link)
    assert status == 200 and headers["content-type"] == "text/calendar; charset=utf-8", headers
    event, = subscriber.take(feed)
    assert str(event["SUMMARY"]) == f"Trim: {NAME}", event["SUMMARY"]
    assert str(event["DESCRIPTION"]).strip() == NOTES.strip(), event["DESCRIPTION"]
    assert event["DTSTART"].dt == datetime.fromisoformat(new["start"]), (event["DTSTART"].dt, new["start"])
    assert subscriber.shown() == 1
    same, asked, nothing = read(link, "HEAD")
    assert (same, nothing, asked["etag"]) == (200, b"", headers["etag"]), asked
    assert read(link, headers={"if-none-match": headers["etag"]})[0] == 304
    one = "/v1/appointments/" + booked["id"]
    ask("PATCH", one, {"start": slots["slots"][12]["start"]}, {"if-match": '"v1"'})
    event, = subscriber.take(read(link)[2])
    assert int(event["SEQUENCE"]) == 1 and subscriber.shown() == 1, event
    ask("PATCH", one, {"status": "cancelled"}, {"if-match": '"v2"'})
    subscriber.take(read(link)[2])
    assert subscriber.shown() == 0, subscriber.events
    statuses = [read(link) for _ in range(70)]
    refused = [headers for status, headers, _ in statuses if status == 429]
    assert refused and all(1 <= int(headers["retry-after"]) <= 60 for headers in refused), "it is asked without end"
    ask("DELETE", CALENDAR + "/feed")
    assert read(link)[0] == 404
    print("a feed was read, moved, emptied and ended as other programs do it")


main()
