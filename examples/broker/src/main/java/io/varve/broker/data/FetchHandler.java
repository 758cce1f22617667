// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.data;

import io.varve.broker.config.ConfigValues;
import io.varve.broker.metadata.ClusterImage;
import io.varve.broker.metadata.ImageFollower;
import io.varve.broker.metadata.TopicImage;
import io.varve.broker.partition.Lanes;
import io.varve.broker.partition.Partition;
import io.varve.broker.partition.Partitions;
import io.varve.broker.partition.Timer;
import io.varve.broker.request.ApiHandler;
import io.varve.broker.request.ErrorCode;
import io.varve.broker.request.Gather;
import io.varve.broker.request.Reply;
import io.varve.broker.request.RequestContext;
import io.varve.kafka.MessageReader;
import io.varve.kafka.message.ApiKey;
import io.varve.kafka.message.FetchRequest;
import io.varve.kafka.message.FetchRequest.FetchPartition;
import io.varve.kafka.message.FetchRequest.FetchTopic;
import io.varve.kafka.message.FetchRequest.ForgottenTopic;
import io.varve.kafka.message.FetchResponse;
import io.varve.replication.partition.ConsumerRead;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Hands out records: finds what is wanted, by the request alone or with its session, and starts a {@link Fetch}
 * for a consumer, a {@link FollowerFetch} for another broker.
 *
 * <p>Threading: safe.
 */
public final class FetchHandler implements ApiHandler<FetchRequest, FetchResponse> {

    /** From this version on topics are named by their ids (KIP-516). */
    static final short TOPIC_IDS_SINCE = 13;

    private static final int NO_SESSION_EPOCH = -1;
    private static final int NEW_SESSION_EPOCH = 0;

    private final Partitions partitions;
    private final ImageFollower follower;
    private final Lanes lanes;
    private final Timer timer;
    private final int mostBytes;

    /** Whether consumers are sent to a replica in their rack (KIP-392). */
    private final boolean prefersNear;

    private final FetchSessions sessions;
    private final LeaderHints hints;
    private final ReplicaThrottles throttles;

    /** The last fetch of each follower. */
    private final Map<Integer, FollowerFetch> ofFollowers = new ConcurrentHashMap<>();

    public FetchHandler(
            Partitions partitions,
            ImageFollower follower,
            Lanes lanes,
            Timer timer,
            ConfigValues values,
            ReplicaThrottles throttles) {
        this.partitions = partitions;
        this.follower = follower;
        this.lanes = lanes;
        this.timer = timer;
        this.mostBytes = values.intValue("fetch.max.bytes");
        this.prefersNear = values.hasValue("replica.selector.class");
        this.hints = new LeaderHints(follower);
        this.throttles = throttles;
        this.sessions = new FetchSessions(values.intValue("max.incremental.fetch.session.cache.slots"));
    }

    @Override
    public ApiKey api() {
        return ApiKey.FETCH;
    }

    /**
     * One partition of a fetch.
     *
     * @param partition the replica here, null when there is none
     * @param error why there is none
     * @param preferredReplica where a consumer should read instead, {@link ConsumerRead#HERE} when that is not elsewhere
     * @param throttle what bounds how much of it is handed out, null when nothing does
     */
    record Wanted(
            FetchSession.Key key,
            FetchPartition position,
            @Nullable Partition partition,
            ErrorCode error,
            int preferredReplica,
            @Nullable SharedThrottle throttle) {

        static Wanted refused(FetchSession.Key key, FetchPartition position, ErrorCode error) {
            return new Wanted(key, position, null, error, ConsumerRead.HERE, null);
        }

        static Wanted of(
                FetchSession.Key key, FetchPartition position, Partition partition, @Nullable SharedThrottle throttle) {
            return new Wanted(key, position, partition, ErrorCode.NONE, ConsumerRead.HERE, throttle);
        }

        Wanted preferring(int replica) {
            return new Wanted(key, position, partition, error, replica, throttle);
        }
    }

