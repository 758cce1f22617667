// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.replication.partition;

import io.varve.replication.partition.PartitionAction.AnswerFetch;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A broker with one replica: what its disk keeps, its process, and what a process does for a replica. */
final class SimulatedBroker {

    private static final int CONTROLLER = 0;

    /** Of a fetch that waits for something new. */
    private record Parked(ReplicaFetch fetch, long highWatermark, long untilNs) {}

    /** Of a value on its way into the log. */
    private static final class Pending {

        final long value;
        final boolean awaitsCommit;
        final Consumer<Producer.Answer> answer;
        long offset = -1;

        Pending(long value, boolean awaitsCommit, Consumer<Producer.Answer> answer) {
            this.value = value;
            this.awaitsCommit = awaitsCommit;
            this.answer = answer;
        }
    }

    final int id;
    private final Simulation simulation;

    // The disk.
    private MemoryReplicaLog log;
    private long storedHighWatermark;
    private LastEnd lastEnd = LastEnd.NONE;

    // The process.
    private @Nullable PartitionReplica replica;
    private int process;
    private long pausedUntilNs;
    private long brokerEpoch = -1;
    private int nonce;
    private long knownHighWatermark;
    private long nextTickNs = Long.MAX_VALUE;
    private long nextToken;

    /** How often a replica was opened. */
    private int opened;

    /** The latest state that it has heard of. */
    private int heardIn = -1;

    /** The state in which it had no replica any more. */
    private int releasedIn = -1;

    private boolean isReleased;

    private final Map<Integer, Parked> parked = new TreeMap<>();

    /** Which of the replicas that a follower has opened has fetched last. */
    private final Map<Integer, Integer> fetchedBy = new TreeMap<>();

    private final Map<Long, Pending> pending = new HashMap<>();

    SimulatedBroker(Simulation simulation, int id) {
        this.simulation = simulation;
        this.id = id;
        this.log = emptyLog();
    }

    private MemoryReplicaLog emptyLog() {
        return new MemoryReplicaLog(simulation.bug == Bug.ACKNOWLEDGES_BEFORE_FORCE);
    }

    boolean isUp() {
        return replica != null;
    }

    PartitionReplica replica() {
        if (replica == null) {
            throw new IllegalStateException("the broker is down: id=" + id);
        }
        return replica;
    }

    MemoryReplicaLog log() {
        return log;
    }

    long brokerEpoch() {
        return brokerEpoch;
    }

    /** Does something in this process, when it does not stand still, unless it ends before. */
    void later(long delayNs, Runnable what) {
        int in = process;
        simulation.schedule(delayNs, () -> {
            if (in != process || !isUp()) {
                return;
            }
            if (pausedUntilNs > simulation.nowNs()) {
                later(pausedUntilNs - simulation.nowNs(), what);
            } else {
                what.run();
            }
        });
    }

    // Beginning and end.

    void start() {
        process++;
        pausedUntilNs = 0;
        brokerEpoch = -1;
        heardIn = -1;
        releasedIn = -1;
        isReleased = false;
        nextTickNs = Long.MAX_VALUE;
        open();
        register(mayClaim(lastEnd));
        beat();
    }

    private void open() {
        opened++;
        parked.clear();
        pending.clear();
        ReplicaConfig config =
                new ReplicaConfig(id, simulation.swarm.durability(), Simulation.LAG_NS, Simulation.RETRY_NS);
        PartitionReplica opened =
                new PartitionReplica(config, log, storedHighWatermark, new BuggyRules(simulation.bug));
        replica = opened;
        knownHighWatermark = opened.highWatermark();
    }

    private boolean mayClaim(LastEnd end) {
        return simulation.bug == Bug.CLAIMS_TO_HAVE_KEPT_ALL || end.keptAll(simulation.swarm.durability());
    }

    void die() {
        simulation.note(id + " dies");
        end(LastEnd.PROCESS_DEATH);
    }

    void losePower() {
        simulation.note(id + " loses power");
        end(LastEnd.UNKNOWN);
        if (log.losePower(simulation.chance()) > 0) {
            simulation.saw(Rare.UNFORCED_TAIL_LOST);
        }
    }

    void wipe() {
        simulation.note(id + " is wiped");
        if (isUp()) {
            end(LastEnd.NONE);
        }
        lastEnd = LastEnd.NONE;
        log = emptyLog();
        storedHighWatermark = 0;
    }

