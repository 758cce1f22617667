// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.partition;

import io.varve.broker.partition.AppendRefusedException.Reason;
import io.varve.log.CommitLog;
import io.varve.log.batch.BatchDescriptor;
import io.varve.log.batch.InvalidBatchException;
import io.varve.log.compact.CompactionOwner;
import io.varve.log.job.Job;
import io.varve.replication.partition.BrokerPresence;
import io.varve.replication.partition.ConsumerFetch;
import io.varve.replication.partition.ConsumerRead;
import io.varve.replication.partition.FetchAnswer;
import io.varve.replication.partition.PartitionAction;
import io.varve.replication.partition.PartitionEvent;
import io.varve.replication.partition.PartitionReplica;
import io.varve.replication.partition.PartitionState;
import io.varve.replication.partition.ReplicaFetch;
import io.varve.replication.partition.ReplicaRole;
import io.varve.replication.partition.ReplicaView;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * This broker's replica of a partition at work: lets a {@link PartitionReplica} decide, and carries out what it asks for.
 *
 * <p>Threading: confined to its lane, except that any thread may read the log and the view, and register waiters; a follower's answers
 * are handed over to the lane.
 */
public final class Partition implements Follower {

    private static final Logger LOG = LoggerFactory.getLogger(Partition.class);

    private final TopicPartition id;
    private final UUID topicId;
    private final Lane lane;
    private final PartitionLog log;
    private final PartitionReplica replica;
    private final PartitionContext context;
    private final Job upkeep;
    private final Job compaction;
    private final AtomicBoolean compactionClaim = new AtomicBoolean();
    private final Set<Runnable> appendWaiters = ConcurrentHashMap.newKeySet();
    private final Set<Runnable> commitWaiters = ConcurrentHashMap.newKeySet();

    /** Appends that are under way, or wait to be committed, by their tokens. */
    private final Map<Long, Append> appends = new HashMap<>();

    private Intake intake;
    private long lastToken;
    private @Nullable FetchAnswer fetchAnswer;
    private boolean leads;
    private boolean closed;
    private volatile ReplicaView view;
    private volatile long deadlineNs = Long.MAX_VALUE;

    /** One append, or one that is sent again. */
    private static final class Append {
        private final @Nullable CommitListener listener;
        private long baseOffset;
        private PartitionAction.@Nullable Refusal refusal;

        private Append(@Nullable CommitListener listener) {
            this.listener = listener;
        }
    }

    private Partition(
            TopicPartition id,
            UUID topicId,
            Lane lane,
            PartitionLog log,
            long highWatermark,
            PartitionContext context) {
        this.id = id;
        this.topicId = topicId;
        this.lane = lane;
        this.log = log;
        this.context = context;
        this.intake = new Intake(id, context.config());
        this.replica = new PartitionReplica(context.replica(), log, highWatermark);
        this.view = replica.view();
        this.compaction = log.log().compaction(new Owner());
        this.upkeep = log.log().upkeep();
    }

    /** What compaction must know. No transaction is served, so none was aborted and the last stable offset is the high watermark. */
    private final class Owner implements CompactionOwner {

        @Override
        public long limitOffset() {
            return highWatermark();
        }

        @Override
        public boolean isLastOfProducer(long producerId, short producerEpoch, long lastOffset, boolean isMarker) {
            return log.producers().isLast(producerId, lastOffset);
        }
    }

    /**
     * A replica on a log that was opened on the lane; it is nothing until {@link #told}.
     *
     * @param highWatermark what was committed as far as was known when it was open last
     */
    static Partition of(
            TopicPartition id,
            UUID topicId,
            Lane lane,
            PartitionLog log,
            long highWatermark,
            PartitionContext context) {
        return new Partition(id, topicId, lane, log, highWatermark, context);
    }

    // Producers.

    /**
     * What an append has come to.
     *
     * @param baseOffset offset of the first record
     * @param appendTimeMs the time that was stamped on the records, -1 when the producer's stands
     */
    public record Appended(long baseOffset, long appendTimeMs) {}

