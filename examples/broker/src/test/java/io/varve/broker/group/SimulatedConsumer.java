// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.group;

import io.varve.broker.request.ErrorCode;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * A member of a consumer group as a client should be one: gives back first, takes then, and says anew all it knows when an answer is lost.
 * Whoever says what it has must not take what it was told before, for the group may rely on its words.
 */
final class SimulatedConsumer {

    private static final GroupCommand.Client CLIENT = new GroupCommand.Client("c", "/h");
    private static final int REBALANCE_TIMEOUT_MS = 700;

    final @Nullable String instanceId;
    final Set<TopicIdPartition> owned = new TreeSet<>();
    String memberId;
    int epoch;
    boolean running;

    /** How often it has started. */
    int lives;

    /** Whether it has asked and has not been answered. */
    boolean waits;

    private final Random random;
    private List<String> topics;
    private String regex = "";
    private String assignor = "uniform";
    private Set<TopicIdPartition> assigned = new TreeSet<>();
    private boolean sayAll = true;

    SimulatedConsumer(String name, boolean isStatic, Random random) {
        this.instanceId = isStatic ? name : null;
        this.memberId = name + "-0";
        this.random = random;
        this.topics = List.of("t0");
    }

    /** Starts as a new process, which knows nothing. */
    void start() {
        lives++;
        memberId = memberId.substring(0, memberId.indexOf('-') + 1) + lives;
        running = true;
        waits = false;
        startAnew();
        choose();
    }

    /** Ends without a word. */
    void crash() {
        running = false;
        owned.clear();
    }

    /** Reads other topics from now on. */
    void choose() {
        sayAll = true;
        topics = switch (random.nextInt(4)) {
            case 0 -> List.of("t0");
            case 1 -> List.of("t0", "t1");
            case 2 -> List.of("t1", "missing");
            default -> List.of();
        };
        regex = topics.isEmpty() ? "t[0-9]+" : "";
        assignor = random.nextInt(4) == 0 ? "range" : "uniform";
    }

    /** As all members are at the end, so that their shares can be compared. */
    void chooseAll() {
        sayAll = true;
        topics = List.of();
        regex = "t.*";
        assignor = "uniform";
    }

    private void startAnew() {
        epoch = 0;
        owned.clear();
        assigned.clear();
        sayAll = true;
    }

    /** Gives back what it must, and only when that is done takes what it may; either may take until the next heartbeat. */
    void work() {
        if (!assigned.containsAll(owned)) {
            owned.retainAll(assigned);
        } else {
            owned.addAll(assigned);
        }
    }

    GroupCommand.ConsumerHeartbeat heartbeat(long requestId) {
        return command(requestId, epoch, sayAll || epoch == 0);
    }

    GroupCommand.ConsumerHeartbeat leave(long requestId) {
        crash();
        boolean comesAgain = instanceId != null && random.nextBoolean();
        return command(requestId, comesAgain ? CurrentAssignment.LEFT_FOR_A_WHILE : -1, false);
    }

    private GroupCommand.ConsumerHeartbeat command(long requestId, int said, boolean all) {
        sayAll = false;
        if (all) {
            assigned = new TreeSet<>(owned);
        }
        boolean tells = owned.equals(assigned) && (all || random.nextInt(3) > 0);
        return new GroupCommand.ConsumerHeartbeat(
                requestId,
                "g",
                memberId,
                said,
                instanceId,
                null,
                CLIENT,
                all ? REBALANCE_TIMEOUT_MS : -1,
                all ? topics : null,
                all ? regex : null,
                all ? assignor : null,
                tells ? Set.copyOf(owned) : null,
                null);
    }

    void lost() {
        sayAll = true;
    }

    void heard(GroupAnswer.Heard answer) {
        if (answer.error() == ErrorCode.NONE) {
            epoch = answer.epoch();
            if (answer.assigned() != null) {
                assigned = new TreeSet<>(answer.assigned());
            }
        } else if (answer.error() != ErrorCode.UNRELEASED_INSTANCE_ID) {
            startAnew();
        } else {
            sayAll = true;
        }
    }

    @Override
    public String toString() {
        return memberId + "@" + epoch + owned;
    }
}
