// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.group;

import io.varve.broker.request.ApiHandler;
import io.varve.broker.request.ErrorCode;
import io.varve.broker.request.Gather;
import io.varve.broker.request.Reply;
import io.varve.broker.request.RequestContext;
import io.varve.kafka.message.ApiKey;
import io.varve.kafka.message.DescribeGroupsRequest;
import io.varve.kafka.message.DescribeGroupsResponse;
import io.varve.kafka.message.DescribeGroupsResponse.DescribedGroup;
import io.varve.kafka.message.DescribeGroupsResponse.DescribedGroupMember;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * Describes groups and their members.
 *
 * <p>Threading: safe.
 */
final class DescribeGroupsHandler implements ApiHandler<DescribeGroupsRequest, DescribeGroupsResponse> {

    /** From this version on a group that does not exist is an error and not a dead group. */
    private static final short NOT_FOUND_SINCE = 6;

    private static final byte[] NOTHING = new byte[0];
    private static final String DEAD = "Dead";

    /** What may be done to a group where nobody is refused anything: READ, DELETE, DESCRIBE, DESCRIBE_CONFIGS, ALTER_CONFIGS. */
    static final int ALL_OPERATIONS = 1 << 3 | 1 << 6 | 1 << 8 | 1 << 10 | 1 << 11;

    private final GroupCoordinator coordinator;

    DescribeGroupsHandler(GroupCoordinator coordinator) {
        this.coordinator = coordinator;
    }

    @Override
    public ApiKey api() {
        return ApiKey.DESCRIBE_GROUPS;
    }

    @Override
    public void handle(RequestContext context, DescribeGroupsRequest request, Reply<DescribeGroupsResponse> reply) {
        List<CompletableFuture<DescribedGroup>> answers = new ArrayList<>();
        for (String groupId : request.groups()) {
            answers.add(Gather.part(
                    () -> coordinator.read(groupId, machine -> describe(context, groupId, machine)),
                    described -> request.includeAuthorizedOperations() && described.errorCode() == 0
                            ? described.authorizedOperations(ALL_OPERATIONS)
                            : described,
                    (error, message) -> new DescribedGroup().groupId(groupId).errorCode(error.code())));
        }
        Gather.all(answers, groups -> reply.send(new DescribeGroupsResponse().groups(groups)));
    }

    private static DescribedGroup describe(RequestContext context, String groupId, GroupMachine machine) {
        DescribedGroup described = new DescribedGroup().groupId(groupId);
        Group group = machine.group(groupId);
        if (group == null) {
            boolean classic = machine.consumers().group(groupId) == null;
            if (classic && machine.exists(groupId)) {
                return described.groupState(Group.State.EMPTY.label());
            }
            return context.version() < NOT_FOUND_SINCE
                    ? described.groupState(DEAD)
                    : described
                            .groupState(DEAD)
                            .errorCode(ErrorCode.GROUP_ID_NOT_FOUND.code())
                            .errorMessage("Group " + groupId + (classic ? " not found." : " is not a classic group."));
        }
        boolean assigned = group.state() == Group.State.STABLE;
        String protocol = assigned && group.protocolName() != null ? group.protocolName() : "";
        return described
                .groupState(group.state().label())
                .protocolType(group.protocolType() == null ? "" : group.protocolType())
                .protocolData(protocol)
                .members(group.members().values().stream()
                        .map(member -> new DescribedGroupMember()
                                .memberId(member.memberId())
                                .groupInstanceId(member.instanceId())
                                .clientId(member.client().id())
                                .clientHost(member.client().host())
                                .memberMetadata(ByteBuffer.wrap(member.metadata(protocol)))
                                .memberAssignment(ByteBuffer.wrap(assigned ? member.assignment() : NOTHING)))
                        .toList());
    }
}