    private void end(LastEnd how) {
        process++;
        replica = null;
        lastEnd = lastEnd.worse(how);
    }

    /** Tells the controller, and ends when that has let it go. */
    void shutDown() {
        long epoch = brokerEpoch;
        later(
                0,
                () -> simulation.network.send(id, CONTROLLER, () -> {
                    simulation.controller.leave(id, epoch);
                    simulation.network.send(
                            CONTROLLER,
                            id,
                            () -> later(0, () -> {
                                if (epoch == brokerEpoch) {
                                    simulation.saw(Rare.SHUT_DOWN);
                                    simulation.note(id + " shuts down");
                                    parked.clear();
                                    replica()
                                            .step(new PartitionEvent.Close(), simulation.nowNs())
                                            .forEach(this::act);
                                    log.force(log.endOffset());
                                    storedHighWatermark = knownHighWatermark;
                                    end(LastEnd.CLEAN);
                                    simulation.restartLater(this);
                                }
                            }));
                }));
    }

    void pause(long forNs) {
        pausedUntilNs = simulation.nowNs() + forNs;
    }

    void resume() {
        pausedUntilNs = 0;
    }

    // The controller.

    private void register(boolean keptAll) {
        int mine = ++nonce;
        sendRegistration(mine, keptAll);
    }

    private void sendRegistration(int mine, boolean keptAll) {
        if (mine != nonce) {
            return;
        }
        simulation.network.send(id, CONTROLLER, () -> {
            long epoch = simulation.controller.register(id, mine, keptAll);
            PartitionEvent.StateTold told = simulation.controller.told();
            simulation.network.send(CONTROLLER, id, () -> later(0, () -> registered(mine, epoch, told)));
        });
        later(250 * Simulation.MS, () -> {
            if (mine == nonce && brokerEpoch < 0) {
                sendRegistration(mine, keptAll);
            }
        });
    }

    private void registered(int mine, long epoch, PartitionEvent.StateTold told) {
        if (mine != nonce || brokerEpoch >= 0) {
            return;
        }
        if (epoch < 0) {
            // It was, and was fenced since: nothing is lost by that.
            boolean keptAll = mayClaim(lastEnd);
            register(keptAll);
            return;
        }
        brokerEpoch = epoch;
        lastEnd = LastEnd.CLEAN;
        step(new PartitionEvent.Registered(epoch));
        hear(told);
    }

    private void beat() {
        if (brokerEpoch >= 0) {
            long epoch = brokerEpoch;
            simulation.network.send(id, CONTROLLER, () -> {
                boolean live = simulation.controller.heard(id, epoch);
                PartitionEvent.StateTold told = simulation.controller.told();
                simulation.network.send(CONTROLLER, id, () -> later(0, () -> beaten(epoch, live, told)));
            });
        }
        later(100 * Simulation.MS, this::beat);
    }

    private void beaten(long epoch, boolean live, PartitionEvent.StateTold told) {
        if (live) {
            hear(told);
        } else if (epoch == brokerEpoch) {
            brokerEpoch = -1;
            register(true);
        }
    }

    void told(PartitionEvent.StateTold told) {
        later(0, () -> hear(told));
    }

    /** Takes a decision. One in which it has no replica lets it delete what it has, and do nothing on the word of an earlier one. */
    private void hear(PartitionEvent.StateTold told) {
        int partitionEpoch = told.state().partitionEpoch();
        if (partitionEpoch < releasedIn) {
            return;
        }
        if (told.state().replicas().contains(id)) {
            isReleased = false;
            step(told);
        } else if (partitionEpoch >= heardIn) {
            releasedIn = partitionEpoch;
            if (!isReleased) {
                isReleased = true;
                release();
            }
        }
        heardIn = Math.max(heardIn, partitionEpoch);
    }

    private void release() {
        simulation.note(id + " deletes its replica");
        replica().step(new PartitionEvent.Close(), simulation.nowNs()).forEach(this::act);
        log = emptyLog();
        storedHighWatermark = 0;
        open();
        if (brokerEpoch >= 0) {
            step(new PartitionEvent.Registered(brokerEpoch));
        }
    }

    // The replica.

