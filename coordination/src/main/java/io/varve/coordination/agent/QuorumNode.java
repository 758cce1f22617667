// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.agent;

import io.varve.coordination.CoordinationException;
import io.varve.coordination.QuorumLostException;
import io.varve.coordination.disk.MemberFiles;
import io.varve.coordination.quorum.PeerMessage;
import io.varve.coordination.quorum.QuorumAction;
import io.varve.coordination.quorum.QuorumConfig;
import io.varve.coordination.quorum.QuorumEvent;
import io.varve.coordination.quorum.QuorumMember;
import io.varve.coordination.quorum.QuorumMembers;
import io.varve.coordination.quorum.QuorumPorts;
import io.varve.coordination.quorum.QuorumSnapshot;
import io.varve.coordination.quorum.Role;
import io.varve.coordination.quorum.Voter;
import io.varve.coordination.tree.MemberStatus;
import io.varve.coordination.tree.Submission;
import io.varve.coordination.tree.TreeCommand;
import io.varve.coordination.tree.TreeSession;
import io.varve.coordination.tree.TreeTransaction;
import io.varve.coordination.zookeeper.FrontEndContext;
import io.varve.coordination.zookeeper.ZooKeeperFrontEnd;
import io.varve.log.LogConfig;
import io.varve.log.storage.Storage;
import io.varve.log.storage.StorageException;
import io.varve.replication.transport.Listener;
import io.varve.replication.transport.Transport;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Collection;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A member of a quorum, in this process: the tree that the members hold together, sessions on it for this process, and what a listener
 * for ZooKeeper's clients needs.
 *
 * <p>One thread owns everything that changes; one more waits for the disk. The member stops for good when its log fails or a promise of
 * the protocol is broken: sessions of this process are lost, connections close, and {@link #failure} says why. The other members go on.
 *
 * <p>Threading: safe.
 */
public final class QuorumNode implements AutoCloseable {

    /** Long enough for a pause of the collector, short enough for a machine that has lost its power. */
    private static final Duration DEFAULT_SESSION_TIMEOUT = Duration.ofSeconds(18);

    /** How long {@link #openSession()} waits for a quorum. */
    public static final Duration DEFAULT_SESSION_WAIT = Duration.ofSeconds(30);

    private static final Duration CLOSE_WAIT = Duration.ofSeconds(2);

    private static final LogConfig LOG =
            LogConfig.builder().segmentBytes(2 << 20).maxBatchBytes(64 << 20).build();

    private static final long CACHE_BYTES = 16L << 20;

    private final QuorumNodeConfig config;
    private final RoleListener onRole;
    private final MemberParts.Clocks clocks = MemberParts.Clocks.system();
    private final SecureRandom random = new SecureRandom();
    private final MemberFiles files;
    private final MemberThread thread;
    private final LogForcer forcer;
    private final PeerWire peers;
    private final @Nullable Listener listener;
    private final SnapshotKeeper snapshots;
    private final TreeMember tree;
    private final SessionKeeper sessions;
    private final Member member;
    private final LocalSessions local;
    private final DeadProcesses dead;
    private final LeaderDuties duties;
    private final Reconfiguration reconfiguration;
    private final AtomicBoolean closed = new AtomicBoolean();
    private final CompletableFuture<Void> stopped = new CompletableFuture<>();

    /** Since when no leader has been known whose start was applied; {@link Long#MAX_VALUE} when one is. */
    private long unsettledSinceNs;

    /** The directories, if they are this node's own. */
    private @Nullable MemberStorages closedLast;

    private boolean serving;
    private @Nullable ZooKeeperFrontEnd frontEnd;
    private volatile @Nullable Throwable failure;

    private QuorumNode(QuorumNodeConfig config, Transport transport, RoleListener onRole) {
        this.config = config;
        this.onRole = onRole;
        QuorumNodeConfig.Servers servers = config.servers();
        QuorumNodeConfig.Storages storages = config.storages();
        this.files = MemberFiles.open(
                new MemberFiles.Settings(storages.state(), storages.log(), LOG, CACHE_BYTES, storages.snapshotsKept()),
                servers.memberId(),
                InstantSource.system(),
                UUID::randomUUID);
        Origin self = new Origin(servers.memberId(), random.nextLong());
        long hashSeed = random.nextLong();
        String name = "varve-quorum-" + servers.memberId();
        this.thread = new MemberThread(name, new Duty(), this::fail);
        this.forcer = new LogForcer(name + "-log", this::force, this::fail);
        this.peers =
                new PeerWire(servers.memberId(), transport, thread, clocks.nanos(), this::received, this::peerGone);
        this.snapshots =
                new SnapshotKeeper(files.snapshots(), storages.snapCount(), thread, hashSeed, this::on, this::fail);
        this.tree = new TreeMember(self, hashSeed, new Surroundings());
        this.sessions = new SessionKeeper(tree, config.timing().tickMs(), this::report);
        this.local = new LocalSessions(
                thread,
                tree,
                random,
                Duration.ofMillis(Math.max(1, config.timing().tickMs() / 2)));
        snapshots.restore(tree);
        long electionTimeoutNs = config.timing().electionTimeout().toNanos();
        QuorumConfig quorum = new QuorumConfig(
                new Voter(files.member(), servers.addresses()),
                QuorumMembers.of(QuorumMembers.NO_CLUSTER, servers.voters()),
                !servers.isObserver(),
                electionTimeoutNs,
                QuorumConfig.Limits.DEFAULT);
        QuorumPorts ports = new QuorumPorts(files.log(), files.snapshots(), random);
        this.member = new Member(
                new MemberParts(files, forcer, snapshots, peers, new Told(), clocks),
                tree,
                new QuorumMember(quorum, ports, files.vote(), nowNs()),
                self,
                electionTimeoutNs);
        this.dead = new DeadProcesses(new OtherProcesses(), QuorumNode::probe, this::refuses);
        this.duties = new LeaderDuties(config, member, tree, sessions, dead, clocks);
        this.reconfiguration = new Reconfiguration(duties);
        peers.locate(servers.voters());
        this.listener = servers.addresses().isEmpty()
                ? null
                : transport.listen(
                        HostAndPort.local(servers.addresses().get(0), servers.listensEverywhere()), peers::handler);
        thread.start();
    }

    /**
     * Starts a member; it looks for the others by itself.
     *
     * @param transport to the other members; stays the caller's, who closes it after the node
     * @param onRole is told who leads
     * @throws CoordinationException when the directory is another member's, or files are missing
     * @throws io.varve.log.CorruptLogException when a file is damaged
     * @throws StorageException when the directories cannot be read or written
     * @throws java.io.UncheckedIOException when the address for the other members cannot be bound
     */
    public static QuorumNode open(QuorumNodeConfig config, Transport transport, RoleListener onRole) {
        return new QuorumNode(config, transport, onRole);
    }

    /**
     * Starts the only member of a quorum, which needs no network.
     *
     * @param directory for its files, which nobody else may open while the node is open; created when it does not exist
     * @throws io.varve.log.storage.DirectoryInUseException when somebody else has it open
     * @throws CoordinationException when files are missing, or another version left them
     * @throws io.varve.log.CorruptLogException when a file is damaged
     * @throws StorageException when the directory cannot be read or written
     */
    public static QuorumNode open(Path directory) {
        MemberStorages storages = MemberStorages.open(directory, directory.resolve("log"));
        try {
            QuorumNode node = open(storages.state(), storages.log());
            node.closedLast = storages;
            return node;
        } catch (RuntimeException e) {
            storages.close();
            throw e;
        }
    }

    /** Starts the only member of a quorum; see {@link #open(Path)}. That nobody else writes to its storages is the caller's to see to. */
    public static QuorumNode open(Storage state, Storage log) {
        return new QuorumNode(QuorumNodeConfig.alone(0, state, log), new NoTransport(), (role, epoch, leaderId) -> {});
    }

    private long nowNs() {
        return clocks.nanos().getAsLong();
    }

    // What the parts call, each on the member's thread unless it says otherwise.

    private void on(QuorumEvent event) {
        member.on(event);
    }

    private void received(PeerMessage message) {
        member.received(message);
    }

    private void peerGone(int peer) {
        dead.suspect(nowNs());
        member.on(new QuorumEvent.Unreachable(peer));
    }

    private static void probe(Runnable work) {
        Thread thread = new Thread(work, "varve-quorum-probe");
        thread.setDaemon(true);
        thread.start();
    }

    /** Whether nobody listens where a member is configured to; waits for the network. */
    private boolean refuses(int id) {
        List<String> known = peers.addresses(id);
        return !known.isEmpty() && known.stream().allMatch(HostAndPort::refuses);
    }

    private final class OtherProcesses implements DeadProcesses.Surroundings {

        @Override
        public Collection<TreeSession> sessions() {
            return tree.tree().sessions();
        }

        @Override
        public boolean isLinked(int id) {
            return id == config.servers().memberId() || peers.isLinked(id);
        }

        @Override
        public void onThread(Runnable work) {
            thread.execute(work);
        }

        @Override
        public void end(List<Long> sessionIds) {
            sessionIds.forEach(id -> tree.submit(new TreeCommand.CloseSession(id, true), Submission.UNATTENDED));
        }
    }

    private void report(List<Long> sessionIds) {
        member.tellLeader(new ForwardMessage.Heard(sessionIds));
    }

    /** On the forcer's thread. */
    private void force() {
        files.log().force();
        thread.execute(() -> member.on(new QuorumEvent.Forced()));
    }

    /** On any thread: the member stops for good. */
    private void fail(Throwable thrown) {
        if (failure == null) {
            failure = thrown;
        }
        if (thread.isOwner()) {
            leave("this member has failed: " + failure.getMessage());
            stopped.completeExceptionally(failure);
        } else {
            thread.execute(() -> {
                throw new CoordinationException("the member has failed: " + thrown.getMessage(), thrown);
            });
        }
    }

    private final class Surroundings implements TreeMember.Surroundings {

        @Override
        public void askHowFar(long token) {
            member.on(new QuorumEvent.Read(token));
        }

        @Override
        public void heard(long sessionId) {
            sessions.heard(sessionId, nowNs());
        }

        @Override
        public void onApplied(TreeCommand command, TreeTransaction transaction) {
            sessions.applied(command, transaction.result(), nowNs());
            if (command instanceof TreeCommand.CloseSession close) {
                local.ended(close.sessionId());
            }
            if (frontEnd != null) {
                frontEnd.applied(command, transaction.result());
            }
        }

        @Override
        public void onRestored() {
            if (frontEnd != null) {
                frontEnd.closeAll("this member had fallen behind and began anew from a snapshot");
            }
            local.onRestored();
        }

        @Override
        public boolean isServing() {
            return serving;
        }

        @Override
        public MemberStatus status() {
            return QuorumNode.this.describe();
        }
    }

    private final class Told implements MemberListener {

        @Override
        public void onRole(Role role, int epoch, @Nullable Voter leader) {
            onRole.onRole(role, epoch, leader == null ? -1 : leader.id());
        }

        @Override
        public void onChangeAnswered(QuorumAction.ChangeAnswered answer) {
            reconfiguration.onAnswered(answer);
        }

        @Override
        public void onHeard(List<Long> sessionIds) {
            sessionIds.forEach(id -> sessions.heard(id, nowNs()));
        }
    }

    private final class Duty implements MemberThread.Duty {

        @Override
        public void doWork() {
            long nowNs = nowNs();
            duties.doWork(nowNs);
            local.doWork(nowNs);
            sessions.doWork(nowNs);
            reconfiguration.doWork(nowNs);
            member.doWork();
            serve(nowNs());
        }

        @Override
        public long idleNs() {
            if (member.hasMoreToDo()) {
                return 0;
            }
            long deadlineNs = Math.min(member.nextDeadlineNs(), sessions.nextDeadlineNs());
            deadlineNs = Math.min(deadlineNs, reconfiguration.nextDeadlineNs());
            deadlineNs = Math.min(deadlineNs, Math.min(local.nextDeadlineNs(), duties.nextDeadlineNs()));
            if (serving && unsettledSinceNs != Long.MAX_VALUE) {
                deadlineNs = Math.min(deadlineNs, unsettledSinceNs + graceNs());
            }
            return deadlineNs - nowNs();
        }
    }

    /** How long clients wait for a new leader before they are sent away: an election that goes well is over by then. */
    private long graceNs() {
        return 3 * config.timing().electionTimeout().toNanos();
    }

    private void serve(long nowNs) {
        if (member.isSettled()) {
            unsettledSinceNs = Long.MAX_VALUE;
            if (!serving) {
                serving = true;
                local.onServing(true);
            }
            return;
        }
        if (unsettledSinceNs == Long.MAX_VALUE) {
            unsettledSinceNs = nowNs;
        }
        if (serving && nowNs - unsettledSinceNs >= graceNs()) {
            serving = false;
            String reason = "this member knows of no quorum";
            local.onServing(false);
            tree.lose(reason);
            if (frontEnd != null) {
                frontEnd.closeAll(reason);
            }
        }
    }

    private MemberStatus describe() {
        Voter leader = member.leader();
        QuorumSnapshot snapshot = files.snapshots().latest();
        return new MemberStatus(
                config.servers().memberId(),
                role(),
                leader == null ? -1 : leader.id(),
                member.epoch(),
                tree.tree().lastZxid(),
                member.members().voters().size(),
                member.observers(),
                member.followersInSync(),
                tree.submissions().count(),
                snapshot == null ? 0 : snapshot.end().offset(),
                snapshots.latestBytes(),
                files.log().sizeBytes(),
                TimeUnit.NANOSECONDS.toMillis(nowNs()));
    }

    private MemberStatus.Role role() {
        if (!serving) {
            return MemberStatus.Role.LOOKING;
        }
        return switch (member.role()) {
            case LEADER ->
                config.servers().addresses().isEmpty() ? MemberStatus.Role.STANDALONE : MemberStatus.Role.LEADER;
            case FOLLOWER -> member.isVoter() ? MemberStatus.Role.FOLLOWER : MemberStatus.Role.OBSERVER;
            case UNATTACHED, PROSPECTIVE, CANDIDATE -> MemberStatus.Role.LOOKING;
        };
    }

    /** What an operator wants to know of this member. */
    public CompletionStage<MemberStatus> status() {
        CompletableFuture<MemberStatus> result = new CompletableFuture<>();
        if (!thread.execute(() -> result.complete(describe()))) {
            result.completeExceptionally(new QuorumLostException("the member is closed or has failed: " + failure));
        }
        return result;
    }

    /** What ended this member before it was closed; null when nothing has. */
    public @Nullable Throwable failure() {
        return failure;
    }

    /** Completed when the member is closed; exceptionally with its failure when it has failed before. */
    public CompletionStage<Void> whenStopped() {
        return stopped.minimalCompletionStage();
    }

    /**
     * Begins to serve ZooKeeper's clients; to be called once, for all listeners.
     *
     * @param facts what operators read
     * @return what listeners hand their connections to
     */
    public ClientFront serveClients(FrontEndContext.Facts facts) {
        Supplier<byte[]> passwords = () -> {
            byte[] password = new byte[TreeSession.PASSWORD_BYTES];
            random.nextBytes(password);
            return password;
        };
        ZooKeeperFrontEnd front = new ZooKeeperFrontEnd(
                config.clients(),
                new FrontEndContext(
                        tree,
                        clocks.nanos(),
                        clocks.wallMs(),
                        passwords,
                        config.reconfigEnabled() ? reconfiguration : null,
                        facts));
        thread.execute(() -> frontEnd = front);
        return new ClientFront(thread, front);
    }

    /** Opens a session of this process with Kafka's timeout of 18 seconds, and waits up to half a minute for a quorum. */
    public Coordinator openSession() {
        return openSession(DEFAULT_SESSION_TIMEOUT, DEFAULT_SESSION_WAIT);
    }

    /**
     * Opens a session of this process on the tree. It lives until it is closed, the process ends, or the leader has not heard of this member
     * for too long.
     *
     * @param timeout for how long the leader need not have heard of this member, more than a few ticks
     * @param wait how long to wait for a quorum
     * @throws QuorumLostException when there was none in that time, or the member has failed
     */
    public Coordinator openSession(Duration timeout, Duration wait) {
        int timeoutMs = Math.toIntExact(timeout.toMillis());
        CompletableFuture<Coordinator> opened = new CompletableFuture<>();
        stopped.whenComplete((nothing, thrown) -> opened.completeExceptionally(
                new QuorumLostException(thrown == null ? "the member is closed" : "the member has failed: " + thrown)));
        if (!thread.execute(() -> local.open(timeoutMs, opened))) {
            throw new QuorumLostException("the member is closed or has failed: " + failure);
        }
        try {
            return opened.get(wait.toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            opened.cancel(false);
            throw new QuorumLostException("no quorum in time: waitMs=" + wait.toMillis() + ", member="
                    + config.servers().memberId() + ", voters="
                    + config.servers().voters().stream().map(Voter::id).toList()
                    + "; a majority of the voters must run and reach each other");
        } catch (ExecutionException e) {
            throw new QuorumLostException("no session was opened: " + e.getCause());
        } catch (InterruptedException e) {
            opened.cancel(false);
            Thread.currentThread().interrupt();
            throw new QuorumLostException("interrupted while waiting for a quorum");
        }
    }

    /**
     * Ends the sessions of this process, hands leadership over if it has it, and stops. Sessions of ZooKeeper's clients live on at the other
     * members. Idempotent.
     */
    @Override
    public void close() {
        if (closed.getAndSet(true)) {
            return;
        }
        endSessions();
        thread.execute(() -> member.on(new QuorumEvent.Resign()));
        thread.close(() -> leave("this member stops"));
        if (listener != null) {
            listener.close();
        }
        peers.close();
        forcer.close();
        snapshots.abort();
        files.close();
        if (closedLast != null) {
            closedLast.close();
        }
        stopped.complete(null);
    }

    private void endSessions() {
        CompletableFuture<Void> ended = new CompletableFuture<>();
        boolean taken = thread.execute(() -> {
            local.end();
            thread.execute(() -> endedWith(ended)); // behind what closing has put into the queue
        });
        if (!taken) {
            return;
        }
        try {
            ended.get(CLOSE_WAIT.toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException | ExecutionException e) {
            return; // without a quorum they expire
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void endedWith(CompletableFuture<Void> ended) {
        if (!serving || failure != null) {
            ended.complete(null);
            return;
        }
        tree.sync(() -> ended.complete(null), reason -> ended.complete(null));
    }

    private void leave(String reason) {
        local.lose();
        tree.lose(reason);
        if (frontEnd != null) {
            frontEnd.closeAll(reason);
        }
    }
}
