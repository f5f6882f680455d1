"""Each kind of policy denies a call that no other kind denies, in AWS's words; and an allowed call goes through."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.sandbox.permissions.conftest import ACCOUNT, FOREIGN, World, allow, denied, policy, trust

BUCKET = "bucket-of-layers"


def read(client: Any, bucket: str = BUCKET) -> Callable[[], Any]:
    return lambda: client.get_object(Bucket=bucket, Key="trades.csv")


@pytest.fixture(scope="module")
def bucket(world: World) -> str:
    s3 = world.root("s3")
    s3.create_bucket(Bucket=BUCKET)
    s3.put_object(Bucket=BUCKET, Key="trades.csv", Body=b"1")
    return BUCKET


@pytest.mark.usefixtures("bucket")
class TestIdentity:
    def test_what_a_role_may_do_goes_through(self, world: World) -> None:
        reader = world.as_role("s3", world.role(allow("s3:GetObject")))
        assert read(reader)()["Body"].read() == b"1"

    def test_what_no_statement_allows_is_denied_in_the_words_of_aws(self, world: World) -> None:
        role = world.role(allow("s3:PutObject"))
        code, message = denied(read(world.as_role("s3", role)))
        assert code == "AccessDenied"
        assert message == (
            f"User: arn:aws:sts::{ACCOUNT}:assumed-role/{role.rpartition('/')[2]}/session is not authorized to "
            f"perform: s3:GetObject on resource: arn:aws:s3:::{BUCKET}/trades.csv because no identity-based policy "
            "allows the s3:GetObject action"
        )

    def test_a_statement_that_denies_wins(self, world: World) -> None:
        role = world.role(allow("s3:GetObject"), {"Effect": "Deny", "Action": "s3:*", "Resource": "*"})
        assert "with an explicit deny in an identity-based policy" in denied(read(world.as_role("s3", role)))[1]

    def test_ec2_answers_with_its_own_code(self, world: World) -> None:
        code, message = denied(lambda: world.as_role("ec2", world.role()).create_vpc(CidrBlock="10.0.0.0/16"))
        assert code == "UnauthorizedOperation"
        assert "is not authorized to perform: ec2:CreateVpc on resource: arn:aws:ec2:us-east-1" in message

    def test_a_json_service_answers_with_its_own_code(self, world: World) -> None:
        assert denied(lambda: world.as_role("ecs", world.role()).list_clusters())[0] == "AccessDeniedException"

    def test_an_action_without_a_resource_needs_a_statement_on_all(self, world: World) -> None:
        data = [{"MetricName": "m", "Value": 1.0}]
        world.as_role("cloudwatch", world.role(allow("cloudwatch:PutMetricData"))).put_metric_data(
            Namespace="Batch", MetricData=data
        )
        narrow = allow("cloudwatch:PutMetricData", f"arn:aws:cloudwatch:us-east-1:{ACCOUNT}:alarm:x")
        other = world.as_role("cloudwatch", world.role(narrow))
        assert denied(lambda: other.put_metric_data(Namespace="Batch", MetricData=data))

    def test_a_missing_key_is_denied_to_whoever_may_not_list(self, world: World) -> None:
        reader = world.as_role("s3", world.role(allow("s3:GetObject")))
        assert denied(lambda: reader.get_object(Bucket=BUCKET, Key="nothing"))[0] == "AccessDenied"
        lister = world.as_role("s3", world.role(allow(["s3:GetObject", "s3:ListBucket"])))
        assert denied(lambda: lister.get_object(Bucket=BUCKET, Key="nothing"))[0] == "NoSuchKey"


@pytest.mark.usefixtures("bucket")
class TestOtherLayers:
    def test_a_boundary(self, world: World) -> None:
        role = world.role(allow("s3:*"), boundary=policy(allow("s3:PutObject")))
        assert "because no permissions boundary allows the s3:GetObject" in denied(read(world.as_role("s3", role)))[1]
        assert read(world.as_role("s3", world.role(allow("s3:*"), boundary=policy(allow("s3:*")))))()

    def test_a_session_policy(self, world: World) -> None:
        user = world.root("iam").create_user(UserName="assumer")["User"]
        key = world.root("iam").create_access_key(UserName="assumer")["AccessKey"]
        world.root("iam").put_user_policy(
            UserName="assumer", PolicyName="assume", PolicyDocument=policy(allow("sts:AssumeRole"))
        )
        trusted = policy({"Effect": "Allow", "Principal": {"AWS": user["Arn"]}, "Action": "sts:AssumeRole"})
        role = world.role(allow("s3:*"), trusted=trusted)
        sts = world.client("sts", key["AccessKeyId"])

        def session(document: str) -> Any:
            credentials = sts.assume_role(RoleArn=role, RoleSessionName="narrow", Policy=document)["Credentials"]
            return world.client("s3", credentials["AccessKeyId"], credentials["SessionToken"])

        assert read(session(policy(allow("s3:GetObject"))))()
        message = denied(read(session(policy(allow("s3:PutObject")))))[1]
        assert "because no session policy allows the s3:GetObject action" in message

    def test_a_trust_policy(self, world: World) -> None:
        role = world.role(allow("s3:*"), trusted=trust("codebuild.amazonaws.com"))
        with pytest.raises(PermissionError, match="sts:AssumeRole"):
            world.authorization.assume("ecs-tasks.amazonaws.com", role)
        assert world.authorization.assume("codebuild.amazonaws.com", role)

    def test_a_trust_policy_that_names_the_source(self, world: World) -> None:
        condition = {"Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT}}}
        role = world.role(trusted=trust("events.amazonaws.com", **condition))
        with pytest.raises(PermissionError):
            world.authorization.assume("events.amazonaws.com", role, {"aws:SourceAccount": FOREIGN})
        assert world.authorization.assume("events.amazonaws.com", role, {"aws:SourceAccount": ACCOUNT})

    def test_a_bucket_policy(self, world: World) -> None:
        s3 = world.root("s3")
        s3.create_bucket(Bucket="bucket-https")
        s3.put_object(Bucket="bucket-https", Key="trades.csv", Body=b"1")
        refuse = {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": ["arn:aws:s3:::bucket-https/*", "arn:aws:s3:::bucket-https"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
        s3.put_bucket_policy(Bucket="bucket-https", Policy=policy(refuse))
        role = world.role(allow("s3:GetObject"))
        assert read(world.as_role("s3", role), "bucket-https")()
        plain = world.as_role("s3", role, headers={"x-sandbox-secure-transport": "false"})
        assert "with an explicit deny in a resource-based policy" in denied(read(plain, "bucket-https"))[1]

    def test_a_foreign_account_needs_both_policies(self, world: World) -> None:
        authority = world.authorization
        foreign = f"arn:aws:iam::{FOREIGN}:root"
        resource = f"arn:aws:s3:::{BUCKET}/trades.csv"
        verdict = authority.evaluate(foreign, "s3:GetObject", resource)
        assert (verdict.allowed, verdict.layer) == (False, "resource")

    def test_an_endpoint_policy(self, world: World) -> None:
        ec2 = world.root("ec2")
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        statement = {"Effect": "Allow", "Principal": "*", "Action": "s3:PutObject", "Resource": "*"}
        endpoint = ec2.create_vpc_endpoint(
            VpcId=vpc, ServiceName="com.amazonaws.us-east-1.s3", PolicyDocument=policy(statement)
        )
        role = world.role(allow("s3:GetObject"))
        assert read(world.as_role("s3", role))(), "from outside the VPC it goes through"
        words = "because no VPC endpoint policy allows the s3:GetObject action"
        assert words in denied(read(world.as_role("s3", role, vpc=vpc)))[1]
        header = {"x-sandbox-vpc-endpoint": endpoint["VpcEndpoint"]["VpcEndpointId"]}
        assert words in denied(read(world.as_role("s3", role, headers=header)))[1]


class TestKeys:
    def key(self, world: World, *statements: dict[str, Any], **more: Any) -> str:
        key = world.root("kms").create_key(Policy=policy(*statements), **more)
        return str(key["KeyMetadata"]["Arn"])

    def administered(self) -> dict[str, Any]:
        return {**allow("kms:*"), "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}}

    def test_a_key_policy_that_does_not_trust_the_account(self, world: World) -> None:
        key = self.key(world, {**allow("kms:*"), "Principal": {"Service": "logs.us-east-1.amazonaws.com"}})
        kms = world.as_role("kms", world.role(allow("kms:*")))
        message = denied(lambda: kms.encrypt(KeyId=key, Plaintext=b"1"))[1]
        assert "because no resource-based policy allows the kms:Encrypt action" in message

    def test_the_key_of_a_bucket(self, world: World) -> None:
        key = self.key(world, self.administered())
        s3 = world.root("s3")
        s3.create_bucket(Bucket="bucket-key")
        rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}}
        s3.put_bucket_encryption(
            Bucket="bucket-key", ServerSideEncryptionConfiguration={"Rules": [{**rule, "BucketKeyEnabled": True}]}
        )
        through = {"Condition": {"StringEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com"}}}
        writer = world.as_role("s3", world.role(allow("s3:PutObject"), allow("kms:GenerateDataKey", key, **through)))
        writer.put_object(Bucket="bucket-key", Key="report", Body=b"1")
        without = world.as_role("s3", world.role(allow("s3:PutObject")))
        message = denied(lambda: without.put_object(Bucket="bucket-key", Key="report", Body=b"1"))[1]
        assert f"kms:GenerateDataKey on resource: {key} because no identity-based policy" in message

    def test_the_encryption_context_of_a_log_group(self, world: World) -> None:
        group = f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:/batch/*"
        logs = {
            **allow(["kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey", "kms:DescribeKey"]),
            "Principal": {"Service": "logs.us-east-1.amazonaws.com"},
            "Condition": {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": group}},
        }
        key = self.key(world, self.administered(), logs)
        client = world.as_role("logs", world.role(allow("logs:CreateLogGroup")))
        client.create_log_group(logGroupName="/batch/one", kmsKeyId=key)
        message = denied(lambda: client.create_log_group(logGroupName="/other/one", kmsKeyId=key))[1]
        assert message.startswith("User: logs.us-east-1.amazonaws.com is not authorized to perform: kms:Encrypt")

    def test_the_key_of_a_topic_must_let_the_publishing_service_in(self, world: World) -> None:
        sns = world.root("sns")
        publish = {**allow("sns:Publish"), "Principal": {"Service": "events.amazonaws.com"}}
        use = {**allow(["kms:GenerateDataKey", "kms:Decrypt"]), "Principal": {"Service": "events.amazonaws.com"}}
        for name, statements in {"deaf": (), "open": (use,)}.items():
            key = self.key(world, self.administered(), *statements)
            topic = sns.create_topic(Name=name, Attributes={"KmsMasterKeyId": key, "Policy": policy(publish)})
            sns.set_topic_attributes(TopicArn=topic["TopicArn"], AttributeName="Policy", AttributeValue=policy(publish))
            verdict = world.authorization.evaluate("events.amazonaws.com", "sns:Publish", topic["TopicArn"])
            assert verdict.allowed == (name == "open"), verdict.message

    def test_the_alias_of_a_key(self, world: World) -> None:
        keys = [self.key(world, self.administered()) for _ in range(2)]
        world.root("kms").create_alias(AliasName="alias/mine", TargetKeyId=keys[0])
        named = {"Condition": {"ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/mine"}}}
        kms = world.as_role("kms", world.role(allow("kms:Encrypt", **named)))
        kms.encrypt(KeyId=keys[0], Plaintext=b"1")
        assert denied(lambda: kms.encrypt(KeyId=keys[1], Plaintext=b"1"))


class TestConditions:
    def test_tags_of_the_request_and_the_resource(self, world: World) -> None:
        on_request = {"Condition": {"StringEquals": {"aws:RequestTag/Environment": "dev"}}}
        on_resource = {"Condition": {"StringEquals": {"aws:ResourceTag/Environment": "dev"}}}
        role = world.role(
            allow(["ec2:CreateVpc", "ec2:CreateTags"], **on_request), allow("ec2:DeleteVpc", **on_resource)
        )
        ec2 = world.as_role("ec2", role)

        def make(client: Any, environment: str) -> str:
            tags = [{"ResourceType": "vpc", "Tags": [{"Key": "Environment", "Value": environment}]}]
            return str(client.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=tags)["Vpc"]["VpcId"])

        vpc = make(ec2, "dev")
        denied(lambda: make(ec2, "prod"))
        prod = make(world.root("ec2"), "prod")
        denied(lambda: ec2.delete_vpc(VpcId=prod))
        ec2.delete_vpc(VpcId=vpc)

    def test_tags_are_only_given_at_creation_where_a_policy_says_so(self, world: World) -> None:
        creation = {"Condition": {"StringEquals": {"ec2:CreateAction": "CreateVpc"}}}
        ec2 = world.as_role("ec2", world.role(allow("ec2:CreateVpc"), allow("ec2:CreateTags", **creation)))
        tags = [{"Key": "Environment", "Value": "dev"}]
        specified = [{"ResourceType": "vpc", "Tags": tags}]
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=specified)["Vpc"]["VpcId"]
        assert "ec2:CreateTags" in denied(lambda: ec2.create_tags(Resources=[vpc], Tags=tags))[1]

    def test_a_role_is_handed_to_the_service_it_is_for(self, world: World) -> None:
        handed = world.role(trusted=trust("ecs-tasks.amazonaws.com"))
        container = {"name": "job", "image": "image", "memory": 512}
        for service, fine in {"ecs-tasks.amazonaws.com": True, "events.amazonaws.com": False}.items():
            passing = {"Condition": {"StringEquals": {"iam:PassedToService": service}}}
            role = world.role(allow("ecs:RegisterTaskDefinition"), allow("iam:PassRole", handed, **passing))
            ecs = world.as_role("ecs", role)

            def register(ecs: Any = ecs) -> Any:
                return ecs.register_task_definition(family="job", taskRoleArn=handed, containerDefinitions=[container])

            if fine:
                register()
            else:
                assert f"iam:PassRole on resource: {handed}" in denied(register)[1]

    def test_a_cluster(self, world: World) -> None:
        cluster = world.root("ecs").create_cluster(clusterName="cluster-one")["cluster"]["clusterArn"]
        only = {"Condition": {"ArnEquals": {"ecs:cluster": cluster}}}
        allowed = world.authorization
        role = world.role(allow("ecs:RunTask", **only))
        task = f"arn:aws:ecs:us-east-1:{ACCOUNT}:task-definition/job:1"
        assert allowed.evaluate(role, "ecs:RunTask", task, {"ecs:cluster": cluster}).allowed
        assert not allowed.evaluate(role, "ecs:RunTask", task, {"ecs:cluster": cluster + "-other"}).allowed
