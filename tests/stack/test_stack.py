"""The stack in this repository, and the same stack with one thing wrong at a time."""

from __future__ import annotations

import concurrent.futures
import multiprocessing
import re
import shutil
import tempfile
import unittest
from pathlib import Path
from typing import Callable, Iterator

import check
import lint
import permissions
import quotas
import references
from stack import PARAMETERS, REPOSITORY, Broken, Stack, load


class TheStack(unittest.TestCase):
    def test_nothing_is_wrong_with_it(self) -> None:
        self.assertEqual(list(check.findings()), [])

    def test_its_outputs_lead_somewhere_whatever_the_parameters_are(self) -> None:
        """SAM names some resources after a hash of their content, so a name that fits once may not fit again."""
        stack = load()
        names = set()
        for host in ("calls.example.com", "phone.example.org"):
            again = stack.with_parameters({"PublicHost": host})
            self.assertEqual(list(references.findings(again)), [])
            names.add(again.final["Outputs"]["ApiAddress"]["Value"]["Fn::GetAtt"][0])
        self.assertEqual(len(names), 2, names)

    def test_every_parameter_without_a_default_is_one_that_the_page_tells_of(self) -> None:
        parameters = load().source["Parameters"]
        self.assertEqual({name for name, one in parameters.items() if "Default" not in one}, set(PARAMETERS))
        page = (REPOSITORY / "infra/README.md").read_text(encoding="utf-8")
        table = page.split("\n## Parameters\n")[1].split("\n## ")[0]
        rows = re.findall(r"^\| (`.*?) \|", table, re.MULTILINE)
        self.assertEqual(set(re.findall(r"`([A-Za-z]+)`", " ".join(rows))) & set(parameters), set(parameters))


Check = Callable[[Stack], Iterator[str]]

