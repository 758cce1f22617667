// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.group;

import io.varve.broker.request.ApiHandler;
import io.varve.broker.request.ErrorMapping;
import io.varve.broker.request.Reply;
import io.varve.broker.request.RequestContext;
import io.varve.kafka.message.ApiKey;
import io.varve.kafka.message.SyncGroupRequest;
import io.varve.kafka.message.SyncGroupResponse;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;

/**
 * Hands out assignments.
 *
 * <p>Threading: safe.
 */
final class SyncGroupHandler implements ApiHandler<SyncGroupRequest, SyncGroupResponse> {

    private final GroupCoordinator coordinator;

    SyncGroupHandler(GroupCoordinator coordinator) {
        this.coordinator = coordinator;
    }

    @Override
    public ApiKey api() {
        return ApiKey.SYNC_GROUP;
    }

    @Override
    public void handle(RequestContext context, SyncGroupRequest request, Reply<SyncGroupResponse> reply) {
        Map<String, byte[]> assignments = new HashMap<>();
        request.assignments()
                .forEach(entry -> assignments.put(entry.memberId(), GroupRecords.bytes(entry.assignment())));
        coordinator
                .submitOfMember(
                        request.groupId(),
                        requestId -> new GroupCommand.Sync(
                                requestId,
                                request.groupId(),
                                new GroupCommand.Identity(request.memberId(), request.groupInstanceId()),
                                request.generationId(),
                                request.protocolType(),
                                request.protocolName(),
                                assignments))
                .whenComplete((answer, failure) -> reply.send(
                        failure == null
                                ? response((GroupAnswer.Synced) answer)
                                : new SyncGroupResponse()
                                        .errorCode(ErrorMapping.of(failure).code())));
    }

    private static SyncGroupResponse response(GroupAnswer.Synced synced) {
        return new SyncGroupResponse()
                .errorCode(synced.error().code())
                .protocolType(synced.protocolType())
                .protocolName(synced.protocolName())
                .assignment(ByteBuffer.wrap(synced.assignment()));
    }
}
