// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.group;

import io.varve.broker.request.ApiHandler;
import io.varve.broker.request.ErrorCode;
import io.varve.broker.request.ErrorMapping;
import io.varve.broker.request.Reply;
import io.varve.broker.request.RequestContext;
import io.varve.kafka.message.ApiKey;
import io.varve.kafka.message.HeartbeatRequest;
import io.varve.kafka.message.HeartbeatResponse;

/**
 * Keeps members alive.
 *
 * <p>Threading: safe.
 */
final class HeartbeatHandler implements ApiHandler<HeartbeatRequest, HeartbeatResponse> {

    private final GroupCoordinator coordinator;

    HeartbeatHandler(GroupCoordinator coordinator) {
        this.coordinator = coordinator;
    }

    @Override
    public ApiKey api() {
        return ApiKey.HEARTBEAT;
    }

    @Override
    public void handle(RequestContext context, HeartbeatRequest request, Reply<HeartbeatResponse> reply) {
        coordinator
                .submitOfMember(
                        request.groupId(),
                        requestId -> new GroupCommand.Heartbeat(
                                requestId,
                                request.groupId(),
                                new GroupCommand.Identity(request.memberId(), request.groupInstanceId()),
                                request.generationId()))
                .whenComplete((answer, failure) -> {
                    ErrorCode error = failure == null ? ((GroupAnswer.Done) answer).error() : ErrorMapping.of(failure);
                    reply.send(new HeartbeatResponse().errorCode(error.code()));
                });
    }
}
