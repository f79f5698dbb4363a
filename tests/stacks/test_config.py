import re
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App

import scenarios
from flink_constructs.application_restore import Restore
from stacks.config import ContextError, scenario_blocks
from stacks.data_generator import DataGeneratorConfig
from stacks.project import ROOT, file_context, stack_name
from stacks.registry import add_stacks, stack_type
from stacks.scenario import ScenarioStack


def stack_with(block: dict[str, Any]) -> ScenarioStack:
    """The data generator's stack with a context block; nothing is bundled, which takes Maven."""
    context = {"scenario": "data-generator", "data-generator": block, "aws:cdk:bundling-stacks": []}
    [stack] = add_stacks(App(context=context))
    assert isinstance(stack, ScenarioStack)
    return stack


def test_an_empty_block_has_the_defaults() -> None:
    config = DataGeneratorConfig.parse({})
    assert (config.sinks, config.records_per_second, config.parallelism, config.shards) == (("kinesis",), 10, 1, None)


def test_the_command_lines_texts_are_read_as_the_types_they_stand_for() -> None:
    block = {"sinks": "kinesis, kafka", "records-per-second": "64000", "shards": "on-demand", "retain": "false"}
    config = DataGeneratorConfig.parse(block)
    assert config.sinks == ("kinesis", "kafka")
    assert config.records_per_second == 64000
    assert config.shards == "on-demand"
    assert config.retain is False


def test_a_csv_in_a_profile_is_read_and_its_steps_stand_for_it(tmp_path: Path) -> None:
    (tmp_path / "day.csv").write_text("0,100\n60,500\n120,500\n", encoding="utf-8")
    config = DataGeneratorConfig.parse({"profile": f"repeat(csv(file={tmp_path / 'day.csv'}))"})
    assert config.profile == "repeat(steps(rates=100/500*2, every=60s))"
    assert config.peak_records_per_second() == 500


def test_the_default_rate_is_no_contradiction_to_a_profile() -> None:
    stack = stack_with({"profile": "constant(rate=0.5)"})
    assert stack.own_properties("data-generator")["DataGen"]["profile"] == "constant(rate=0.5)"
    assert "records.per.second" not in stack.own_properties("data-generator")["DataGen"]


def test_an_override_wins_over_the_block() -> None:
    blocks = scenario_blocks(
        {"data-generator.records-per-second": "7", "data-generator": {"records-per-second": 5, "parallelism": 2}},
        ["data-generator"],
    )
    assert blocks == {"data-generator": {"records-per-second": "7", "parallelism": 2}}


