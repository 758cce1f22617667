// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.group;

import io.varve.broker.request.ApiHandler;
import io.varve.broker.request.ErrorMapping;
import io.varve.broker.request.Reply;
import io.varve.broker.request.RequestContext;
import io.varve.kafka.message.ApiKey;
import io.varve.kafka.message.JoinGroupRequest;
import io.varve.kafka.message.JoinGroupResponse;
import io.varve.kafka.message.JoinGroupResponse.JoinGroupResponseMember;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.UUID;

/**
 * Joins a group.
 *
 * <p>Threading: safe.
 */
final class JoinGroupHandler implements ApiHandler<JoinGroupRequest, JoinGroupResponse> {

    private static final short ID_FIRST_SINCE = 4;
    private static final short REBALANCE_TIMEOUT_SINCE = 1;
    private static final short NULLABLE_PROTOCOL_SINCE = 7;
    private static final short SKIP_ASSIGNMENT_SINCE = 9;

    private final GroupCoordinator coordinator;

    JoinGroupHandler(GroupCoordinator coordinator) {
        this.coordinator = coordinator;
    }

    @Override
    public ApiKey api() {
        return ApiKey.JOIN_GROUP;
    }

    @Override
    public void handle(RequestContext context, JoinGroupRequest request, Reply<JoinGroupResponse> reply) {
        String clientId = context.clientId() == null ? "" : context.clientId();
        String prefix = request.groupInstanceId() == null ? clientId : request.groupInstanceId();
        int rebalanceMs = context.version() >= REBALANCE_TIMEOUT_SINCE
                ? request.rebalanceTimeoutMs()
                : request.sessionTimeoutMs();
        List<GroupCommand.Protocol> protocols = request.protocols().stream()
                .map(protocol -> new GroupCommand.Protocol(protocol.name(), GroupRecords.bytes(protocol.metadata())))
                .toList();
        coordinator
                .submitOfMember(
                        request.groupId(),
                        requestId -> new GroupCommand.Join(
                                requestId,
                                request.groupId(),
                                new GroupCommand.Identity(request.memberId(), request.groupInstanceId()),
                                new GroupCommand.Client(
                                        clientId,
                                        "/" + context.remote().getAddress().getHostAddress()),
                                new GroupCommand.Timeouts(request.sessionTimeoutMs(), Math.max(0, rebalanceMs)),
                                request.protocolType(),
                                protocols,
                                prefix + "-" + UUID.randomUUID(),
                                new GroupCommand.Abilities(
                                        context.version() >= ID_FIRST_SINCE,
                                        context.version() >= SKIP_ASSIGNMENT_SINCE)))
                .whenComplete((answer, failure) -> reply.send(
                        failure == null
                                ? response(context, (GroupAnswer.Joined) answer)
                                : nothing(context)
                                        .errorCode(ErrorMapping.of(failure).code())
                                        .memberId(request.memberId())));
    }

    private static JoinGroupResponse nothing(RequestContext context) {
        return new JoinGroupResponse().protocolName(context.version() >= NULLABLE_PROTOCOL_SINCE ? null : "");
    }

    private static JoinGroupResponse response(RequestContext context, GroupAnswer.Joined joined) {
        String protocol = joined.protocolName();
        return nothing(context)
                .errorCode(joined.error().code())
                .generationId(joined.generation())
                .protocolType(joined.protocolType())
                .protocolName(protocol == null && context.version() < NULLABLE_PROTOCOL_SINCE ? "" : protocol)
                .leader(joined.leaderId())
                .memberId(joined.memberId())
                .skipAssignment(joined.skipAssignment())
                .members(joined.members().stream()
                        .map(member -> new JoinGroupResponseMember()
                                .memberId(member.memberId())
                                .groupInstanceId(member.instanceId())
                                .metadata(ByteBuffer.wrap(member.metadata(protocol))))
                        .toList());
    }
}
