// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.group;

import io.varve.broker.group.GroupCommand.Abilities;
import io.varve.broker.group.GroupCommand.Client;
import io.varve.broker.group.GroupCommand.Identity;
import io.varve.broker.group.GroupCommand.Protocol;
import io.varve.broker.group.GroupCommand.Timeouts;
import io.varve.broker.partition.TopicPartition;
import io.varve.broker.request.ErrorCode;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** A client of the simulation: does what a consumer does, at random times, and crashes. One request at a time. */
final class SimulatedMember {

    final String groupId;
    final TopicPartition partition;
    final @Nullable String instanceId;
    String memberId = "";
    int generation = -1;
    boolean waits;

    /** Whether the coordinator has forgotten its id and knows an earlier one instead, so that it may be fenced. */
    boolean lost;

    private boolean joins = true;
    private boolean owesSync;
    private boolean assigns;
    private List<Member> members = List.of();
    private long commits;

    SimulatedMember(String groupId, int number, boolean isStatic) {
        this.groupId = groupId;
        this.partition = new TopicPartition("t", number);
        this.instanceId = isStatic ? groupId + "-static-" + number : null;
    }

    private Identity identity() {
        return new Identity(memberId, instanceId);
    }

    /** The next request, null for a member that crashes without a word. */
    @Nullable
    GroupCommand next(long requestId, Random random, long nowMs) {
        if (joins) {
            return join(requestId, random);
        }
        if (owesSync) {
            return sync(requestId);
        }
        int kind = random.nextInt(12);
        if (kind < 2) {
            return gone(kind == 0, requestId);
        }
        return kind < 5
                ? new GroupCommand.Commit(
                        requestId,
                        groupId,
                        identity(),
                        generation,
                        Map.of(partition, new CommittedOffset(commits++, -1, "", nowMs)))
                : new GroupCommand.Heartbeat(requestId, groupId, identity(), generation);
    }

    /** Ends, and starts anew later; one without a static name may say goodbye. */
    private @Nullable GroupCommand gone(boolean politely, long requestId) {
        Identity identity = identity();
        forget();
        if (politely && instanceId == null) {
            return new GroupCommand.Leave(requestId, groupId, List.of(identity));
        }
        return null;
    }

    private GroupCommand join(long requestId, Random random) {
        return new GroupCommand.Join(
                requestId,
                groupId,
                identity(),
                new Client("c", "h"),
                new Timeouts(2_000, 3_000),
                "consumer",
                List.of(new Protocol("range", new byte[] {(byte) random.nextInt(2)})),
                "m-" + requestId,
                new Abilities(random.nextBoolean(), random.nextBoolean()));
    }

    private GroupCommand sync(long requestId) {
        Map<String, byte[]> assignments = new HashMap<>();
        if (assigns) {
            members.forEach(member -> assignments.put(member.memberId(), assignment(generation, member)));
        }
        return new GroupCommand.Sync(requestId, groupId, identity(), generation, "consumer", "range", assignments);
    }

    /** What a leader assigns: it names the generation and whom it is for, by the name that lasts. */
    private static byte[] assignment(int generation, Member member) {
        return expected(generation, name(member.memberId(), member.instanceId()));
    }

    static byte[] expected(int generation, String name) {
        return ByteBuffer.allocate(8).putInt(generation).putInt(name.hashCode()).array();
    }

    private static String name(String memberId, @Nullable String instanceId) {
        return instanceId == null ? memberId : instanceId;
    }

    String name() {
        return name(memberId, instanceId);
    }

    void told(GroupAnswer answer) {
        waits = false;
        if (answer instanceof GroupAnswer.Joined joined) {
            memberId = joined.memberId();
            if (joined.error() == ErrorCode.NONE) {
                generation = joined.generation();
                joins = false;
                owesSync = true;
                assigns = joined.leaderId().equals(memberId) && !joined.skipAssignment();
                members = joined.members();
            } else if (joined.error() != ErrorCode.MEMBER_ID_REQUIRED) {
                react(joined.error());
            }
        } else if (answer instanceof GroupAnswer.Synced synced) {
            owesSync = false;
            react(synced.error());
        } else if (answer instanceof GroupAnswer.Done done) {
            react(done.error());
        } else if (answer instanceof GroupAnswer.ByPartition committed) {
            react(committed.errors().get(partition));
        }
    }

    private void react(ErrorCode error) {
        switch (error) {
            case NONE -> {}
            case REBALANCE_IN_PROGRESS -> joins = true;
            case UNKNOWN_MEMBER_ID, ILLEGAL_GENERATION -> forget();
            case FENCED_INSTANCE_ID -> {
                if (!lost) {
                    throw new AssertionError("fenced for no reason: " + name());
                }
                forget();
            }
            default -> throw new AssertionError("unexpected error: " + error + " of " + name());
        }
    }

    /** Its connection is lost: it asks again, under the same id. */
    void disconnected() {
        waits = false;
        joins = true;
        owesSync = false;
    }

    /** It starts anew and knows nothing but its static name. */
    private void forget() {
        memberId = "";
        lost = false;
        generation = -1;
        joins = true;
        owesSync = false;
    }
}
