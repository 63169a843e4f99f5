"""Every reference leads somewhere: Ref, GetAtt, Sub, Condition, If, FindInMap, DependsOn, and what nested stacks pass."""

from __future__ import annotations

import re
from typing import Any, Iterator

from cfnlint.schema import PROVIDER_SCHEMA_MANAGER, ResourceNotFoundError

from stack import NESTED, REGION, Nested, Stack

# CloudFormation's own parameters (user guide, "Pseudo parameters reference").
PSEUDO = {
    "AWS::AccountId",
    "AWS::NoValue",
    "AWS::NotificationARNs",
    "AWS::Partition",
    "AWS::Region",
    "AWS::StackId",
    "AWS::StackName",
    "AWS::URLSuffix",
}

# `${Name}`, and not `${!literal}`.
VARIABLE = re.compile(r"\$\{\s*([^!}\s][^}\s]*)\s*\}")


def findings(stack: Stack) -> Iterator[str]:
    """What leads nowhere, one sentence each."""
    for name, template in stack.templates():
        for finding in _Template(template, stack.nested if template is stack.final else []).findings():
            yield f"{name}: {finding}"
    for nested in stack.nested:
        yield from _passed(nested)


def _passed(nested: Nested) -> Iterator[str]:
    """What the root passes is declared, and what must be passed is."""
    declared = nested.template.get("Parameters", {})
    for name in nested.passed.keys() - declared.keys():
        yield f"{nested.id}: {name} is passed, and {nested.path.name} does not declare it"
    required = {name for name, parameter in declared.items() if "Default" not in parameter}
    for name in required - nested.passed.keys():
        yield f"{nested.id}: {nested.path.name} needs {name}, which is not passed"


class _Template:
    def __init__(self, template: dict[str, Any], nested: list[Nested]) -> None:
        self.template = template
        self.resources: dict[str, Any] = template.get("Resources", {})
        self.parameters: dict[str, Any] = template.get("Parameters", {})
        self.conditions: dict[str, Any] = template.get("Conditions", {})
        self.mappings: dict[str, Any] = template.get("Mappings", {})
        self.outputs = {one.id: one.template.get("Outputs", {}) for one in nested}

    def findings(self) -> Iterator[str]:
        for section in ("Resources", "Outputs", "Conditions", "Rules"):
            for name, value in self.template.get(section, {}).items():
                for finding in self._of(section, name, value):
                    yield f"{name}: {finding}"

    def _of(self, section: str, name: str, value: dict[str, Any]) -> Iterator[str]:
        if section in ("Resources", "Outputs") and "Condition" in value:
            yield from self._condition(value["Condition"])
        if section == "Resources":
            depends = value.get("DependsOn", [])
            for other in [depends] if isinstance(depends, str) else depends:
                if other not in self.resources:
                    yield f"depends on {other}, which is not there"
        yield from self._walk(value)

    def _walk(self, value: Any) -> Iterator[str]:
        if isinstance(value, list):
            for item in value:
                yield from self._walk(item)
            return
        if not isinstance(value, dict):
            return
        if len(value) == 1:
            (function, argument), *_ = value.items()
            check = {
                "Ref": self._ref,
                "Fn::GetAtt": self._get_att,
                "Fn::Sub": self._sub,
                "Fn::If": self._if,
                "Fn::FindInMap": self._find_in_map,
            }.get(function)
            if check:
                yield from check(argument)
            elif function == "Condition" and isinstance(argument, str):
                yield from self._condition(argument)
        for item in value.values():
            yield from self._walk(item)

    def _ref(self, name: Any) -> Iterator[str]:
        if not isinstance(name, str):
            yield f"refers to {name!r}, which is no name"
        elif name not in self.parameters and name not in self.resources and name not in PSEUDO:
            yield f"refers to {name}, which is not there"

    def _get_att(self, argument: Any) -> Iterator[str]:
        path = argument.split(".") if isinstance(argument, str) else argument
        if not isinstance(path, list) or len(path) < 2 or not all(isinstance(part, str) for part in path):
            yield f"asks for {argument!r}, which is no attribute of a resource"
            return
        resource, attribute = path[0], ".".join(path[1:])
        if resource not in self.resources:
            yield f"asks for {attribute} of {resource}, which is not there"
        elif not self._has(resource, attribute):
            yield f"asks {resource} for {attribute}, which it does not have"

    def _has(self, resource: str, attribute: str) -> bool:
        kind = self.resources[resource]["Type"]
        if kind == NESTED:
            output = attribute.removeprefix("Outputs.")
            return output != attribute and output in self.outputs.get(resource, {})
        try:
            return attribute in PROVIDER_SCHEMA_MANAGER.get_type_getatts(resource_type=kind, region=REGION)
        except ResourceNotFoundError:
            return False

    def _sub(self, argument: Any) -> Iterator[str]:
        text, own = argument if isinstance(argument, list) else (argument, {})
        for name in VARIABLE.findall(text):
            if name in own:
                continue
            if "." in name:
                yield from self._get_att(name)
            else:
                yield from self._ref(name)
        for name in own:
            if name not in VARIABLE.findall(text):
                yield f"defines {name} for a text without it"

    def _if(self, argument: Any) -> Iterator[str]:
        yield from self._condition(argument[0])

    def _condition(self, name: Any) -> Iterator[str]:
        if name not in self.conditions:
            yield f"goes by the condition {name}, which is not there"

    def _find_in_map(self, argument: Any) -> Iterator[str]:
        if isinstance(argument[0], str) and argument[0] not in self.mappings:
            yield f"looks into the map {argument[0]}, which is not there"
