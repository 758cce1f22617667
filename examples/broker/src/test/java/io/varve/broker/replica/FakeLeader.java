// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.replica;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.kafka.ApiMessage;
import io.varve.kafka.MessageReader;
import io.varve.kafka.MessageWriter;
import io.varve.kafka.message.ApiKey;
import io.varve.kafka.message.ApiVersionsResponse;
import io.varve.kafka.message.ApiVersionsResponse.ApiVersion;
import io.varve.kafka.message.FetchRequest;
import io.varve.kafka.message.FetchResponse;
import io.varve.kafka.message.RequestHeader;
import io.varve.kafka.message.ResponseHeader;
import io.varve.replication.transport.Connection;
import io.varve.replication.transport.ConnectionAcceptor;
import io.varve.replication.transport.ConnectionHandler;
import io.varve.replication.transport.Exchange;
import io.varve.replication.transport.FramePart;
import io.varve.replication.transport.OutFrame;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** What a leader says is up to the test; how it is said is not. */
final class FakeLeader implements ConnectionAcceptor, AutoCloseable {

    /** Versions of fetches that are served, both inclusive. */
    volatile short oldestVersion = ApiKey.FETCH.oldestVersion();

    volatile short latestVersion = ApiKey.FETCH.latestVersion();

    private final BlockingQueue<Received> received = new LinkedBlockingQueue<>();
    private final BlockingQueue<Runnable> questions = new LinkedBlockingQueue<>();
    private final Set<Exchange> open = ConcurrentHashMap.newKeySet();

    /** A fetch that came. */
    final class Received {

        private final Connection connection;
        private final Exchange exchange;
        private final int correlationId;
        private final FetchRequest request;

        private Received(Connection connection, Exchange exchange, int correlationId, FetchRequest request) {
            this.connection = connection;
            this.exchange = exchange;
            this.correlationId = correlationId;
            this.request = request;
            open.add(exchange);
        }

        Connection connection() {
            return connection;
        }

        FetchRequest request() {
            return request;
        }

        int correlationId() {
            return correlationId;
        }

        void answer(FetchResponse response) {
            answerRaw(encode(correlationId, response));
        }

        void answerRaw(ByteBuffer bytes) {
            open.remove(exchange);
            exchange.reply(frame(bytes));
        }
    }

    static ByteBuffer encode(int correlationId, FetchResponse response) {
        return encode(ApiKey.FETCH, LeaderLink.FETCH_VERSION, correlationId, response);
    }

    private static ByteBuffer encode(ApiKey api, short version, int correlationId, ApiMessage response) {
        MessageWriter writer = new MessageWriter();
        new ResponseHeader().correlationId(correlationId).write(writer, api.responseHeaderVersion(version));
        response.write(writer, version);
        return writer.toBuffer();
    }

    static OutFrame frame(ByteBuffer bytes) {
        return OutFrame.of(List.of(new FramePart.Bytes(bytes)));
    }

    @Override
    public ConnectionHandler onOpened(Connection connection) {
        return new ConnectionHandler() {
            @Override
            public void onFrame(ByteBuffer frame, Exchange exchange) {
                MessageReader reader = new MessageReader(frame);
                ApiKey api = ApiKey.of(frame.getShort(frame.position()));
                short version = frame.getShort(frame.position() + 2);
                RequestHeader header = new RequestHeader();
                header.read(reader, api.requestHeaderVersion(version));
                if (api == ApiKey.API_VERSIONS) {
                    questions.add(() ->
                            exchange.reply(frame(versions(header.correlationId(), oldestVersion, latestVersion))));
                    return;
                }
                assertThat(version).isEqualTo(LeaderLink.FETCH_VERSION);
                FetchRequest request = new FetchRequest();
                request.read(reader, version);
                reader.requireEnd();
                received.add(new Received(connection, exchange, header.correlationId(), request));
            }

            @Override
            public void onClosed(String reason) {}
        };
    }

    /** The answer to the question for the versions, when all of them are served. */
    static ByteBuffer versions(int correlationId) {
        return versions(correlationId, ApiKey.FETCH.oldestVersion(), ApiKey.FETCH.latestVersion());
    }

    private static ByteBuffer versions(int correlationId, short oldest, short latest) {
        ApiVersionsResponse response = new ApiVersionsResponse()
                .apiKeys(List.of(
                        new ApiVersion().apiKey(ApiKey.API_VERSIONS.id()).maxVersion((short) 4),
                        new ApiVersion()
                                .apiKey(ApiKey.FETCH.id())
                                .minVersion(oldest)
                                .maxVersion(latest)));
        return encode(ApiKey.API_VERSIONS, (short) 0, correlationId, response);
    }

    /** Says which versions are served to the next who asks. */
    void admit() throws InterruptedException {
        Runnable question = questions.poll(30, TimeUnit.SECONDS);
        assertThat(question).as("a question for the versions").isNotNull();
        question.run();
    }

    /** The next fetch that comes. */
    Received next() throws InterruptedException {
        Received next = received.poll(30, TimeUnit.SECONDS);
        assertThat(next).as("a fetch").isNotNull();
        return next;
    }

    /** Leaves what is open unanswered. */
    @Override
    public void close() {
        open.forEach(Exchange::done);
        open.clear();
    }

    /** Whether nobody has sent a fetch that the test has not taken. */
    boolean hasNothing() {
        return received.isEmpty();
    }
}
