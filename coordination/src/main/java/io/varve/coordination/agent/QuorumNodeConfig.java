// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.agent;

import io.varve.coordination.quorum.MemberId;
import io.varve.coordination.quorum.Voter;
import io.varve.coordination.tree.TreeLimits;
import io.varve.coordination.zookeeper.FrontEndConfig;
import io.varve.coordination.zookeeper.config.ServerSpec;
import io.varve.coordination.zookeeper.config.ZooConfig;
import io.varve.log.storage.Storage;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Who a member of a quorum is and how it behaves.
 *
 * <p>Threading: immutable.
 *
 * @param servers this member and the others
 * @param storages where its files are
 * @param timing its units of time
 * @param clients bounds and rights of clients
 * @param limits of the tree
 * @param reconfigEnabled whether clients may change the members
 */
public record QuorumNodeConfig(
        Servers servers,
        Storages storages,
        Timing timing,
        FrontEndConfig clients,
        TreeLimits limits,
        boolean reconfigEnabled) {

    /**
     * The members that the configuration names. They hold as long as the quorum is not founded; afterwards what the members agree on holds.
     *
     * @param memberId number of this member
     * @param addresses where other members reach it, as {@code host:port}; empty for a quorum of one, which listens to nobody
     * @param voters all voters, this one included if it is one
     * @param isObserver whether it replicates without ever voting
     * @param specs the {@code server.N} lines by their numbers, for who asks for the configuration
     * @param listensEverywhere whether this member listens on all interfaces, and not only at its first address
     */
    public record Servers(
            int memberId,
            List<String> addresses,
            List<Voter> voters,
            boolean isObserver,
            Map<Integer, ServerSpec> specs,
            boolean listensEverywhere) {

        public Servers {
            specs = Map.copyOf(specs);
            addresses = List.copyOf(addresses);
            voters = List.copyOf(voters);
            if (voters.isEmpty()) {
                throw new IllegalArgumentException("a quorum needs a voter: memberId=" + memberId);
            }
        }

        /** The only member of a quorum that needs no network. */
        public static Servers alone(int memberId) {
            Voter self = new Voter(new MemberId(memberId, MemberId.NO_DIRECTORY), List.of());
            return new Servers(memberId, List.of(), List.of(self), false, Map.of(), false);
        }

        /** The members of {@code server.N} lines. */
        public static Servers of(int memberId, Map<Integer, ServerSpec> specs, boolean listensEverywhere) {
            List<Voter> voters = new ArrayList<>();
            ServerSpec self = null;
            for (ServerSpec spec : specs.values()) {
                if (spec.id() == memberId) {
                    self = spec;
                }
                if (!spec.isObserver()) {
                    voters.add(new Voter(new MemberId(spec.id(), MemberId.NO_DIRECTORY), addresses(spec)));
                }
            }
            if (self == null) {
                throw new IllegalArgumentException("no server line names this member: memberId=" + memberId);
            }
            return new Servers(memberId, addresses(self), voters, self.isObserver(), specs, listensEverywhere);
        }

        static List<String> addresses(ServerSpec spec) {
            return spec.addresses().stream()
                    .map(address -> HostAndPort.text(address.host(), address.peerPort()))
                    .toList();
        }
    }

    /**
     * Where a member's files are.
     *
     * @param state its identity, vote and snapshots; the node closes nothing of it
     * @param log its log and nothing else
     * @param snapshotsKept how many snapshots are kept, at least 1
     * @param snapCount most commands between two snapshots
     */
    public record Storages(Storage state, Storage log, int snapshotsKept, int snapCount) {

        /** Snapshots that are kept unless configured otherwise: the newest, and one to fall back to. */
        public static final int DEFAULT_SNAPSHOTS_KEPT = 2;

        /** ZooKeeper's. */
        public static final int DEFAULT_SNAP_COUNT = 100_000;
    }

    /**
     * Units of time.
     *
     * @param tickMs unit of ZooKeeper's limits, milliseconds
     * @param electionTimeout how long a leader may be silent before another is elected
     * @param reapInterval how often the leader looks for empty containers and nodes whose time to live has ended
     */
    public record Timing(int tickMs, Duration electionTimeout, Duration reapInterval) {

        /** ZooKeeper's usual tick, milliseconds. */
        public static final int DEFAULT_TICK_MS = 2_000;

        /** Long against a pause of the collector, short against a session. */
        public static final Duration DEFAULT_ELECTION_TIMEOUT = Duration.ofSeconds(1);

        /** ZooKeeper's. */
        public static final Duration DEFAULT_REAP_INTERVAL = Duration.ofMinutes(1);

        /** The defaults. */
        public static final Timing DEFAULT =
                new Timing(DEFAULT_TICK_MS, DEFAULT_ELECTION_TIMEOUT, DEFAULT_REAP_INTERVAL);
    }

    /** A quorum of one member, with the defaults. */
    public static QuorumNodeConfig alone(int memberId, Storage state, Storage log) {
        return new QuorumNodeConfig(
                Servers.alone(memberId),
                new Storages(state, log, Storages.DEFAULT_SNAPSHOTS_KEPT, Storages.DEFAULT_SNAP_COUNT),
                Timing.DEFAULT,
                FrontEndConfig.ofTickTime(Timing.DEFAULT_TICK_MS),
                TreeLimits.DEFAULT,
                false);
    }

    /**
     * What zoo.cfg says.
     *
     * @param state for what belongs into its dataDir
     * @param log for what belongs into its dataLogDir
     */
    public static QuorumNodeConfig of(ZooConfig config, Storage state, Storage log) {
        ZooConfig.Quorum quorum = config.quorum();
        int tickMs = config.timing().tickTimeMs();
        return new QuorumNodeConfig(
                quorum.isAlone()
                        ? Servers.alone(quorum.myId())
                        : Servers.of(quorum.myId(), quorum.members().servers(), quorum.listensOnAllIps()),
                new Storages(
                        state,
                        log,
                        config.storage().snapRetainCount(),
                        config.storage().snapCount()),
                new Timing(
                        tickMs,
                        electionTimeout(config),
                        Duration.ofMillis(config.timing().reapIntervalMs())),
                config.clients().frontEnd(),
                new TreeLimits(
                        config.clients().frontEnd().maxFrameBytes(),
                        config.clients().enforcesQuotas()),
                quorum.reconfigEnabled() && !quorum.isAlone());
    }

    /** The default, unless ZooKeeper's limit for the same thing is shorter. */
    private static Duration electionTimeout(ZooConfig config) {
        int ticks = config.timing().syncLimitTicks();
        Duration limit = Duration.ofMillis((long) config.timing().tickTimeMs() * ticks);
        return ticks > 0 && limit.compareTo(Timing.DEFAULT_ELECTION_TIMEOUT) < 0
                ? limit
                : Timing.DEFAULT_ELECTION_TIMEOUT;
    }
}
