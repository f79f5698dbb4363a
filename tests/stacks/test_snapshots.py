from __future__ import annotations

from tests.stacks.snapshots import by_variants, without_hashes

HASH = "0123456789abcdef" * 4


def test_the_hashes_of_assets_are_not_part_of_a_snapshot() -> None:
    template = {"Code": {"S3Key": f"{HASH}.zip", "S3Bucket": {"Fn::Sub": "cdk-assets-${AWS::AccountId}"}}}
    assert without_hashes(template) == {
        "Code": {"S3Key": "<hash>.zip", "S3Bucket": {"Fn::Sub": "cdk-assets-${AWS::AccountId}"}}
    }


def test_a_hash_inside_a_text_is_replaced_too() -> None:
    assert without_hashes({"Resource": {"Fn::Join": ["", ["arn:", f"/{HASH}.zip"]]}}) == {
        "Resource": {"Fn::Join": ["", ["arn:", "/<hash>.zip"]]}
    }


def test_what_only_looks_like_a_hash_stays() -> None:
    template = {"Names": ["FlinkRole90D7EF07", HASH[1:], f"{HASH}0", "A" * 64], "Count": 64}
    assert without_hashes(template) == template


def test_the_template_itself_stays_as_it_is() -> None:
    template = {"S3Key": f"{HASH}.zip"}
    without_hashes(template)
    assert template == {"S3Key": f"{HASH}.zip"}


def test_a_resource_stands_once_below_the_variants_that_have_it_or_those_that_have_not() -> None:
    kept = {"Kept": "AWS::S3::Bucket"}
    types = {
        "default": {**kept, "Stream": "AWS::Kinesis::Stream"},
        "kafka": {**kept, "Stream": "AWS::MSK::Topic", "Cluster": "AWS::MSK::Cluster"},
        "load": {**kept, "Stream": "AWS::Kinesis::Stream"},
        "on-demand": {**kept, "Stream": "AWS::Kinesis::Stream"},
    }
    assert by_variants(types) == (
        "every variant\n"
        "  Kept  AWS::S3::Bucket\n"
        "\n"
        "all but kafka\n"
        "  Stream  AWS::Kinesis::Stream\n"
        "\n"
        "kafka\n"
        "  Cluster  AWS::MSK::Cluster\n"
        "  Stream  AWS::MSK::Topic\n"
    )
