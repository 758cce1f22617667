// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.replica;

import io.varve.broker.partition.Follower;
import io.varve.broker.replica.Delivery.Outcome;
import io.varve.broker.request.ErrorCode;
import io.varve.kafka.ProtocolException;
import io.varve.kafka.message.FetchRequest;
import io.varve.kafka.message.FetchRequest.FetchTopic;
import io.varve.kafka.message.FetchRequest.ForgottenTopic;
import io.varve.kafka.message.FetchResponse;
import io.varve.kafka.message.FetchResponse.FetchableTopicResponse;
import io.varve.kafka.message.FetchResponse.PartitionData;
import io.varve.replication.partition.ReplicaFetch;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The fetches that are wanted from one leader, and what it has been told of them: makes requests, and of the responses answers.
 *
 * <p>There are two kinds of requests. A round asks for everything that is wanted. It goes by a fetch session, if the leader grants one: then
 * it names only what has changed since the round before, and the response only what there is news of; a partition that it does not name
 * stays wanted, and costs nothing but a place in two maps. An urgent request asks only for what the round that is under way does not,
 * outside of the session.
 *
 * <p>The session holds what is wanted and nothing else, or the leader would answer at once, again and again, with what nobody takes. So
 * what has ended and is not wanted anew is taken out of it with the next round. What the leader has said once, as how much is committed, it
 * does not say again in the session. So another one is begun when a follower may not have taken what was said: it has come to want
 * something else meanwhile, or follows in another epoch. And no session lasts for ever, so that what went past a follower otherwise comes once
 * more, as when it had asked again just before it was told. Source: KIP-227.
 *
 * <p>Threading: confined to the owner's lock.
 */
final class WantedFetches {

    private static final int NO_SESSION = 0;
    private static final int NO_SESSION_EPOCH = -1;
    private static final int NEW_SESSION_EPOCH = 0;

    /**
     * How many rounds a session lasts, and one more for each partition, so that naming them all costs one in a round; some minutes when
     * nothing happens.
     */
    static final int SESSION_ROUNDS = 1000;

    private final FetchersConfig config;
    private final Map<PartitionKey, FollowedPartition> partitions = new LinkedHashMap<>();

    /** Those of which the last round has said something else, or which it has not named. */
    private final Set<FollowedPartition> changed = new LinkedHashSet<>();

    private final Map<PartitionKey, ReplicaFetch> urgent = new HashMap<>();
    private int wantedCount;
    private int replica;
    private long brokerEpoch = Long.MIN_VALUE;

    private int sessionId = NO_SESSION;
    private int sessionEpoch;
    private boolean beginsAnew;
    private boolean isIncremental;

    WantedFetches(FetchersConfig config) {
        this.config = config;
    }

    /**
     * Takes in a fetch. It takes the place of an earlier one of the partition.
     *
     * @return those that fail by it: fetches under an earlier registration of the broker, since a request speaks for one
     */
    List<Delivery> add(ReplicaFetch fetch, Follower follower) {
        if (fetch.brokerEpoch() < brokerEpoch) {
            return List.of(Delivery.failed(follower, fetch));
        }
        List<Delivery> outdated = fetch.brokerEpoch() > brokerEpoch ? endAll(partitions.values()) : List.of();
        replica = fetch.replica();
        brokerEpoch = fetch.brokerEpoch();
        PartitionKey key = new PartitionKey(follower.topicId(), follower.id().index());
        FollowedPartition partition = partitions.computeIfAbsent(key, unknown -> new FollowedPartition(key, follower));
        wantedCount += partition.isWanted() ? 0 : 1;
        partition.want(fetch, follower);
        beginsAnew |= partition.isOfAnotherEpoch();
        if (partition.isTold()) {
            changed.remove(partition);
        } else {
            changed.add(partition);
        }
        return outdated;
    }

    /** Whether a round would ask for something. */
    boolean isAny() {
        return wantedCount > 0;
    }

    /** Whether something is wanted that the last round has not asked for. */
    boolean isUrgent() {
        return changed.stream().anyMatch(FollowedPartition::isWanted);
    }

    // Requests.

    /** The next round; the one before has been answered. */
    FetchRequest round() {
        boolean isOver = sessionEpoch > SESSION_ROUNDS + partitions.size();
        isIncremental = sessionId != NO_SESSION && !beginsAnew && !isOver;
        FetchRequest request = request().maxWaitMs(config.maxWaitMs()).sessionId(sessionId);
        Topics topics = new Topics();
        if (isIncremental) {
            request.sessionEpoch(sessionEpoch);
            sessionEpoch++;
            changed.forEach(partition -> tell(partition, topics));
        } else {
            request.sessionEpoch(NEW_SESSION_EPOCH);
            partitions.values().removeIf(partition -> !partition.isWanted());
            partitions.values().forEach(topics::ask);
            beginsAnew = false;
        }
        changed.clear();
        return request.topics(topics.asked()).forgottenTopicsData(topics.forgotten());
    }

    private void tell(FollowedPartition partition, Topics topics) {
        if (!partition.isWanted()) {
            partitions.remove(partition.key());
            if (partition.told() != null) {
                topics.forget(partition.key());
            }
        } else if (!partition.isTold()) {
            topics.ask(partition);
        }
    }

    /** A request for what the round that is under way does not ask for; the urgent one before has been answered. */
    FetchRequest urgent() {
        urgent.clear();
        Topics topics = new Topics();
        for (FollowedPartition partition : changed) {
            ReplicaFetch wanted = partition.wanted();
            if (wanted != null) {
                urgent.put(partition.key(), wanted);
                topics.ask(partition.key(), wanted);
            }
        }
        return request()
                .maxWaitMs(0)
                .sessionId(NO_SESSION)
                .sessionEpoch(NO_SESSION_EPOCH)
                .topics(topics.asked());
    }