    /**
     * Checks and appends a batch of a client, or finds that it was appended before.
     *
     * @param timeoutMs how long the listener waits at most
     * @param listener who waits for the commit, which is refused at once when too few replicas are in sync; null when nobody does
     * @throws InvalidBatchException when the batch is not sound
     * @throws AppendRefusedException when it does not fit, or this broker does not lead
     */
    public Appended append(ByteBuffer batch, long timeoutMs, @Nullable CommitListener listener) {
        assert lane.isOwner();
        requireLeader();
        long nowMs = System.currentTimeMillis();
        intake.check(batch, nowMs);
        int at = batch.position();
        if (BatchDescriptor.producerId(batch, at) >= 0) {
            long repeated = log.producers().check(batch, at);
            if (repeated >= 0) {
                await(repeated + BatchDescriptor.recordCount(batch, at), timeoutMs, listener);
                return new Appended(repeated, -1);
            }
        }
        return new Appended(append(intake.stored(batch, nowMs), listener, timeoutMs), intake.appendTimeMs(nowMs));
    }

    /**
     * Appends a batch of the broker's own.
     *
     * @param listener is told when it is committed; how long that takes is not bounded
     * @return offset of the first record
     * @throws AppendRefusedException when this broker does not lead, or too few replicas are in sync
     */
    public long append(ByteBuffer batch, CommitListener listener) {
        assert lane.isOwner();
        return append(batch, listener, TimeUnit.DAYS.toMillis(365));
    }

    private long append(ByteBuffer batch, @Nullable CommitListener listener, long timeoutMs) {
        long token = ++lastToken;
        Append append = new Append(listener);
        appends.put(token, append);
        boolean refused = true;
        try {
            step(new PartitionEvent.Append(token, batch, listener != null, deadline(timeoutMs)));
            refused = append.refusal != null;
        } finally {
            if (refused || listener == null) {
                appends.remove(token);
            }
        }
        if (append.refusal != null) {
            throw refused(append.refusal);
        }
        return append.baseOffset;
    }

    private void await(long endOffset, long timeoutMs, @Nullable CommitListener listener) {
        if (listener != null) {
            long token = ++lastToken;
            appends.put(token, new Append(listener));
            step(new PartitionEvent.AwaitCommit(token, endOffset, deadline(timeoutMs)));
        }
    }

    /**
     * Tells when everything that is in the log by now is committed.
     *
     * @throws AppendRefusedException when this broker does not lead
     */
    public void awaitCommit(CommitListener listener) {
        assert lane.isOwner();
        requireLeader();
        await(log.endOffset(), TimeUnit.DAYS.toMillis(365), listener);
    }

    private static long deadline(long timeoutMs) {
        return System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(timeoutMs);
    }

    private AppendRefusedException refused(PartitionAction.Refusal refusal) {
        return switch (refusal) {
            case NOT_LEADER -> notLeader();
            case NOT_ENOUGH_REPLICAS ->
                new AppendRefusedException(
                        Reason.NOT_ENOUGH_REPLICAS,
                        "fewer replicas are in sync than min.insync.replicas asks for: partition=" + id);
            case TIMED_OUT ->
                new AppendRefusedException(
                        Reason.NOT_COMMITTED_IN_TIME,
                        "the replicas in sync have not got it in time, and may yet: partition=" + id);
        };
    }

    private AppendRefusedException notLeader() {
        return new AppendRefusedException(
                Reason.NOT_LEADER, "this broker does not lead: partition=" + id + ", leaderEpoch=" + leaderEpoch());
    }

    // Readers.

    /**
     * Answers a follower.
     *
     * @throws AppendRefusedException when this replica is closed
     */
    public FetchAnswer fetch(ReplicaFetch fetch) {
        assert lane.isOwner();
        fetchAnswer = null;
        step(new PartitionEvent.FetchReceived(fetch));
        FetchAnswer answer = fetchAnswer;
        if (answer == null) {
            throw notLeader();
        }
        return answer;
    }

    /** Decides what a consumer may read here. Any thread. */
    public ConsumerRead read(ConsumerFetch fetch) {
        return view.read(fetch);
    }

    /** The same, and which replica it should read from; on the lane. */
    public int preferredReplica(ConsumerFetch fetch) {
        assert lane.isOwner();
        return replica.read(fetch).preferredReplica();
    }

    /** What the replica is at present. Any thread. */
    public ReplicaView view() {
        return view;
    }

    /** Calls {@code onAppended} on the lane after every append, and when the replica has another role, until it is removed; it must be short. */
    public void addAppendWaiter(Runnable onAppended) {
        appendWaiters.add(onAppended);
    }

