// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.agent;

import io.varve.coordination.quorum.ChangeStatus;
import io.varve.coordination.quorum.MemberId;
import io.varve.coordination.quorum.QuorumAction;
import io.varve.coordination.quorum.QuorumEvent;
import io.varve.coordination.quorum.QuorumMembers;
import io.varve.coordination.quorum.Voter;
import io.varve.coordination.tree.Submission;
import io.varve.coordination.tree.TreeTransaction;
import io.varve.coordination.zookeeper.Membership;
import io.varve.coordination.zookeeper.MembershipChange;
import io.varve.coordination.zookeeper.config.DynamicConfig;
import io.varve.coordination.zookeeper.config.ServerSpec;
import io.varve.coordination.zookeeper.config.ZooConfigException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * ZooKeeper's reconfig: takes a wish for other members apart into changes of one voter each, has them made one after the other, and at the
 * end writes what the members are into the configuration node. A member that is to join must be running and have caught up.
 *
 * <p>Threading: confined to the member's thread.
 */
final class Reconfiguration implements Membership {

    private static final long RETRY_NS = TimeUnit.MILLISECONDS.toNanos(100);

    /** As long as a new member may take to catch up. */
    private static final long TIMEOUT_NS = TimeUnit.SECONDS.toNanos(30);

    /** What a change works on. */
    interface Quorum {
        QuorumMembers members();

        /** What the configuration node says. */
        DynamicConfig config();

        /** The version that a configuration gets which is written now. */
        long nextVersion();

        void on(QuorumEvent event);

        void write(DynamicConfig config, Submission submission);

        long nanoTime();
    }

    private final Quorum quorum;
    private final Deque<QuorumEvent> steps = new ArrayDeque<>();
    private @Nullable Reply reply;
    private Map<Integer, ServerSpec> wanted = Map.of();
    private boolean isWriting;
    private long retryAtNs = Long.MAX_VALUE;
    private long endNs;
    private Refusal refusal = Refusal.NO_QUORUM;

    Reconfiguration(Quorum quorum) {
        this.quorum = quorum;
    }

    @Override
    public void change(MembershipChange change, Reply told) {
        if (reply != null) {
            told.refused(Refusal.IN_PROGRESS);
            return;
        }
        DynamicConfig present = quorum.config();
        if (change.expectedVersion() != -1 && change.expectedVersion() != present.version()) {
            told.refused(Refusal.BAD_VERSION);
            return;
        }
        Map<Integer, ServerSpec> next;
        try {
            next = next(change, present.servers());
        } catch (ZooConfigException | NumberFormatException e) {
            told.refused(Refusal.BAD_ARGUMENTS);
            return;
        }
        if (next.values().stream().allMatch(ServerSpec::isObserver)) {
            told.refused(Refusal.BAD_ARGUMENTS);
            return;
        }
        reply = told;
        wanted = next;
        isWriting = false;
        endNs = quorum.nanoTime() + TIMEOUT_NS;
        plan(next);
        takeStep();
    }

    private static Map<Integer, ServerSpec> next(MembershipChange change, Map<Integer, ServerSpec> present) {
        String all = change.newMembers();
        if (all != null && !all.isEmpty()) {
            return parse(all);
        }
        Map<Integer, ServerSpec> next = new TreeMap<>(present);
        String joining = change.joining();
        if (joining != null && !joining.isEmpty()) {
            next.putAll(parse(joining));
        }
        String leaving = change.leaving();
        if (leaving != null && !leaving.isEmpty()) {
            for (String id : leaving.split(",", -1)) {
                next.remove(Integer.parseInt(id.trim()));
            }
        }
        return next;
    }

    private static Map<Integer, ServerSpec> parse(String lines) {
        return DynamicConfig.parse("reconfig", lines.replace(',', '\n')).servers();
    }

