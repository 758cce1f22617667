// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.data;

import io.varve.broker.config.ConfigValues;
import io.varve.broker.metadata.ImageFollower;
import io.varve.broker.metadata.TopicImage;
import io.varve.broker.partition.Lanes;
import io.varve.broker.partition.Partition;
import io.varve.broker.partition.Partitions;
import io.varve.broker.partition.Timer;
import io.varve.broker.request.ApiHandler;
import io.varve.broker.request.ErrorCode;
import io.varve.broker.request.Reply;
import io.varve.broker.request.RequestContext;
import io.varve.kafka.MessageReader;
import io.varve.kafka.message.ApiKey;
import io.varve.kafka.message.FetchRequest;
import io.varve.kafka.message.FetchRequest.FetchPartition;
import io.varve.kafka.message.FetchRequest.FetchTopic;
import io.varve.kafka.message.FetchRequest.ForgottenTopic;
import io.varve.kafka.message.FetchResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Hands out records: finds what is wanted, by the request alone or with its session, and starts a {@link Fetch}.
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
    private final FetchSessions sessions;

    public FetchHandler(Partitions partitions, ImageFollower follower, Lanes lanes, Timer timer, ConfigValues values) {
        this.partitions = partitions;
        this.follower = follower;
        this.lanes = lanes;
        this.timer = timer;
        this.mostBytes = values.intValue("fetch.max.bytes");
        this.sessions = new FetchSessions(values.intValue("max.incremental.fetch.session.cache.slots"));
    }

    @Override
    public ApiKey api() {
        return ApiKey.FETCH;
    }

    /** One partition of a fetch. */
    record Wanted(FetchSession.Key key, FetchPartition position, @Nullable Partition partition, ErrorCode error) {}

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
            wanted.add(resolve(entry.getKey(), entry.getValue(), byId));
        }
        int maxBytes = Math.min(request.maxBytes(), mostBytes);
        new Fetch(request, wanted, session, incremental, maxBytes, reply).start(lanes.next(), timer);
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

    private Wanted resolve(FetchSession.Key key, FetchPartition position, boolean byId) {
        TopicImage topic =
                byId ? follower.image().topic(key.topicId()) : follower.image().topic(key.topic());
        if (topic == null) {
            return new Wanted(
                    key, position, null, byId ? ErrorCode.UNKNOWN_TOPIC_ID : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
        }
        Partition partition = partitions.find(topic.name(), key.index());
        if (partition == null) {
            boolean exists =
                    key.index() >= 0 && key.index() < topic.partitions().size();
            return new Wanted(
                    key,
                    position,
                    null,
                    exists ? ErrorCode.NOT_LEADER_OR_FOLLOWER : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
        }
        return new Wanted(key, position, partition, ErrorCode.NONE);
    }
}
