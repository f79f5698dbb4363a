from __future__ import annotations

from tests.stacks.snapshots import without_hashes

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
