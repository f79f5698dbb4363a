package flinkscenarios.kinesis;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.data.TimestampData;
import org.apache.flink.table.types.DataType;

/** What a record has besides its data: the keys of a table's metadata columns, three of them the official connector's. */
enum MetadataColumn {
    TIMESTAMP("timestamp", DataTypes.TIMESTAMP_WITH_LOCAL_TIME_ZONE(3).notNull()) {
        @Override
        Object of(UserRecord record, StringData shardId) {
            return TimestampData.fromEpochMillis(record.arrivalMillis());
        }
    },
    SEQUENCE_NUMBER("sequence-number", DataTypes.VARCHAR(128).notNull()) {
        @Override
        Object of(UserRecord record, StringData shardId) {
            return StringData.fromString(record.sequenceNumber());
        }
    },
    SHARD_ID("shard-id", DataTypes.VARCHAR(128).notNull()) {
        @Override
        Object of(UserRecord record, StringData shardId) {
            return shardId;
        }
    },
    PARTITION_KEY("partition-key", DataTypes.VARCHAR(256).notNull()) {
        @Override
        Object of(UserRecord record, StringData shardId) {
            return StringData.fromString(record.partitionKey());
        }
    };

    private final String key;
    private final DataType type;

    MetadataColumn(String key, DataType type) {
        this.key = key;
        this.type = type;
    }

    /** The value, in the form of Flink's rows. */
    abstract Object of(UserRecord record, StringData shardId);

    static Map<String, DataType> types() {
        Map<String, DataType> types = new LinkedHashMap<>();
        Arrays.stream(values()).forEach(column -> types.put(column.key, column.type));
        return types;
    }

    static MetadataColumn of(String key) {
        return Arrays.stream(values()).filter(column -> column.key.equals(key)).findFirst().orElseThrow();
    }
}
