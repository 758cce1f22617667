// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.group;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.broker.request.ErrorCode;
import io.varve.broker.request.RequestException;
import io.varve.replication.machine.Decision;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/**
 * The leader of a partition with groups: what it appends is committed some time later, and another leader may take its place that has no
 * more than what is committed.
 */
final class SimulatedCoordinator {

    static final int COMMIT_TIMEOUT_MS = 400;

    private static final RequestException LATE = new RequestException(ErrorCode.COORDINATOR_NOT_AVAILABLE, "late");
    private static final RequestException GONE = new RequestException(ErrorCode.NOT_COORDINATOR, "gone");

    private final GroupConfig config;
    private final Random random;

    /** The batches, of each of which a leader has all or nothing. */
    private final List<List<GroupRecords.Stored>> log = new ArrayList<>();

    private final Map<Long, CompletableFuture<GroupAnswer>> waiting = new HashMap<>();
    private HeldAnswers held = new HeldAnswers(COMMIT_TIMEOUT_MS);
    private GroupMachine machine;

    /** Is told of events only: whatever the machine knows that is not an event would be missing here. */
    private GroupMachine twin;

    private Topics topics = Topics.NONE;
    private int committed;
    private int lost;

    SimulatedCoordinator(GroupConfig config, Random random) {
        this.config = config;
        this.random = random;
        this.machine = new GroupMachine(config);
        this.twin = new GroupMachine(config);
    }

    /** The state, committed or not. */
    GroupMachine machine() {
        return machine;
    }

    GroupMachine twin() {
        return twin;
    }

    /** How many batches there are. */
    int batches() {
        return log.size();
    }

    /** How many batches were lost with their leaders. */
    int lostBatches() {
        return lost;
    }

    boolean isIdle() {
        return waiting.isEmpty() && held.nextDeadlineMs() == Long.MAX_VALUE;
    }

    CompletableFuture<GroupAnswer> submit(GroupCommand command, long nowMs) {
        CompletableFuture<GroupAnswer> answer = new CompletableFuture<>();
        waiting.put(command.requestId(), answer);
        carryOut(command, nowMs);
        return answer;
    }

    void know(Topics next) {
        topics = next;
        carryOut(new GroupCommand.KnowTopics(next), 0);
    }

    <T> CompletableFuture<T> read(Function<GroupMachine, T> reading, long nowMs) {
        CompletableFuture<T> answer = new CompletableFuture<>();
        held.give(answer, reading.apply(machine), log.size(), nowMs);
        return answer;
    }

    /** Time passes, and the replicas get some of what they have not got yet, or nothing for a while. */
    void pass(long nowMs) {
        if (random.nextInt(5) == 0) {
            commit(committed + random.nextInt(log.size() - committed + 1));
        }
        tick(nowMs);
    }

    /** All that was appended is committed. */
    void commitAll() {
        commit(log.size());
    }

    private void commit(int batches) {
        committed = batches;
        held.committed(batches);
    }

    void tick(long nowMs) {
        held.expire(nowMs, LATE);
        if (machine.nextDeadlineMs() <= nowMs) {
            carryOut(new GroupCommand.Tick(), nowMs);
        }
        assertThat(machine.nextDeadlineMs()).as("what is due is done").isGreaterThan(nowMs);
    }

    void carryOut(GroupCommand command, long nowMs) {
        Decision<GroupEvent, List<GroupAnswer>> decision = machine.decide(command, nowMs);
        List<GroupRecords.Stored> batch = new ArrayList<>();
        for (GroupEvent event : decision.events()) {
            if (event.isDurable()) {
                batch.add(GroupRecords.encode(event));
            }
            machine.apply(log.size(), event);
            twin.apply(log.size(), event);
        }
        if (!batch.isEmpty()) {
            log.add(batch);
        }
        for (GroupAnswer answer : decision.reply()) {
            CompletableFuture<GroupAnswer> waiter = waiting.remove(answer.requestId());
            assertThat(waiter).as("somebody waits for %s", answer).isNotNull();
            held.give(waiter, answer, log.size(), nowMs);
        }
    }

    /**
     * Another leads from now on, which has all that is committed and perhaps more. Whoever waits is told to look for it.
     *
     * @return how many batches it has
     */
    int failOver(long nowMs) {
        int kept = committed + random.nextInt(log.size() - committed + 1);
        lost += log.size() - kept;
        log.subList(kept, log.size()).clear();
        held.fail(GONE);
        List.copyOf(waiting.values()).forEach(waiter -> waiter.completeExceptionally(GONE));
        waiting.clear();
        machine = new GroupMachine(config);
        twin = new GroupMachine(config);
        load(compacted(), nowMs, machine, twin);
        know(topics);
        held = new HeldAnswers(COMMIT_TIMEOUT_MS);
        commitAll();
        return kept;
    }

    /** What a machine knows that reads the whole log. */
    GroupMachine loaded(long nowMs) {
        GroupMachine loaded = new GroupMachine(config);
        load(log.stream().flatMap(List::stream).toList(), nowMs, loaded);
        return loaded;
    }

    private static void load(List<GroupRecords.Stored> records, long nowMs, GroupMachine... machines) {
        for (GroupRecords.Stored stored : records) {
            GroupEvent event = GroupRecords.decode(stored.key(), stored.value(), nowMs);
            assertThat(event).isNotNull();
            for (GroupMachine loading : machines) {
                loading.apply(0, event);
            }
        }
    }

    /** The last record of each key, in the order of the log. */
    List<GroupRecords.Stored> compacted() {
        Map<ByteBuffer, GroupRecords.Stored> last = new LinkedHashMap<>();
        for (List<GroupRecords.Stored> batch : log) {
            for (GroupRecords.Stored stored : batch) {
                last.remove(stored.key());
                last.put(stored.key(), stored);
            }
        }
        return List.copyOf(last.values());
    }
}
