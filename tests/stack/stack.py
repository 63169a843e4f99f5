"""The stack as CloudFormation gets it: `template.yaml` translated by SAM itself, and the templates nested in it.

`sam deploy` sends `template.yaml` to CloudFormation, where SAM's transform makes the final template of it. The
translator is the same code, so what a reference leads to is looked up in what really will be there.
"""

from __future__ import annotations

import copy
import dataclasses
import json
import logging
import os
from pathlib import Path
from typing import Any, Iterator

from samcli.yamlhelper import yaml_parse
from samtranslator.model.exceptions import InvalidDocumentException
from samtranslator.translator.transform import transform

REPOSITORY = Path(__file__).resolve().parents[2]
REGION = "us-east-1"

# Where `sam package` would put the functions' code. The emulator finds something there, nothing else looks.
CODE_BUCKET = "switchboard-code"
CODE_KEY = "function.zip"

# What an operator enters, where the template has no default.
PARAMETERS = {
    "PublicHost": "calls.example.com",
    "MediaHost": "media.example.com",
    "ApiCertificateArn": f"arn:aws:acm:{REGION}:000000000000:certificate/calls",
    "MediaCertificateArn": f"arn:aws:acm:{REGION}:000000000000:certificate/media",
    "BridgeImage": f"registry.example.com/switchboard-bridge@sha256:{'0' * 64}",
    "SecretsArn": f"arn:aws:secretsmanager:{REGION}:000000000000:secret:switchboard-abcdef",
}

NESTED = "AWS::CloudFormation::Stack"

# SAM asks the AWS configuration which region, and with it which partition, the stack is for.
os.environ["AWS_DEFAULT_REGION"] = REGION
logging.getLogger("samtranslator").setLevel(logging.ERROR)


class Broken(Exception):
    """A template that cannot be read or translated at all."""


@dataclasses.dataclass(frozen=True)
class Nested:
    """A template that the root includes, by the logical id of the nested stack."""

    id: str
    path: Path
    template: dict[str, Any]
    # What the root passes, by the name of the nested template's parameter.
    passed: dict[str, Any]


@dataclasses.dataclass(frozen=True)
class Stack:
    # The folder of `template.yaml`.
    root: Path
    # As it is written, before SAM.
    source: dict[str, Any]
    # As CloudFormation will have it. Nested templates are still named by their path.
    final: dict[str, Any]
    nested: list[Nested]

    def with_parameters(self, parameters: dict[str, str]) -> Stack:
        """The same stack as CloudFormation has it for these parameters: SAM uses some of the values."""
        return dataclasses.replace(self, final=translate(self.source, parameters))

    def templates(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Each template with the name that a finding gives it."""
        yield "final template", self.final
        for nested in self.nested:
            yield str(nested.path.relative_to(self.root)), nested.template


def load(root: Path = REPOSITORY, every_route: bool = True) -> Stack:
    """Reads and translates the stack in a folder. Raises `Broken`.

    Without every route, each function has one: SAM takes a second for every forty of them, and most mistakes have to do
    with none.
    """
    source = _read(root / "template.yaml")
    final = translate(source, every_route=every_route)
    nested = []
    for name, resource in final["Resources"].items():
        if resource["Type"] == NESTED:
            path = root / resource["Properties"]["TemplateURL"]
            passed = resource["Properties"].get("Parameters", {})
            nested.append(Nested(name, path, _read(path), passed))
    return Stack(root, source, final, nested)


def routes(function: dict[str, Any]) -> list[str]:
    """The names of the events by which a function gets requests."""
    events = function.get("Properties", {}).get("Events", {})
    return [name for name, event in events.items() if event.get("Type") == "HttpApi"]


def translate(
    source: dict[str, Any], parameters: dict[str, str] | None = None, every_route: bool = True
) -> dict[str, Any]:
    """SAM's translation of a template. CloudFormation hands it the parameters' values, so it gets some here."""
    document = copy.deepcopy(source)
    code = {"Bucket": CODE_BUCKET, "Key": CODE_KEY}
    document["Globals"]["Function"]["CodeUri"] = code
    for resource in document["Resources"].values():
        if "CodeUri" in resource.get("Properties", {}):
            resource["Properties"]["CodeUri"] = code
        for name in [] if every_route else routes(resource)[1:]:
            del resource["Properties"]["Events"][name]
    values = {**PARAMETERS, **(parameters or {})}
    try:
        # The one AWS-managed policy by name that SAM could look up would need an account; the template has none.
        final = transform(document, values, _NoManagedPolicies())
    except InvalidDocumentException as error:
        raise Broken("SAM refuses the template: " + "; ".join(cause.message for cause in error.causes)) from error
    # Plain dictionaries: what follows compares, copies and writes them.
    return json.loads(json.dumps(final))


class _NoManagedPolicies:
    def load(self) -> dict[str, str]:
        return {}


def _read(path: Path) -> dict[str, Any]:
    try:
        return json.loads(json.dumps(yaml_parse(path.read_text(encoding="utf-8"))))
    except OSError as error:
        raise Broken(f"{path.name} cannot be read: {error.strerror}") from error
    except Exception as error:  # What the parser raises is not one type.
        raise Broken(f"{path.name} is no YAML: {error}") from error
