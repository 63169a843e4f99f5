"""What the roles may do is what the code does.

Exactly, per function and as it runs, is compared by `tests/it/permissions.rs`. Here is what the text alone shows: an
action that no SDK call needs, a call whose action no role has, a resource that is named to a function and may not be used
by it or the reverse, and what goes together.
"""

from __future__ import annotations

import dataclasses
import functools
import re
from pathlib import Path
from typing import Any, Iterator

import botocore.session
from botocore import xform_name

from stack import REPOSITORY, Stack

# Code that runs under a role of the stack. The binary on one machine has none.
FOLDERS = ["bridge/src", "crates/platform/src", "crates/stores/src", "functions/src"]

# Where the keys of rows are made.
STORES = "crates/stores/src"

# AWS's own policies that SAM and the bridge attach: logs, traces, polling a queue, pulling an image.
MANAGED = {
    "AWSLambdaBasicExecutionRole",
    "AWSLambdaSQSQueueExecutionRole",
    "AWSXrayWriteOnlyAccess",
    "AmazonECSTaskExecutionRolePolicy",
}

# Actions that a call needs under another name than its own (service authorization reference).
NEEDS = {
    "s3:HeadObject": ["s3:GetObject", "s3:ListBucket"],
    "s3:CreateMultipartUpload": ["s3:PutObject"],
    "s3:UploadPart": ["s3:PutObject"],
    "s3:CompleteMultipartUpload": ["s3:PutObject"],
    "s3:ListObjectsV2": ["s3:ListBucket"],
    # A transaction is allowed by what is in it.
    "dynamodb:TransactWriteItems": [],
    "dynamodb:TransactGetItems": ["dynamodb:GetItem"],
}

# Actions that something else needs than an SDK call, and what that is.
ELSEWHERE = {
    "ecs:GetTaskProtection": "the ECS agent, for the endpoint that the bridge asks",
    "ecs:UpdateTaskProtection": "the ECS agent, for the endpoint that the bridge asks",
    "ses:SendEmail": "notifications, by a request that they sign themselves",
    "kms:Decrypt": "Secrets Manager, in the name of who reads a secret with a customer key",
}

# A role with the first action needs the second: an upload may be one of several parts that is given up, and carries a tag.
TOGETHER = [("s3:PutObject", "s3:PutObjectTagging"), ("s3:PutObject", "s3:AbortMultipartUpload")]
# Files of contacts, persons and campaigns carry no tag, and the bucket's rule ends what is unfinished.
UNTAGGED = {
    "ContactsFunction",
    "ContactStepFunction",
    "PersonExportFunction",
    "CampaignsFunction",
    "CampaignStepFunction",
}

# What puts its objects whole.
IN_ONE_PART = {("TextStepFunction", "s3:AbortMultipartUpload")}


@dataclasses.dataclass(frozen=True)
class Grant:
    action: str
    # Logical ids of the resources, of the root template. Parameters of a nested template are followed to them.
    resources: frozenset[str]
    # The patterns of partition keys that it is limited to; none: no limit.
    keys: frozenset[str] = frozenset()


def findings(stack: Stack, sources: Path = REPOSITORY) -> Iterator[str]:
    """What does not agree, one sentence each."""
    programs = list(_programs(stack))
    for program in programs:
        yield from (f"{program.name}: {finding}" for finding in program.role.findings)
    granted = {grant.action for program in programs for grant in program.role.grants}
    used = _used(sources)
    for action in sorted(used - granted):
        yield f"no role may {action}, which the code does"
    for action in sorted(granted - used - ELSEWHERE.keys()):
        yield f"{action} is granted, and nothing does it"
    for program in programs:
        actions = {grant.action for grant in program.role.grants}
        for first, second in TOGETHER:
            exempt = program.name in UNTAGGED or (program.name, second) in IN_ONE_PART
            if first in actions and second not in actions and not exempt:
                yield f"{program.name}: {first} without {second}"
        yield from _told(stack, program)
        yield from _consumer(stack, program)
    yield from _families(programs, sources)


@dataclasses.dataclass
class Role:
    grants: list[Grant]
    findings: list[str]

    def may(self) -> dict[str, set[str]]:
        """The actions on each resource, by its logical id."""
        may: dict[str, set[str]] = {}
        for grant in self.grants:
            for target in grant.resources:
                may.setdefault(target, set()).add(grant.action)
        return may


@dataclasses.dataclass(frozen=True)
class Program:
    """A function, or the bridge's task."""

    name: str
    role: Role
    # What its environment refers to, by logical id.
    told: set[str]


def _programs(stack: Stack) -> Iterator[Program]:
    for _, template in stack.templates():
        passed = next((nested.passed for nested in stack.nested if nested.template is template), {})
        resources = template["Resources"]
        for name, resource in resources.items():
            properties = resource.get("Properties", {})
            if resource["Type"] == "AWS::Lambda::Function":
                role, values = properties["Role"], properties["Environment"]["Variables"].values()
            elif resource["Type"] == "AWS::ECS::TaskDefinition":
                containers = properties["ContainerDefinitions"]
                role = properties["TaskRoleArn"]
                values = [one["Value"] for container in containers for one in container["Environment"]]
            else:
                continue
            role = resources[_target(role, {})]["Properties"]
            told = {_target(value, passed) for value in values}
            yield Program(name, _role(stack, role, passed), {target for target in told if target})