    /** The same for commits. */
    public void addCommitWaiter(Runnable onCommitted) {
        commitWaiters.add(onCommitted);
    }

    public void removeWaiter(Runnable waiter) {
        appendWaiters.remove(waiter);
        commitWaiters.remove(waiter);
    }

    /** Refuses who wants the leader when this is not it, or knows another epoch; -1 when it knows none. Any thread. */
    public void requireLeader(int knownEpoch) {
        requireLeader();
        int leaderEpoch = leaderEpoch();
        if (knownEpoch >= 0 && knownEpoch != leaderEpoch) {
            throw new AppendRefusedException(
                    knownEpoch < leaderEpoch ? Reason.STALE_LEADER_EPOCH : Reason.UNKNOWN_LEADER_EPOCH,
                    "leader epoch differs: partition=" + id + ", known=" + knownEpoch + ", current=" + leaderEpoch);
        }
    }

    private void requireLeader() {
        if (view.role() != ReplicaRole.LEADER) {
            throw notLeader();
        }
    }

    /** First offset that is not known here to be committed. Any thread. */
    public long highWatermark() {
        return view.highWatermark();
    }

    /** The log, for reading. */
    public CommitLog log() {
        return log.log();
    }

    PartitionLog replicaLog() {
        return log;
    }

    @Override
    public TopicPartition id() {
        return id;
    }

    @Override
    public UUID topicId() {
        return topicId;
    }

    public Lane lane() {
        return lane;
    }

    /** The epoch of the leader, also when it is another. */
    public int leaderEpoch() {
        return view.leaderEpoch();
    }

    /** Moves the start of the log; on the lane. */
    public void deleteBefore(long offset) {
        assert lane.isOwner();
        requireLeader();
        log.deleteBefore(offset);
    }

    // What happens to the replica.

    /** The controller's decisions as they are known by now; on the lane. */
    void told(PartitionState state, Map<Integer, BrokerPresence> brokers) {
        step(new PartitionEvent.StateTold(state, brokers));
    }

    /** The broker has registered. */
    void registered(long brokerEpoch) {
        step(new PartitionEvent.Registered(brokerEpoch));
    }

    /** Does what is due by now. Any thread. */
    void tick(long nowNs) {
        if (deadlineNs <= nowNs) {
            deadlineNs = Long.MAX_VALUE;
            handOver(() -> step(new PartitionEvent.Tick()), () -> {});
        }
    }

    @Override
    public void answered(FetchAnswer answer, ByteBuffer records, Runnable done) {
        handOver(() -> step(new PartitionEvent.FetchAnswered(answer, records)), done);
    }

    @Override
    public void failed(int fetchNumber, Runnable done) {
        handOver(() -> step(new PartitionEvent.FetchFailed(fetchNumber)), done);
    }

    private void handOver(Runnable work, Runnable done) {
        try {
            lane.execute(() -> {
                try {
                    work.run();
                } catch (RuntimeException e) {
                    LOG.error("What a replica was to do failed, and is tried again: partition={}", id, e);
                } finally {
                    done.run();
                }
            });
        } catch (RejectedExecutionException e) {
            done.run();
        }
    }

    private void step(PartitionEvent event) {
        assert lane.isOwner();
        if (closed) {
            return;
        }
        List<PartitionAction> actions;
        try {
            actions = replica.step(event, System.nanoTime());
        } finally {
            view = replica.view();
            deadlineNs = replica.nextDeadlineNs();
        }
        for (PartitionAction action : actions) {
            carryOut(action);
        }
    }

    private void carryOut(PartitionAction action) {
        if (action instanceof PartitionAction.Appended appended) {
            Append append = appends.get(appended.token());
            if (append != null) {
                append.baseOffset = appended.baseOffset();
            }
            appendWaiters.forEach(Runnable::run);
        } else if (action instanceof PartitionAction.AppendRefused refused) {
            Append append = appends.get(refused.token());
            if (append != null) {
                append.refusal = refused.refusal();
            }
        } else if (action instanceof PartitionAction.HighWatermarkAdvanced) {
            commitWaiters.forEach(Runnable::run);
        } else if (action instanceof PartitionAction.Committed committed) {
            Append append = appends.remove(committed.token());
            if (append != null && append.listener != null) {
                append.listener.onCommitted();
            }
        } else if (action instanceof PartitionAction.CommitFailed failed) {
            Append append = appends.remove(failed.token());
            if (append != null && append.listener != null) {
                append.listener.onFailed(refused(failed.refusal()));
            }
        } else if (action instanceof PartitionAction.AnswerFetch answer) {
            fetchAnswer = answer.answer();
        } else {
            carryOutAtOthers(action);
        }
    }

