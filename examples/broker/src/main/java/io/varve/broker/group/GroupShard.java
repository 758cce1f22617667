// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.group;

import io.varve.broker.partition.AppendRefusedException;
import io.varve.broker.partition.CommitListener;
import io.varve.broker.partition.Partition;
import io.varve.broker.partition.Timer;
import io.varve.broker.request.ErrorCode;
import io.varve.broker.request.ErrorMapping;
import io.varve.broker.request.RequestException;
import io.varve.log.batch.BatchBuilder;
import io.varve.replication.machine.Decision;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One partition of __consumer_offsets that this broker leads, and the machine on it: decides, appends what is durable, applies, and lets
 * the answers go once all that they rest on is committed.
 *
 * <p>Events are applied when they are appended, so that the next decision sees them. When they are not committed another broker leads:
 * the shard is closed with its machine, none of whose answers has rested on them.
 *
 * <p>A shard is LOADING until what it found in the partition is committed and its machine has read it, then OPEN, and CLOSED when this
 * broker no longer leads; it is FAILED when the partition cannot be read. A partition without records is loaded at once.
 *
 * <p>Threading: confined to the lane of the partition; {@link #submit}, {@link #read} and {@link #tell} hand over to it.
 */
final class GroupShard {

    private static final Logger LOG = LoggerFactory.getLogger(GroupShard.class);

    /** Pause before what nobody waits for is tried again when it could not be appended. */
    private static final long RETRY_MS = 1000;

    private enum State {
        LOADING,
        OPEN,
        FAILED,
        CLOSED
    }

    private final Partition partition;
    private final Timer timer;
    private final Supplier<Topics> topics;
    private final GroupMachine machine;
    private final HeldAnswers held;
    private final Map<Long, CompletableFuture<GroupAnswer>> waiting = new HashMap<>();

    /** What nobody waits for and is still to be done: after loading, or after a pause. */
    private final Deque<GroupCommand> told = new ArrayDeque<>();

    private State state = State.LOADING;
    private @Nullable GroupLoad load;
    private long nextRequestId;

    /** How many batches this shard has appended. */
    private long batches;

    private long wakeMs = Long.MAX_VALUE;
    private Timer.Cancel wake = () -> {};

    /**
     * Makes a shard that does nothing until it is opened.
     *
     * @param topics tells the topics of the cluster; of later ones it is told
     */
    GroupShard(Partition partition, GroupConfig config, Timer timer, Supplier<Topics> topics) {
        this.partition = partition;
        this.timer = timer;
        this.topics = topics;
        this.machine = new GroupMachine(config);
        this.held = new HeldAnswers(config.commitTimeoutMs());
    }

    /** Begins to load, as soon as what is in the partition is committed; on the lane. */
    void open() {
        assert partition.lane().isOwner();
        partition.awaitCommit(whenCommitted(this::load));
    }

    /** Whoever is told that this broker does not lead any more lets go of the machine. */
    private CommitListener whenCommitted(Runnable then) {
        return new CommitListener() {
            @Override
            public void onCommitted() {
                then.run();
            }

            @Override
            public void onFailed(AppendRefusedException reason) {
                close();
            }
        };
    }

    private void load() {
        if (state != State.LOADING) {
            return;
        }
        try {
            GroupLoad job = load == null ? new GroupLoad(partition, machine) : load;
            load = job;
            if (!job.doWork(System.currentTimeMillis())) {
                partition.lane().execute(this::load);
                return;
            }
            if (job.records() > 0) {
                LOG.info(
                        "Groups loaded: partition={}, records={}, groups={}",
                        partition,
                        job.records(),
                        machine.groupCount());
            }
            endLoad(State.OPEN);
            told.addFirst(new GroupCommand.KnowTopics(topics.get()));
            carryOutTold();
            schedule();
        } catch (RejectedExecutionException e) {
            endLoad(State.CLOSED);
        } catch (RuntimeException e) {
            LOG.error("Groups cannot be loaded: partition={}", partition, e);
            endLoad(State.FAILED);
        }
    }

    private void endLoad(State next) {
        state = next;
        if (load != null) {
            load.close();
            load = null;
        }
    }

    /** Carries out a command that is made once its request has a number; completes on the lane. */
    CompletableFuture<GroupAnswer> submit(Function<Long, GroupCommand> command) {
        CompletableFuture<GroupAnswer> answer = new CompletableFuture<>();
        onLane(answer, () -> {
            long requestId = nextRequestId++;
            waiting.put(requestId, answer);
            try {
                carryOut(command.apply(requestId));
            } catch (RuntimeException e) {
                waiting.remove(requestId);
                throw e;
            }
        });
        return answer;
    }

    /** Reads the machine's state, of which nothing may be handed out that changes; completes on the lane. */
    <T> CompletableFuture<T> read(Function<GroupMachine, T> reading) {
        CompletableFuture<T> answer = new CompletableFuture<>();
        onLane(answer, () -> {
            held.give(answer, reading.apply(machine), batches, System.currentTimeMillis());
            schedule();
        });
        return answer;
    }

    /** Carries out a command that nobody waits for, after loading if need be. */
    void tell(GroupCommand command) {
        try {
            partition.lane().execute(() -> {
                if (state == State.LOADING || state == State.OPEN) {
                    addTold(command);
                    carryOutTold();
                }
            });
        } catch (RejectedExecutionException e) {
            LOG.debug("The partition is closed: partition={}, command={}", partition, command);
        }
    }

    private void addTold(GroupCommand command) {
        if (!told.contains(command)) {
            told.add(command);
        }
    }

    private void carryOutTold() {
        try {
            while (state == State.OPEN && !told.isEmpty()) {
                carryOut(told.element());
                told.remove();
            }
        } catch (RuntimeException e) {
            LOG.warn("What is due cannot be done, and is tried again: partition={}", partition, e);
            wakeAt(System.currentTimeMillis() + RETRY_MS);
        }
    }

    private void onLane(CompletableFuture<?> answer, Runnable work) {
        try {
            partition.lane().execute(() -> {
                if (state != State.OPEN) {
                    answer.completeExceptionally(unavailable());
                    return;
                }
                try {
                    work.run();
                } catch (RuntimeException e) {
                    answer.completeExceptionally(refusal(e));
                }
            });
        } catch (RejectedExecutionException e) {
            answer.completeExceptionally(notCoordinator());
        }
    }

    private RequestException unavailable() {
        return switch (state) {
            case LOADING ->
                new RequestException(
                        ErrorCode.COORDINATOR_LOAD_IN_PROGRESS, "the groups are being loaded: " + partition);
            case FAILED ->
                new RequestException(ErrorCode.COORDINATOR_NOT_AVAILABLE, "the groups cannot be loaded: " + partition);
            case OPEN, CLOSED -> notCoordinator();
        };
    }

    private RequestException notCoordinator() {
        return new RequestException(ErrorCode.NOT_COORDINATOR, "the broker no longer leads " + partition);
    }

    /** What a member is told of an append that failed: errors on which clients look for the coordinator anew and try again. */
    private RequestException refusal(RuntimeException failure) {
        if (failure instanceof RequestException refusal) {
            return refusal;
        }
        ErrorCode error =
                switch (ErrorMapping.of(failure)) {
                    case KAFKA_STORAGE_ERROR, NOT_LEADER_OR_FOLLOWER -> ErrorCode.NOT_COORDINATOR;
                    case NOT_ENOUGH_REPLICAS -> ErrorCode.COORDINATOR_NOT_AVAILABLE;
                    default -> ErrorCode.UNKNOWN_SERVER_ERROR;
                };
        if (error == ErrorCode.UNKNOWN_SERVER_ERROR) {
            LOG.error("A group's command failed: partition={}", partition, failure);
        }
        return new RequestException(error, ErrorMapping.message(failure));
    }

    private void carryOut(GroupCommand command) {
        long nowMs = System.currentTimeMillis();
        Decision<GroupEvent, List<GroupAnswer>> decision = machine.decide(command, nowMs);
        long offset = append(decision.events());
        decision.events().forEach(event -> machine.apply(offset, event));
        for (GroupAnswer answer : decision.reply()) {
            CompletableFuture<GroupAnswer> waiter = waiting.remove(answer.requestId());
            if (waiter != null) {
                held.give(waiter, answer, batches, nowMs);
            }
        }
        schedule();
    }

    /** Appends what is durable, as one batch, so that a later leader has all of it or nothing. */
    private long append(List<GroupEvent> events) {
        BatchBuilder batch = new BatchBuilder();
        for (GroupEvent event : events) {
            if (event.isDurable()) {
                GroupRecords.Stored stored = GroupRecords.encode(event);
                batch.add(stored.key(), stored.value());
            }
        }
        if (batch.recordCount() == 0) {
            return partition.log().endOffset();
        }
        long number = batches + 1;
        long offset = partition.append(batch.build(), whenCommitted(() -> held.committed(number)));
        batches = number;
        return offset;
    }

    /** Wakes the shard when the next deadline has come. A deadline that moves back is found moved when the wake-up comes. */
    private void schedule() {
        long nextMs = Math.min(machine.nextDeadlineMs(), held.nextDeadlineMs());
        if (nextMs < wakeMs) {
            wakeAt(nextMs);
        }
    }

    private void wakeAt(long nextMs) {
        wake.run();
        wakeMs = nextMs;
        wake = timer.schedule(Math.max(1, nextMs - System.currentTimeMillis()), () -> wake(nextMs));
    }

    private void wake(long forMs) {
        try {
            partition.lane().execute(() -> {
                if (state != State.OPEN) {
                    return;
                }
                // A wake-up that was taken back too late must not make the shard forget the one that replaced it.
                if (wakeMs == forMs) {
                    wakeMs = Long.MAX_VALUE;
                }
                held.expire(System.currentTimeMillis(), notCommitted());
                addTold(new GroupCommand.Tick());
                carryOutTold();
            });
        } catch (RejectedExecutionException e) {
            LOG.debug("The partition is closed: partition={}", partition);
        }
    }

    private RequestException notCommitted() {
        return new RequestException(
                ErrorCode.COORDINATOR_NOT_AVAILABLE,
                "the replicas in sync have not got it in time, and may yet: " + partition);
    }

    /** This broker no longer leads: whoever waits must look for another coordinator. On the lane; idempotent. */
    void close() {
        assert partition.lane().isOwner();
        wake.run();
        endLoad(State.CLOSED);
        told.clear();
        held.fail(notCoordinator());
        waiting.values().forEach(waiter -> waiter.completeExceptionally(notCoordinator()));
        waiting.clear();
    }
}
