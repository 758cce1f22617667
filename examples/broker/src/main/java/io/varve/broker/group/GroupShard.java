// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.group;

import io.varve.broker.partition.CommitListener;
import io.varve.broker.partition.Partition;
import io.varve.broker.partition.Timer;
import io.varve.broker.request.ErrorCode;
import io.varve.broker.request.ErrorMapping;
import io.varve.broker.request.RequestException;
import io.varve.log.batch.BatchBuilder;
import io.varve.replication.machine.Decision;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One partition of __consumer_offsets and the machine on it: decides, appends what is durable, applies, and only then lets the answers
 * go.
 *
 * <p>A shard is LOADING until its machine has read the partition, then OPEN, and CLOSED when the partition goes; it is FAILED when the
 * partition cannot be read. A partition without records is loaded at once.
 *
 * <p>Threading: confined to the lane of the partition; {@link #submit}, {@link #read} and {@link #tell} hand over to it.
 */
final class GroupShard {

    private static final Logger LOG = LoggerFactory.getLogger(GroupShard.class);

    /** Pause before a tick whose events could not be appended is tried again. */
    private static final long RETRY_MS = 1000;

    private enum State {
        LOADING,
        OPEN,
        FAILED,
        CLOSED
    }

    private final Partition partition;
    private final Timer timer;
    private final GroupMachine machine;
    private final Map<Long, CompletableFuture<GroupAnswer>> waiting = new HashMap<>();

    /** What was told while the machine was loading. */
    private final List<GroupCommand> told = new ArrayList<>();

    private State state = State.LOADING;
    private @Nullable GroupLoad load;
    private long nextRequestId;
    private long wakeMs = Long.MAX_VALUE;
    private Timer.Cancel wake = () -> {};

    GroupShard(Partition partition, GroupConfig config, Timer timer) {
        this.partition = partition;
        this.timer = timer;
        this.machine = new GroupMachine(config);
    }

    /** Begins to load; on the lane. */
    void open() {
        assert partition.lane().isOwner();
        if (partition.log().startOffset() == partition.log().endOffset()) {
            state = State.OPEN;
        } else {
            partition.lane().execute(this::load);
        }
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
            LOG.info(
                    "Groups loaded: partition={}, records={}, groups={}",
                    partition,
                    job.records(),
                    machine.groups().size());
            endLoad(State.OPEN);
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
        if (next == State.OPEN) {
            told.forEach(this::carryOut);
            schedule();
        }
        told.clear();
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
                LOG.error("A group's command failed: partition={}", partition, e);
                answer.completeExceptionally(refusal(e));
            }
        });
        return answer;
    }

    /** Reads the machine's state. */
    <T> CompletableFuture<T> read(Function<GroupMachine, T> reading) {
        CompletableFuture<T> answer = new CompletableFuture<>();
        onLane(answer, () -> answer.complete(reading.apply(machine)));
        return answer;
    }

    /** Carries out a command that nobody waits for, after loading if need be. */
    void tell(GroupCommand command) {
        try {
            partition.lane().execute(() -> {
                if (state == State.OPEN) {
                    carryOut(command);
                } else if (state == State.LOADING) {
                    told.add(command);
                }
            });
        } catch (RejectedExecutionException e) {
            LOG.debug("The partition is closed: partition={}, command={}", partition, command);
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
                    answer.completeExceptionally(e);
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
    private static RequestException refusal(RuntimeException failure) {
        ErrorCode error =
                switch (ErrorMapping.of(failure)) {
                    case KAFKA_STORAGE_ERROR, NOT_LEADER_OR_FOLLOWER -> ErrorCode.NOT_COORDINATOR;
                    case NOT_ENOUGH_REPLICAS -> ErrorCode.COORDINATOR_NOT_AVAILABLE;
                    default -> ErrorCode.UNKNOWN_SERVER_ERROR;
                };
        return new RequestException(error, ErrorMapping.message(failure));
    }

    private void carryOut(GroupCommand command) {
        Decision<GroupEvent, List<GroupAnswer>> decision = machine.decide(command, System.currentTimeMillis());
        long offset = append(decision.events());
        decision.events().forEach(event -> machine.apply(offset, event));
        for (GroupAnswer answer : decision.reply()) {
            CompletableFuture<GroupAnswer> waiter = waiting.remove(answer.requestId());
            if (waiter != null) {
                waiter.complete(answer);
            }
        }
        schedule();
    }

    private long append(List<GroupEvent> events) {
        BatchBuilder batch = new BatchBuilder();
        for (GroupEvent event : events) {
            if (event.isDurable()) {
                GroupRecords.Stored stored = GroupRecords.encode(event);
                batch.add(stored.key(), stored.value());
            }
        }
        return batch.recordCount() == 0
                ? partition.highWatermark()
                : partition.append(batch.build(), new CommitListener() {
                    @Override
                    public void onCommitted() {}

                    @Override
                    public void onFailed(io.varve.broker.partition.AppendRefusedException reason) {}
                });
    }

    /** Wakes the machine when its next deadline has come. A deadline that moves back is found moved when the wake-up comes. */
    private void schedule() {
        long nextMs = machine.nextDeadlineMs();
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
                try {
                    carryOut(new GroupCommand.Tick());
                } catch (RuntimeException e) {
                    LOG.error("What is due cannot be decided: partition={}", partition, e);
                    wakeAt(System.currentTimeMillis() + RETRY_MS);
                }
            });
        } catch (RejectedExecutionException e) {
            LOG.debug("The partition is closed: partition={}", partition);
        }
    }

    /** The partition goes: whoever waits must look for another coordinator. On the lane. */
    void close() {
        assert partition.lane().isOwner();
        wake.run();
        endLoad(State.CLOSED);
        waiting.values().forEach(waiter -> waiter.completeExceptionally(notCoordinator()));
        waiting.clear();
    }
}
