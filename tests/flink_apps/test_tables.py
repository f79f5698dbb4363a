from flink_apps.common.tables import Column, Connector, kafka_sink, kinesis_sink, literal


def test_a_connector_and_columns_make_a_table() -> None:
    connector = Connector(table="out", options={"connector": "blackhole"}, partitioned_by=("ticker",))
    assert connector.create_table((Column("ticker", "STRING"),)) == (
        "CREATE TABLE `out` (`ticker` STRING) PARTITIONED BY (`ticker`) WITH ('connector' = 'blackhole')"
    )


def test_a_quote_in_a_value_cannot_end_the_literal() -> None:
    assert literal("it's") == "'it''s'"


def test_the_kinesis_sink_names_the_stream_and_hands_other_options_on() -> None:
    sink = kinesis_sink(
        "out",
        stream="prices",
        region="eu-west-1",
        partition_key="ticker",
        endpoints={},
        options={"sink.batch.max-size": "200"},
    )
    assert sink.options["stream"] == "prices"
    assert sink.options["aws.region"] == "eu-west-1"
    assert sink.options["sink.batch.max-size"] == "200"
    assert "aws.endpoint" not in sink.options
    assert sink.partitioned_by == ("ticker",)


def test_an_endpoint_without_tls_is_spoken_to_in_http_1() -> None:
    sink = kinesis_sink(
        "out",
        stream="prices",
        region="eu-west-1",
        partition_key="ticker",
        endpoints={"AwsEndpoints": {"kinesis": "http://127.0.0.1:4567"}},
        options={},
    )
    assert sink.options["aws.endpoint"] == "http://127.0.0.1:4567"
    assert sink.options["sink.http-client.protocol.version"] == "HTTP1_1"


def test_the_kafka_sink_hands_producer_settings_on_and_they_win_over_its_own() -> None:
    sink = kafka_sink("out", topic="prices", key="ticker", producer={"bootstrap.servers": "b:9098", "linger.ms": "0"})
    assert sink.options["properties.bootstrap.servers"] == "b:9098"
    assert sink.options["properties.linger.ms"] == "0"
    assert sink.options["key.fields"] == "ticker"
    assert sink.options["sink.delivery-guarantee"] == "at-least-once"
