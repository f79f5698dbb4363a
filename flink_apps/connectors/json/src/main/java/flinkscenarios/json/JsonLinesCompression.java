package flinkscenarios.json;

/** How the files of the format {@code json-lines} are compressed. */
enum JsonLinesCompression {
    NONE("none"),
    GZIP("gzip");

    private final String value;

    JsonLinesCompression(String value) {
        this.value = value;
    }

    /** The option's value: Flink parses enums by this text. */
    @Override
    public String toString() {
        return value;
    }
}
