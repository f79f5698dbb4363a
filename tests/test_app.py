"""The CDK application as the command line runs it: a process that reads the context and writes templates."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_sqs as sqs

import app
from flink_constructs.bundle import BundleError
from flink_constructs.connector_jar import BuildError
from stacks.project import ROOT, file_context
from tests.stacks.snapshots import without_hashes

#: Has no bundle built, so that no test here waits for Maven.
NO_BUNDLES: dict[str, Any] = {"aws:cdk:bundling-stacks": []}
#: What a test asks of any stack, it asks of this one: five take five times as long.
ONE = {"scenario": "data-generator"}


def run_app(folder: Path, context: Mapping[str, Any]) -> subprocess.CompletedProcess[str]:
    """Run the application with ``context`` passed as the CDK's command line passes it."""
    return subprocess.run(
        [sys.executable, "app.py"],
        cwd=ROOT,
        env={
            **os.environ,
            "CDK_CONTEXT_JSON": json.dumps({**NO_BUNDLES, **context}),
            "CDK_OUTDIR": str(folder),
            "JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION": "1",
        },
        capture_output=True,
        text=True,
        check=False,
    )


def templates(folder: Path, context: Mapping[str, Any]) -> dict[str, Any]:
    """The template of each stack, by the stack's name."""
    result = run_app(folder, context)
    assert (result.returncode, result.stderr) == (0, "")
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    files = {
        name: folder / artifact["properties"]["templateFile"]
        for name, artifact in manifest["artifacts"].items()
        if artifact["type"] == "aws:cloudformation:stack"
    }
    return {name: json.loads(path.read_text(encoding="utf-8")) for name, path in files.items()}


@pytest.mark.parametrize(
    ("context", "message"),
    [
        (
            {"data-generator.record-per-second": "5"},
            "data-generator.record-per-second must be a known context key (got '5'); did you mean records-per-second?",
        ),
        (
            {"data-generatr.parallelism": "2"},
            "data-generatr.parallelism must be a known context key (got '2'); did you mean data-generator?",
        ),
        (
            {"data-generator.records-per-second": "0"},
            "data-generator.records-per-second must be an integer from 1 to 1000000000 (got '0'); write for example 10",
        ),
        (
            {"data-generator.records-per-second": "1.5"},
            "data-generator.records-per-second must be an integer from 1 to 1000000000 (got '1.5'); "
            "write for example 10",
        ),
        (
            {"data-generator.records-per-second": "5000", "data-generator.shards": "4"},
            "data-generator.shards must be at least 5, to hold 5000 records/s (got 4); "
            "change it in cdk.json or with -c data-generator.shards=…",
        ),
        (
            {"data-generator.parallelism": "65"},
            "parallelism must fit into 64 KPUs of 1, that is 64 at most (got 65); "
            "lower it, raise parallelism_per_kpu, or have the quota raised and set max_kpus",
        ),
        (
            {"data-generator.sinks": "kafka", "data-generator.brokers": "3"},
            "number_of_brokers must be a multiple of 2, the number of subnets (got 3); 4 is the next one",
        ),
        (
            {"stage": "Load_1"},
            "stage must be up to 20 small letters, digits and dashes (got 'Load_1'); for example -c stage=load",
        ),
        (
            {"scenario": "data-generatr"},
            "scenario must be a known scenario (got 'data-generatr'); did you mean data-generator?",
        ),
    ],
)
def test_a_wrong_context_is_one_line_and_status_2(
    context: dict[str, Any], message: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    given = {**file_context(), **NO_BUNDLES, **context}
    monkeypatch.setattr(app, "file_context", lambda: given)
    with pytest.raises(SystemExit) as ended:
        app.main()
    assert ended.value.code == 2
    assert capsys.readouterr() == ("", f"error: {message}\n")


def test_the_process_of_a_wrong_context_ends_the_same_way_and_leaves_no_template(tmp_path: Path) -> None:
    result = run_app(tmp_path / "out", {"stage": "Load_1"})
    assert (result.returncode, result.stdout) == (2, "")
    assert re.fullmatch(r"error: stage must be .*\n", result.stderr)
    assert not (tmp_path / "out" / "manifest.json").exists()


@pytest.mark.parametrize("failure", [BuildError("building data_generator needs Maven"), BundleError("a", "b", 1, "c")])
def test_a_bundle_that_cannot_be_built_is_one_line_and_status_1(
    failure: Exception, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_: cdk.App) -> None:
        raise failure

    monkeypatch.setattr(app, "add_stacks", fail)
    with pytest.raises(SystemExit) as ended:
        app.main()
    assert ended.value.code == 1
    assert capsys.readouterr().err == f"error: {failure}\n"


def test_a_finding_that_nobody_acknowledged_fails_the_synthesis(monkeypatch: pytest.MonkeyPatch) -> None:
    def add_queue(scope: cdk.App) -> None:
        sqs.Queue(cdk.Stack(scope, "Stack"), "Queue")

    monkeypatch.setattr(app, "add_stacks", add_queue)
    with pytest.raises(RuntimeError, match="AwsSolutions-SQS4"):
        app.main()


def test_without_a_scenario_every_stack_is_made(tmp_path: Path) -> None:
    assert set(templates(tmp_path, {})) == {
        "DataGenerator",
        "Lottery",
        "PrometheusMetrics",
        "StreamingEtl",
        "TaxiAnalytics",
    }


def test_a_scenario_and_a_stage_choose_the_stack_and_its_name(tmp_path: Path) -> None:
    context = {"scenario": "data-generator", "stage": "load", "data-generator.records-per-second": "64000"}
    [(name, template)] = templates(tmp_path, context).items()
    assert name == "DataGenerator-load"
    assert '"records.per.second": "64000"' in json.dumps(template)


def test_without_the_command_line_the_context_is_that_of_cdk_json(tmp_path: Path) -> None:
    context = file_context()
    # It holds feature flags, which change the template.
    assert context["@aws-cdk/aws-iam:minimizePolicies"] is True
    plain, command_line, without_flag = (
        templates(tmp_path / name, given)
        for name, given in {
            "plain": ONE,
            "command-line": {**context, **ONE},
            "without-flag": {**context, **ONE, "@aws-cdk/aws-iam:minimizePolicies": False},
        }.items()
    )
    assert plain == command_line
    assert plain != without_flag


def test_two_runs_give_the_same_templates(tmp_path: Path) -> None:
    context = {**ONE, "data-generator.sinks": "kinesis,kafka"}
    first, second = (templates(tmp_path / name, context) for name in ("first", "second"))
    assert first == second
    assert without_hashes(first) != first