    @Override
    public void handle(RequestContext context, FetchRequest request, Reply<FetchResponse> reply) {
        FetchSession session = null;
        boolean incremental = request.sessionEpoch() > NEW_SESSION_EPOCH;
        if (incremental) {
            session = sessions.find(request.sessionId());
            if (session == null) {
                reply.send(error(ErrorCode.FETCH_SESSION_ID_NOT_FOUND));
                return;
            }
            if (!session.advance(request.sessionEpoch())) {
                reply.send(error(ErrorCode.INVALID_FETCH_SESSION_EPOCH));
                return;
            }
        } else {
            if (request.sessionId() != 0) {
                sessions.remove(request.sessionId());
            }
            if (request.sessionEpoch() != NO_SESSION_EPOCH) {
                session = sessions.create();
            }
        }
        List<Map.Entry<FetchSession.Key, FetchPartition>> asked = asked(context, request);
        if (session != null) {
            for (Map.Entry<FetchSession.Key, FetchPartition> entry : asked) {
                session.update(entry.getKey(), entry.getValue());
            }
            forget(session, request);
        }
        List<Wanted> wanted = new ArrayList<>();
        boolean byId = context.version() >= TOPIC_IDS_SINCE;
        for (Map.Entry<FetchSession.Key, FetchPartition> entry :
                incremental && session != null ? session.wanted() : asked) {
            wanted.add(resolve(
                    entry.getKey(),
                    entry.getValue(),
                    byId,
                    request.replicaState().replicaId()));
        }
        int maxBytes = Math.min(request.maxBytes(), mostBytes);
        start(new FetchCall(context, request, wanted, session, incremental, maxBytes, hints, reply));
    }

    private void start(FetchCall call) {
        int replica = call.request().replicaState().replicaId();
        if (replica >= 0) {
            FollowerFetch fetch = new FollowerFetch(
                    call, replica, call.request().replicaState().replicaEpoch(), prefersNear);
            FollowerFetch before = ofFollowers.put(replica, fetch);
            if (before != null) {
                // It has something new to ask for, and its answer stands behind the earlier one.
                before.end();
            }
            fetch.start(timer);
        } else if (call.request().rackId().isEmpty() || !prefersNear) {
            new Fetch(call).start(lanes.next(), timer);
        } else {
            nearest(call).thenAccept(near -> new Fetch(near).start(lanes.next(), timer));
        }
    }

    /** The call with the replicas that are in the consumer's rack, which only the leaders' lanes can tell. */
    private static CompletionStage<FetchCall> nearest(FetchCall call) {
        List<CompletableFuture<Wanted>> all = new ArrayList<>();
        for (Wanted one : call.wanted()) {
            Partition partition = one.partition();
            all.add(
                    partition == null
                            ? CompletableFuture.completedFuture(one)
                            : CompletableFuture.supplyAsync(
                                            () -> one.preferring(partition.preferredReplica(Fetch.consumer(
                                                    one, call.request().rackId()))),
                                            partition.lane())
                                    .exceptionally(failure -> one));
        }
        CompletableFuture<FetchCall> near = new CompletableFuture<>();
        Gather.all(all, wanted -> near.complete(call.with(wanted)));
        return near;
    }

    private static FetchResponse error(ErrorCode error) {
        return new FetchResponse().errorCode(error.code());
    }

    private static List<Map.Entry<FetchSession.Key, FetchPartition>> asked(
            RequestContext context, FetchRequest request) {
        boolean byId = context.version() >= TOPIC_IDS_SINCE;
        List<Map.Entry<FetchSession.Key, FetchPartition>> asked = new ArrayList<>();
        for (FetchTopic topic : request.topics()) {
            UUID id = byId ? topic.topicId() : MessageReader.ZERO_UUID;
            for (FetchPartition partition : topic.partitions()) {
                asked.add(Map.entry(new FetchSession.Key(topic.topic(), id, partition.partition()), partition));
            }
        }
        return asked;
    }

    private static void forget(FetchSession session, FetchRequest request) {
        for (ForgottenTopic topic : request.forgottenTopicsData()) {
            for (int index : topic.partitions()) {
                session.forget(new FetchSession.Key(topic.topic(), topic.topicId(), index));
            }
        }
    }

    private Wanted resolve(FetchSession.Key key, FetchPartition position, boolean byId, int replica) {
        ClusterImage image = follower.image();
        TopicImage topic = byId ? image.topic(key.topicId()) : image.topic(key.topic());
        if (topic == null) {
            return Wanted.refused(
                    key, position, byId ? ErrorCode.UNKNOWN_TOPIC_ID : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
        }
        Partition partition = partitions.find(topic.name(), key.index());
        boolean exists = key.index() >= 0 && key.index() < topic.partitions().size();
        if (partition == null) {
            return Wanted.refused(
                    key, position, exists ? ErrorCode.NOT_LEADER_OR_FOLLOWER : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
        }
        boolean mayThrottle = exists && replica >= 0;
        return Wanted.of(
                key,
                position,
                partition,
                mayThrottle ? throttles.of(image, topic, topic.partitions().get(key.index()), replica) : null);
    }
}
