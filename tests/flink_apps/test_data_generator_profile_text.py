"""The text form of load profiles, and CSVs in them."""

from __future__ import annotations

from pathlib import Path

import pytest

from flink_apps.data_generator import profiles
from flink_apps.data_generator.profiles import Profile, ProfileError
from flink_apps.data_generator.profiles.text import EXAMPLE, NAMES, parse, with_files_read

SECOND = 1000
MINUTE = 60 * SECOND


@pytest.mark.parametrize(
    ("text", "profile"),
    [
        ("constant(rate=5000)", profiles.constant(rate=5_000_000)),
        ("constant(rate=0.125, over=1d)", profiles.constant(rate=125, over=86_400_000)),
        ("ramp(from=0, to=5000, over=60s)", profiles.ramp(start=0, end=5_000_000, over=MINUTE)),
        ("steps(rates=1/2*3, every=500ms)", profiles.steps(runs=[(1000, 1), (2000, 3)], every=500)),
        ("sine(mean=9, amplitude=5, period=1h)", profiles.sine(mean=9000, amplitude=5000, period=60 * MINUTE)),
        (
            "spike(base=1, peak=9, at=0s, for=5s, over=1m)",
            profiles.spike(base=1000, peak=9000, at=0, length=5 * SECOND, over=MINUTE),
        ),
        ("repeat(constant(rate=5, over=1s))", profiles.repeat(profiles.constant(rate=5000, over=SECOND))),
        (
            "repeat(constant(rate=5, over=1s) then ramp(from=1, to=2, over=1s), times=3) then constant(rate=1)",
            profiles.sequence(
                [
                    profiles.repeat(
                        profiles.sequence(
                            [
                                profiles.constant(rate=5000, over=SECOND),
                                profiles.ramp(start=1000, end=2000, over=SECOND),
                            ]
                        ),
                        times=3,
                    ),
                    profiles.constant(rate=1000),
                ]
            ),
        ),
    ],
)
def test_a_text_stands_for_its_profile(text: str, profile: Profile) -> None:
    assert parse(text) == profile


def test_white_space_is_free() -> None:
    assert parse(" ramp( from = 0,to=500 ,over=60s )then\nconstant(rate=500) ") == parse(EXAMPLE)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("rmap(from=0)", "be made of known parts, not 'rmap': did you mean ramp?"),
        ("xyz(from=0)", f"be made of known parts, not 'xyz': known are {', '.join(NAMES)}"),
        ("ramp(from=0, t=4, over=60s)", "have known arguments in ramp, not 't': did you mean to?"),
        (
            "repeat(constant(rate=1, over=1s), tims=2)",
            "have known arguments in repeat, not 'tims': did you mean times?",
        ),
        ("ramp(from=0, to=4)", "have over in ramp, not 'ramp(from=0, to=4)': add over=…"),
        ("constant(rate=1, rate=2)", "have each argument once, not 'rate=2': it is rate=1 already"),
        ("constant(rate=-5)", "have rates of 0 and more records/s, not '-5': write for example 500, or 0.125"),
        ("constant(rate=1e9)", "have rates of 0 and more records/s, not '1e9'"),
        ("ramp(from=0, to=5, over=-60s)", "have times as integers with ms, s, m, h or d, not '-60s'"),
        ("ramp(from=0, to=5, over=60)", "have times as integers with ms, s, m, h or d, not '60'"),
        ("ramp(from=0, to=5, over=0s)", "have lengths above 0, not '0s'"),
        ("steps(rates=1//2, every=1s)", "have rates of 0 and more, with / between them, not '1//2'"),
        ("steps(rates=1*0, every=1s)", "have rates of 0 and more, with / between them, not '1*0'"),
        ("repeat(constant(rate=1, over=1s), times=0)", "have times as an integer above 0, not '0'"),
        (
            "sine(mean=1, amplitude=2, period=1s)",
            "have no negative rate: an amplitude of the mean at the most, not 2.0",
        ),
        ("sine(mean=2, amplitude=1, period=1500ms)", "have a period of whole seconds, not '1500ms'"),
        ("spike(base=1, peak=2, at=5s, for=5s, over=9s)", "take as long as its spike, not 'over=9000ms'"),
        ("constant(rate=1) then constant(rate=1)", "have an end in each part that is repeated or followed"),
        ("constant(rate=0)", "emit a record at some time, not 'a profile that never emits'"),
        ("", "have the name of a part at the end"),
        ("constant(rate=1) constant(rate=1)", "have 'then' or the end before 'constant(rate=1)'"),
        ("ramp(from=0 to=5, over=1s)", "have ',' before 'to=5, over=1s)'"),
        ("repeat(constant(rate=5, over=1s)", "have an argument at the end"),
        ("constant", "have '(' at the end"),
        ("csv(file=day.csv)", "have steps in the place of a file, not 'csv(file=day.csv)': the stack reads the file"),
    ],
)
def test_a_wrong_text_is_refused_with_the_rule_the_place_and_the_fix(text: str, message: str) -> None:
    with pytest.raises(ProfileError) as refused:
        parse(text)
    assert str(refused.value).startswith(message)
    assert "\n" not in str(refused.value)