    void step(PartitionEvent event) {
        PartitionReplica stepped = replica();
        List<PartitionAction> actions = stepped.step(event, simulation.nowNs());
        simulation.stepped(id, log.endOffset(), stepped);
        actions.forEach(this::act);
        serveParked();
        long deadlineNs = stepped.nextDeadlineNs();
        if (deadlineNs < nextTickNs) {
            nextTickNs = deadlineNs;
            later(Math.max(0, deadlineNs - simulation.nowNs()), this::tick);
        }
    }

    private void tick() {
        nextTickNs = Long.MAX_VALUE;
        step(new PartitionEvent.Tick());
    }

    private void act(PartitionAction action) {
        if (action instanceof PartitionAction.Fetch fetch) {
            SimulatedBroker leader = simulation.broker(fetch.leader());
            int by = opened;
            simulation.network.send(
                    id,
                    leader.id,
                    () -> leader.later(0, () -> {
                        leader.parked.remove(id);
                        leader.fetchedBy.put(id, by);
                        leader.step(new PartitionEvent.FetchReceived(fetch.fetch()));
                    }));
        } else if (action instanceof AnswerFetch answer) {
            answer(answer.fetch(), answer.answer());
        } else if (action instanceof PartitionAction.ForceLog) {
            MemoryReplicaLog forced = log;
            long end = log.endOffset();
            later(simulation.diskDelayNs(), () -> {
                forced.force(end);
                if (forced == log) {
                    step(new PartitionEvent.Forced());
                }
            });
        } else if (action instanceof PartitionAction.ProposeIsr propose) {
            simulation.network.send(id, CONTROLLER, () -> {
                PartitionEvent decided = simulation.controller.decide(propose.proposal());
                if (decided != null) {
                    simulation.network.send(CONTROLLER, id, () -> later(0, () -> step(decided)));
                }
            });
        } else if (action instanceof PartitionAction.HighWatermarkAdvanced advanced) {
            committed(advanced.highWatermark());
        } else if (action instanceof PartitionAction.Truncated truncated) {
            simulation.ledger.truncated(id, truncated.lostOffset());
            simulation.saw(log.startOffset() == log.endOffset() ? Rare.RESET : Rare.TRUNCATED);
            simulation.note(id + " truncates to " + truncated.newEndOffset());
            knownHighWatermark = Math.min(knownHighWatermark, replica().highWatermark());
            storedHighWatermark = Math.min(storedHighWatermark, knownHighWatermark);
        } else if (action instanceof PartitionAction.RoleChanged changed) {
            simulation.note(id + " is " + changed.role() + " in epoch " + changed.leaderEpoch());
            if (changed.role() == ReplicaRole.LEADER) {
                simulation.ledger.leads(id + "/" + process, changed.leaderEpoch());
            }
        } else {
            answerProducer(action);
        }
    }

    private void committed(long highWatermark) {
        simulation.ledger.committed(id, log, knownHighWatermark, highWatermark, simulation.keepsSequences());
        knownHighWatermark = highWatermark;
        if (simulation.storesHighWatermark()) {
            storedHighWatermark = highWatermark;
        }
    }

    private void answer(ReplicaFetch fetch, FetchAnswer answer) {
        if (answer.status() == FetchStatus.FENCED_EPOCH) {
            simulation.saw(Rare.FENCED_FETCH);
        } else if (answer.status() == FetchStatus.FENCED_BROKER) {
            simulation.saw(Rare.FENCED_BROKER);
        }
        boolean nothing = answer.status() == FetchStatus.OK && answer.endOffset() <= fetch.offset();
        Parked before = parked.remove(fetch.replica());
        if (nothing && before == null) {
            long untilNs = simulation.nowNs() + Simulation.POLL_NS;
            parked.put(fetch.replica(), new Parked(fetch, answer.highWatermark(), untilNs));
            later(Simulation.POLL_NS, this::serveParked);
            return;
        }
        int maxRecords = simulation.swarm.fetchRecords();
        ByteBuffer batches =
                log.read(fetch.offset(), answer.status() == FetchStatus.OK ? answer.endOffset() : 0, maxRecords);
        SimulatedBroker follower = simulation.broker(fetch.replica());
        int by = fetchedBy.getOrDefault(follower.id, follower.opened);
        simulation.network.send(id, follower.id, () -> {
            ByteBuffer copy = batches.duplicate();
            follower.later(0, () -> follower.fetched(by, new PartitionEvent.FetchAnswered(answer, copy)));
        });
    }

