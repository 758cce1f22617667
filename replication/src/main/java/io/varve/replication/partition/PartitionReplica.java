// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.replication.partition;

import java.util.List;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * One replica of a partition, without its threads, sockets and disk: it takes an event and the time and returns what is to be done.
 *
 * <p>It is nothing until it is told who leads. A {@link PartitionEvent.StateTold} moves it, and only that: to the leader when it names this
 * broker under its present registration, to the follower of another, or to nothing when nobody leads. Each leadership has its epoch;
 * what is said in another one does not count.
 *
 * <pre>
 *            told: another leads                  told: this one leads, in a later epoch
 *   NONE  ---------------------->  FOLLOWER  ------------------------------------------>  LEADER
 *         &lt;----------------------            &lt;------------------------------------------
 *            told: nobody leads                   told: another leads
 * </pre>
 *
 * <p>A record is committed when all that count hold it, and as many are in sync as {@code min.insync.replicas} asks for, for producers
 * that wait and for those that do not. Who counts are those in sync and those that the leader has proposed to be. Sources: KIP-101,
 * KIP-279 and KIP-320 for the epochs, KIP-497 and KIP-966 for what is committed, KIP-841 and KIP-903 for who may join, KIP-392 for
 * consumers.
 *
 * <p>Threading: confined to the thread of its owner.
 */
public final class PartitionReplica {

    private final ReplicaState state;
    private @Nullable PartitionState told;
    private @Nullable Leadership leading;
    private @Nullable Following following;
    private PartitionAction.RoleChanged role = new PartitionAction.RoleChanged(ReplicaRole.NONE, EpochEnd.NONE);
    private ReplicaView view;
    private int lastFetchNumber;
    private boolean closed;

    /**
     * A replica that has just been opened.
     *
     * @param config who it is and how it behaves
     * @param log its log; nobody else changes it
     * @param highWatermark what was committed as far as it was known when the replica was open last; 0 when that is not known
     */
    public PartitionReplica(ReplicaConfig config, ReplicaLog log, long highWatermark) {
        this(config, log, highWatermark, new ReplicaRules());
    }

    PartitionReplica(ReplicaConfig config, ReplicaLog log, long highWatermark, ReplicaRules rules) {
        this.state = new ReplicaState(config, log, highWatermark, rules);
        this.view = new ReplicaView(role.role(), role.leaderEpoch(), false, state);
    }

    /**
     * Takes an event.
     *
     * @param event what happens
     * @param nowNs a clock that does not go back, nanoseconds; only differences matter
     * @return what is to be done, in this order
     * @throws IllegalStateException when the replica was closed
     * @throws IllegalArgumentException when somebody waits for an offset beyond the end of the log
     */
    public List<PartitionAction> step(PartitionEvent event, long nowNs) {
        if (closed) {
            throw new IllegalStateException("the replica is closed: broker=" + state.self() + ", event=" + event);
        }
        state.advanceClock(nowNs);
        if (!stepOfRoles(event) && !stepOfProducers(event) && !stepOfFetches(event)) {
            stepOfProposals(event);
        }
        settle();
        return state.takeActions();
    }

    private boolean stepOfRoles(PartitionEvent event) {
        if (event instanceof PartitionEvent.StateTold now) {
            state.brokers(now.brokers());
            told(now.state());
        } else if (event instanceof PartitionEvent.Registered now) {
            state.registered(now.brokerEpoch());
            if (told != null) {
                assume(told);
            }
        } else if (event instanceof PartitionEvent.Forced) {
            state.forced();
        } else if (event instanceof PartitionEvent.Close) {
            endRole();
            closed = true;
        } else {
            return event instanceof PartitionEvent.Tick;
        }
        return true;
    }

    private void told(PartitionState later) {
        if (told != null && later.partitionEpoch() <= told.partitionEpoch()) {
            return;
        }
        told = later;
        assume(later);
    }

    /** Takes the role that a state gives to this broker under its present registration. */
    private void assume(PartitionState later) {
        boolean leads = later.leader() == state.self() && later.leaderBrokerEpoch() == state.brokerEpoch();
        boolean follows = later.leader() != state.self()
                && later.leader() != PartitionState.NO_LEADER
                && later.replicas().contains(state.self());
        if (leads && leading != null && leading.epoch() == later.leaderEpoch()) {
            leading.told(later);
        } else if (!follows || following == null || following.epoch() != later.leaderEpoch()) {
            endRole();
            leading = leads ? new Leadership(state, later) : null;
            following = follows ? new Following(state, later, lastFetchNumber) : null;
        }
    }

