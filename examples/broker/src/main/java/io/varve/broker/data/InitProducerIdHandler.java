// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.data;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.varve.broker.controller.ProducerIds;
import io.varve.broker.request.ApiHandler;
import io.varve.broker.request.ErrorCode;
import io.varve.broker.request.ErrorMapping;
import io.varve.broker.request.Reply;
import io.varve.broker.request.RequestContext;
import io.varve.kafka.message.ApiKey;
import io.varve.kafka.message.InitProducerIdRequest;
import io.varve.kafka.message.InitProducerIdResponse;
import java.util.ArrayDeque;
import java.util.Queue;

/**
 * Gives idempotent producers their ids, out of blocks that the controller hands out.
 *
 * <p>Threading: safe.
 */
public final class InitProducerIdHandler implements ApiHandler<InitProducerIdRequest, InitProducerIdResponse> {

    /** Later versions belong to two-phase commit. */
    private static final short LATEST = 5;

    private final ProducerIds ids;

    @GuardedBy("this")
    private final Queue<Reply<InitProducerIdResponse>> waiting = new ArrayDeque<>();

    @GuardedBy("this")
    private long nextId;

    @GuardedBy("this")
    private long blockEnd;

    @GuardedBy("this")
    private boolean allocating;

    public InitProducerIdHandler(ProducerIds ids) {
        this.ids = ids;
    }

    @Override
    public ApiKey api() {
        return ApiKey.INIT_PRODUCER_ID;
    }

    @Override
    public short latestVersion() {
        return LATEST;
    }

    @Override
    public void handle(RequestContext context, InitProducerIdRequest request, Reply<InitProducerIdResponse> reply) {
        if (request.transactionalId() != null) {
            reply.send(new InitProducerIdResponse().errorCode(ErrorCode.INVALID_REQUEST.code()));
            return;
        }
        // A producer whose sequence was broken asks for its next epoch (KIP-360).
        if (request.producerId() >= 0
                && request.producerEpoch() >= 0
                && request.producerEpoch() < Short.MAX_VALUE - 1) {
            reply.send(new InitProducerIdResponse()
                    .producerId(request.producerId())
                    .producerEpoch((short) (request.producerEpoch() + 1)));
            return;
        }
        synchronized (this) {
            waiting.add(reply);
        }
        serve();
    }

    private void serve() {
        while (true) {
            Reply<InitProducerIdResponse> reply;
            long id;
            synchronized (this) {
                if (waiting.isEmpty() || allocating) {
                    return;
                }
                if (nextId == blockEnd) {
                    allocating = true;
                    break;
                }
                id = nextId++;
                reply = waiting.remove();
            }
            reply.send(new InitProducerIdResponse().producerId(id));
        }
        ids.allocate().whenComplete((first, failure) -> {
            if (failure == null) {
                allocated(first);
            } else {
                ErrorCode error = ErrorMapping.of(failure);
                // Producers wait the one out, and give up when they are told the other.
                failed(error == ErrorCode.NOT_CONTROLLER ? ErrorCode.COORDINATOR_LOAD_IN_PROGRESS : error);
            }
        });
    }

    private void allocated(long first) {
        synchronized (this) {
            nextId = first;
            blockEnd = first + ProducerIds.PER_BLOCK;
            allocating = false;
        }
        serve();
    }

    private void failed(ErrorCode error) {
        Queue<Reply<InitProducerIdResponse>> refused;
        synchronized (this) {
            allocating = false;
            refused = new ArrayDeque<>(waiting);
            waiting.clear();
        }
        refused.forEach(reply -> reply.send(new InitProducerIdResponse().errorCode(error.code())));
    }
}