# CSVs.


@pytest.mark.parametrize(
    ("rows", "steps"),
    [
        ("0,100\n60,500\n", "steps(rates=100/500, every=60s)"),
        ("second,rate\n0,100\n\n 60 , 500 \n", "steps(rates=100/500, every=60s)"),
        ("\ufeffsecond,rate\r\n0,100\r\n60,500\r\n", "steps(rates=100/500, every=60s)"),
        ("0,100\n60,100\n90,0.5\n", "steps(rates=100*3/0.5, every=30s)"),
        ("10,7\n20,8\n", "steps(rates=0/7/8, every=10s)"),
        ("0,1\n0.25,2\n0.5,3\n", "steps(rates=1/2/3, every=250ms)"),
    ],
)
def test_a_csv_has_each_rate_until_the_next_row_and_the_last_as_long_as_the_one_before(
    tmp_path: Path, rows: str, steps: str
) -> None:
    (tmp_path / "day.csv").write_text(rows, encoding="utf-8")
    assert with_files_read("csv(file=day.csv)", tmp_path) == steps


def test_a_csv_can_stand_within_a_repeat_and_a_sequence(tmp_path: Path) -> None:
    (tmp_path / "day.csv").write_text("0,1\n1,2\n", encoding="utf-8")
    text = "repeat(csv(file=day.csv) then constant(rate=5, over=1s), times=2) then constant(rate=1)"
    assert with_files_read(text, tmp_path) == text.replace("csv(file=day.csv)", "steps(rates=1/2, every=1s)")


def test_a_text_without_files_stays_as_it_is(tmp_path: Path) -> None:
    assert with_files_read(EXAMPLE, tmp_path) == EXAMPLE


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (b"0,1\n1;2\n", "have a second and a rate, both 0 and more, in line 2 of day.csv, not '1;2'"),
        (b"0,1\n1,-2\n", "have a second and a rate, both 0 and more, in line 2 of day.csv, not '1,-2'"),
        (b"0,1\nsecond,rate\n", "have a second and a rate, both 0 and more, in line 2 of day.csv"),
        (b"0,1\n5,2\n\n5,3\n", "have a later second in line 4 of day.csv than in the row before, not '5,3'"),
        (b"second,rate\n0,1\n", "have two rows or more in day.csv, not 1"),
        (b"0,0\n1,0\n", "emit a record at some time"),
        (b"\xff\xfe", "name a CSV that can be read, not 'day.csv': mend it: it is not UTF-8"),
    ],
)
def test_a_wrong_csv_is_refused_with_its_name_and_line(tmp_path: Path, rows: bytes, message: str) -> None:
    (tmp_path / "day.csv").write_bytes(rows)
    with pytest.raises(ProfileError) as refused:
        with_files_read("csv(file=day.csv)", tmp_path)
    assert str(refused.value).startswith(message)
    assert "\n" not in str(refused.value)


def test_a_csv_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match=r"name a CSV that can be read, not 'no\.csv': mend it: No such file"):
        with_files_read("csv(file=no.csv)", tmp_path)


def test_a_misspelt_argument_of_a_csv_is_answered_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match=r"have known arguments in csv, not 'fil': did you mean file\?"):
        with_files_read("csv(fil=no.csv)", tmp_path)
