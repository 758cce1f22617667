// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.group;

import io.varve.broker.partition.Partition;
import io.varve.broker.partition.Timer;
import io.varve.broker.request.ErrorCode;
import io.varve.broker.request.RequestException;
import io.varve.kafka.ProtocolException;
import io.varve.log.LogReader;
import io.varve.log.batch.BatchBuilder;
import io.varve.replication.machine.Decision;
import java.nio.ByteBuffer;
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
 * go. The machine is made from the partition's records when it is first needed.
 *
 * <p>Threading: confined to the lane of the partition; the public methods hand over to it.
 */
final class GroupShard {

    private static final Logger LOG = LoggerFactory.getLogger(GroupShard.class);

    private final Partition partition;
    private final GroupConfig config;
    private final Timer timer;
    private final Map<Long, CompletableFuture<GroupAnswer>> waiting = new HashMap<>();
    private @Nullable GroupMachine loaded;
    private long nextRequestId;
    private long scheduledMs = Long.MAX_VALUE;
    private boolean closed;

    GroupShard(Partition partition, GroupConfig config, Timer timer) {
        this.partition = partition;
        this.config = config;
        this.timer = timer;
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
                answer.completeExceptionally(e);
            }
        });
        return answer;
    }

    /** Reads the machine's state. */
    <T> CompletableFuture<T> read(Function<GroupMachine, T> reading) {
        CompletableFuture<T> answer = new CompletableFuture<>();
        onLane(answer, () -> answer.complete(reading.apply(machine())));
        return answer;
    }

    private void onLane(CompletableFuture<?> answer, Runnable work) {
        try {
            partition.lane().execute(() -> {
                if (closed) {
                    answer.completeExceptionally(notCoordinator());
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

    private RequestException notCoordinator() {
        return new RequestException(ErrorCode.NOT_COORDINATOR, "the broker no longer leads " + partition);
    }

    private GroupMachine machine() {
        GroupMachine machine = loaded;
        if (machine == null) {
            machine = load();
            loaded = machine;
            schedule(machine);
        }
        return machine;
    }

    private GroupMachine load() {
        GroupMachine machine = new GroupMachine(config);
        long nowMs = System.currentTimeMillis();
        long records = 0;
        try (LogReader reader = partition.log().readerAt(partition.log().startOffset())) {
            while (reader.next()) {
                ByteBuffer key = reader.record().key();
                if (key == null) {
                    continue;
                }
                try {
                    GroupEvent event = GroupRecords.decode(key, reader.record().value(), nowMs);
                    if (event != null) {
                        machine.apply(reader.offset(), event);
                    }
                    records++;
                } catch (ProtocolException e) {
                    LOG.warn("A record cannot be understood: partition={}, offset={}", partition, reader.offset(), e);
                }
            }
        }
        if (records > 0) {
            LOG.info(
                    "Groups loaded: partition={}, records={}, groups={}",
                    partition,
                    records,
                    machine.groups().size());
        }
        return machine;
    }

    private void carryOut(GroupCommand command) {
        GroupMachine machine = machine();
        Decision<GroupEvent, List<GroupAnswer>> decision = machine.decide(command, System.currentTimeMillis());
        long offset = append(decision.events());
        decision.events().forEach(event -> machine.apply(offset, event));
        for (GroupAnswer answer : decision.reply()) {
            CompletableFuture<GroupAnswer> waiter = waiting.remove(answer.requestId());
            if (waiter != null) {
                waiter.complete(answer);
            }
        }
        schedule(machine);
    }

    private long append(List<GroupEvent> events) {
        BatchBuilder batch = new BatchBuilder();
        for (GroupEvent event : events) {
            if (event.isDurable()) {
                GroupRecords.Stored stored = GroupRecords.encode(event);
                batch.add(stored.key(), stored.value());
            }
        }
        return batch.recordCount() == 0 ? partition.highWatermark() : partition.append(batch.build());
    }

    /** Wakes the machine when its next deadline has come; a deadline that is moved back is found moved when it comes. */
    private void schedule(GroupMachine machine) {
        long nextMs = machine.nextDeadlineMs();
        if (nextMs >= scheduledMs) {
            return;
        }
        scheduledMs = nextMs;
        long delayMs = Math.max(1, nextMs - System.currentTimeMillis());
        timer.schedule(delayMs, () -> tick(new GroupCommand.Tick()));
    }

    /** Lets time pass. */
    void tick(GroupCommand command) {
        onLane(new CompletableFuture<>(), () -> {
            if (loaded != null) {
                scheduledMs = Long.MAX_VALUE;
                carryOut(command);
            }
        });
    }

    /** The partition goes: whoever waits must look for another coordinator. On the lane. */
    void close() {
        closed = true;
        waiting.values().forEach(waiter -> waiter.completeExceptionally(notCoordinator()));
        waiting.clear();
    }
}