    private void carryOutAtOthers(PartitionAction action) {
        if (action instanceof PartitionAction.Fetch fetch) {
            if (log.log().isFailed()) {
                return; // it can take nothing, and must not seem to be in sync because there is nothing to take
            }
            context.peers().fetch(fetch.leader(), fetch.fetch(), this);
        } else if (action instanceof PartitionAction.ProposeIsr propose) {
            LOG.info("Proposing replicas in sync: partition={}, {}", id, propose.proposal());
            context.peers()
                    .propose(
                            id,
                            topicId,
                            propose.proposal(),
                            refusal -> handOver(
                                    () -> step(new PartitionEvent.IsrRefused(propose.proposal(), refusal)), () -> {}));
        } else if (action instanceof PartitionAction.RoleChanged changed) {
            changeRole(changed);
        } else if (action instanceof PartitionAction.Truncated cut) {
            report(cut);
        } else if (action instanceof PartitionAction.ForceLog) {
            log.log().flush();
            step(new PartitionEvent.Forced());
        }
    }

    private void changeRole(PartitionAction.RoleChanged changed) {
        resign();
        LOG.info(
                "Role: partition={}, role={}, leaderEpoch={}, startOffset={}, endOffset={}, highWatermark={}",
                id,
                changed.role(),
                changed.leaderEpoch(),
                log.startOffset(),
                log.endOffset(),
                highWatermark());
        if (changed.role() == ReplicaRole.LEADER) {
            leads = true;
            context.listeners().forEach(listener -> listener.onLeading(this));
        }
        wakeAll();
    }

    private void resign() {
        if (leads) {
            leads = false;
            context.listeners().forEach(listener -> listener.onResigned(this));
        }
    }

    private void wakeAll() {
        appendWaiters.forEach(Runnable::run);
        commitWaiters.forEach(Runnable::run);
    }

    private void report(PartitionAction.Truncated cut) {
        if (cut.lostOffset() == PartitionAction.Truncated.NOTHING) {
            LOG.info(
                    "Truncated: partition={}, leaderEpoch={}, endOffset={}->{}",
                    id,
                    leaderEpoch(),
                    cut.oldEndOffset(),
                    cut.newEndOffset());
        } else {
            LOG.error(
                    "COMMITTED RECORDS ARE LOST, the leader was elected without having them: partition={}, leaderEpoch={},"
                            + " firstLost={}, endOffset={}->{}",
                    id,
                    leaderEpoch(),
                    cut.lostOffset(),
                    cut.oldEndOffset(),
                    cut.newEndOffset());
        }
    }

    // Upkeep.

    /** Lets the caller alone step {@link #compact} until it gives the claim back; false when another has it. Any thread. */
    boolean claimCompaction() {
        return compactionClaim.compareAndSet(false, true);
    }

    void releaseCompaction() {
        compactionClaim.set(false);
    }

    /** Does a bounded part of the compaction that is due; returns the bytes that were moved. By the thread that has the claim. */
    int compact() {
        return compaction.doWork();
    }

    /** The job that keeps the log in shape; by a thread of its own. */
    Job upkeep() {
        return upkeep;
    }

    void reconfigure(PartitionConfig config) {
        assert lane.isOwner();
        intake = new Intake(id, config);
        log.log().reconfigure(config.log());
    }

    /** Forgets silent producers, and saves the others; on the lane. */
    void keepHouse(long nowMs, long producerExpirationMs) {
        assert lane.isOwner();
        log.producers().expire(nowMs, producerExpirationMs);
        log.saveProducers();
    }

    /** Tells whoever waits that it waits in vain, saves the producers and closes the log; on the lane. */
    void close() {
        assert lane.isOwner();
        step(new PartitionEvent.Close());
        closed = true;
        resign();
        wakeAll();
        log.close();
    }

    @Override
    public String toString() {
        return id.toString();
    }
}
