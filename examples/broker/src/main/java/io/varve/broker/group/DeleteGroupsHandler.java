// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.group;

import io.varve.broker.request.ApiHandler;
import io.varve.broker.request.Gather;
import io.varve.broker.request.Reply;
import io.varve.broker.request.RequestContext;
import io.varve.kafka.message.ApiKey;
import io.varve.kafka.message.DeleteGroupsRequest;
import io.varve.kafka.message.DeleteGroupsResponse;
import io.varve.kafka.message.DeleteGroupsResponse.DeletableGroupResult;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * Forgets groups without members.
 *
 * <p>Threading: safe.
 */
final class DeleteGroupsHandler implements ApiHandler<DeleteGroupsRequest, DeleteGroupsResponse> {

    private final GroupCoordinator coordinator;

    DeleteGroupsHandler(GroupCoordinator coordinator) {
        this.coordinator = coordinator;
    }

    @Override
    public ApiKey api() {
        return ApiKey.DELETE_GROUPS;
    }

    @Override
    public void handle(RequestContext context, DeleteGroupsRequest request, Reply<DeleteGroupsResponse> reply) {
        List<CompletableFuture<DeletableGroupResult>> results = new ArrayList<>();
        for (String groupId : request.groupsNames()) {
            results.add(Gather.part(
                    () -> coordinator.submit(groupId, requestId -> new GroupCommand.Delete(requestId, groupId)),
                    answer -> new DeletableGroupResult()
                            .groupId(groupId)
                            .errorCode(((GroupAnswer.Done) answer).error().code()),
                    (error, message) -> new DeletableGroupResult()
                            .groupId(groupId)
                            .errorCode(error.code())
                            .errorMessage(message)));
        }
        Gather.all(results, all -> reply.send(new DeleteGroupsResponse().results(all)));
    }
}