    /** First who joins, so that there are never fewer voters than need be. */
    private void plan(Map<Integer, ServerSpec> next) {
        steps.clear();
        QuorumMembers members = quorum.members();
        for (ServerSpec spec : next.values()) {
            if (!spec.isObserver() && members.voter(spec.id()) == null) {
                MemberId member = new MemberId(spec.id(), MemberId.NO_DIRECTORY);
                steps.add(new QuorumEvent.AddMember(new Voter(member, QuorumNodeConfig.Servers.addresses(spec))));
            }
        }
        for (Voter voter : members.voters()) {
            ServerSpec spec = next.get(voter.id());
            if (spec == null || spec.isObserver()) {
                steps.add(new QuorumEvent.RemoveMember(voter.member()));
            }
        }
    }

    private void takeStep() {
        QuorumEvent step = steps.peek();
        if (step != null) {
            quorum.on(step);
            retryAtNs = quorum.nanoTime() + RETRY_NS;
            return;
        }
        retryAtNs = Long.MAX_VALUE;
        isWriting = true;
        quorum.write(new DynamicConfig(wanted, quorum.nextVersion()), new Submission() {
            @Override
            public void applied(TreeTransaction transaction) {
                finish().done();
            }

            @Override
            public void lost(String reason) {
                finish().lost(reason);
            }
        });
    }

    private Reply finish() {
        Reply told = reply;
        if (told == null) {
            throw new IllegalStateException("no change is going on");
        }
        reply = null;
        steps.clear();
        retryAtNs = Long.MAX_VALUE;
        return told;
    }

    /** What the leader says to a step. */
    void onAnswered(QuorumAction.ChangeAnswered answer) {
        QuorumEvent step = steps.peek();
        if (reply == null
                || isWriting
                || step == null
                || id(step) != answer.member().id()) {
            return;
        }
        if (answer.status() == ChangeStatus.APPENDED || answer.status() == ChangeStatus.UNCHANGED) {
            steps.remove();
            takeStep(); // answered by BUSY until this one is committed
        } else if (answer.status() == ChangeStatus.ID_IN_USE) {
            finish().refused(Refusal.BAD_ARGUMENTS);
        } else if (answer.status() == ChangeStatus.WOULD_LOSE_QUORUM) {
            finish().refused(Refusal.NO_QUORUM);
        } else {
            refusal = answer.status() == ChangeStatus.NOT_CAUGHT_UP ? Refusal.NO_QUORUM : Refusal.IN_PROGRESS;
        }
    }

    private static int id(QuorumEvent step) {
        return step instanceof QuorumEvent.AddMember add
                ? add.voter().id()
                : ((QuorumEvent.RemoveMember) step).member().id();
    }

    /** Asks again for what was not granted yet, and gives up when that takes too long. */
    void doWork(long nowNs) {
        if (nowNs < retryAtNs) {
            return;
        }
        if (nowNs < endNs) {
            takeStep();
        } else {
            finish().refused(refusal);
        }
    }

    long nextDeadlineNs() {
        return retryAtNs;
    }

    /**
     * What the configuration node should say.
     *
     * @param members the voters that hold
     * @param configured what this member's own configuration says of members
     * @param present what the node says
     * @param version for a new configuration
     * @return the configuration, null when it is there already
     */
    static @Nullable DynamicConfig due(
            QuorumMembers members, Map<Integer, ServerSpec> configured, DynamicConfig present, long version) {
        Map<Integer, ServerSpec> next = new TreeMap<>();
        Map<Integer, ServerSpec> known = present.servers().isEmpty() ? configured : present.servers();
        known.forEach((id, spec) -> {
            if (spec.isObserver()) {
                next.put(id, spec);
            }
        });
        for (Voter voter : members.voters()) {
            ServerSpec spec = known.getOrDefault(voter.id(), configured.get(voter.id()));
            next.put(voter.id(), spec == null || spec.isObserver() ? hinted(voter) : spec);
        }
        return next.equals(present.servers()) ? null : new DynamicConfig(next, version);
    }

    private static ServerSpec hinted(Voter voter) {
        return new ServerSpec(
                voter.id(),
                voter.addresses().stream().map(HostAndPort::serverAddress).toList(),
                false,
                null);
    }
}
