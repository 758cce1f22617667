// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.group;

import io.varve.broker.metadata.ClusterImage;
import io.varve.broker.metadata.ImageFollower;
import io.varve.broker.metadata.TopicImage;
import io.varve.broker.partition.Partition;
import io.varve.broker.partition.PartitionListener;
import io.varve.broker.partition.Partitions;
import io.varve.broker.partition.Timer;
import io.varve.broker.request.ApiHandler;
import io.varve.broker.request.ErrorCode;
import io.varve.broker.request.RequestException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The groups that this broker coordinates: those whose partition of __consumer_offsets it leads.
 *
 * <p>Threading: safe.
 */
public final class GroupCoordinator implements PartitionListener, AutoCloseable {

    /** The topic that holds groups and offsets. */
    static final String TOPIC = "__consumer_offsets";

    private final GroupConfig config;
    private final Timer timer;
    private final Map<Integer, GroupShard> shards = new ConcurrentHashMap<>();
    private final Timer.Cancel expiration;
    private @Nullable ImageFollower follower;
    private volatile Topics topics = Topics.NONE;

    public GroupCoordinator(GroupConfig config, Partitions partitions, Timer timer) {
        this.config = config;
        this.timer = timer;
        partitions.listen(this);
        this.expiration = timer.repeat(config.expirationCheckMs(), () -> shards.values()
                .forEach(shard -> shard.tell(new GroupCommand.ExpireOffsets())));
    }

    /** The handlers of the group APIs; {@code createTopic} makes the topic of the offsets when it is first needed. */
    public List<ApiHandler<?, ?>> handlers(
            ImageFollower imageFollower, Function<String, CompletionStage<TopicImage>> createTopic) {
        this.follower = imageFollower;
        imageFollower.listen((before, after) -> know(topics.following(after)));
        imageFollower.listen(this::forgetDeletedTopics);
        List<ApiHandler<?, ?>> handlers = new ArrayList<>(List.of(
                new FindCoordinatorHandler(imageFollower, createTopic),
                new JoinGroupHandler(this),
                new SyncGroupHandler(this),
                new HeartbeatHandler(this),
                new LeaveGroupHandler(this),
                new OffsetCommitHandler(this, imageFollower),
                new OffsetFetchHandler(this, imageFollower),
                new DescribeGroupsHandler(this),
                new ListGroupsHandler(this),
                new DeleteGroupsHandler(this),
                new OffsetDeleteHandler(this, imageFollower)));
        if (config.consumer().isServed()) {
            handlers.add(new ConsumerGroupHeartbeatHandler(this));
            handlers.add(new ConsumerGroupDescribeHandler(this));
        }
        return handlers;
    }

    private void know(Topics next) {
        if (next != topics) {
            topics = next;
            shards.values().forEach(shard -> shard.tell(new GroupCommand.KnowTopics(next)));
        }
    }

    /** What was committed for a topic that is deleted must not be found by a later topic of the same name. */
    private void forgetDeletedTopics(ClusterImage before, ClusterImage after) {
        Set<String> deleted = new HashSet<>();
        for (TopicImage topic : before.topics()) {
            TopicImage now = after.topic(topic.name());
            if (now == null || !now.id().equals(topic.id())) {
                deleted.add(topic.name());
            }
        }
        if (!deleted.isEmpty()) {
            shards.values().forEach(shard -> shard.tell(new GroupCommand.ForgetTopics(deleted)));
        }
    }

    @Override
    public void onLeading(Partition partition) {
        if (partition.id().topic().equals(TOPIC)) {
            GroupShard shard = new GroupShard(partition, config, timer, () -> topics);
            // Before it opens, so that it is told of every later topic.
            shards.put(partition.id().index(), shard);
            shard.open();
        }
    }

    @Override
    public void onResigned(Partition partition) {
        GroupShard shard = partition.id().topic().equals(TOPIC)
                ? shards.remove(partition.id().index())
                : null;
        if (shard != null) {
            shard.close();
        }
    }

    /** The partition that a group lies in. */
    static int partitionOf(String groupId, int partitions) {
        return (groupId.hashCode() & 0x7fffffff) % partitions;
    }

    /** The shard of a group. Fails when this broker does not coordinate it. */
    CompletableFuture<GroupShard> shard(String groupId) {
        ImageFollower images = follower;
        TopicImage topic = images == null ? null : images.image().topic(TOPIC);
        if (topic == null) {
            return refused(
                    ErrorCode.NOT_COORDINATOR, "there is no topic " + TOPIC + " yet: find the coordinator first");
        }
        GroupShard shard = shards.get(partitionOf(groupId, topic.partitions().size()));
        return shard == null
                ? refused(ErrorCode.NOT_COORDINATOR, "this broker does not coordinate the group: group=" + groupId)
                : CompletableFuture.completedFuture(shard);
    }

    private static <T> CompletableFuture<T> refused(ErrorCode error, String message) {
        return CompletableFuture.failedFuture(new RequestException(error, message));
    }

    /** Carries out a command on the shard of a group; offsets may belong to the group without a name. */
    CompletableFuture<GroupAnswer> submit(String groupId, Function<Long, GroupCommand> command) {
        return shard(groupId).thenCompose(shard -> shard.submit(command));
    }

    /** Carries out a command of a member, whose group must have a name. */
    CompletableFuture<GroupAnswer> submitOfMember(String groupId, Function<Long, GroupCommand> command) {
        return groupId.isEmpty()
                ? refused(ErrorCode.INVALID_GROUP_ID, "a group with members needs an id")
                : submit(groupId, command);
    }

    /** Reads the state of the shard of a group. */
    <T> CompletableFuture<T> read(String groupId, Function<GroupMachine, T> reading) {
        return shard(groupId).thenCompose(shard -> shard.read(reading));
    }

    /** All shards. */
    Collection<GroupShard> shards() {
        return shards.values();
    }

    @Override
    public void close() {
        expiration.run();
    }
}