@pytest.mark.parametrize(
    ("block", "message"),
    [
        (
            {"records-per-second": 0},
            "data-generator.records-per-second must be an integer from 1 to 1000000000 (got 0); write for",
        ),
        (
            {"records-per-second": "-4"},
            "data-generator.records-per-second must be an integer from 1 to 1000000000 (got '-4')",
        ),
        (
            {"records-per-second": "1.5"},
            "data-generator.records-per-second must be an integer from 1 to 1000000000 (got '1.5')",
        ),
        (
            {"records-per-second": "many"},
            "data-generator.records-per-second must be an integer from 1 to 1000000000 (got 'many')",
        ),
        (
            {"records-per-second": [1]},
            "data-generator.records-per-second must be an integer from 1 to 1000000000 (got [1])",
        ),
        ({"parallelism": 0}, "data-generator.parallelism must be at least 1 (got 0)"),
        ({"parallelism-per-kpu": 9}, "data-generator.parallelism-per-kpu must be at most 8 (got 9)"),
        ({"sinks": "kinesis,kafak"}, "data-generator.sinks must be 'kinesis' or 'kafka' (got 'kafak')"),
        ({"sinks": "kafak"}, "data-generator.sinks must be 'kinesis' or 'kafka' (got 'kafak'); change it"),
        ({"sinks": []}, "data-generator.sinks must name at least 1 (got [])"),
        ({"shards": "some"}, "data-generator.shards must be an integer or be 'on-demand' (got 'some')"),
        ({"shards": 0}, "data-generator.shards must be at least 1"),
        (
            {"records-per-second": 64000, "shards": 63},
            "data-generator.shards must be at least 64, to hold 64000 records/s (got 63)",
        ),
        (
            {"profile": "ramp(from=0, to=64000, over=1m)", "shards": 63},
            "data-generator.shards must be at least 64, to hold 64000 records/s (got 63)",
        ),
        (
            {"profile": "rmap(from=0)"},
            "data-generator.profile must be made of known parts, not 'rmap': did you mean ramp? (got 'rmap(from=0)')",
        ),
        (
            {"profile": "csv(file=no.csv)"},
            "data-generator.profile must name a CSV that can be read, not 'no.csv': mend it: No such file or directory",
        ),
        ({"start": "perhaps"}, "data-generator.start must be true or false (got 'perhaps')"),
        ({"log-level": "LOUD"}, "data-generator.log-level must be 'DEBUG', 'INFO', 'WARN' or 'ERROR' (got 'LOUD')"),
        (
            {"record-type": "taxi-trp"},
            "data-generator.record-type must be lottery-event or lottery-user-event or metric-sample or stock-price or "
            "stock-walk or taxi-ride or taxi-trip (got 'taxi-trp'); did you mean taxi-trip?",
        ),
        ({"format": "xml"}, "data-generator.format must be json or csv or avro or avro-confluent (got 'xml')"),
        ({"seed": -1}, "data-generator.seed must be an integer from 0 to 4294967295 (got -1)"),
        ({"faults-late": 1.5}, "data-generator.faults-late must be a number from 0 to 1 (got 1.5)"),
        ({"start-time": "noon"}, "data-generator.start-time must be a time of ISO 8601 since 1970 with its zone"),
        ({"topic": "a b"}, "data-generator.topic must match"),
        *(
            (
                {"restore": value},
                "data-generator.restore must be latest-snapshot, none or snapshot:NAME, a NAME of letters, digits, '_',"
                f" '.' and '-' (got {value!r}); change it in cdk.json or with -c data-generator.restore=…",
            )
            for value in ("", "latest", "snapshot:", "snapshot:two words", "snapshot:" + "x" * 257, "snapshots:x")
        ),
        (
            {"allow-non-restored-state": "perhaps"},
            "data-generator.allow-non-restored-state must be true or false (got 'perhaps')",
        ),
        ({"snapshot-hours": 721}, "data-generator.snapshot-hours must be at most 720 (got 721)"),
        ({"snapshots-kept": 0}, "data-generator.snapshots-kept must be at least 1 (got 0)"),
        ({"snapshot-days": "x"}, "data-generator.snapshot-days must be an integer (got 'x')"),
        ({"stable-for-seconds": -1}, "data-generator.stable-for-seconds must be at least 0 (got -1)"),
        ({"stable-for-seconds": 601}, "data-generator.stable-for-seconds must be at most 600 (got 601)"),
        ({"record-per-second": 1}, "must be a known context key (got 1); did you mean records-per-second?"),
        ({"xyz": 1}, "data-generator.xyz must be a known context key (got 1); known are alarm-topic-arn, "),
    ],
)
def test_a_wrong_value_is_refused_with_name_rule_value_and_fix(block: dict[str, Any], message: str) -> None:
    with pytest.raises(ContextError) as refused:
        DataGeneratorConfig.parse(block)
    assert message in str(refused.value)
    assert "; " in str(refused.value)


@pytest.mark.parametrize(
    ("text", "restore"),
    [
        ("latest-snapshot", Restore.latest_snapshot()),
        ("none", Restore.none()),
        ("snapshot:before-update-2026.1_x", Restore.snapshot("before-update-2026.1_x")),
        ("snapshot:none", Restore.snapshot("none")),
    ],
)
def test_the_state_to_start_with_is_read(text: str, restore: Restore) -> None:
    assert DataGeneratorConfig.parse({"restore": text}).restored == restore


