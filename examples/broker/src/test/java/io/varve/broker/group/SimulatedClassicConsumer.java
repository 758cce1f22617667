// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.group;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.broker.request.ErrorCode;
import io.varve.kafka.MessageWriter;
import io.varve.kafka.message.ConsumerProtocolSubscription;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * A consumer that speaks the classic protocol, and assigns when it leads. An eager one gives all back before it joins; a cooperative one
 * keeps what it has until it is assigned to another (KIP-429).
 */
final class SimulatedClassicConsumer {

    static final int SESSION_TIMEOUT_MS = 1500;
    static final int REBALANCE_TIMEOUT_MS = 900;

    final Set<TopicIdPartition> owned = new TreeSet<>();
    String memberId = "";
    int generation = -1;

    private final boolean cooperative;
    private final @Nullable String instanceId;
    private final Random random;
    private boolean joins = true;
    private boolean owesSync;
    private boolean leads;
    private List<Member> members = List.of();

    SimulatedClassicConsumer(boolean cooperative, @Nullable String instanceId, Random random) {
        this.cooperative = cooperative;
        this.instanceId = instanceId;
        this.random = random;
    }

    private GroupCommand.Identity identity() {
        return new GroupCommand.Identity(memberId, instanceId);
    }

    GroupCommand next(long requestId, Topics topics) {
        if (joins) {
            return join(requestId, topics);
        }
        if (owesSync) {
            return new GroupCommand.Sync(
                    requestId, "g", identity(), generation, "consumer", null, leads ? assign(topics) : Map.of());
        }
        return new GroupCommand.Heartbeat(requestId, "g", identity(), generation);
    }

    GroupCommand leave(long requestId) {
        return new GroupCommand.Leave(requestId, "g", List.of(identity()));
    }

    private GroupCommand join(long requestId, Topics topics) {
        if (!cooperative) {
            owned.clear();
        }
        return new GroupCommand.Join(
                requestId,
                "g",
                identity(),
                new GroupCommand.Client("c", "/h"),
                new GroupCommand.Timeouts(SESSION_TIMEOUT_MS, REBALANCE_TIMEOUT_MS),
                ConsumerProtocol.TYPE,
                List.of(new GroupCommand.Protocol(cooperative ? "cooperative" : "eager", subscription(topics))),
                "classic-" + requestId,
                new GroupCommand.Abilities(random.nextBoolean(), random.nextBoolean()));
    }

    private byte[] subscription(Topics topics) {
        Map<String, List<Integer>> byTopic = new TreeMap<>();
        for (TopicIdPartition partition : owned) {
            byTopic.computeIfAbsent(topics.topic(partition.topicId()).name(), name -> new ArrayList<>())
                    .add(partition.index());
        }
        short version = (short) (1 + random.nextInt(3));
        MessageWriter out = new MessageWriter();
        out.writeShort(version);
        new ConsumerProtocolSubscription()
                .topics(new ArrayList<>(new TreeSet<>(topics.names())))
                .ownedPartitions(byTopic.entrySet().stream()
                        .map(topic -> new ConsumerProtocolSubscription.TopicPartition()
                                .topic(topic.getKey())
                                .partitions(topic.getValue()))
                        .toList())
                .generationId(version < 2 ? -1 : generation)
                .write(out, version);
        return GroupRecords.bytes(out.toBuffer());
    }

    /** In turn, by the ids of the members; what another has yet is nobody's until it has given it back. */
    private Map<String, byte[]> assign(Topics topics) {
        Map<String, ByteBuffer> metadata = new TreeMap<>();
        Map<TopicIdPartition, String> owners = new HashMap<>();
        for (Member member : members) {
            ByteBuffer said = ByteBuffer.wrap(member.metadata(cooperative ? "cooperative" : "eager"));
            metadata.put(member.memberId(), said);
            ConsumerProtocol.owned(ConsumerProtocol.subscription(said), topics)
                    .forEach(partition -> owners.put(partition, member.memberId()));
        }
        List<String> ids = List.copyOf(metadata.keySet());
        Map<String, SortedSet<TopicIdPartition>> assigned = new HashMap<>();
        ids.forEach(id -> assigned.put(id, new TreeSet<>()));
        int turn = 0;
        for (TopicIdPartition partition : all(topics)) {
            String to = ids.get(turn++ % ids.size());
            if (owners.getOrDefault(partition, to).equals(to)) {
                assigned.get(to).add(partition);
            }
        }
        Map<String, byte[]> assignments = new HashMap<>();
        assigned.forEach((id, partitions) ->
                assignments.put(id, ConsumerProtocol.assignment(partitions, metadata.get(id), topics)));
        return assignments;
    }

    static SortedSet<TopicIdPartition> all(Topics topics) {
        SortedSet<TopicIdPartition> all = new TreeSet<>();
        for (String name : topics.names()) {
            Topics.Topic topic = topics.topic(name);
            for (int index = 0; index < topic.partitions(); index++) {
                all.add(new TopicIdPartition(topic.id(), index));
            }
        }
        return all;
    }

    void told(GroupAnswer answer, Topics topics) {
        if (answer instanceof GroupAnswer.Joined joined) {
            if (joined.error() == ErrorCode.NONE) {
                memberId = joined.memberId();
                generation = joined.generation();
                joins = false;
                owesSync = true;
                leads = joined.leaderId().equals(memberId) && !joined.skipAssignment();
                members = joined.members();
            } else if (joined.error() == ErrorCode.MEMBER_ID_REQUIRED) {
                memberId = joined.memberId();
            } else {
                react(joined.error());
            }
        } else if (answer instanceof GroupAnswer.Synced synced) {
            owesSync = false;
            if (synced.error() == ErrorCode.NONE) {
                assigned(ConsumerProtocol.assigned(
                        ConsumerProtocol.assignment(ByteBuffer.wrap(synced.assignment())), topics));
            } else {
                react(synced.error());
            }
        } else if (answer instanceof GroupAnswer.Done done) {
            react(done.error());
        }
    }

    private void assigned(SortedSet<TopicIdPartition> assigned) {
        boolean revokes = !assigned.containsAll(owned);
        owned.clear();
        owned.addAll(assigned);
        joins = cooperative && revokes;
    }

    private void react(ErrorCode error) {
        switch (error) {
            case NONE -> {}
            case REBALANCE_IN_PROGRESS -> {
                joins = true;
                owesSync = false;
            }
            case UNKNOWN_MEMBER_ID, FENCED_INSTANCE_ID -> startAnew("");
            case ILLEGAL_GENERATION -> startAnew(memberId);
            default -> assertThat(error).isEqualTo(ErrorCode.NONE);
        }
    }

    private void startAnew(String id) {
        memberId = id;
        generation = -1;
        owned.clear();
        joins = true;
        owesSync = false;
    }

    /** Does not know what became of its request. */
    void lost() {
        if (owesSync) {
            owesSync = false;
            joins = true;
        }
    }

    @Override
    public String toString() {
        return memberId + "@" + generation + owned;
    }
}