# What is wrong, the check that has to notice, the file, what stands there, what stands there instead, and what the
# finding names. Only the first such place is changed.
MUTANTS: list[tuple[str, Check, str, str, str, str]] = [
    (
        "an output of what SAM does not make",
        references.findings,
        "template.yaml",
        "[Api.DomainName, RegionalDomainName]",
        "[ApiApiGatewayDomainNameV2, RegionalDomainName]",
        "ApiApiGatewayDomainNameV2",
    ),
    (
        "an output of what SAM does not make, by cfn-lint",
        lint.findings,
        "template.yaml",
        "[Api.DomainName, RegionalDomainName]",
        "[ApiApiGatewayDomainNameV2, RegionalDomainName]",
        "ApiApiGatewayDomainNameV2",
    ),
    (
        "an attribute that the domain does not have",
        references.findings,
        "template.yaml",
        "[Api.DomainName, RegionalDomainName]",
        "[Api.DomainName, RegionalName]",
        "RegionalName",
    ),
    (
        "a misspelt variable",
        references.findings,
        "template.yaml",
        "wss://${MediaHost}/twilio/stream",
        "wss://${MediaHots}/twilio/stream",
        "MediaHots",
    ),
    (
        "a misspelt variable in a policy",
        references.findings,
        "template.yaml",
        '"${RecordingsBucket.Arn}/recordings/*"',
        '"${RecordingBucket.Arn}/recordings/*"',
        "RecordingBucket",
    ),
    (
        "a misspelt attribute in a text",
        references.findings,
        "template.yaml",
        '"${RecordingsBucket.Arn}/recordings/*"',
        '"${RecordingsBucket.Arm}/recordings/*"',
        "Arm",
    ),
    ("a misspelt resource", references.findings, "template.yaml", "!Ref CallsTable", "!Ref CallTable", "CallTable"),
    (
        "an attribute that a queue does not have",
        references.findings,
        "template.yaml",
        "!GetAtt RecordingsDlq.QueueName ",
        "!GetAtt RecordingsDlq.Name ",
        "Name",
    ),
    (
        "a misspelt condition on a resource",
        references.findings,
        "template.yaml",
        "Condition: MailsAlarms",
        "Condition: MailAlarms",
        "MailAlarms",
    ),
    (
        "a misspelt condition in a choice",
        references.findings,
        "template.yaml",
        "!If [KeepsConcurrency,",
        "!If [KeepConcurrency,",
        "KeepConcurrency",
    ),
    (
        "a condition of an unknown parameter",
        references.findings,
        "template.yaml",
        "[!Ref SecretsKeyArn, ",
        "[!Ref SecretKeyArn, ",
        "SecretKeyArn",
    ),
    (
        "a rule about an unknown parameter",
        references.findings,
        "template.yaml",
        "[!Ref PublicHost, !Ref MediaHost]",
        "[!Ref PublicHost, !Ref MediaName]",
        "MediaName",
    ),
    (
        "a nested condition that is not there",
        references.findings,
        "infra/bridge.yaml",
        "!If [KeepsAccessLog,",
        "!If [KeepsLog,",
        "KeepsLog",
    ),
    (
        "a dependency on nothing",
        references.findings,
        "infra/bridge.yaml",
        "DependsOn: Listener",
        "DependsOn: Listeners",
        "Listeners",
    ),
    (
        "an attribute that a nested resource does not have",
        references.findings,
        "infra/bridge.yaml",
        "!GetAtt TaskRole.Arn",
        "!GetAtt TaskRole.RoleArn",
        "RoleArn",
    ),
    (
        "an unknown parameter in a nested template",
        references.findings,
        "infra/bridge.yaml",
        "!Ref CertificateArn",
        "!Ref Certificate",
        "Certificate",
    ),
    (
        "a parameter that the nested template does not declare",
        references.findings,
        "template.yaml",
        "        WarmSockets: !Ref WarmSockets",
        "        WarmSocket: !Ref WarmSockets",
        "WarmSocket is passed",
    ),
    (
        "a required parameter that is not passed",
        references.findings,
        "template.yaml",
        "        TurnsTableArn: !GetAtt TurnsTable.Arn\n",
        "",
        "TurnsTableArn",
    ),
    (
        "a nested output that is not there",
        references.findings,
        "template.yaml",
        "!GetAtt Bridge.Outputs.LoadBalancerName",
        "!GetAtt Bridge.Outputs.LoadBalancer",
        "Outputs.LoadBalancer",
    ),
    (
        "a nested output that was renamed",
        references.findings,
        "infra/network.yaml",
        "  VpcId: { Value:",
        "  Vpc: { Value:",
        "Outputs.VpcId",
    ),
    (
        "a nested template that is not there",
        check.findings,
        "template.yaml",
        "TemplateURL: infra/network.yaml",
        "TemplateURL: infra/networks.yaml",
        "networks.yaml",
    ),
    (
        "an event that SAM does not know",
        check.findings,
        "template.yaml",
        "Type: Schedule,",
        "Type: Schedul,",
        "Schedul",
    ),
    ("no YAML", check.findings, "infra/network.yaml", "Resources:", "Resources: [", "network.yaml"),
    (
        "a type that does not exist",
        lint.findings,
        "template.yaml",
        "Type: AWS::SQS::Queue\n",
        "Type: AWS::SQS::Line\n",
        "AWS::SQS::Line",
    ),
    (
        "a property that does not exist",
        lint.findings,
        "infra/bridge.yaml",
        "RequiresCompatibilities:",
        "RequiresCompatibility:",
        "RequiresCompatibility",
    ),
    (
        "resources that wait for each other",
        lint.findings,
        "infra/bridge.yaml",
        "  Listener:\n    Type: AWS::ElasticLoadBalancingV2::Listener\n",
        "  Listener:\n    Type: AWS::ElasticLoadBalancingV2::Listener\n    DependsOn: Service\n",
        "Circular",
    ),
    (
        "more routes than an HTTP API takes",
        quotas.findings,
        "template.yaml",
        "        Statistics: { Type: HttpApi,",
        "".join(
            f"        More{n}: {{ Type: HttpApi, Properties: {{ ApiId: !Ref Api, Method: GET, Path: /v1/more/{n} }} }}\n"
            for n in range(quotas.ROUTES)
        )
        + "        Statistics: { Type: HttpApi,",
        "routes",
    ),
    (
        "an action that does not exist",
        lint.findings,
        "template.yaml",
        "Action: [dynamodb:GetItem]",
        "Action: [dynamodb:GetItem, dynamodb:GetItems]",
        "getitems",
    ),
    (
        "an action that does not exist in a nested template",
        lint.findings,
        "infra/bridge.yaml",
        "ecs:UpdateTaskProtection",
        "ecs:PutTaskProtection",
        "puttaskprotection",
    ),
    (
        "an action that nothing does",
        permissions.findings,
        "template.yaml",
        "Action: [dynamodb:GetItem]",
        "Action: [dynamodb:GetItem, dynamodb:Scan]",
        "dynamodb:Scan",
    ),
    (
        "an action that nothing does in a nested template",
        permissions.findings,
        "infra/bridge.yaml",
        "dynamodb:BatchWriteItem]",
        "dynamodb:BatchWriteItem, dynamodb:PartiQLInsert]",
        "dynamodb:PartiQLInsert",
    ),
    (
        "an upload that cannot be given up",
        permissions.findings,
        "template.yaml",
        " s3:AbortMultipartUpload,",
        "",
        "s3:AbortMultipartUpload",
    ),
    (
        "an upload without its tag",
        permissions.findings,
        "template.yaml",
        "s3:PutObject, s3:PutObjectTagging,",
        "s3:PutObject,",
        "s3:PutObjectTagging",
    ),
    (
        "a call that no role may make",
        permissions.findings,
        "infra/bridge.yaml",
        ", dynamodb:BatchWriteItem",
        "",
        "dynamodb:BatchWriteItem",
    ),
    (
        "secrets that no role may delete",
        permissions.findings,
        "template.yaml",
        "Action: [secretsmanager:DeleteSecret]",
        "Action: [kms:Decrypt]",
        "secretsmanager:DeleteSecret",
    ),
    (
        "a table that a function is told of and may not use",
        permissions.findings,
        "template.yaml",
        "            - Effect: Allow\n"
        "              Action: [dynamodb:Query]\n"
        "              Resource: !GetAtt EventsTable.Arn\n"
        '              Condition: { "ForAllValues:StringLike": { "dynamodb:LeadingKeys": ["business#*"] } }\n',
        "",
        "EventsTable",
    ),
    (
        "a table that a function may use and is not told of",
        permissions.findings,
        "template.yaml",
        "          TABLE_EVENTS: !Ref EventsTable\n",
        "",
        "EventsTable",
    ),
    (
        "a table that the bridge is told of and may not use",
        permissions.findings,
        "template.yaml",
        "        LeasesTableArn: !GetAtt LeasesTable.Arn",
        "        LeasesTableArn: !GetAtt TurnsTable.Arn",
        "LeasesTable",
    ),
    (
        "a function that reaches every row of a table with several owners",
        permissions.findings,
        "template.yaml",
        '              Condition: { "ForAllValues:StringLike": { "dynamodb:LeadingKeys": ["once#insights#*"] } }\n',
        "",
        "CallInsightsFunction: dynamodb:UpdateItem reaches every row of LeasesTable",
    ),
    (
        "a bridge that reaches every row of a table with several owners",
        permissions.findings,
        "infra/bridge.yaml",
        '                Condition: { "ForAllValues:StringLike": { "dynamodb:LeadingKeys": ["session#*"] } }\n',
        "",
        "ConditionCheckItem reaches every row of LeasesTable",
    ),
    (
        "rows whose keys no code makes",
        permissions.findings,
        "template.yaml",
        '["once#insights#*"]',
        '["once#insight#*"]',
        "once#insight#*",
    ),
    (
        "a pattern of keys that fits every row",
        permissions.findings,
        "template.yaml",
        '["once#recording-archive#*"]',
        '["*"]',
        "on *, and no rows have such keys",
    ),
    (
        "a policy that is not known",
        permissions.findings,
        "infra/bridge.yaml",
        "ManagedPolicyArns: [!Ref SecretsPolicyArn, !Ref BusinessSecretsPolicyArn]",
        "ManagedPolicyArns: [arn:aws:iam::aws:policy/AdministratorAccess]",
        "AdministratorAccess",
    ),
]


