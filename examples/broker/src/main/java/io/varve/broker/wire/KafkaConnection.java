// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.wire;

import io.varve.broker.request.ApiHandler;
import io.varve.broker.request.HandlerTable;
import io.varve.broker.request.Reply;
import io.varve.broker.request.RequestContext;
import io.varve.kafka.ApiMessage;
import io.varve.kafka.MessageReader;
import io.varve.kafka.MessageWriter;
import io.varve.kafka.ProtocolException;
import io.varve.kafka.RecordBytes;
import io.varve.kafka.message.ApiKey;
import io.varve.kafka.message.RequestHeader;
import io.varve.kafka.message.ResponseHeader;
import io.varve.replication.transport.Connection;
import io.varve.replication.transport.ConnectionHandler;
import io.varve.replication.transport.Exchange;
import io.varve.replication.transport.FramePart;
import io.varve.replication.transport.OutFrame;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One client's connection: decodes requests, gives them to their handlers, encodes the responses.
 *
 * <p>Threading: confined to the connection's event loop; responses are encoded by whoever gives them.
 */
final class KafkaConnection implements ConnectionHandler {

    private static final Logger LOG = LoggerFactory.getLogger(KafkaConnection.class);
    private static final int SMALLEST_HEADER_BYTES = 8;

    private final Connection connection;
    private final String listener;
    private final HandlerTable handlers;

    KafkaConnection(Connection connection, String listener, HandlerTable handlers) {
        this.connection = connection;
        this.listener = listener;
        this.handlers = handlers;
    }

    @Override
    public void onFrame(ByteBuffer frame, Exchange exchange) {
        if (frame.remaining() < SMALLEST_HEADER_BYTES) {
            exchange.disconnect("request cut off: bytes=" + frame.remaining());
            return;
        }
        short key = frame.getShort(frame.position());
        short version = frame.getShort(frame.position() + 2);
        int correlationId = frame.getInt(frame.position() + 4);
        ApiKey api = ApiKey.of(key);
        ApiHandler<?, ?> handler = api == null ? null : handlers.find(api);
        if (api == null || handler == null) {
            exchange.disconnect("unknown API: key=" + key + ", version=" + version);
            return;
        }
        boolean served = version >= handler.oldestVersion() && version <= handler.latestVersion();
        if (!served && api == ApiKey.API_VERSIONS) {
            ApiMessage fallback = ApiVersionsHandler.unsupportedVersion(handler);
            exchange.reply(encode(api, (short) 0, correlationId, fallback));
            return;
        }
        if (!served || version < api.oldestVersion()) {
            exchange.disconnect("unsupported version: api=" + api + ", version=" + version);
            return;
        }
        handle(api, version, handler, frame, exchange);
    }

    private void handle(ApiKey api, short version, ApiHandler<?, ?> handler, ByteBuffer frame, Exchange exchange) {
        RequestHeader header = new RequestHeader();
        ApiMessage request = api.newRequest();
        try {
            MessageReader reader = new MessageReader(frame);
            header.read(reader, api.requestHeaderVersion(version));
            request.read(reader, version);
            // Bytes after the request are left alone, as Kafka does: some clients pad.
        } catch (ProtocolException e) {
            exchange.disconnect("malformed request: api=" + api + ", version=" + version + ", " + e.getMessage());
            return;
        }
        RequestContext context = new RequestContext(api, version, header.clientId(), connection.remote(), listener);
        call(handler, context, request, new WireReply(exchange, context, header.correlationId()));
    }

    @SuppressWarnings("unchecked") // the table holds a handler under the API whose messages it takes
    private static void call(ApiHandler<?, ?> handler, RequestContext context, ApiMessage request, WireReply reply) {
        ((ApiHandler<ApiMessage, ApiMessage>) handler).handle(context, request, reply);
    }

    @Override
    public void onClosed(String reason) {
        LOG.debug(
                "Connection closed: connection={}, remote={}, reason={}", connection.id(), connection.remote(), reason);
    }

    private static OutFrame encode(ApiKey api, short version, int correlationId, ApiMessage response) {
        MessageWriter writer = new MessageWriter();
        new ResponseHeader().correlationId(correlationId).write(writer, api.responseHeaderVersion(version));
        response.write(writer, version);
        List<FramePart> parts = new ArrayList<>();
        List<Runnable> releases = new ArrayList<>(0);
        for (RecordBytes part : writer.parts()) {
            if (part instanceof RecordBytes.InFile file) {
                parts.add(new FramePart.FileRange(file.channel(), file.position(), file.sizeBytes()));
                releases.add(file.onReleased());
            } else if (part instanceof RecordBytes.InMemory memory) {
                parts.add(new FramePart.Bytes(memory.buffer()));
            }
        }
        return new OutFrame(parts, () -> releases.forEach(Runnable::run));
    }

    /** The way back of one request. */
    private static final class WireReply implements Reply<ApiMessage> {

        private final Exchange exchange;
        private final RequestContext context;
        private final int correlationId;

        WireReply(Exchange exchange, RequestContext context, int correlationId) {
            this.exchange = exchange;
            this.context = context;
            this.correlationId = correlationId;
        }

        @Override
        public void send(ApiMessage response) {
            OutFrame frame;
            try {
                frame = encode(context.api(), context.version(), correlationId, response);
            } catch (RuntimeException e) {
                LOG.error("A response cannot be encoded: request={}", context, e);
                exchange.disconnect("the response cannot be encoded: api=" + context.api());
                return;
            }
            exchange.reply(frame);
        }

        @Override
        public void sendNothing() {
            exchange.done();
        }

        @Override
        public void disconnect(String reason) {
            exchange.disconnect(reason);
        }
    }
}
