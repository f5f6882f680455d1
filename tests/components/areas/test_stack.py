"""Test areas of the whole stack: names, teardown, tags (FR-T11, T12), for both committed stacks."""

from __future__ import annotations

from tests.components.areas import JOBS
from tests.programs import Program, recording

LAYERS = ("keys", "network", "data", "registry", "batch", *JOBS)


class TestT11Names:
    """`{type}-{purpose}-{suffix}` wherever a name is given; the account id in bucket names."""

    def test_suffix(self, program: Program) -> None:
        named = 0
        for resource in program.graph.resources:
            for key in ("name", "family", "bucket"):
                name = resource.props.get(key)
                is_own = not (key == "bucket" and resource.type != "aws:s3/bucket:Bucket")
                if resource.custom and isinstance(name, str) and is_own and "iam/rolePolicy" not in resource.type:
                    named += 1
                    last = name.removesuffix("/performance")
                    assert last.endswith(f"-{program.stack}"), f"{resource.urn}: {name}"
        assert named > 30

    def test_two_stacks_in_one_account_share_no_name(self) -> None:
        """The names in the outputs of dev and of prod have nothing in common."""

        def names(stack: str) -> set[str]:
            outputs = recording(stack, "resolved").outputs
            chosen = [value for name, value in outputs.items() if name.endswith(("Name", "Names"))]
            maps, plain = [v for v in chosen if isinstance(v, dict)], [v for v in chosen if isinstance(v, str)]
            return {*plain, *(value for by_key in maps for value in by_key.values())}

        assert names("dev") & names("prod") == set()
        assert len(names("dev")) > 20

    def test_components_have_namespaced_tokens(self, program: Program) -> None:
        components = [resource for resource in program.graph.resources if not resource.custom]
        assert {component.name for component in components} >= set(LAYERS)
        assert all(component.type.startswith("batch:") for component in components)

    def test_every_resource_belongs_to_a_component(self, program: Program) -> None:
        components = {resource.urn for resource in program.graph.resources if not resource.custom}
        for resource in program.graph.resources:
            if resource.custom and not resource.type.startswith("pulumi:"):
                assert resource.parent in components, resource.urn


class TestT12Destroyable:
    """Nothing is retained; with teardown nothing is protected, without it exactly what holds data."""

    def test_nothing_outlives_its_stack(self, program: Program) -> None:
        for resource in program.graph.resources:
            assert resource.options.retain_on_delete is False
            assert resource.options.deleted_with is None

    def test_what_holds_data_is_protected(self, program: Program) -> None:
        """With all that belongs to it: a bucket without its access block would be open while it waits."""
        protected = {r.type for r in program.graph.resources if r.custom and r.options.protect}
        if program.stack == "dev":
            assert protected == set()
            return
        services = {token.split(":")[1].split("/")[0] for token in protected}
        assert services == {"s3", "dynamodb", "ecr", "kms"}
        for resource in program.graph.resources:
            if resource.type.startswith(("aws:s3/", "aws:dynamodb/", "aws:ecr/")):
                assert resource.options.protect, resource.name
        assert [key.name for key in program.all("aws:kms/key:Key") if key.options.protect] == ["keys-data"]

    def test_force_flags(self, program: Program) -> None:
        buckets = program.all("aws:s3/bucket:Bucket")
        assert len(buckets) == 3
        assert {bucket.props["forceDestroy"] for bucket in buckets} == {program.stack == "dev"}
        for table in program.all("aws:dynamodb/table:Table"):
            assert table.props["deletionProtectionEnabled"] is (program.stack == "prod")


class TestTags:
    """The eight required tags on everything that can be tagged."""

    def test_tags(self, program: Program) -> None:
        required = {
            "Repository",
            "CommitAuthor",
            "PRNumber",
            "Team",
            "CreatedAt",
            "Environment",
            "Project",
            "ManagedBy",
        }
        tagged = [resource for resource in program.graph.resources if "tags" in resource.props]
        assert len(tagged) > 40
        for resource in tagged:
            tags = resource.props["tags"]
            assert required <= set(tags), resource.urn
            assert tags["Environment"] == program.stack
            assert tags["Team"] == "batch"
            assert tags["ManagedBy"] == "pulumi"
            assert "tags.CreatedAt" in resource.options.ignore_changes
