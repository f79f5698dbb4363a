"""What policies allow, what IAM says of calls, and what is told of both."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from local.errors import RunError
from local.permissions import simulator
from local.permissions.names import named
from local.permissions.policies import Role, resource_policies, roles_of
from local.permissions.recorder import Call
from local.permissions.roles import access_key_id
from local.permissions.verdict import Case, Unobserved, findings
from local.template import Resource, Template
from tests.local.mutations import mutants, survivors

BUCKET, STREAM = "arn:aws:s3:::Archive", "arn:aws:kinesis:us-east-1:000000000000:stream/Clicks"
JOBS = "kinesisanalytics.amazonaws.com"


def statement(*actions: str, on: Any, **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": list(actions), "Resource": on, **more}


def template(*statements: dict[str, Any], **resources: Any) -> Template:
    """A role that a policy of these statements is attached to, and a stream and a bucket."""
    trust = {"Statement": [{"Effect": "Allow", "Principal": {"Service": JOBS}, "Action": "sts:AssumeRole"}]}
    policy = {"Roles": [{"Ref": "Job"}], "PolicyDocument": {"Statement": list(statements)}}
    return Template(
        {
            "Resources": {
                "Job": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": trust}},
                "Policy": {"Type": "AWS::IAM::Policy", "Properties": policy},
                "Clicks": {"Type": "AWS::Kinesis::Stream", "Properties": {}},
                "Archive": {"Type": "AWS::S3::Bucket", "Properties": {}},
                **resources,
            }
        }
    )


READ = statement("kinesis:GetRecords", "kinesis:ListShards", on={"Fn::GetAtt": ["Clicks", "Arn"]})
WRITE = statement("s3:PutObject", on={"Fn::Join": ["", [{"Fn::GetAtt": ["Archive", "Arn"]}, "/trips/*"]]})
CALLS = [
    ("kinesis:GetRecords", STREAM),
    ("kinesis:ListShards", STREAM),
    ("s3:PutObject", f"{BUCKET}/trips/a"),
    ("s3:PutObject", f"{BUCKET}/trips/b/c"),
]


def case(made: Template, calls: list[tuple[str, str]], *exceptions: Unobserved) -> Case:
    return Case(
        roles=roles_of(made, named),
        calls=[Call("Job", *call) for call in calls],
        resource_policies=resource_policies(made, named),
        exceptions=exceptions,
    )


def exception(*actions: str, resources: str = ".*", sometimes: bool = False) -> Unobserved:
    return Unobserved(
        trusts=JOBS,
        role="Job",
        actions=frozenset(actions),
        resources=resources,
        reason="the service does it",
        sometimes=sometimes,
    )


def test_a_role_may_do_each_action_on_each_resource_of_its_policies_wherever_they_stand() -> None:
    inline = {"PolicyName": "p", "PolicyDocument": {"Statement": statement("sts:GetCallerIdentity", on="*")}}
    managed = {"Roles": [{"Ref": "Other"}], "PolicyDocument": {"Statement": [READ]}}
    made = template(
        READ,
        WRITE,
        Other={"Type": "AWS::IAM::Role", "Properties": {"Policies": [inline]}},
        Managed={"Type": "AWS::IAM::ManagedPolicy", "Properties": managed},
    )
    job, other = roles_of(made, named)
    assert [str(grant) for grant in job.grants] == [
        f"kinesis:GetRecords on {STREAM}",
        f"kinesis:ListShards on {STREAM}",
        f"s3:PutObject on {BUCKET}/trips/*",
    ]
    assert (set(job.trusts), job.arn) == ({JOBS}, "arn:aws:iam::000000000000:role/Job")
    assert [(grant.policy, grant.action) for grant in other.grants] == [
        ("Other", "sts:GetCallerIdentity"),
        ("Managed", "kinesis:GetRecords"),
        ("Managed", "kinesis:ListShards"),
    ]


@pytest.mark.parametrize(
    ("made", "told"),
    [
        (
            template({"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"}),
            "of Policy must allow actions on resources",
        ),
        (template({**READ, "Effect": "Deny"}), "a statement of Policy must allow"),
        (
            template(
                Big={"Type": "AWS::IAM::Role", "Properties": {"ManagedPolicyArns": ["arn:aws:iam::aws:policy/A"]}}
            ),
            'Big must have policies of the template (got ["arn:aws:iam::aws:policy/A"])',
        ),
    ],
)
def test_a_statement_that_does_not_say_what_it_allows_is_refused(made: Template, told: str) -> None:
    with pytest.raises(RunError) as refused:
        roles_of(made, named)
    assert told in str(refused.value)


def test_nothing_is_told_of_policies_that_allow_what_is_called() -> None:
    assert findings(case(template(READ, WRITE), CALLS)) == []


def test_a_refused_call_is_told_with_role_action_and_resource() -> None:
    refused = [("s3:PutObject", f"{BUCKET}/other/a"), ("kinesis:PutRecords", STREAM)]
    assert findings(case(template(READ, WRITE), [*CALLS, *refused])) == [
        f"Job must be allowed kinesis:PutRecords on {STREAM} (got no statement)",
        f"Job must be allowed s3:PutObject on {BUCKET}/other/a (got no statement)",
    ]


def test_a_permission_that_no_call_needs_is_told_with_its_policy() -> None:
    (told,) = findings(case(template(READ, WRITE), CALLS[:1] + CALLS[2:]))
    assert told.startswith(
        f"Job: kinesis:ListShards on {STREAM} must be used by a call (got none); remove it from Policy"
    )


def test_a_permission_that_stands_there_twice_is_told() -> None:
    everything = statement("s3:PutObject", on=f"{BUCKET}/*")
    told = findings(case(template(READ, WRITE, everything), CALLS))
    twice = "must be used by a call (got only calls that other statements allow, too)"
    assert [line.partition("; ")[0] for line in told] == [
        f"Job: s3:PutObject on {BUCKET}/trips/* {twice}",
        f"Job: s3:PutObject on {BUCKET}/* {twice}",
    ]


def test_a_condition_counts() -> None:
    elsewhere = {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}
    told = findings(case(template(READ, {**WRITE, "Condition": elsewhere}), CALLS))
    assert f"Job must be allowed s3:PutObject on {BUCKET}/trips/a (got no statement)" in told


def test_the_policy_of_a_bucket_is_asked_too() -> None:
    def denying(**condition: Any) -> Template:
        deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": f"{BUCKET}/*", "Condition": condition}
        policy = {"Bucket": {"Ref": "Archive"}, "PolicyDocument": {"Statement": [deny]}}
        return template(READ, WRITE, BucketPolicy={"Type": "AWS::S3::BucketPolicy", "Properties": policy})

    assert findings(case(denying(Bool={"aws:SecureTransport": "false"}), CALLS)) == []
    assert findings(case(denying(Bool={"aws:SecureTransport": "true"}), CALLS))[0] == (
        f"Job must be allowed s3:PutObject on {BUCKET}/trips/a (got a denial of the resource's own policy)"
    )


def test_the_policy_of_a_domain_excepts_roles_by_their_arn() -> None:
    arn = "arn:aws:es:us-east-1:000000000000:domain/Search"

    def excepting(role: str) -> Template:
        deny = {
            **{"Effect": "Deny", "Principal": {"AWS": "*"}, "Action": "es:ESHttp*", "Resource": f"{arn}/*"},
            "Condition": {
                "NotIpAddress": {"aws:SourceIp": ["10.0.0.0/8"]},
                "ArnNotEquals": {"aws:PrincipalArn": [f"arn:aws:iam::000000000000:role/{role}"]},
            },
        }
        domain = {"AccessPolicies": {"Statement": [deny]}}
        return template(
            statement("es:ESHttpPost", on=f"{arn}/_bulk"),
            Search={"Type": "AWS::OpenSearchService::Domain", "Properties": domain},
        )

    call = [("es:ESHttpPost", f"{arn}/_bulk")]
    assert findings(case(excepting("Job"), call)) == []
    assert "a denial of the resource's own policy" in findings(case(excepting("Another"), call))[0]


def test_what_has_no_signature_and_what_iam_does_not_know_is_told() -> None:
    made = case(template(READ, WRITE), [*CALLS, ("kinesis:Drink", STREAM)])
    unsigned = Case(roles=made.roles, calls=[*made.calls, Call("", "POST", "/_bulk")])
    told = findings(unsigned)
    assert told[0] == "nobody may send what has no signature (got POST /_bulk)"
    assert "Job: IAM must know kinesis:Drink on" in told[1]


def test_calls_of_others_are_none_of_the_roles_business() -> None:
    made = case(template(READ, WRITE), CALLS)
    others = [Call("local", "s3:CreateBucket", BUCKET)]
    assert findings(Case(roles=made.roles, calls=[*made.calls, *others])) == []


def test_what_cannot_be_seen_needs_no_call() -> None:
    assert findings(case(template(READ, WRITE), CALLS[:2], exception("s3:PutObject"))) == []


def test_an_exception_that_a_call_shows_to_be_needless_is_told() -> None:
    (told,) = findings(case(template(READ, WRITE), CALLS, exception("s3:PutObject")))
    assert told == (
        f"Job: s3:PutObject on {BUCKET}/trips/* is used by a call, and must not be in unobserved.yaml"
        " (got 'the service does it')"
    )
    assert findings(case(template(READ, WRITE), CALLS, exception("s3:PutObject", sometimes=True))) == []


def test_an_exception_is_one_for_its_actions_and_resources_alone() -> None:
    other = exception("s3:PutObject", resources=".*/raw/.*")
    assert len(findings(case(template(READ, WRITE), CALLS[:2], other))) == 1


def test_every_permission_more_or_less_is_noticed() -> None:
    made = case(template(READ, WRITE), CALLS)
    tried = list(mutants(made))
    assert len(tried) == 5, "three taken away, and one added for the stream and for the bucket"
    assert survivors(made, iter(tried)) == []


def test_what_would_hide_a_permission_more_or_less_survives() -> None:
    twice = case(template(READ, statement("kinesis:*", on="*")), CALLS[:2])
    assert [one.partition(" on ")[0] for one in survivors(twice, mutants(twice))][:2] == [
        "Job without kinesis:GetRecords",
        "Job without kinesis:ListShards",
    ]


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [
        ("AWS::IAM::Role", "Arn", "arn:aws:iam::000000000000:role/One"),
        ("AWS::Logs::LogGroup", "Arn", "arn:aws:logs:us-east-1:000000000000:log-group:One:*"),
        ("AWS::Logs::LogGroup", "Ref", "One"),
        ("AWS::S3::Bucket", "Arn", "arn:aws:s3:::One"),
        ("AWS::StepFunctions::StateMachine", "Ref", "arn:aws:states:us-east-1:000000000000:stateMachine:One"),
        ("AWS::SQS::Queue", "Arn", "arn:aws:sqs:us-east-1:000000000000:One"),
        ("AWS::EC2::SecurityGroup", "GroupId", "One.GroupId"),
    ],
)
def test_what_has_no_local_counterpart_has_a_name_all_the_same(kind: str, name: str, value: str) -> None:
    assert named(Resource("One", kind, {}), name) == value


def test_two_roles_have_two_keys() -> None:
    roles = [Role(name, f"arn:aws:iam::000000000000:role/{name}", frozenset(), ()) for name in ("Job", "Job2")]
    assert [access_key_id(role.arn) for role in roles] == ["Job", "Job2"]


def test_a_simulator_that_is_not_there_is_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(simulator, "ROOT", tmp_path)
    with pytest.raises(RunError, match=r"^missing: the npm package @cloud-copilot/iam-simulate; get it: make setup$"):
        findings(case(template(READ), CALLS))


def test_a_simulator_that_fails_is_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    broken = tmp_path / "broken.cjs"
    broken.write_text("throw new Error('no data')")
    monkeypatch.setattr(simulator, "_PROGRAM", broken)
    with pytest.raises(RunError, match=r"^the simulator of IAM failed: .*no data"):
        findings(case(template(READ), CALLS))
