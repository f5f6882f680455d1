"""Registry alone under mocks."""

from components.registry import Registry, RegistryArgs
from tests.mocks import CONTEXT, SETTINGS, built


def test_an_immutable_scanned_repository_for_each_job() -> None:
    args = RegistryArgs(context=CONTEXT, settings=SETTINGS.registry, jobs=SETTINGS.jobs)
    mocks = built(lambda: Registry("registry", args))
    repositories = mocks.inputs("aws:ecr/repository:Repository")
    assert {repository["name"] for repository in repositories} == {f"repository-{job}-dev" for job in SETTINGS.jobs}
    assert {repository["imageTagMutability"] for repository in repositories} == {"IMMUTABLE"}
    assert all(repository["imageScanningConfiguration"] == {"scanOnPush": True} for repository in repositories)
    assert len(mocks.inputs("aws:ecr/lifecyclePolicy:LifecyclePolicy")) == len(repositories)
