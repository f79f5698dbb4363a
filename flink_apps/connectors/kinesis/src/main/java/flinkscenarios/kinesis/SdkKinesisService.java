package flinkscenarios.kinesis;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.annotation.Nullable;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.kinesis.KinesisClient;
import software.amazon.awssdk.services.kinesis.model.ExpiredIteratorException;
import software.amazon.awssdk.services.kinesis.model.GetRecordsRequest;
import software.amazon.awssdk.services.kinesis.model.GetRecordsResponse;
import software.amazon.awssdk.services.kinesis.model.GetShardIteratorRequest;
import software.amazon.awssdk.services.kinesis.model.InvalidArgumentException;
import software.amazon.awssdk.services.kinesis.model.KmsThrottlingException;
import software.amazon.awssdk.services.kinesis.model.LimitExceededException;
import software.amazon.awssdk.services.kinesis.model.ListShardsRequest;
import software.amazon.awssdk.services.kinesis.model.ListShardsResponse;
import software.amazon.awssdk.services.kinesis.model.PutRecordsRequest;
import software.amazon.awssdk.services.kinesis.model.PutRecordsRequestEntry;
import software.amazon.awssdk.services.kinesis.model.PutRecordsResultEntry;
import software.amazon.awssdk.services.kinesis.model.ResourceNotFoundException;
import software.amazon.awssdk.services.kinesis.model.ShardIteratorType;

/**
 * Kinesis Data Streams through the AWS SDK.
 *
 * <p>Emulators get the stream's name, as the older of them know no ARNs; the service gets the ARN, which also finds a
 * stream of another account. And the search for a position by its time, at which some emulators never answer, is left to
 * the reader there, which looks at the times of records in any case.
 */
final class SdkKinesisService implements KinesisService {

    private final KinesisClient client;
    private final AwsOptions options;
    @Nullable private final String name;
    @Nullable private final String arn;

    SdkKinesisService(KinesisClient client, AwsOptions options) {
        this.client = client;
        this.options = options;
        this.arn = options.emulated() ? null : options.stream().arn().orElse(null);
        this.name = arn == null ? options.stream().name() : null;
    }

    @Override
    public List<Shard> shards() {
        return call(
                "list the shards of",
                () -> {
                    List<Shard> shards = new ArrayList<>();
                    String token = null;
                    do {
                        ListShardsRequest.Builder request = ListShardsRequest.builder();
                        // The service wants either where to begin or where to go on.
                        ListShardsResponse page =
                                client.listShards(
                                        token == null
                                                ? request.streamName(name).streamARN(arn).build()
                                                : request.nextToken(token).streamARN(arn).build());
                        page.shards().forEach(shard -> shards.add(shard(shard)));
                        token = page.nextToken();
                    } while (token != null);
                    return shards;
                });
    }

    @Override
    public String iterator(String shardId, Position position) {
        GetShardIteratorRequest.Builder request =
                GetShardIteratorRequest.builder().streamName(name).streamARN(arn).shardId(shardId);
        request.shardIteratorType(type(position.kind())).startingSequenceNumber(position.sequenceNumber());
        if (position.kind() == Position.Kind.SINCE && !options.emulated()) {
            request.timestamp(position.instant());
        }
        return call("read", () -> client.getShardIterator(request.build()).shardIterator());
    }

    private ShardIteratorType type(Position.Kind kind) {
        switch (kind) {
            case AFTER:
                return ShardIteratorType.AFTER_SEQUENCE_NUMBER;
            case INSIDE:
                return ShardIteratorType.AT_SEQUENCE_NUMBER;
            case SINCE:
                return options.emulated() ? ShardIteratorType.TRIM_HORIZON : ShardIteratorType.AT_TIMESTAMP;
            default:
                return ShardIteratorType.TRIM_HORIZON;
        }
    }

    @Override
    public Page records(String iterator, int limit) {
        GetRecordsRequest request =
                GetRecordsRequest.builder().streamARN(arn).shardIterator(iterator).limit(limit).build();
        GetRecordsResponse answer = call("read", () -> client.getRecords(request));
        Long behind = answer.millisBehindLatest();
        return new Page(answer.records(), answer.nextShardIterator(), behind == null ? 0 : behind);
    }

    @Override
    public List<PutRecordsResultEntry> put(List<PutRecordsRequestEntry> entries) {
        PutRecordsRequest request =
                PutRecordsRequest.builder().streamName(name).streamARN(arn).records(entries).build();
        return call("write to", () -> client.putRecords(request).records());
    }

    @Override
    public void close() {
        client.close();
    }

    private static Shard shard(software.amazon.awssdk.services.kinesis.model.Shard shard) {
        return new Shard(
                shard.shardId(),
                Stream.of(shard.parentShardId(), shard.adjacentParentShardId())
                        .filter(parent -> parent != null)
                        .collect(Collectors.toList()),
                new BigInteger(shard.hashKeyRange().startingHashKey()),
                new BigInteger(shard.hashKeyRange().endingHashKey()));
    }

    private <T> T call(String deed, Supplier<T> request) {
        try {
            return request.get();
        } catch (SdkException e) {
            throw failure(deed, e);
        }
    }

    private ServiceException failure(String deed, SdkException e) {
        ServiceException.Kind kind = kind(e);
        String reason =
                e instanceof AwsServiceException && ((AwsServiceException) e).awsErrorDetails() != null
                        ? ((AwsServiceException) e).awsErrorDetails().errorCode() + ": "
                                + ((AwsServiceException) e).awsErrorDetails().errorMessage()
                        : e.getMessage();
        String fix =
                kind == ServiceException.Kind.NOT_FOUND
                        ? "; create it, or name another one"
                        : kind == ServiceException.Kind.REFUSED
                                ? "; allow the job's role to do so, or give it other credentials"
                                : "";
        String message =
                String.format(
                        "the job must be able to %s the stream %s (got %s)%s",
                        deed, options.stream(), String.valueOf(reason).replace('\n', ' '), fix);
        return new ServiceException(kind, message, e);
    }

    private static ServiceException.Kind kind(SdkException e) {
        if (e instanceof ExpiredIteratorException) {
            return ServiceException.Kind.EXPIRED_ITERATOR;
        }
        if (e instanceof ResourceNotFoundException) {
            return ServiceException.Kind.NOT_FOUND;
        }
        if (e instanceof InvalidArgumentException) {
            return ServiceException.Kind.NO_POSITION;
        }
        if (e instanceof LimitExceededException || e instanceof KmsThrottlingException) {
            return ServiceException.Kind.THROTTLED;
        }
        if (e instanceof AwsServiceException) {
            AwsServiceException answer = (AwsServiceException) e;
            if (answer.isThrottlingException()) {
                return ServiceException.Kind.THROTTLED;
            }
            return answer.statusCode() >= 500 || answer.isClockSkewException()
                    ? ServiceException.Kind.UNAVAILABLE
                    : ServiceException.Kind.REFUSED;
        }
        // No answer. Without credentials no request is sent at all, and that does not pass.
        boolean unsent = e instanceof SdkClientException && String.valueOf(e.getMessage()).contains("credentials");
        return unsent ? ServiceException.Kind.REFUSED : ServiceException.Kind.UNAVAILABLE;
    }
}