def unnoticed(index: int) -> str | None:
    """Why the mutant of this index is not noticed. None: it is."""
    _, noticing, file, old, new, named = MUTANTS[index]
    case = WhatIsWrong("test_is_noticed")
    try:
        case.notices(noticing, case.changed(file, old, new), named)
    except AssertionError as error:
        return str(error)
    finally:
        case.doCleanups()
    return None


class WhatIsWrong(unittest.TestCase):
    """Each check notices what it is for. A check that never says anything would pass on the real stack as well."""

    def changed(self, file: str, old: str, new: str, place: int = 0) -> Path:
        """A copy of the templates with one place changed."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        root = Path(folder.name)
        (root / "infra").mkdir()
        for path in [REPOSITORY / "template.yaml", *(REPOSITORY / "infra").glob("*.yaml")]:
            shutil.copy(path, root / path.relative_to(REPOSITORY))
        text = (root / file).read_text(encoding="utf-8")
        parts = text.split(old)
        self.assertGreater(len(parts), place + 1, f"{file} has no {old!r}")
        text = old.join(parts[: place + 1]) + new + old.join(parts[place + 1 :])
        (root / file).write_text(text, encoding="utf-8")
        return root

    def notices(self, noticing: Check, root: Path, named: str) -> None:
        heard = []
        all_checks = noticing is check.findings
        for finding in check.findings(root, False) if all_checks else noticing(load(root, every_route=False)):
            if named in finding:
                return
            heard.append(finding)
        self.fail(f"nothing names {named}: {heard}")

    def test_is_noticed(self) -> None:
        # Each takes seconds of one core, and none needs another.
        with concurrent.futures.ProcessPoolExecutor(mp_context=multiprocessing.get_context("fork")) as pool:
            for mutant, wrong in zip(MUTANTS, pool.map(unnoticed, range(len(MUTANTS)))):
                with self.subTest(mutant[0]):
                    self.assertIsNone(wrong)

    def test_a_worker_that_cannot_call_a_failed_job_back_is_noticed_for_each_of_them(self) -> None:
        text = (REPOSITORY / "template.yaml").read_text(encoding="utf-8")
        workers = len(re.findall(r"sqs:ChangeMessageVisibility", text))
        self.assertGreaterEqual(workers, 3)
        for place in range(workers):
            with self.subTest(place=place):
                root = self.changed("template.yaml", "sqs:ChangeMessageVisibility", "sqs:SendMessage", place)
                self.notices(permissions.findings, root, "sqs:ChangeMessageVisibility")

    def test_what_cannot_be_read_is_said(self) -> None:
        root = self.changed("template.yaml", "Resources:", "Resources: [")
        with self.assertRaises(Broken):
            load(root)


if __name__ == "__main__":
    unittest.main()
