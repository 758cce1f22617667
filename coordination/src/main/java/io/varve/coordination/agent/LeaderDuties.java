// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.agent;

import io.varve.coordination.quorum.QuorumEvent;
import io.varve.coordination.quorum.QuorumMembers;
import io.varve.coordination.quorum.Role;
import io.varve.coordination.tree.Node;
import io.varve.coordination.tree.Submission;
import io.varve.coordination.tree.TreeCommand;
import io.varve.coordination.tree.TreeReplica;
import io.varve.coordination.zookeeper.config.DynamicConfig;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * What only the leader does, once it has applied what its predecessors left: it keeps the deadlines of sessions, looks after those of
 * processes that have died, reaps nodes whose time is over, and sees to it that the tree's limits and the configuration node are as they should be.
 *
 * <p>Threading: confined to the member's thread.
 */
final class LeaderDuties implements Reconfiguration.Quorum {

    private static final String CONFIG_PATH = "/zookeeper/config";
    private static final long CONFIG_DELAY_NS = TimeUnit.SECONDS.toNanos(2);
    private static final int MOST_REAPED = 10_000;

    private final QuorumNodeConfig config;
    private final Member member;
    private final TreeReplica tree;
    private final SessionKeeper sessions;
    private final DeadProcesses dead;
    private final MemberParts.Clocks clocks;

    /** The voters that the configuration node was last compared with. */
    private QuorumMembers knownMembers = QuorumMembers.NONE;

    private long configAtNs = Long.MAX_VALUE;
    private long reapAtNs;

    LeaderDuties(
            QuorumNodeConfig config,
            Member member,
            TreeReplica tree,
            SessionKeeper sessions,
            DeadProcesses dead,
            MemberParts.Clocks clocks) {
        this.config = config;
        this.member = member;
        this.tree = tree;
        this.sessions = sessions;
        this.dead = dead;
        this.clocks = clocks;
    }

    /** Does what is due; nothing when another member leads. */
    void doWork(long nowNs) {
        if (member.role() != Role.LEADER || !member.isSettled()) {
            sessions.follow();
            return;
        }
        if (!sessions.isLeading()) {
            begin(nowNs);
        }
        dead.doWork(nowNs);
        keepConfig(nowNs);
        if (nowNs >= reapAtNs) {
            reapAtNs = nowNs + config.timing().reapInterval().toNanos();
            List<String> paths = tree.tree().reapable(clocks.wallMs().getAsLong(), MOST_REAPED);
            if (!paths.isEmpty()) {
                tree.submit(new TreeCommand.Reap(paths), Submission.UNATTENDED);
            }
        }
    }

    private void begin(long nowNs) {
        sessions.lead(tree.tree().sessions(), nowNs);
        dead.suspect(nowNs);
        reapAtNs = nowNs + config.timing().reapInterval().toNanos();
        if (!tree.tree().limits().equals(config.limits())) {
            tree.submit(new TreeCommand.SetLimits(config.limits()), Submission.UNATTENDED);
        }
    }

    /**
     * Writes what the members are into the configuration node, when that says otherwise. Who has them changed writes what it knows of them
     * itself, and is given time to.
     */
    private void keepConfig(long nowNs) {
        QuorumMembers members = member.members();
        if (config.servers().specs().isEmpty() || !members.isFounded()) {
            return;
        }
        if (!members.equals(knownMembers)) {
            configAtNs = knownMembers.equals(QuorumMembers.NONE) ? nowNs : nowNs + CONFIG_DELAY_NS;
            knownMembers = members;
        }
        if (nowNs >= configAtNs) {
            configAtNs = Long.MAX_VALUE;
            DynamicConfig due = Reconfiguration.due(members, config.servers().specs(), config(), nextVersion());
            if (due != null) {
                write(due, Submission.UNATTENDED);
            }
        }
    }

    /** When {@link #doWork} has something to do at the latest. */
    long nextDeadlineNs() {
        return sessions.isLeading() ? Math.min(dead.nextDeadlineNs(), Math.min(reapAtNs, configAtNs)) : Long.MAX_VALUE;
    }

    @Override
    public QuorumMembers members() {
        return member.members();
    }

    @Override
    public DynamicConfig config() {
        Node node = tree.tree().get(CONFIG_PATH);
        String text = node == null ? "" : new String(node.data(), StandardCharsets.UTF_8);
        return DynamicConfig.parse(CONFIG_PATH, text);
    }

    @Override
    public long nextVersion() {
        return tree.tree().lastZxid() + 1;
    }

    @Override
    public void on(QuorumEvent event) {
        member.on(event);
    }

    @Override
    public void write(DynamicConfig next, Submission submission) {
        tree.submit(new TreeCommand.SetConfig(next.text().getBytes(StandardCharsets.UTF_8)), submission);
    }

    @Override
    public long nanoTime() {
        return clocks.nanos().getAsLong();
    }
}
