"""The pipelines in daily use: who hears of a failure, what the clock starts, which machines build, what is kept."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

import pytest

from components.registry import lifecycle
from settings import SettingsError
from tests.tooling.conftest import JOBS
from tests.tooling.stack.layouts import of, props, recorded
from tooling.delivery import steps
from tooling.delivery.build_environment import MACHINES
from tooling.delivery.delivery_settings import Delivery, parse_tooling

RULE = "aws:cloudwatch/eventRule:EventRule"
TARGET = "aws:cloudwatch/eventTarget:EventTarget"
PROJECT = "aws:codebuild/project:Project"
PIPELINE = "aws:codepipeline/pipeline:Pipeline"


class TestFailuresAreAnnounced:
    def test_every_pipeline_that_does_not_succeed_is_announced(self) -> None:
        graph = recorded()
        pattern = json.loads(props(of(graph, RULE)["failure-notice-rule"])["eventPattern"])
        names = {props(pipeline)["name"] for pipeline in of(graph, PIPELINE).values()}
        assert set(pattern["detail"]["pipeline"]) == names == {"pipeline-delivery-tooling", "pipeline-rescan-tooling"}
        # of CodePipeline's states those that end otherwise than well; SUPERSEDED makes room for a newer execution
        assert set(pattern["detail"]["state"]) == {"FAILED", "STOPPED", "CANCELED"}

    def test_the_people_of_the_delivery_get_a_sentence_and_a_link(self) -> None:
        graph = recorded(approvers=["lead@example.com"])
        target = props(of(graph, TARGET)["failure-notice-target"])
        (topic,) = of(graph, "aws:sns/topic:Topic").values()
        assert target["arn"] == topic.props["arn"]
        sentence = json.loads(target["inputTransformer"]["inputTemplate"])
        assert sentence.startswith("<pipeline>: execution <execution> is <state> since <time>.")
        assert "https://us-east-1.console.aws.amazon.com/codesuite/codepipeline/pipelines/<pipeline>" in sentence
        (subscription,) = of(graph, "aws:sns/topicSubscription:TopicSubscription").values()
        assert props(subscription)["endpoint"] == "lead@example.com"
        assert props(subscription)["topic"] == topic.props["arn"]

    def test_eventbridge_may_publish(self) -> None:
        (policy,) = of(recorded(), "aws:sns/topicPolicy:TopicPolicy").values()
        statements = json.loads(props(policy)["policy"])["Statement"]
        assert "events.amazonaws.com" in [s["Principal"].get("Service") for s in statements if s["Effect"] == "Allow"]


class TestRescan:
    def test_the_clock_starts_a_pipeline_of_its_own(self) -> None:
        graph = recorded()
        assert props(of(graph, RULE)["delivery-rescan-schedule-rule"])["scheduleExpression"] == "cron(0 12 * * ? *)"
        target = props(of(graph, TARGET)["delivery-rescan-schedule-target"])
        pipeline = of(graph, PIPELINE)["delivery-rescan"]
        assert target["arn"] == pipeline.props["arn"]
        stages = {stage["name"]: stage["actions"] for stage in props(pipeline)["stages"]}
        assert [action["name"] for action in stages["Rescan"]] == ["RescanDev", "RescanProd"]

    def test_it_may_be_switched_off(self) -> None:
        graph = recorded(scan={"rescan": None})
        assert set(of(graph, PIPELINE)) == {"delivery"}
        assert not [name for name in of(graph, PROJECT) if "rescan" in name]


class TestMachines:
    def test_the_checks_have_the_memory_that_types_take(self) -> None:
        projects = of(recorded(), PROJECT)
        sizes = {name: props(project)["environment"]["computeType"] for name, project in projects.items()}
        assert sizes.pop("delivery-checks") == "BUILD_GENERAL1_MEDIUM"
        assert set(sizes.values()) == {"BUILD_GENERAL1_SMALL"}

    @pytest.mark.parametrize(
        ("architectures", "expected"),
        [
            (["X86_64"], {"images": "LINUX_CONTAINER"}),
            (["ARM64"], {"images": "ARM_CONTAINER"}),
            (["ARM64", "X86_64"], {"images-arm64": "ARM_CONTAINER", "images": "LINUX_CONTAINER"}),
        ],
    )
    def test_images_are_built_on_their_own_architecture(
        self, architectures: list[steps.Architecture], expected: dict[str, str]
    ) -> None:
        built_on = {step.name: MACHINES[step.architecture][0] for step in steps.image_steps(architectures)}
        assert built_on == expected

    def test_with_both_the_second_step_completes_the_release_of_the_first(self) -> None:
        delivery = Delivery(repository="a/b")
        both: tuple[steps.Architecture, ...] = ("ARM64", "X86_64")
        wiring = steps.Wiring(
            projects={step.name: step.name for step in steps.release_steps(delivery, both)},
            connection="connection",
            topic="topic",
            preview_link="",
        )
        stages: Any = steps.release_stages(delivery, both, wiring)
        build = {action["name"]: action for action in stages[1]["actions"]}
        assert build["ImagesArm64"]["output_artifacts"] == ["release_arm64"]
        assert build["Images"]["input_artifacts"] == ["source", "release_arm64"]
        assert [build[name]["run_order"] for name in ("Checks", "ImagesArm64", "Images")] == [1, 2, 3]


class TestReleaseImagesOutliveAnApproval:
    """ECR's rules by age and by count, as its page has them, over a week of builds."""

    @staticmethod
    def remaining(policy: str, pushed: dict[str, date], today: date) -> set[str]:
        """The release images that the policy leaves."""
        (rule,) = [r for r in json.loads(policy)["rules"] if r["selection"].get("tagPrefixList") == ["release-"]]
        selection = rule["selection"]
        if selection["countType"] == "imageCountMoreThan":
            return set(sorted(pushed, key=lambda name: pushed[name])[-selection["countNumber"] :])
        oldest = today - timedelta(days=selection["countNumber"])
        return {name for name, day in pushed.items() if day >= oldest}

    def test_twenty_newer_builds_do_not_push_out_what_waits_for_an_approval(self) -> None:
        today = date(2026, 11, 20)
        waiting = {"release-waiting": today - timedelta(days=7)}
        newer = {f"release-{number}": today - timedelta(days=number % 7) for number in range(20)}
        documents = [props(one)["policy"] for one in of(recorded(), "aws:ecr/lifecyclePolicy:LifecyclePolicy").values()]
        assert len(documents) == len(JOBS)
        for document in documents:
            assert "release-waiting" in self.remaining(document, {**waiting, **newer}, today)
        by_count = lifecycle(10, 1)
        assert "release-waiting" not in self.remaining(by_count, {**waiting, **newer}, today), (
            "what the age is there for"
        )

    def test_they_are_kept_longer_than_an_approval_may_wait(self) -> None:
        with pytest.raises(SettingsError, match=r"delivery\.artifactDays"):
            parse_tooling({"delivery": {"artifactDays": 7}}, stack="tooling")