@pytest.mark.parametrize(
    ("context", "message"),
    [
        ({"data-generatr": {}}, "data-generatr must be a known context key (got {}); did you mean data-generator?"),
        ({"data-generatr.parallelism": "1"}, "did you mean data-generator?"),
        ({"stages": "x"}, "did you mean stage?"),
        ({"data-generator": "fast"}, "data-generator must be a block of keys (got 'fast')"),
    ],
)
def test_an_unknown_context_key_is_answered_with_the_nearest(context: dict[str, Any], message: str) -> None:
    with pytest.raises(ContextError) as refused:
        scenario_blocks(context, ["data-generator"])
    assert message in str(refused.value)


def test_the_cdks_own_keys_pass() -> None:
    context = {"@aws-cdk/core:x": True, "aws:cdk:bundling-stacks": [], "availability-zones:account=1:region=x": []}
    assert scenario_blocks(context, ["data-generator"]) == {"data-generator": {}}


@pytest.mark.parametrize("key", ["acknowledged-issue-numbers", "cli-telemetry"])
def test_what_the_cdks_command_line_remembers_passes(key: str) -> None:
    assert scenario_blocks({key: [1]}, ["data-generator"]) == {"data-generator": {}}


@pytest.mark.parametrize(
    ("block", "message"),
    [
        (
            {"profile": "constant(rate=5)", "records-per-second": 7},
            "data-generator.profile must stand without records-per-second, which is 7 (got 'constant(rate=5)')",
        ),
        (
            {"schema-registry-url": "https://registry.example.com"},
            "data-generator.schema-registry-url must be set where format is avro-confluent, and only there",
        ),
        (
            {"key-field": "tiker"},
            "data-generator.key-field must be a field that every stock-price has, with one value (got 'tiker'); "
            "did you mean ticker?",
        ),
        (
            {"faults-malformed": 0.1, "format": "csv"},
            "data-generator.faults-malformed must be 0 where format is not json (got 0.1)",
        ),
    ],
)
def test_a_rule_over_several_options_is_the_jobs_own_in_the_words_of_the_context(
    block: dict[str, Any], message: str
) -> None:
    with pytest.raises(ContextError) as refused:
        stack_with(block)
    assert message in str(refused.value)


def test_shares_that_exceed_the_whole_are_refused_under_the_names_of_the_context() -> None:
    with pytest.raises(ContextError, match=r"faults-late \+ faults-malformed \+ faults-out-of-range must be at most 1"):
        stack_with({"faults-late": 0.6, "faults-out-of-range": 0.5})


def test_cdk_json_holds_only_what_differs_from_the_defaults() -> None:
    context = file_context()
    for name in scenarios.NAMES:
        defaults = stack_type(name).config_type.parse({})
        for key, value in context.get(name, {}).items():
            assert stack_type(name).config_type.parse({key: value}) != defaults, f"{name}.{key}"


@pytest.mark.parametrize("name", scenarios.NAMES)
def test_what_the_job_gets_as_it_is_has_the_jobs_own_type_default_and_meaning(name: str) -> None:
    config = stack_type(name).config_type
    assert config.options()
    own = scenarios.module("flink_apps", f"{name}.settings").OPTIONS
    for field, option in config.options().items():
        info = config.model_fields[field]
        # What feeds a scenario may have another default there than by itself.
        if option in own:
            assert (info.default, info.description) == (option.default, option.meaning), field
        if option.type.values:
            with pytest.raises(ContextError, match=re.escape(f" must be {option.type.values} (got ")):
                config.parse({str(info.alias): "\0"})


def test_stacks_are_named_after_the_scenario_and_the_stage() -> None:
    assert stack_name("data-generator") == "DataGenerator"
    assert stack_name("data-generator", "load") == "DataGenerator-load"


def test_the_root_is_the_folder_of_the_cdk_application() -> None:
    assert (ROOT / "app.py").is_file()