    /** A replica that was deleted is told nothing, nor is the one in its place. */
    private void fetched(int by, PartitionEvent.FetchAnswered answered) {
        if (by == opened || releasedIn < 0) {
            step(answered);
        }
    }

    /** Hands in again what waited for something that is there now. It stays parked meanwhile, so that it is answered in any case. */
    private void serveParked() {
        for (Parked of : List.copyOf(parked.values())) {
            PartitionReplica now = replica;
            boolean due = now != null
                    && parked.get(of.fetch().replica()) == of
                    && (log.endOffset() > of.fetch().offset()
                            || now.highWatermark() != of.highWatermark()
                            || now.role() != ReplicaRole.LEADER
                            || simulation.nowNs() >= of.untilNs());
            if (due && now != null) {
                for (PartitionAction action :
                        now.step(new PartitionEvent.FetchReceived(of.fetch()), simulation.nowNs())) {
                    act(action);
                }
            }
        }
    }

    // Producers.

    void produce(long value, boolean awaitsCommit, Consumer<Producer.Answer> answer) {
        long token = nextToken++;
        long deadlineNs = simulation.nowNs() + 500 * Simulation.MS;
        Pending of = new Pending(value, awaitsCommit, answer);
        pending.put(token, of);
        long offset = Producer.isIdempotent(value) ? log.offsetOf(value) : -1;
        if (replica().role() == ReplicaRole.LEADER && offset >= 0) {
            of.offset = offset;
            step(new PartitionEvent.AwaitCommit(token, offset + 1, deadlineNs));
        } else if (Producer.isIdempotent(value) && !isNext(value)) {
            pending.remove(token);
            answer.accept(Producer.Answer.TRY_AGAIN);
        } else {
            ByteBuffer batch = ByteBuffer.allocate(Long.BYTES).putLong(value).flip();
            step(new PartitionEvent.Append(token, batch, awaitsCommit, deadlineNs));
        }
    }

    /** Whether the value is the one that follows the producer's last one; anything is when none is known. */
    private boolean isNext(long value) {
        for (long offset = log.endOffset() - 1; offset >= log.startOffset() && simulation.keepsSequences(); offset--) {
            long before = log.entry(offset).value();
            if (Producer.of(before) == Producer.of(value)) {
                return Producer.sequence(before) + 1 == Producer.sequence(value);
            }
        }
        return true;
    }

    private void answerProducer(PartitionAction action) {
        if (action instanceof PartitionAction.Appended appended) {
            Pending of = pending.get(appended.token());
            if (of != null) {
                of.offset = appended.baseOffset();
                if (!of.awaitsCommit) {
                    pending.remove(appended.token());
                    simulation.answer("append of " + of.value + " done by " + id);
                    of.answer.accept(Producer.Answer.DONE);
                }
            }
        } else if (action instanceof PartitionAction.Committed committed) {
            Pending of = pending.remove(committed.token());
            if (of != null) {
                simulation.ledger.acknowledged(id, of.value, of.offset);
                simulation.saw(Rare.ACKNOWLEDGED);
                simulation.answer("append of " + of.value + " acknowledged by " + id);
                of.answer.accept(Producer.Answer.DONE);
            }
        } else if (action instanceof PartitionAction.AppendRefused refused) {
            if (refused.refusal() == PartitionAction.Refusal.NOT_ENOUGH_REPLICAS) {
                simulation.saw(Rare.NOT_ENOUGH_REPLICAS);
            }
            failed(pending.remove(refused.token()), "refused", refused.refusal());
        } else if (action instanceof PartitionAction.CommitFailed failed) {
            simulation.saw(
                    failed.refusal() == PartitionAction.Refusal.TIMED_OUT ? Rare.TIMED_OUT : Rare.COMMIT_UNKNOWN);
            failed(pending.remove(failed.token()), "not known to be committed", failed.refusal());
        }
    }

    private void failed(@Nullable Pending of, String how, PartitionAction.Refusal why) {
        if (of != null) {
            simulation.answer("append of " + of.value + " " + how + " by " + id + ": " + why);
            of.answer.accept(Producer.Answer.TRY_AGAIN);
        }
    }
}
