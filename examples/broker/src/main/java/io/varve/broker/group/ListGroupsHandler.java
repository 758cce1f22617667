// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.group;

import io.varve.broker.request.ApiHandler;
import io.varve.broker.request.ErrorCode;
import io.varve.broker.request.Gather;
import io.varve.broker.request.Reply;
import io.varve.broker.request.RequestContext;
import io.varve.kafka.message.ApiKey;
import io.varve.kafka.message.ListGroupsRequest;
import io.varve.kafka.message.ListGroupsResponse;
import io.varve.kafka.message.ListGroupsResponse.ListedGroup;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * Lists the groups that this broker coordinates.
 *
 * <p>Threading: safe.
 */
final class ListGroupsHandler implements ApiHandler<ListGroupsRequest, ListGroupsResponse> {

    private static final String CLASSIC = "classic";

    private final GroupCoordinator coordinator;

    ListGroupsHandler(GroupCoordinator coordinator) {
        this.coordinator = coordinator;
    }

    @Override
    public ApiKey api() {
        return ApiKey.LIST_GROUPS;
    }

    @Override
    public void handle(RequestContext context, ListGroupsRequest request, Reply<ListGroupsResponse> reply) {
        List<CompletableFuture<Listed>> answers = new ArrayList<>();
        for (GroupShard shard : coordinator.shards()) {
            answers.add(Gather.part(
                    () -> shard.read(ListGroupsHandler::list),
                    groups -> new Listed(ErrorCode.NONE, groups),
                    (error, message) -> new Listed(error, List.of())));
        }
        Gather.all(answers, shards -> {
            List<ListedGroup> groups = new ArrayList<>();
            shards.forEach(shard -> groups.addAll(shard.groups()));
            groups.removeIf(group -> !matches(request.statesFilter(), group.groupState())
                    || !matches(request.typesFilter(), group.groupType()));
            reply.send(new ListGroupsResponse().errorCode(error(shards).code()).groups(groups));
        });
    }

    private record Listed(ErrorCode error, List<ListedGroup> groups) {}

    /** A list that lacks groups is told with an error; groups that have gone to another broker are not missing. */
    private static ErrorCode error(List<Listed> shards) {
        return shards.stream()
                .map(Listed::error)
                .filter(error -> error != ErrorCode.NONE && error != ErrorCode.NOT_COORDINATOR)
                .findFirst()
                .orElse(ErrorCode.NONE);
    }

    private static boolean matches(List<String> filter, String value) {
        return filter.isEmpty() || filter.stream().anyMatch(value::equalsIgnoreCase);
    }

    private static List<ListedGroup> list(GroupMachine machine) {
        List<ListedGroup> groups = new ArrayList<>();
        for (Group group : machine.groups()) {
            groups.add(new ListedGroup()
                    .groupId(group.id())
                    .protocolType(group.protocolType() == null ? "" : group.protocolType())
                    .groupState(group.state().label())
                    .groupType(CLASSIC));
        }
        for (ConsumerGroup group : machine.consumers().all()) {
            groups.add(new ListedGroup()
                    .groupId(group.id())
                    .protocolType(ConsumerProtocol.TYPE)
                    .groupState(group.state())
                    .groupType(ConsumerGroup.TYPE));
        }
        for (String groupId : machine.groupsWithoutMembers()) {
            groups.add(new ListedGroup()
                    .groupId(groupId)
                    .groupState(Group.State.EMPTY.label())
                    .groupType(CLASSIC));
        }
        return groups;
    }
}
