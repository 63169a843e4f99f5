"""CloudFormation by other hands: ministack in a process of its own, and a stack created in it.

`MINISTACK` names the folder that ministack is installed in (`.ci/requirements-ministack.txt`). It is no part of this
process: it brings a botocore of its own.
"""

from __future__ import annotations

import copy
import dataclasses
import io
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
import zipfile
from typing import Any

import boto3
from botocore.client import BaseClient
from botocore.config import Config
from botocore.exceptions import ClientError

from stack import CODE_BUCKET, CODE_KEY, REGION, Stack

# A machine with much else to do takes its time to start it and to make some 150 resources.
PATIENCE_SECONDS = 180


class Emulator:
    """Runs from `with` to its end."""

    def __enter__(self) -> Emulator:
        installed = os.environ.get("MINISTACK")
        if not installed:
            raise RuntimeError("MINISTACK has to name the folder with ministack in it: .ci/run sets it")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self._folder = tempfile.TemporaryDirectory()
        self._log = open(f"{self._folder.name}/log", "w+b")
        settings = {
            "PYTHONPATH": installed,
            "TMPDIR": self._folder.name,
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(port),
            "IOT_MTLS_ENABLED": "0",
        }
        self._process = subprocess.Popen(
            [sys.executable, "-m", "ministack"],
            env={**os.environ, **settings},
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )
        try:
            self._wait()
            self._upload()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: Any) -> None:
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()
        self._folder.cleanup()

    def client(self, service: str) -> BaseClient:
        # No accounts here, and no patience with failures: nothing is asked twice.
        config = Config(retries={"max_attempts": 0}, s3={"addressing_style": "path"}, read_timeout=PATIENCE_SECONDS)
        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id="emulator",
            aws_secret_access_key="emulator",
            config=config,
        )

    def _wait(self) -> None:
        until = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                urllib.request.urlopen(f"{self.url}/_ministack/health", timeout=5).close()
                return
            except OSError as error:
                if self._process.poll() is not None or time.monotonic() > until:
                    self._log.seek(0)
                    raise RuntimeError(f"ministack does not start: {self._log.read()[-2000:]!r}") from error
                time.sleep(0.1)

    def _upload(self) -> None:
        """Something to be each function's code."""
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as file:
            file.writestr("bootstrap", "#!/bin/sh\n")
        self.client("s3").create_bucket(Bucket=CODE_BUCKET)
        self.client("s3").put_object(Bucket=CODE_BUCKET, Key=CODE_KEY, Body=archive.getvalue())


@dataclasses.dataclass(frozen=True)
class Created:
    # As it was sent, the final template for these parameters.
    stack: Stack
    status: str
    # Why it failed, or nothing.
    reason: str
    outputs: dict[str, str]
    # What is there, by the name of its template: logical ids.
    resources: dict[str, set[str]]


def create(
    emulator: Emulator, stack: Stack, name: str, parameters: dict[str, str], without: set[tuple[str, str]] = frozenset()
) -> Created:
    """Creates the stack but for some resources, given by template and logical id, and waits for the outcome."""
    stack = stack.with_parameters(parameters)
    s3 = emulator.client("s3")
    root = copy.deepcopy(stack.final)
    nested_names = {}
    for template_name, template in stack.templates():
        if template is stack.final:
            continue
        kept = copy.deepcopy(template)
        for one in [id for of, id in without if of == template_name]:
            del kept["Resources"][one]
        key = f"{name}/{template_name}"
        s3.put_object(Bucket=CODE_BUCKET, Key=key, Body=json.dumps(kept).encode())
        for nested in stack.nested:
            if nested.template is template:
                root["Resources"][nested.id]["Properties"]["TemplateURL"] = f"{emulator.url}/{CODE_BUCKET}/{key}"
                nested_names[nested.id] = template_name
    s3.put_object(Bucket=CODE_BUCKET, Key=f"{name}/root", Body=json.dumps(root).encode())
    cloudformation = emulator.client("cloudformation")
    try:
        cloudformation.create_stack(
            StackName=name,
            # As `sam deploy` does: a template of this size must not be in the request.
            TemplateURL=f"{emulator.url}/{CODE_BUCKET}/{name}/root",
            Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
            Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
            OnFailure="DO_NOTHING",
        )
    except ClientError as error:
        return Created(stack, "REFUSED", error.response["Error"]["Message"], {}, {})
    described = _settled(cloudformation, name)
    resources = {"final template": {}, **{template: {} for template in nested_names.values()}}
    made = cloudformation.describe_stack_resources(StackName=name)["StackResources"]
    complete = [one for one in made if one["ResourceStatus"] == "CREATE_COMPLETE"]
    resources["final template"] = {one["LogicalResourceId"] for one in complete}
    for one in complete:
        template = nested_names.get(one["LogicalResourceId"])
        if template:
            inner = cloudformation.describe_stack_resources(StackName=one["PhysicalResourceId"])["StackResources"]
            resources[template] = {
                each["LogicalResourceId"] for each in inner if each["ResourceStatus"] == "CREATE_COMPLETE"
            }
    outputs = {one["OutputKey"]: one["OutputValue"] for one in described.get("Outputs", [])}
    return Created(stack, described["StackStatus"], described.get("StackStatusReason", ""), outputs, resources)


def _settled(cloudformation: BaseClient, name: str) -> dict[str, Any]:
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        described = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
        if not described["StackStatus"].endswith("IN_PROGRESS"):
            return described
        if time.monotonic() > until:
            raise TimeoutError(f"{name} is still {described['StackStatus']}")
        time.sleep(0.1)
