package flinkscenarios.prometheus;

import com.google.protobuf.DescriptorProtos.DescriptorProto;
import com.google.protobuf.DescriptorProtos.FieldDescriptorProto;
import com.google.protobuf.DescriptorProtos.FieldDescriptorProto.Label;
import com.google.protobuf.DescriptorProtos.FieldDescriptorProto.Type;
import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.DescriptorValidationException;
import com.google.protobuf.Descriptors.FileDescriptor;
import com.google.protobuf.DynamicMessage;
import com.google.protobuf.Message;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.xerial.snappy.Snappy;

/** Reads request bodies by the messages of the specification, with nothing of the encoder under test. */
final class WriteRequests {

    private static final Descriptor WRITE_REQUEST = describe();

    private WriteRequests() {}

    /** The samples of a body, in their order: {@code {name="value",…} value @milliseconds}. */
    static List<String> read(byte[] body) {
        try {
            Message request = DynamicMessage.parseFrom(WRITE_REQUEST, Snappy.uncompress(body));
            List<String> samples = new ArrayList<>();
            for (Message series : messages(request, "timeseries")) {
                String labels =
                        messages(series, "labels").stream()
                                .map(label -> field(label, "name") + "=\"" + field(label, "value") + "\"")
                                .collect(Collectors.joining(",", "{", "}"));
                for (Message sample : messages(series, "samples")) {
                    samples.add(labels + " " + field(sample, "value") + " @" + field(sample, "timestamp"));
                }
            }
            return samples;
        } catch (IOException e) {
            throw new IllegalArgumentException("no write request", e);
        }
    }

    private static List<Message> messages(Message message, String field) {
        List<?> values = (List<?>) field(message, field);
        return values.stream().map(Message.class::cast).collect(Collectors.toList());
    }

    private static Object field(Message message, String name) {
        if (!message.getUnknownFields().asMap().isEmpty()) {
            throw new IllegalArgumentException("fields that no specification has: " + message);
        }
        return message.getField(message.getDescriptorForType().findFieldByName(name));
    }

    private static Descriptor describe() {
        FileDescriptorProto file =
                FileDescriptorProto.newBuilder()
                        .setName("remote.proto")
                        .setSyntax("proto3")
                        .addMessageType(
                                DescriptorProto.newBuilder()
                                        .setName("WriteRequest")
                                        .addField(repeated("timeseries", 1, "TimeSeries")))
                        .addMessageType(
                                DescriptorProto.newBuilder()
                                        .setName("TimeSeries")
                                        .addField(repeated("labels", 1, "Label"))
                                        .addField(repeated("samples", 2, "Sample")))
                        .addMessageType(
                                DescriptorProto.newBuilder()
                                        .setName("Label")
                                        .addField(scalar("name", 1, Type.TYPE_STRING))
                                        .addField(scalar("value", 2, Type.TYPE_STRING)))
                        .addMessageType(
                                DescriptorProto.newBuilder()
                                        .setName("Sample")
                                        .addField(scalar("value", 1, Type.TYPE_DOUBLE))
                                        .addField(scalar("timestamp", 2, Type.TYPE_INT64)))
                        .build();
        try {
            return FileDescriptor.buildFrom(file, new FileDescriptor[0]).findMessageTypeByName("WriteRequest");
        } catch (DescriptorValidationException e) {
            throw new IllegalStateException(e);
        }
    }

    private static FieldDescriptorProto repeated(String name, int number, String message) {
        return scalar(name, number, Type.TYPE_MESSAGE).toBuilder()
                .setLabel(Label.LABEL_REPEATED)
                .setTypeName(message)
                .build();
    }

    private static FieldDescriptorProto scalar(String name, int number, Type type) {
        return FieldDescriptorProto.newBuilder()
                .setName(name)
                .setNumber(number)
                .setType(type)
                .setLabel(Label.LABEL_OPTIONAL)
                .build();
    }
}
