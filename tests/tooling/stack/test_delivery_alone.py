"""The delivery pipeline's component alone under mocks."""

from tests.mocks import CONTEXT, built
from tooling.delivery.delivery_settings import Delivery as Settings
from tooling.delivery.pipeline import Delivery, DeliveryArgs


def test_a_pipeline_with_a_build_and_a_role_for_each_step() -> None:
    settings = Settings(repository="market-risk/batch-platform")
    args = DeliveryArgs(
        context=CONTEXT,
        settings=settings,
        repositories={"risk-calculation": "repository"},
        architectures=["X86_64"],
        topic_arn="arn:aws:sns:us-east-1:123456789012:topic-notifications-tooling",
    )
    mocks = built(lambda: Delivery("delivery", args))
    stages = {p["name"]: [s["name"] for s in p["stages"]] for p in mocks.inputs("aws:codepipeline/pipeline:Pipeline")}
    assert stages["pipeline-delivery-dev"][0] == "Source"
    assert stages["pipeline-rescan-dev"] == ["Source", "Rescan"]
    projects = mocks.inputs("aws:codebuild/project:Project")
    assert len({project["serviceRole"] for project in projects}) == len(projects)
    assert mocks.one("aws:codestarconnections/connection:Connection")["providerType"] == "GitHub"