    private FetchRequest request() {
        // Throttling (KIP-73) has its place here: a request asks for no more than the rate leaves, and names throttled
        // partitions only then.
        return new FetchRequest()
                .replicaState(new FetchRequest.ReplicaState().replicaId(replica).replicaEpoch(brokerEpoch))
                .minBytes(config.minBytes())
                .maxBytes(config.maxBytes());
    }

    /** The topics of one request. */
    private final class Topics {

        private final Map<UUID, FetchTopic> asked = new LinkedHashMap<>();
        private final Map<UUID, ForgottenTopic> forgotten = new LinkedHashMap<>();

        /** Asks for what is wanted of a partition, and notes that this round does. */
        void ask(FollowedPartition partition) {
            partition.tell();
            ReplicaFetch wanted = partition.wanted();
            if (wanted != null) {
                ask(partition.key(), wanted);
            }
        }

        void ask(PartitionKey key, ReplicaFetch fetch) {
            asked.computeIfAbsent(key.topicId(), id -> new FetchTopic().topicId(id))
                    .partitions()
                    .add(FollowedPartition.position(key, fetch, config.partitionMaxBytes()));
        }

        void forget(PartitionKey key) {
            forgotten
                    .computeIfAbsent(key.topicId(), id -> new ForgottenTopic().topicId(id))
                    .partitions()
                    .add(key.index());
        }

        List<FetchTopic> asked() {
            return new ArrayList<>(asked.values());
        }

        List<ForgottenTopic> forgotten() {
            return new ArrayList<>(forgotten.values());
        }
    }

    // Responses.

    /**
     * Takes the response to the last round.
     *
     * @throws ProtocolException when it is none to that; then nothing has changed
     */
    List<Delivery> roundAnswered(FetchResponse response) {
        ErrorCode error = ErrorCode.find(response.errorCode());
        if (error != ErrorCode.NONE) {
            return roundRefused(response, error);
        }
        if (!isIncremental) {
            sessionId = response.sessionId();
            sessionEpoch = 1;
        } else if (response.sessionId() != sessionId) {
            throw new ProtocolException(
                    "a response of another session: sessionId=" + response.sessionId() + ", asked in=" + sessionId);
        }
        List<Delivery> deliveries = new ArrayList<>();
        for (FetchableTopicResponse topic : response.responses()) {
            for (PartitionData data : topic.partitions()) {
                PartitionKey key = new PartitionKey(topic.topicId(), data.partitionIndex());
                FollowedPartition partition = partitions.get(key);
                if (partition == null || !partition.isTold()) {
                    beginsAnew = true;
                } else {
                    deliveries.add(end(partition, data));
                }
            }
        }
        return deliveries;
    }

    /** A session that the leader has given up is begun anew, and nobody needs to know; anything else fails what was asked. */
    private List<Delivery> roundRefused(FetchResponse response, @Nullable ErrorCode error) {
        sessionId = NO_SESSION;
        boolean isOfSession = error == ErrorCode.FETCH_SESSION_ID_NOT_FOUND
                || error == ErrorCode.INVALID_FETCH_SESSION_EPOCH
                || error == ErrorCode.FETCH_SESSION_TOPIC_ID_ERROR;
        if (isOfSession && isIncremental) {
            return List.of();
        }
        String problem = "the leader refuses to answer: errorCode=" + response.errorCode();
        List<Delivery> failed = new ArrayList<>();
        for (FollowedPartition partition : partitions.values()) {
            if (partition.isTold()) {
                failed.add(end(partition, Outcome.failed(problem)));
            }
        }
        return failed;
    }

    /** Takes the response to the last urgent request. What it does not answer is left to the next round. */
    List<Delivery> urgentAnswered(FetchResponse response) {
        List<Delivery> deliveries = new ArrayList<>();
        boolean isRefused = response.errorCode() != ErrorCode.NONE.code();
        for (FetchableTopicResponse topic : isRefused ? List.<FetchableTopicResponse>of() : response.responses()) {
            for (PartitionData data : topic.partitions()) {
                PartitionKey key = new PartitionKey(topic.topicId(), data.partitionIndex());
                FollowedPartition partition = partitions.get(key);
                if (partition != null && partition.asksAs(urgent.get(key))) {
                    deliveries.add(end(partition, data));
                }
            }
        }
        urgent.clear();
        return deliveries;
    }

    private Delivery end(FollowedPartition partition, PartitionData data) {
        Delivery delivery = end(partition, PartitionAnswer.of(partition.wantedNow(), data));
        if (delivery.outcome().records().hasRemaining()) {
            // Whoever was served goes to the end, so that no partition starves behind the limit of bytes.
            partitions.remove(partition.key());
            partitions.put(partition.key(), partition);
        }
        return delivery;
    }

    private Delivery end(FollowedPartition partition, Outcome outcome) {
        wantedCount--;
        changed.add(partition);
        return partition.end(outcome);
    }

    private List<Delivery> endAll(Collection<FollowedPartition> ended) {
        List<Delivery> failed = new ArrayList<>();
        for (FollowedPartition partition : ended) {
            if (partition.isWanted()) {
                failed.add(end(partition, Outcome.FAILED));
            }
        }
        return failed;
    }

    /** Forgets everything, since the leader knows nothing any more: the fetches that fail by it. */
    List<Delivery> clear() {
        List<Delivery> failed = endAll(partitions.values());
        partitions.clear();
        changed.clear();
        urgent.clear();
        sessionId = NO_SESSION;
        beginsAnew = false;
        return failed;
    }
}
