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
import io.varve.coordination.tree.Node;
import io.varve.coordination.tree.SessionOwner;
import io.varve.coordination.tree.Submission;
import io.varve.coordination.tree.TreeCommand;
import io.varve.coordination.tree.TreeResult;
import io.varve.coordination.tree.TreeSession;
import io.varve.coordination.tree.TreeTransaction;
import io.varve.coordination.zookeeper.FrontEndContext;
import io.varve.coordination.zookeeper.ZooKeeperFrontEnd;
import io.varve.coordination.zookeeper.config.DynamicConfig;
import io.varve.log.LogConfig;
import io.varve.log.storage.ChannelStorage;
import io.varve.log.storage.Storage;
import io.varve.log.storage.StorageException;
import io.varve.replication.transport.Listener;
import io.varve.replication.transport.Transport;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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

    /** How long {@link #openSession()} waits for a quorum. */
    public static final Duration DEFAULT_SESSION_WAIT = Duration.ofSeconds(30);

    private static final Duration CLOSE_WAIT = Duration.ofSeconds(2);
    private static final Duration LOCAL_SESSION_TIMEOUT = Duration.ofSeconds(18);

    private static final LogConfig LOG =
            LogConfig.builder().segmentBytes(2 << 20).maxBatchBytes(64 << 20).build();

    private static final String CONFIG_PATH = "/zookeeper/config";
    private static final long CACHE_BYTES = 16L << 20;
    private static final long CONFIG_DELAY_NS = TimeUnit.SECONDS.toNanos(2);
    private static final int MOST_REAPED = 10_000;

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
    private final Changes changes = new Changes();
    private final Reconfiguration reconfiguration = new Reconfiguration(changes);
    private final Member member;
    private final Map<Long, LocalSession> local = new LinkedHashMap<>();
    private final CompletableFuture<Void> stopped = new CompletableFuture<>();

    /** Since when no leader has been known whose start was applied; {@link Long#MAX_VALUE} when one is. */
    private long unsettledSinceNs;

    /** Of the next session of this process; negative and descending, while those of clients are positive and ascending. */
    private long nextConnection;

    private boolean serving;
    /** The voters that the configuration node was last compared with. */
    private QuorumMembers knownMembers = QuorumMembers.NONE;

    private long configAtNs = Long.MAX_VALUE;

    private long reapAtNs;
    private long beatAtNs;
    private @Nullable ZooKeeperFrontEnd frontEnd;
    private final AtomicBoolean closed = new AtomicBoolean();
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
        // Sessions remember their connections: those of an earlier run must not look like those of this one.
        this.nextConnection = -(random.nextLong() >>> 2) - 1;
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
        peers.locate(servers.voters());
        this.listener = servers.addresses().isEmpty()
                ? null
                : transport.listen(HostAndPort.local(servers.addresses().get(0)), peers::handler);
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
     * @param directory for its files; created when it does not exist
     * @throws CoordinationException when files are missing, or another version left them
     * @throws io.varve.log.CorruptLogException when a file is damaged
     * @throws StorageException when the directory cannot be read or written
     */
    public static QuorumNode open(Path directory) {
        return open(ChannelStorage.open(directory), ChannelStorage.open(directory.resolve("log")));
    }

    /** Starts the only member of a quorum; see {@link #open(Path)}. */
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
        member.on(new QuorumEvent.Unreachable(peer));
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
                LocalSession ended = local.remove(close.sessionId());
                if (ended != null) {
                    ended.lost();
                }
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
            for (LocalSession session : List.copyOf(local.values())) {
                if (tree.tree().session(session.sessionId()) == null) {
                    local.remove(session.sessionId());
                    session.lost();
                } else {
                    session.onMissed();
                }
            }
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
            lead(nowNs);
            beat(nowNs);
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
            if (!local.isEmpty()) {
                deadlineNs = Math.min(deadlineNs, beatAtNs);
            }
            if (sessions.isLeading()) {
                deadlineNs = Math.min(deadlineNs, Math.min(reapAtNs, configAtNs));
            }
            if (serving && unsettledSinceNs != Long.MAX_VALUE) {
                deadlineNs = Math.min(deadlineNs, unsettledSinceNs + graceNs());
            }
            return deadlineNs - nowNs();
        }
    }

    /** What only the leader does, once it has applied what its predecessors left. */
    private void lead(long nowNs) {
        if (member.role() != Role.LEADER || !member.isSettled()) {
            sessions.follow();
            return;
        }
        if (!sessions.isLeading()) {
            sessions.lead(tree.tree().sessions(), nowNs);
            reapAtNs = nowNs + config.timing().reapInterval().toNanos();
            if (!tree.tree().limits().equals(config.limits())) {
                tree.submit(new TreeCommand.SetLimits(config.limits()), Submission.UNATTENDED);
            }
        }
        keepConfig(nowNs);
        if (nowNs >= reapAtNs) {
            reapAtNs = nowNs + config.timing().reapInterval().toNanos();
            List<String> paths = tree.tree().reapable(clocks.wallMs().getAsLong(), MOST_REAPED);
            if (!paths.isEmpty()) {
                tree.submit(new TreeCommand.Reap(paths), Submission.UNATTENDED);
            }
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
            DynamicConfig due =
                    Reconfiguration.due(members, config.servers().specs(), changes.config(), changes.nextVersion());
            if (due != null) {
                changes.write(due, Submission.UNATTENDED);
            }
        }
    }

    private final class Changes implements Reconfiguration.Quorum {

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
            return nowNs();
        }
    }

    /** The sessions of this process live as long as the member's thread does. */
    private void beat(long nowNs) {
        if (nowNs >= beatAtNs) {
            beatAtNs = nowNs + TimeUnit.MILLISECONDS.toNanos(config.timing().tickMs());
            local.keySet().forEach(id -> sessions.heard(id, nowNs));
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
                endEarlierSessions();
                local.values().forEach(session -> session.onServing(true));
            }
            return;
        }
        if (unsettledSinceNs == Long.MAX_VALUE) {
            unsettledSinceNs = nowNs;
        }
        if (serving && nowNs - unsettledSinceNs >= graceNs()) {
            serving = false;
            String reason = "this member knows of no quorum";
            local.values().forEach(session -> session.onServing(false));
            tree.lose(reason);
            if (frontEnd != null) {
                frontEnd.closeAll(reason);
            }
        }
    }

    /** Sessions of an earlier run of this process are known to be dead: nobody needs to wait for their time to be up. */
    private void endEarlierSessions() {
        for (TreeSession session : tree.tree().sessions()) {
            boolean wasHere = session.owner().member() == config.servers().memberId()
                    && session.owner().connection() < 0;
            if (wasHere && !local.containsKey(session.id())) {
                tree.submit(new TreeCommand.CloseSession(session.id(), true), Submission.UNATTENDED);
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

    /** Opens a session of this process, and waits up to half a minute for a quorum; see {@link #openSession(Duration)}. */
    public Coordinator openSession() {
        return openSession(DEFAULT_SESSION_WAIT);
    }

    /**
     * Opens a session of this process on the tree. It lives until it is closed, the process ends, or the leader has not heard of this member
     * for 18 seconds.
     *
     * @param wait how long to wait for a quorum
     * @throws QuorumLostException when there was none in that time, or the member has failed
     */
    public Coordinator openSession(Duration wait) {
        CompletableFuture<LocalSession> opened = new CompletableFuture<>();
        stopped.whenComplete((nothing, thrown) -> opened.completeExceptionally(
                new QuorumLostException(thrown == null ? "the member is closed" : "the member has failed: " + thrown)));
        if (!thread.execute(() -> open(opened))) {
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

    private void open(CompletableFuture<LocalSession> opened) {
        SessionOwner owner = new SessionOwner(config.servers().memberId(), nextConnection--);
        byte[] password = new byte[TreeSession.PASSWORD_BYTES];
        random.nextBytes(password);
        int timeoutMs = Math.toIntExact(LOCAL_SESSION_TIMEOUT.toMillis());
        tree.submit(new TreeCommand.OpenSession(owner, timeoutMs, password), new Submission() {
            @Override
            public void applied(TreeTransaction transaction) {
                TreeResult.Opened session = (TreeResult.Opened) transaction.result();
                LocalSession result = new LocalSession(thread, tree, owner, session.sessionId());
                local.put(session.sessionId(), result);
                if (!opened.complete(result)) {
                    result.close(); // nobody waits any more
                }
            }

            @Override
            public void lost(String reason) {
                if (failure != null || stopped.isDone()) {
                    opened.completeExceptionally(new QuorumLostException(reason));
                } else if (!opened.isDone()) {
                    open(opened);
                }
            }
        });
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
        stopped.complete(null);
    }

    private void endSessions() {
        CompletableFuture<Void> ended = new CompletableFuture<>();
        boolean taken = thread.execute(() -> {
            List.copyOf(local.values()).forEach(LocalSession::close);
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
        if (!serving) {
            ended.complete(null);
            return;
        }
        tree.sync(() -> ended.complete(null), reason -> ended.complete(null));
    }

    private void leave(String reason) {
        local.values().forEach(LocalSession::lost);
        tree.lose(reason);
        if (frontEnd != null) {
            frontEnd.closeAll(reason);
        }
    }
}
