// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.replica;

import io.varve.broker.request.ErrorCode;
import io.varve.kafka.ApiMessage;
import io.varve.kafka.MessageReader;
import io.varve.kafka.MessageWriter;
import io.varve.kafka.ProtocolException;
import io.varve.kafka.RecordBytes;
import io.varve.kafka.message.ApiKey;
import io.varve.kafka.message.ApiVersionsRequest;
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
import io.varve.replication.transport.SendResult;
import io.varve.replication.transport.Transport;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One attempt to reach a leader and the connection that comes of it: asks for the leader's versions first, then sends fetches and decodes
 * the responses.
 *
 * <p>States: connecting; negotiating, from the moment the connection is open; ready; closed, from any of them. The fetcher hears that it is
 * ready at most once, and once that it is closed, unless it has closed it itself.
 *
 * <p>Threading: safe; what the connection calls is confined to its event loop.
 */
final class LeaderLink implements ConnectionAcceptor, ConnectionHandler {

    /** The version of fetches: topics by id, the broker's epoch beside its number, no directory. */
    static final short FETCH_VERSION = 17;

    /** The version that everybody answers who answers at all. */
    private static final short API_VERSIONS_VERSION = 0;

    private static final int NEGOTIATION_ID = 0;
    private static final String CLIENT_ID = "replica-fetcher";

    private final LeaderFetcher fetcher;
    private final InetSocketAddress address;
    private volatile @Nullable Connection connection;
    private volatile @Nullable String closeReason;
    private boolean isReady;

    LeaderLink(LeaderFetcher fetcher, InetSocketAddress address) {
        this.fetcher = fetcher;
        this.address = address;
    }

    InetSocketAddress address() {
        return address;
    }

    /** Begins to connect. */
    void connect(Transport transport) {
        transport.connect(address, this, reason -> fetcher.onLost(this, reason));
    }

    @Override
    public ConnectionHandler onOpened(Connection opened) {
        connection = opened;
        String reason = closeReason;
        if (reason != null) {
            opened.finish(reason);
        } else {
            opened.send(frame(ApiKey.API_VERSIONS, API_VERSIONS_VERSION, NEGOTIATION_ID, new ApiVersionsRequest()));
        }
        return this;
    }

    /**
     * Sends a fetch; only when the link is ready.
     *
     * @param correlationId comes back with the response; not {@code 0}
     */
    SendResult send(int correlationId, FetchRequest request) {
        Connection to = connection;
        return to == null ? SendResult.CLOSED : to.send(frame(ApiKey.FETCH, FETCH_VERSION, correlationId, request));
    }

    private static OutFrame frame(ApiKey api, short version, int correlationId, ApiMessage request) {
        MessageWriter writer = new MessageWriter();
        new RequestHeader()
                .requestApiKey(api.id())
                .requestApiVersion(version)
                .correlationId(correlationId)
                .clientId(CLIENT_ID)
                .write(writer, api.requestHeaderVersion(version));
        request.write(writer, version);
        List<FramePart> parts = new ArrayList<>(1);
        for (RecordBytes part : writer.parts()) {
            if (part instanceof RecordBytes.InMemory memory) {
                parts.add(new FramePart.Bytes(memory.buffer()));
            }
        }
        return OutFrame.of(parts);
    }

    @Override
    public void onFrame(ByteBuffer frame, Exchange exchange) {
        try {
            MessageReader reader = new MessageReader(frame);
            if (isReady) {
                fetched(reader, exchange);
            } else {
                negotiated(reader);
                exchange.done();
            }
        } catch (ProtocolException e) {
            // Not by the exchange: it would wait for those before it, which followers still read.
            exchange.done();
            close("what the leader answers is no response: " + e.getMessage());
        }
    }

    private void negotiated(MessageReader reader) {
        ApiVersionsResponse response = new ApiVersionsResponse();
        int correlationId = read(reader, ApiKey.API_VERSIONS, API_VERSIONS_VERSION, response);
        if (correlationId != NEGOTIATION_ID) {
            throw new ProtocolException("a response to another request: correlationId=" + correlationId);
        }
        if (!servesFetches(response)) {
            finish("the broker does not serve the fetches of this one: version=" + FETCH_VERSION + ", served="
                    + served(response));
            return;
        }
        isReady = true;
        fetcher.onReady(this);
    }

    private static boolean servesFetches(ApiVersionsResponse response) {
        return response.errorCode() == ErrorCode.NONE.code()
                && response.apiKeys().stream()
                        .anyMatch(api -> api.apiKey() == ApiKey.FETCH.id()
                                && api.minVersion() <= FETCH_VERSION
                                && api.maxVersion() >= FETCH_VERSION);
    }

    private static String served(ApiVersionsResponse response) {
        for (ApiVersion api : response.apiKeys()) {
            if (api.apiKey() == ApiKey.FETCH.id()) {
                return api.minVersion() + " to " + api.maxVersion();
            }
        }
        return "none, errorCode=" + response.errorCode();
    }

    private void fetched(MessageReader reader, Exchange exchange) {
        FetchResponse response = new FetchResponse();
        int correlationId = read(reader, ApiKey.FETCH, FETCH_VERSION, response);
        fetcher.onResponse(this, correlationId, response, exchange::done);
    }

    /** Reads a response with its header, and gives its correlation id. */
    private static int read(MessageReader reader, ApiKey api, short version, ApiMessage response) {
        ResponseHeader header = new ResponseHeader();
        header.read(reader, api.responseHeaderVersion(version));
        response.read(reader, version);
        reader.requireEnd();
        return header.correlationId();
    }

    /** Ends the link, also when it is not open yet. */
    void finish(String reason) {
        closeReason = reason;
        Connection opened = connection;
        if (opened != null) {
            opened.finish(reason);
        }
    }

    /** Ends the link at once, because it is not what it should be. */
    void close(String reason) {
        Connection opened = connection;
        if (opened != null) {
            opened.close(reason);
        }
    }

    @Override
    public void onClosed(String reason) {
        fetcher.onLost(this, reason);
    }
}
