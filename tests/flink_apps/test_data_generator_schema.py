from flink_apps.data_generator import schema


def test_there_are_20_tickers_and_a_price_from_0_to_100_with_2_decimals() -> None:
    assert len(set(schema.TICKERS)) == len(schema.TICKERS) == 20
    assert (schema.PRICES - 1) / schema.CENTS == 100


def test_a_draw_fits_into_the_integer_that_crosses_to_the_jvm() -> None:
    assert schema.DRAWS < 2**31


def test_the_partition_key_is_a_column() -> None:
    assert schema.PARTITION_KEY in [column.name for column in schema.COLUMNS]