def _role(stack: Stack, properties: dict[str, Any], passed: dict[str, Any]) -> Role:
    role = Role([], [])
    documents = [policy["PolicyDocument"] for policy in properties.get("Policies", [])]
    for policy in properties.get("ManagedPolicyArns", []):
        shared = _target(policy, passed)
        name = str(policy.get("Fn::Sub", "") if isinstance(policy, dict) else policy).rpartition("/")[2]
        if shared in stack.final["Resources"]:
            documents.append(stack.final["Resources"][shared]["Properties"]["PolicyDocument"])
        elif name not in MANAGED:
            role.findings.append(f"has the policy {policy}, which is not known here")
    for document in documents:
        # A policy whose last statement was taken away has none.
        for statement in document["Statement"] or []:
            # What a condition adds is part of what is granted.
            one = statement["Fn::If"][1] if "Fn::If" in statement else statement
            resources = frozenset(filter(None, (_target(r, passed) for r in _list(one["Resource"]))))
            limits = one.get("Condition", {}).get("ForAllValues:StringLike", {})
            keys = frozenset(_list(limits.get("dynamodb:LeadingKeys", [])))
            role.grants += [Grant(action, resources, keys) for action in _list(one["Action"])]
    return role


def _target(value: Any, passed: dict[str, Any]) -> str | None:
    """The logical id that a reference leads to, through a nested stack's parameter if need be."""
    if not isinstance(value, dict):
        return None
    if "Ref" in value:
        name = value["Ref"]
        return _target(passed[name], {}) if name in passed else name
    if "Fn::GetAtt" in value:
        return value["Fn::GetAtt"][0]
    if "Fn::Sub" in value:
        names = re.findall(r"\$\{(\w+)\.\w+\}", str(value["Fn::Sub"]))
        return names[0] if names else None
    return None


# The console's policy for browsers says where the buckets are: a link that it signs tells it, and reads nothing. And what
# writes calls tells of those that it opens and ends, which the function behind a stream does not do.
NAMED_ONLY = {
    ("ConsoleFunction", "RecordingsBucket"),
    ("ConsoleFunction", "FilesBucket"),
    ("VoiceAfterStreamFunction", "EventsTable"),
}


def _told(stack: Stack, program: Program) -> Iterator[str]:
    """A program is told of exactly the tables, queues and buckets that it may use."""
    services = {"AWS::DynamoDB::Table": "dynamodb", "AWS::SQS::Queue": "sqs", "AWS::S3::Bucket": "s3"}
    kinds = {id: services.get(resource["Type"]) for id, resource in stack.final["Resources"].items()}
    may = program.role.may()
    for target in sorted(program.told):
        service = kinds.get(target)
        if (program.name, target) in NAMED_ONLY:
            continue
        if service and not any(action.startswith(f"{service}:") for action in may.get(target, ())):
            yield f"{program.name}: is told of {target} and may do nothing with it"
    for target in sorted(may.keys() - program.told):
        if kinds.get(target):
            yield f"{program.name}: may use {target} and is not told of it"


def _families(programs: list[Program], sources: Path) -> Iterator[str]:
    """Where one table holds the rows of several owners, a role names those that it reaches, in the code's words."""
    parted = {table for one in programs for grant in one.role.grants if grant.keys for table in grant.resources}
    text = "\n".join(path.read_text(encoding="utf-8") for path in sorted((sources / STORES).rglob("*.rs")))
    known = {f"{keys}*" for keys in re.findall(r'"([a-z#-]+#)"', text)}
    for program in programs:
        for grant in program.role.grants:
            for table in sorted(grant.resources & parted):
                if not grant.keys:
                    yield f"{program.name}: {grant.action} reaches every row of {table}"
            for pattern in sorted(grant.keys - known):
                yield f"{program.name}: {grant.action} on {pattern}, and no rows have such keys"


def _consumer(stack: Stack, program: Program) -> Iterator[str]:
    """Who works a queue brings a failed job back in seconds, and buries what is given up."""
    resources = stack.final["Resources"]
    may = program.role.may()
    for mapping in resources.values():
        if mapping["Type"] != "AWS::Lambda::EventSourceMapping":
            continue
        if _target(mapping["Properties"]["FunctionName"], {}) != program.name:
            continue
        queue = _target(mapping["Properties"]["EventSourceArn"], {})
        dead = _target(resources[queue]["Properties"]["RedrivePolicy"]["deadLetterTargetArn"], {})
        for target, action in ((queue, "sqs:ChangeMessageVisibility"), (dead, "sqs:SendMessage")):
            if action not in may.get(target, ()):
                yield f"{program.name}: works {queue} and may not {action} on {target}"


@functools.cache
def _used(sources: Path) -> frozenset[str]:
    """The actions of every SDK call in the code, by the operations of the SDK's crates."""
    text = "\n".join(
        path.read_text(encoding="utf-8")
        for folder in FOLDERS
        for path in sorted((sources / folder).rglob("*.rs"))
        if "tests" not in path.parts and path.name != "tests.rs"
    )
    session = botocore.session.Session()
    used: set[str] = set()
    manifest = (sources / "Cargo.toml").read_text(encoding="utf-8")
    for service in re.findall(r"^aws-sdk-(\w+) = ", manifest, re.MULTILINE):
        for operation in session.get_service_model(service).operation_names:
            if re.search(rf"\.{xform_name(operation)}\(\)", text):
                action = f"{service}:{operation}"
                used.update(NEEDS.get(action, [action]))
    # Parts of a transaction.
    for part, action in {"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem"}.items():
        if re.search(rf"\b{part}::builder\(\)", text):
            used.add(f"dynamodb:{action}")
    if re.search(r"\bConditionCheck::builder\(\)", text):
        used.add("dynamodb:ConditionCheckItem")
    if re.search(r"\.set_tagging\(|\.tagging\(", text):
        used.add("s3:PutObjectTagging")
    return frozenset(used)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