    private void endRole() {
        if (leading != null) {
            leading.end();
        }
        if (following != null) {
            lastFetchNumber = following.fetchNumber();
        }
        leading = null;
        following = null;
    }

    private boolean stepOfProducers(PartitionEvent event) {
        if (event instanceof PartitionEvent.Append append) {
            if (leading == null) {
                state.act(new PartitionAction.AppendRefused(append.token(), PartitionAction.Refusal.NOT_LEADER));
            } else {
                leading.append(append);
            }
        } else if (event instanceof PartitionEvent.AwaitCommit await) {
            if (leading == null) {
                state.act(new PartitionAction.CommitFailed(await.token(), PartitionAction.Refusal.NOT_LEADER));
            } else {
                leading.await(await);
            }
        } else {
            return false;
        }
        return true;
    }

    private boolean stepOfFetches(PartitionEvent event) {
        if (event instanceof PartitionEvent.FetchReceived received) {
            ReplicaFetch fetch = received.fetch();
            if (leading == null) {
                FetchStatus status =
                        fetch.leaderEpoch() > role.leaderEpoch() ? FetchStatus.UNKNOWN_EPOCH : FetchStatus.NOT_LEADER;
                state.act(new PartitionAction.AnswerFetch(
                        fetch,
                        new FetchAnswer(
                                fetch.number(), fetch.brokerEpoch(), status, role.leaderEpoch(), 0, 0, 0, null)));
            } else {
                leading.fetched(fetch);
            }
        } else if (event instanceof PartitionEvent.FetchAnswered answered) {
            if (following != null) {
                following.answered(answered.answer(), answered.batches());
            }
        } else if (event instanceof PartitionEvent.FetchFailed failed) {
            if (following != null) {
                following.failed(failed.number());
            }
        } else {
            return false;
        }
        return true;
    }

    private void stepOfProposals(PartitionEvent event) {
        if (event instanceof PartitionEvent.IsrAccepted accepted) {
            told(accepted.state());
        } else if (event instanceof PartitionEvent.IsrRefused refused && leading != null) {
            leading.refused(refused.proposal(), refused.refusal());
        }
    }

    /** What every step ends with: conclusions, one force for all that was appended, and what has changed is told. */
    private void settle() {
        PartitionAction.RoleChanged now = new PartitionAction.RoleChanged(
                leading != null ? ReplicaRole.LEADER : following != null ? ReplicaRole.FOLLOWER : ReplicaRole.NONE,
                told == null ? EpochEnd.NONE : told.leaderEpoch());
        if (!now.equals(role)) {
            role = now;
            state.act(now);
        }
        if (leading != null) {
            leading.settle();
        } else if (following != null) {
            following.settle();
        }
        if (!closed) {
            state.forceIfNeeded();
        }
    }

    // What the owner may ask.

    /**
     * Decides what a consumer may read, and which replica it should read from; changes nothing.
     *
     * @param fetch what it wants
     * @return up to where it may read, or why it may not
     */
    public ConsumerRead read(ConsumerFetch fetch) {
        ConsumerRead here = view().read(fetch);
        if (leading == null || here.status() != FetchStatus.OK) {
            return here;
        }
        int preferred = leading.preferredReplica(fetch.rack(), fetch.offset());
        return new ConsumerRead(here.status(), here.endOffset(), here.highWatermark(), preferred, null);
    }

    /** {@return what the replica is, for other threads} */
    public ReplicaView view() {
        boolean established = leading != null && leading.isEstablished();
        if (!view.is(role.role(), role.leaderEpoch(), state.highWatermark(), established)) {
            view = new ReplicaView(role.role(), role.leaderEpoch(), established, state);
        }
        return view;
    }

    /** {@return the role} */
    public ReplicaRole role() {
        return role.role();
    }

    /** {@return the epoch of the leader that was told last, also when it is another; {@link EpochEnd#NONE} before that} */
    public int leaderEpoch() {
        return role.leaderEpoch();
    }

    /** {@return first offset that is not known here to be committed} */
    public long highWatermark() {
        return state.highWatermark();
    }

    /** {@return as {@link ReplicaView#latestOffset} of the present view} */
    public OptionalLong latestOffset() {
        return view().latestOffset();
    }

    /** {@return when a tick is due at the latest, nanoseconds on the clock of the steps; {@link Long#MAX_VALUE} when none is} */
    public long nextDeadlineNs() {
        if (leading != null) {
            return leading.nextDeadlineNs();
        }
        return following != null ? following.nextDeadlineNs() : Long.MAX_VALUE;
    }
}
