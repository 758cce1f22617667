// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.group;

import io.varve.broker.request.ApiHandler;
import io.varve.broker.request.ErrorCode;
import io.varve.broker.request.ErrorMapping;
import io.varve.broker.request.Reply;
import io.varve.broker.request.RequestContext;
import io.varve.kafka.message.ApiKey;
import io.varve.kafka.message.LeaveGroupRequest;
import io.varve.kafka.message.LeaveGroupResponse;
import io.varve.kafka.message.LeaveGroupResponse.MemberResponse;
import java.util.ArrayList;
import java.util.List;

/**
 * Lets members go, one or several.
 *
 * <p>Threading: safe.
 */
final class LeaveGroupHandler implements ApiHandler<LeaveGroupRequest, LeaveGroupResponse> {

    private static final short BATCHED_SINCE = 3;

    private final GroupCoordinator coordinator;

    LeaveGroupHandler(GroupCoordinator coordinator) {
        this.coordinator = coordinator;
    }

    @Override
    public ApiKey api() {
        return ApiKey.LEAVE_GROUP;
    }

    @Override
    public void handle(RequestContext context, LeaveGroupRequest request, Reply<LeaveGroupResponse> reply) {
        boolean batched = context.version() >= BATCHED_SINCE;
        List<GroupCommand.Identity> members = batched
                ? request.members().stream()
                        .map(member -> new GroupCommand.Identity(member.memberId(), member.groupInstanceId()))
                        .toList()
                : List.of(new GroupCommand.Identity(request.memberId(), null));
        coordinator
                .submitOfMember(
                        request.groupId(), requestId -> new GroupCommand.Leave(requestId, request.groupId(), members))
                .whenComplete((answer, failure) -> {
                    if (failure != null) {
                        reply.send(new LeaveGroupResponse()
                                .errorCode(ErrorMapping.of(failure).code()));
                        return;
                    }
                    List<ErrorCode> errors = ((GroupAnswer.Left) answer).errors();
                    reply.send(
                            batched
                                    ? new LeaveGroupResponse().members(responses(members, errors))
                                    : new LeaveGroupResponse()
                                            .errorCode(errors.get(0).code()));
                });
    }

    private static List<MemberResponse> responses(List<GroupCommand.Identity> members, List<ErrorCode> errors) {
        List<MemberResponse> responses = new ArrayList<>();
        for (int i = 0; i < members.size(); i++) {
            responses.add(new MemberResponse()
                    .memberId(members.get(i).memberId())
                    .groupInstanceId(members.get(i).instanceId())
                    .errorCode(errors.get(i).code()));
        }
        return responses;
    }
}
