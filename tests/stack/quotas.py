"""Quotas of an account as AWS gives it, which are met only when the stack is created."""

from __future__ import annotations

from typing import Iterator

from stack import Stack, routes

# "Routes per API" of an HTTP API (Amazon API Gateway developer guide, "Quotas for configuring and running an HTTP API").
ROUTES = 300


def findings(stack: Stack) -> Iterator[str]:
    count = sum(len(routes(resource)) for resource in stack.source["Resources"].values())
    if count > ROUTES:
        yield f"template.yaml: the API has {count} routes, and an HTTP API takes {ROUTES}"
