"""Uses the client that was generated from the OpenAPI document against a running system."""

import os

from switchboard_client import AuthenticatedClient
from switchboard_client.api.calls import get_call, list_calls
from switchboard_client.api.events import list_events
from switchboard_client.models import CallPage, CallRecord, EventList, Problem


def main() -> None:
    url, key = os.environ["SWITCHBOARD_URL"], os.environ["SWITCHBOARD_KEY"]
    client = AuthenticatedClient(base_url=url, token=key)
    page = list_calls.sync(client=client, limit=1)
    assert isinstance(page, CallPage) and page.calls, page
    call = get_call.sync(page.calls[0].sid, client=client)
    assert isinstance(call, CallRecord) and call.sid == page.calls[0].sid, call
    assert isinstance(list_events.sync(client=client), EventList)
    unknown = get_call.sync("CA" + "0" * 32, client=client)
    assert isinstance(unknown, Problem) and unknown.status == 404, unknown
    refused = list_calls.sync(client=AuthenticatedClient(base_url=url, token="unknown"))
    assert isinstance(refused, Problem) and refused.code == "unauthorised", refused
    print("listed, read and refused as described")


main()
