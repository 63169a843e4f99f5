"""The stack is created, by CloudFormation of other hands, as far as these hands can."""

from __future__ import annotations

import copy
import json
import unittest

from botocore.exceptions import ClientError
from emulator import Created, Emulator, create
from stack import NESTED, PARAMETERS, REGION, load

# What ministack cannot create, by template and logical id, and why. A resource that it cannot create and that is not
# here fails the test, and so does one that is here and can be created.
NOT_CREATED = {
    ("infra/bridge.yaml", "TasksReachTasks"): "Unsupported resource type: AWS::EC2::SecurityGroupIngress",
    ("infra/bridge.yaml", "Scaling"): "Unsupported resource type: AWS::ApplicationAutoScaling::ScalableTarget",
    ("infra/bridge.yaml", "ScalingByCpu"): "Unsupported resource type: AWS::ApplicationAutoScaling::ScalingPolicy",
}

# What only an operator who wants it enters; each brings a condition about.
OPTIONAL = {
    "AlarmEmail": "alarms@example.com",
    "VoiceConcurrency": "100",
    "SecretsKeyArn": f"arn:aws:kms:{REGION}:000000000000:key/secret",
    "AccessLogBucket": "access-log",
}


class Emulated(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.emulator = cls.enterClassContext(Emulator())
        cls.stack = load()

    def create(self, name: str, parameters: dict[str, str], **changes: set[tuple[str, str]]) -> Created:
        # A host name has one API in an account.
        parameters = {**PARAMETERS, "PublicHost": f"{name}.example.com", **parameters}
        return create(self.emulator, self.stack, name, parameters, **changes)

    def expected(self, created: Created, without_conditions: bool) -> dict[str, set[str]]:
        return {
            name: {
                id
                for id, resource in template["Resources"].items()
                if (name, id) not in NOT_CREATED and not (without_conditions and "Condition" in resource)
            }
            for name, template in created.stack.templates()
        }

    def test_everything_is_created_but_what_is_listed(self) -> None:
        for name, parameters in (("least", {}), ("most", OPTIONAL)):
            with self.subTest(name):
                created = self.create(name, parameters, without=set(NOT_CREATED))
                self.assertEqual((created.status, created.reason), ("CREATE_COMPLETE", ""))
                self.assertEqual(created.resources, self.expected(created, without_conditions=not parameters))
                self.assertEqual(created.outputs.keys(), self.stack.final["Outputs"].keys())
                # An output of what is not there would be an empty text here.
                for output, shape in {
                    "InboundWebhook": rf"https://{name}\.example\.com/twilio/voice/inbound#\S+",
                    "StatusWebhook": rf"https://{name}\.example\.com/twilio/voice/status#\S+",
                    "ApiAddress": r"[a-z0-9-]+\.execute-api\.[a-z0-9.-]+",
                    "MediaAddress": r"[a-z0-9-]+\.[a-z0-9-]+\.elb\.[a-z0-9.-]+",
                    "RecordingsBucketName": r"[a-z0-9-]{3,63}",
                }.items():
                    self.assertRegex(created.outputs[output], f"^{shape}$")

    def test_what_is_listed_cannot_be_created(self) -> None:
        """Each of them alone: one that has become possible leaves the list, and the next run creates it."""
        for number, (one, reason) in enumerate(NOT_CREATED.items()):
            with self.subTest(one):
                others = set(NOT_CREATED) - {one}
                # What refers to the one would be missing it; what the one refers to is there.
                if one[1] == "ScalingByCpu":
                    self.stub_scaling_target()
                created = self.create(f"listed{number}", {}, without=others)
                self.assertNotEqual(created.status, "CREATE_COMPLETE")
                self.assertIn(reason, created.reason)

    def stub_scaling_target(self) -> None:
        nested = next(one for one in self.stack.nested if one.path.name == "bridge.yaml")
        original = copy.deepcopy(nested.template)
        self.addCleanup(nested.template.update, original)
        nested.template["Resources"]["ScalingByCpu"]["Properties"]["ScalingTargetId"] = "service/cluster/bridge"

    def test_a_stack_that_is_deleted_leaves_what_was_said_and_recorded(self) -> None:
        """infra/README.md: the tables but Leases, and the bucket, are kept."""
        created = self.create("deleted", {}, without=set(NOT_CREATED))
        self.assertEqual(created.status, "CREATE_COMPLETE")
        cloudformation = self.emulator.client("cloudformation")
        physical = {
            one["LogicalResourceId"]: one["PhysicalResourceId"]
            for one in cloudformation.describe_stack_resources(StackName="deleted")["StackResources"]
        }
        cloudformation.delete_stack(StackName="deleted")
        cloudformation.get_waiter("stack_delete_complete").wait(
            StackName="deleted", WaiterConfig={"Delay": 1, "MaxAttempts": 120}
        )
        tables = set(self.emulator.client("dynamodb").list_tables()["TableNames"])
        kinds = {id: one["Type"] for id, one in created.stack.final["Resources"].items()}
        kept = {id for id, name in physical.items() if kinds[id] == "AWS::DynamoDB::Table" and name in tables}
        all_tables = {id for id, kind in kinds.items() if kind == "AWS::DynamoDB::Table"}
        self.assertEqual(kept, all_tables - {"LeasesTable"})
        buckets = {one["Name"] for one in self.emulator.client("s3").list_buckets()["Buckets"]}
        self.assertIn(physical["RecordingsBucket"], buckets)


class Parameters(unittest.TestCase):
    """What an operator may enter, asked of the parameters and the rules alone."""

    @classmethod
    def setUpClass(cls) -> None:
        cls.cloudformation = cls.enterClassContext(Emulator()).client("cloudformation")
        final = load().final
        template = {section: final[section] for section in ("Parameters", "Rules")}
        cls.template = json.dumps({**template, "Resources": {"Nothing": {"Type": "AWS::Logs::LogGroup"}}})
        cls.asked = 0

    def refusal(self, parameters: dict[str, object]) -> str | None:
        """Why a stack with these is refused."""
        type(self).asked += 1
        values = {**PARAMETERS, **parameters}
        try:
            self.cloudformation.create_stack(
                StackName=f"parameters{self.asked}",
                TemplateBody=self.template,
                Parameters=[{"ParameterKey": key, "ParameterValue": str(value)} for key, value in values.items()],
            )
        except ClientError as error:
            return error.response["Error"]["Message"]
        return None

    def test_the_fewest_tasks_are_never_more_than_the_most(self) -> None:
        for most in (5, 10, 20, 40, 80):
            for fewest in range(1, 21):
                refusal = self.refusal({"BridgeTasks": fewest, "BridgeTasksMax": most})
                with self.subTest(fewest=fewest, most=most):
                    if fewest <= most:
                        self.assertIsNone(refusal)
                    else:
                        self.assertIn("BridgeTasks is more than BridgeTasksMax", refusal or "it is taken")

    def test_numbers_of_tasks_that_the_rule_does_not_know_are_refused(self) -> None:
        for fewest, most in ((0, 10), (21, 40), (2, 2), (2, 9), (2, 19), (2, 100)):
            with self.subTest(fewest=fewest, most=most):
                refusal = self.refusal({"BridgeTasks": fewest, "BridgeTasksMax": most})
                self.assertIn("BridgeTasks", refusal or "it is taken")

    def test_the_hosts_are_two_plain_names(self) -> None:
        same = {"PublicHost": "calls.example.com", "MediaHost": "calls.example.com"}
        self.assertIn("two names", self.refusal(same) or "it is taken")
        for host in ("a.example.com", "x-1.calls.example.xn--p1ai"):
            self.assertIsNone(self.refusal({"PublicHost": host}), host)
        for host in (
            "",
            "localhost",
            "https://calls.example.com",
            "calls.example.com/",
            "calls.example.com:443",
            "Calls.example.com",
            "calls.example.com.",
            "calls_1.example.com",
            "-calls.example.com",
            "*.example.com",
            "192.0.2.1",
            "calls.example.com\n",
        ):
            for name in ("PublicHost", "MediaHost"):
                with self.subTest(name, host=host):
                    self.assertIn(name, self.refusal({name: host}) or "it is taken")

    def test_an_image_has_a_digest_and_a_key_is_no_alias(self) -> None:
        for name, value in (
            ("BridgeImage", "registry.example.com/switchboard-bridge:1"),
            ("BridgeImage", "registry.example.com/switchboard-bridge@sha256:12"),
            ("SecretsKeyArn", "alias/aws/secretsmanager"),
            ("SecretsKeyArn", f"arn:aws:kms:{REGION}:000000000000:alias/secret"),
            ("WorkerConcurrency", "1"),
            ("VoiceConcurrency", "-1"),
        ):
            with self.subTest(name, value=value):
                self.assertIn(name, self.refusal({name: value}) or "it is taken")


if __name__ == "__main__":
    unittest.main()
