package flinkscenarios.opensearch;

import org.apache.http.impl.nio.client.CloseableHttpAsyncClient;
import org.apache.http.impl.nio.client.HttpAsyncClientBuilder;
import org.opensearch.client.RestClient;
import org.opensearch.client.RestClientBuilder;
import org.opensearch.client.RestHighLevelClient;

/** Makes clients of OpenSearch as the options describe them. */
final class ClientFactory {

    private final OpenSearchOptions options;
    private final RetryPolicy retries;

    ClientFactory(OpenSearchOptions options, RetryPolicy retries) {
        this.options = options;
        this.retries = retries;
    }

    RestHighLevelClient create() {
        RestClientBuilder builder = RestClient.builder(options.endpoint());
        configure(builder);
        return new RestHighLevelClient(builder);
    }

    void configure(RestClientBuilder builder) {
        builder.setCompressionEnabled(options.compression())
                .setRequestConfigCallback(
                        config ->
                                config.setConnectTimeout(options.connectionTimeoutMillis())
                                        .setConnectionRequestTimeout(options.connectionRequestTimeoutMillis())
                                        .setSocketTimeout(options.socketTimeoutMillis()))
                .setHttpClientConfigCallback(RetryingBuilder::new);
    }

    /** The only place where another HTTP client can be given to OpenSearch's. */
    private final class RetryingBuilder extends HttpAsyncClientBuilder {

        private final HttpAsyncClientBuilder plain;

        RetryingBuilder(HttpAsyncClientBuilder plain) {
            this.plain = plain;
        }

        @Override
        public CloseableHttpAsyncClient build() {
            Authentication authentication = Authentication.of(options);
            return new RetryingHttpClient(options.endpoint(), plain.build(), authentication, retries);
        }
    }
}
