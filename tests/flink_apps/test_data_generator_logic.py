from flink_apps.data_generator.logic import RateMeter


def test_a_meter_gives_the_rate_of_its_last_whole_window() -> None:
    meter = RateMeter(window_seconds=5)
    assert meter.records_per_second == 0
    for tick in range(51):
        meter.mark(20, now=100 + tick * 0.1)
    assert meter.records_per_second == round(51 * 20 / 5)


def test_a_meter_follows_the_rate_when_it_changes() -> None:
    meter = RateMeter(window_seconds=1)
    for second in range(10):
        meter.mark(100, now=float(second))
    assert meter.records_per_second == 100
    for second in range(10, 20):
        meter.mark(7, now=float(second))
    assert meter.records_per_second == 7
