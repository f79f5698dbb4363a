package flinkscenarios.replaysource;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.ZoneId;
import java.time.ZoneOffset;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class EpochMillisTest {

    @ParameterizedTest
    @CsvSource({
        "1546671042000, 1546671042000",
        "0, 0",
        "-1, -1",
        "2019-01-05 06:50:42, 1546671042000",
        "2019-01-05T06:50:42, 1546671042000",
        "2019-01-05T06:50, 1546671000000",
        "2019-01-05T06:50:42.123, 1546671042123",
        "2019-01-05T06:50:42Z, 1546671042000",
        "2019-01-05T01:50:42-05:00, 1546671042000",
        "1969-12-31T23:59:59, -1000",
    })
    void aTimeIsMillisecondsOrADateAndATimeOfDay(String text, long millis) {
        assertEquals(millis, EpochMillis.parse(text, ZoneOffset.UTC));
    }

    @ParameterizedTest
    @CsvSource({
        "2019-01-05 01:50:42, 1546671042000",
        "2019-07-05 02:50:42, 1562309442000",
        "2019-01-05T06:50:42Z, 1546671042000",
        "1546671042000, 1546671042000",
    })
    void aTimeThatDoesNotSayItsZoneIsOfTheGivenOne(String text, long millis) {
        assertEquals(millis, EpochMillis.parse(text, ZoneId.of("America/New_York")));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "", "soon", "2019-01-05", "2019-13-05 06:50:42", "2019-01-05 25:50:42", "1.5e12",
                "99999999999999999999", "2019-01-05 06:50:42 and more"
            })
    void anythingElseIsNoTime(String text) {
        assertEquals(EpochMillis.NONE, EpochMillis.parse(text, ZoneOffset.UTC));
    }
}
