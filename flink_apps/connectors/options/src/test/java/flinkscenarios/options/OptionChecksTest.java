package flinkscenarios.options;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import javax.annotation.Nullable;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ConfigOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.types.logical.LogicalTypeRoot;
import org.apache.flink.table.types.logical.RowType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class OptionChecksTest {

    private static final ConfigOption<String> TEXT = ConfigOptions.key("x").stringType().noDefaultValue();
    private static final ConfigOption<String> USUAL = ConfigOptions.key("x").stringType().defaultValue("usual");
    private static final ConfigOption<Integer> NUMBER = ConfigOptions.key("x").intType().noDefaultValue();
    private static final ConfigOption<Boolean> TRUTH = ConfigOptions.key("x").booleanType().defaultValue(true);
    private static final ConfigOption<Duration> DURATION =
            ConfigOptions.key("x").durationType().defaultValue(Duration.ofSeconds(1));

    private enum Colour {
        RED,
        DARK_BLUE;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** The options of a table with {@code x}; null leaves it out. */
    private static ReadableConfig with(@Nullable String value) {
        return Configuration.fromMap(value == null ? Map.of() : Map.of("x", value));
    }

    private static String refusal(@Nullable String value, Function<ReadableConfig, ?> check) {
        return assertThrows(ValidationException.class, () -> check.apply(with(value))).getMessage();
    }

    @Test
    void aValueIsReadAsItsType() {
        assertEquals(Duration.ofMinutes(2), OptionChecks.read(with("2 min"), DURATION, "be a duration", "'1 s'"));
        assertEquals(Duration.ofSeconds(1), OptionChecks.read(with(null), DURATION, "be a duration", "'1 s'"));
        assertNull(OptionChecks.read(with(null), NUMBER, "be a number", "'1'"));
        assertEquals(
                "'x' must be a duration (got soon); write for example '1 s'",
                refusal("soon", config -> OptionChecks.read(config, DURATION, "be a duration", "'1 s'")));
    }

    @ParameterizedTest
    @CsvSource(nullValues = "-", value = {"-, nothing", "'', ''", "' ', ' '"})
    void whatIsNeededMustBeSet(@Nullable String value, String got) {
        assertEquals(
                "'x' must be set (got " + got + "); write for example 'a'",
                refusal(value, config -> OptionChecks.required(config, TEXT, "'a'")));
    }

    @Test
    void whatIsNeededIsReadAsItIs() {
        assertEquals(" a ", OptionChecks.required(with(" a "), TEXT, "'a'"));
    }

    @Test
    void aTextMatchesAsAWhole() {
        assertEquals("usual", OptionChecks.matching(with(null), USUAL, "[a-z]+", "be of small letters", "'a'"));
        assertEquals(
                "'x' must be of small letters (got a1); write for example 'a'",
                refusal("a1", config -> OptionChecks.matching(config, USUAL, "[a-z]+", "be of small letters", "'a'")));
    }

    @Test
    void aBooleanIsTrueOrFalse() {
        assertEquals(false, OptionChecks.bool(with("FALSE"), TRUTH, "'true'"));
        assertEquals(
                "'x' must be true or false (got yes); write for example 'true'",
                refusal("yes", config -> OptionChecks.bool(config, TRUTH, "'true'")));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 9})
    void aNumberMayBeABound(int number) {
        assertEquals(number, OptionChecks.integer(with(String.valueOf(number)), NUMBER, 0, 9, "'5'"));
    }

    @ParameterizedTest
    @CsvSource(nullValues = "-", value = {"-, nothing", "-1, -1", "10, 10", "few, few", "1.5, 1.5"})
    void aNumberIsWholeAndWithinItsBounds(@Nullable String value, String got) {
        assertEquals(
                "'x' must be an integer from 0 to 9 (got " + got + "); write for example '5'",
                refusal(value, config -> OptionChecks.integer(config, NUMBER, 0, 9, "'5'")));
    }

    @Test
    void oneOfSomeValuesIsTheOneOfThatName() {
        List<Colour> both = List.of(Colour.values());
        assertEquals(Colour.DARK_BLUE, OptionChecks.oneOf(with("dark_blue"), TEXT, both, "'red'"));
        assertEquals(
                "'x' must be one of red, dark_blue (got RED); write for example 'red'",
                refusal("RED", config -> OptionChecks.oneOf(config, TEXT, both, "'red'")));
        assertEquals(
                "'x' must be red (got nothing); write for example 'red'",
                refusal(null, config -> OptionChecks.oneOf(config, TEXT, List.of(Colour.RED), "'red'")));
    }

    @ParameterizedTest
    @ValueSource(strings = {"https://h", "HTTP://h:1/a%20b?c=d", "https://[::1]:65535/"})
    void anAddressIsOfHttp(URI address) {
        assertEquals(address, OptionChecks.address(with(address.toString()), TEXT, "'https://h'"));
    }

    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '"',
            nullValues = "-",
            value = {
                "-, nothing, be set",
                "https://a b, https://a b, be an address",
                "h:443, h:443, start with https:// or http://",
                "//h, //h, start with https:// or http://",
                "https:///x, https:///x, \"have a host, and a port from 1 to 65535 or none\"",
                "http://a_b:c, http://a_b:c, \"have a host, and a port from 1 to 65535 or none\"",
                "http://h:0, http://h:0, \"have a host, and a port from 1 to 65535 or none\"",
                "http://h:65536, http://h:65536, \"have a host, and a port from 1 to 65535 or none\"",
            })
    void anythingElseIsNoAddress(@Nullable String value, String got, String rule) {
        assertEquals(
                "'x' must " + rule + " (got " + got + "); write for example 'https://h'",
                refusal(value, config -> OptionChecks.address(config, TEXT, "'https://h'")));
    }

    @Test
    void aSinkFollowsItsInputOrHasAParallelismOfItsOwn() {
        assertNull(OptionChecks.sinkParallelism(new Configuration()));
        assertEquals(3, OptionChecks.sinkParallelism(Configuration.fromMap(Map.of("sink.parallelism", "3"))));
    }

    @ParameterizedTest
    @ValueSource(strings = {"0", "32768", "all"})
    void aParallelismIsOneThatFlinkHas(String value) {
        Configuration config = Configuration.fromMap(Map.of("sink.parallelism", value));
        assertEquals(
                "'sink.parallelism' must be an integer from 1 to 32767 (got " + value + "); write for example '4'",
                assertThrows(ValidationException.class, () -> OptionChecks.sinkParallelism(config)).getMessage());
    }

    private static int column(ReadableConfig config) {
        RowType row =
                (RowType)
                        DataTypes.ROW(
                                        DataTypes.FIELD("usual", DataTypes.STRING()),
                                        DataTypes.FIELD("id", DataTypes.BIGINT()),
                                        DataTypes.FIELD("fare", DataTypes.DOUBLE()))
                                .getLogicalType();
        return OptionChecks.column(config, USUAL, row, type -> !type.is(LogicalTypeRoot.DOUBLE), "STRING or BIGINT");
    }

    @Test
    void aColumnIsFoundByItsName() {
        assertEquals(0, column(with(null)));
        assertEquals(1, column(with("id")));
    }

    @Test
    void aColumnMustBeThereAndOfATypeThatFits() {
        assertEquals(
                "'x' must name a column of the table (got ID); write for example one of [usual, id, fare]",
                refusal("ID", OptionChecksTest::column));
        assertEquals(
                "'x' must name a column of type STRING or BIGINT (got fare); write for example CAST (fare AS …), which"
                        + " is DOUBLE",
                refusal("fare", OptionChecksTest::column));
    }

    @Test
    void aRuleOfOneConnectorIsRefusedInTheSameWords() {
        assertEquals(
                "'x' must be even (got 3); write for example '2'",
                OptionChecks.invalid(with("3"), NUMBER, "be even", "'2'").getMessage());
    }
}
