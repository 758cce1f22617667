// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.quorum;

import io.varve.coordination.disk.MemberFiles;
import io.varve.coordination.quorum.QuorumEvent.Forced;
import io.varve.coordination.quorum.QuorumEvent.Received;
import io.varve.coordination.quorum.QuorumEvent.Tick;
import io.varve.log.LogConfig;
import io.varve.log.storage.MemoryStorage;
import io.varve.log.storage.StorageException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** The owner of a member in the simulation: disks, machine, clients, and a process that dies and starts again. */
final class SimulatedMember {

    private static final InstantSource CLOCK = InstantSource.fixed(Instant.EPOCH);

    private final Simulation simulation;
    private final Random random;
    final Voter self;
    private final QuorumMembers bootstrap;

    private MemoryStorage storage = new MemoryStorage(CLOCK);
    private MemoryStorage logStorage = new MemoryStorage(CLOCK);
    private final double clockRate;
    private final long clockOffsetNs;

    /** Counts processes: what was begun in an earlier one ends nowhere. */
    private int process;

    private @Nullable MemberFiles files;
    private @Nullable QuorumMember member;
    private RegisterMachine machine = new RegisterMachine();
    private long scheduledTickNs = Long.MAX_VALUE;
    private long tickedNs = -1;
    private int ticksNow;
    long pausedUntilNs;

    /** Writes that this leader has appended in this epoch, by offset. */
    private final Map<Long, QuorumEntry> proposed = new TreeMap<>();

    private int proposedEpoch;
    private Role lastRole = Role.UNATTACHED;
    private boolean resigned;
    private final List<ByteBuffer> proposing = new ArrayList<>();
    private final Map<Long, Long> reads = new TreeMap<>();
    private long nextToken;

    SimulatedMember(Simulation simulation, Voter self, QuorumMembers bootstrap) {
        this.simulation = simulation;
        this.random = simulation.random;
        this.self = self;
        this.bootstrap = bootstrap;
        boolean differs = simulation.swarm.has(Misfortune.CLOCKS_DIFFER);
        this.clockRate = differs ? 0.9 + random.nextInt(20) / 100.0 : 1;
        this.clockOffsetNs = differs ? random.nextInt(1_000_000_000) : 0;
    }

    boolean isUp() {
        return member != null;
    }

    boolean isLeader() {
        return member != null && member.role() == Role.LEADER;
    }

    QuorumMember member() {
        if (member == null) {
            throw new IllegalStateException("down: " + self.member());
        }
        return member;
    }

    MemberFiles files() {
        if (files == null) {
            throw new IllegalStateException("down: " + self.member());
        }
        return files;
    }

    RegisterMachine machine() {
        return machine;
    }

    private long localNs(long nowNs) {
        return clockOffsetNs + (long) (nowNs * clockRate);
    }

    private long globalNs(long localNs) {
        return (long) Math.ceil((localNs - clockOffsetNs) / clockRate) + 1;
    }

    // The process.

    void start() {
        process++;
        try {
            boot();
        } catch (StorageException e) {
            // A disk may fail in the middle of a start as well.
            die(MemoryStorage.Survival.POWER_LOSS);
            return;
        }
        scheduleTick();
    }

    private void boot() {
        LogConfig log = LogConfig.builder()
                .segmentBytes(simulation.swarm.sizes().segmentBytes())
                .reserveBytes(0)
                .build();
        MemberFiles.Settings settings = new MemberFiles.Settings(
                storage, logStorage, log, simulation.swarm.sizes().cacheBytes(), 1 + random.nextInt(3));
        MemberFiles opened =
                MemberFiles.open(settings, self.id(), CLOCK, () -> self.member().directory());
        QuorumSnapshot latest = opened.snapshots().latest();
        machine = latest == null ? new RegisterMachine() : load(opened, latest);
        QuorumLog seen = simulation.bug == Bug.ACKNOWLEDGES_BEFORE_FORCE || simulation.bug == Bug.NEVER_TRUNCATES
                ? new BuggyLog(opened.log(), simulation.bug)
                : opened.log();
        QuorumPorts ports = new QuorumPorts(seen, opened.snapshots(), simulation.randomOf(self.id()));
        QuorumConfig config = new QuorumConfig(
                self,
                bootstrap,
                true,
                Simulation.ELECTION_TIMEOUT_NS,
                new QuorumConfig.Limits(
                        1 << 16, simulation.swarm.sizes().fetchBytes(), 200 + random.nextInt(2000), 3000, 100));
        long nowNs = localNs(simulation.nowNs());
        files = opened;
        member = new QuorumMember(config, ports, opened.vote(), nowNs, simulation::leadership);
        simulation.note("starts " + self.member() + " " + opened.vote() + " log " + seen.startOffset() + ".."
                + seen.endOffset() + " machine " + machine.appliedOffset());
    }

    private static RegisterMachine load(MemberFiles files, QuorumSnapshot snapshot) {
        try (InputStream in = files.snapshots().open(snapshot)) {
            return RegisterMachine.read(in);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The process dies, or the machine that it runs on. */
    void die(MemoryStorage.Survival survival) {
        if (files != null && survival == MemoryStorage.Survival.POWER_LOSS) {
            if (files.log().flushedOffset() < files.log().endOffset()) {
                simulation.saw(Rare.UNFORCED_TAIL_LOST);
            }
        }
        simulation.note("dies " + self.member() + " " + survival);
        process++;
        member = null;
        files = null;
        storage = storage.afterCrash(survival, random.nextLong());
        logStorage = logStorage.afterCrash(survival, random.nextLong());
        proposed.clear();
        proposing.clear();
        reads.clear();
        scheduledTickNs = Long.MAX_VALUE;
        pausedUntilNs = 0;
    }

    /** One of the next operations of a disk is the last. */
    void dieSoon() {
        MemoryStorage disk = random.nextBoolean() ? storage : logStorage;
        disk.crashAt(disk.operations() + random.nextInt(12));
    }

    void damageNewestSnapshot() {
        storage.names().stream()
                .filter(name -> name.matches("snapshot\\.\\d{20}-\\d+"))
                .max(String::compareTo)
                .ifPresent(name -> {
                    int sizeBytes = (int) storage.open(name).sizeBytes();
                    storage.flipBit(name, random.nextInt(sizeBytes), random.nextInt(8));
                    simulation.saw(Rare.SNAPSHOT_DAMAGED);
                    simulation.note("damaged " + self.member() + " " + name);
                });
    }

    boolean hasSeveralSnapshots() {
        return storage.names().stream()
                        .filter(name -> name.matches("snapshot\\.\\d{20}-\\d+"))
                        .count()
                > 1;
    }

    /** Whether the log reaches back to the oldest snapshot. */
    boolean canFallBack() {
        return files().snapshots().oldestOffset() >= files().log().startOffset();
    }

    /** Whether the log begins after the machine that it can be loaded from. */
    boolean lacksMachine() {
        QuorumSnapshot latest = files().snapshots().latest();
        return (latest == null ? 0 : latest.end().offset()) < files().log().startOffset();
    }

    // Steps.

    void receive(ByteBuffer bytes) {
        step(new Received(PeerMessageCodec.decode(bytes)));
    }

    void step(QuorumEvent event) {
        QuorumMember stepping = member;
        if (stepping == null) {
            return;
        }
        int before = process;
        try {
            for (QuorumAction action : stepping.step(event, localNs(simulation.nowNs()))) {
                if (process == before) {
                    carryOut(action);
                }
            }
        } catch (StorageException e) {
            simulation.saw(Rare.DIED_IN_A_WRITE);
            diesByItself();
            return;
        }
        if (process == before) {
            scheduleTick();
        }
    }

    private void diesByItself() {
        die(random.nextBoolean() ? MemoryStorage.Survival.POWER_LOSS : MemoryStorage.Survival.PROCESS_DEATH);
        simulation.restartLater(this);
    }

    /** Power is lost just when it hurts, and is back soon. */
    private void ambush(int withinMs) {
        if (simulation.ambushes()) {
            later(random.nextInt(withinMs) * Simulation.MS, () -> {
                simulation.saw(Rare.AMBUSHED);
                die(MemoryStorage.Survival.POWER_LOSS);
                simulation.schedule(random.nextInt(300) * Simulation.MS, () -> simulation.restart(this));
            });
        }
    }

    private void scheduleTick() {
        long dueNs = Math.max(globalNs(member().nextDeadlineNs()), simulation.nowNs());
        if (dueNs < scheduledTickNs) {
            scheduledTickNs = dueNs;
            later(dueNs - simulation.nowNs(), () -> {
                scheduledTickNs = Long.MAX_VALUE;
                if (member().nextDeadlineNs() <= localNs(simulation.nowNs())) {
                    ticksNow = tickedNs == simulation.nowNs() ? ticksNow + 1 : 0;
                    tickedNs = simulation.nowNs();
                    Ledger.require(ticksNow < 5, "a deadline that has come stays");
                    step(new Tick());
                } else {
                    scheduleTick();
                }
            });
        }
    }

    /** Does something later, unless the process has ended by then; a process that is paused does it when it goes on. */
    void later(long delayNs, Runnable what) {
        int begunIn = process;
        simulation.schedule(delayNs, () -> {
            if (process != begunIn || member == null) {
                return;
            }
            if (pausedUntilNs > simulation.nowNs()) {
                later(pausedUntilNs - simulation.nowNs(), what);
            } else {
                what.run();
            }
        });
    }

    // Actions.

    private void carryOut(QuorumAction action) {
        if (action instanceof QuorumAction.Send send) {
            resigned |= send.message() instanceof PeerMessage.EndEpoch;
            if (send.message() instanceof PeerMessage.VoteReply reply && reply.granted() && !reply.preVote()) {
                ambush(3);
            }
            simulation.network.send(this, send.to(), send.message());
        } else if (action instanceof QuorumAction.ForceLog) {
            later(simulation.diskDelayNs(), this::force);
        } else if (action instanceof QuorumAction.StoreVote store) {
            later(simulation.diskDelayNs(), () -> store(store.vote()));
        } else if (action instanceof QuorumAction.Committed committed) {
            apply(committed.highWatermark());
        } else if (action instanceof QuorumAction.RoleChanged changed) {
            roleChanged(changed);
        } else if (action instanceof QuorumAction.MembersChanged changed) {
            simulation.membersChanged(this, changed.members());
        } else if (action instanceof QuorumAction.InstallSnapshot install) {
            later(simulation.diskDelayNs(), () -> install(install));
        } else if (action instanceof QuorumAction.SnapshotWanted) {
            later(simulation.diskDelayNs(), () -> takeSnapshot(true));
        } else {
            answerClient(action);
        }
    }

    private void force() {
        try {
            files().log().force();
        } catch (StorageException e) {
            simulation.saw(Rare.DIED_IN_A_WRITE);
            diesByItself();
            return;
        }
        step(new Forced());
    }

    private void store(StoredVote vote) {
        try {
            if (simulation.bug != Bug.FORGETS_VOTES) {
                files().store(vote);
            }
        } catch (StorageException e) {
            simulation.saw(Rare.DIED_IN_A_WRITE);
            diesByItself();
            return;
        }
        step(new QuorumEvent.VoteStored(vote));
    }

    private void roleChanged(QuorumAction.RoleChanged changed) {
        simulation.note(self.member() + " is " + changed.role() + " in " + changed.epoch()
                + (changed.leader() == null
                        ? ""
                        : ", led by " + changed.leader().member()));
        if (lastRole == Role.LEADER
                && changed.role() == Role.UNATTACHED
                && changed.epoch() == proposedEpoch
                && !resigned) {
            simulation.saw(Rare.QUORUM_LOST);
        }
        lastRole = changed.role();
        resigned = false;
        proposed.clear();
        proposing.clear();
        if (changed.role() == Role.LEADER) {
            simulation.saw(Rare.LEADER_ELECTED);
            proposedEpoch = changed.epoch();
            ambush(60);
            simulation.ledger.leads(self.member(), changed.epoch(), files().log());
        }
    }

    private void apply(long highWatermark) {
        while (machine.appliedOffset() < highWatermark) {
            long from = machine.appliedOffset();
            for (QuorumEntry entry : files().log().read(from, 300)) {
                long offset = machine.appliedOffset();
                if (offset == highWatermark) {
                    break;
                }
                simulation.ledger.committed(self.member(), member().epoch(), offset, entry);
                machine.apply(offset, entry);
                simulation.ledger.machine(self.member(), machine);
                acknowledge(offset, entry);
            }
            Ledger.require(machine.appliedOffset() > from, "committed and not in the log: offset=" + from);
        }
        QuorumSnapshot latest = files().snapshots().latest();
        long last = latest == null ? 0 : latest.end().offset();
        if (machine.appliedOffset() - last >= simulation.swarm.sizes().entriesPerSnapshot()) {
            later(simulation.diskDelayNs(), () -> takeSnapshot(false));
        }
    }

    private void acknowledge(long offset, QuorumEntry entry) {
        QuorumEntry ours = proposed.remove(offset);
        if (ours != null && isLeader() && member().epoch() == proposedEpoch) {
            Ledger.require(ours.equals(entry), "another entry stands where a write was appended: offset=" + offset);
            simulation.ledger.acknowledged(offset, entry);
            simulation.answer("write of " + RegisterMachine.value(entry.payload()) + " acknowledged by " + self.id());
        }
    }

    void takeSnapshot(boolean again) {
        QuorumSnapshot latest = files().snapshots().latest();
        boolean nothingNew =
                machine.appliedOffset() == (latest == null ? 0 : latest.end().offset());
        if (machine.appliedOffset() == 0 || (nothingNew && !again)) {
            return;
        }
        QuorumSnapshot snapshot = member().snapshotAt(machine.appliedOffset());
        int padding = random.nextInt(5000);
        try {
            files().snapshots().write(snapshot, out -> machine.writeTo(out, padding));
        } catch (StorageException e) {
            simulation.saw(Rare.DIED_IN_A_WRITE);
            diesByItself();
            return;
        }
        simulation.saw(Rare.SNAPSHOT_TAKEN);
        step(new QuorumEvent.SnapshotTaken());
    }

    private void install(QuorumAction.InstallSnapshot install) {
        QuorumSnapshot installed;
        try {
            if (simulation.swarm.has(Misfortune.DAMAGED_SNAPSHOTS) && random.nextInt(4) == 0) {
                damageReceived();
            }
            installed = files().snapshots().install(install.end());
        } catch (StorageException e) {
            simulation.saw(Rare.DIED_IN_A_WRITE);
            diesByItself();
            return;
        }
        if (installed == null) {
            simulation.saw(Rare.SNAPSHOT_REJECTED);
            step(new QuorumEvent.SnapshotRejected(install.end()));
        } else {
            simulation.saw(Rare.SNAPSHOT_INSTALLED);
            if (installed.end().offset() > machine.appliedOffset()) {
                machine = load(files(), installed);
            }
            simulation.ledger.machine(self.member(), machine);
            step(new QuorumEvent.SnapshotInstalled(installed));
        }
    }

    private void damageReceived() {
        storage.names().stream()
                .filter(name -> name.endsWith(".part"))
                .findFirst()
                .ifPresent(name -> {
                    int sizeBytes = (int) storage.open(name).sizeBytes();
                    storage.flipBit(name, random.nextInt(sizeBytes), random.nextInt(8));
                });
    }

    // Clients.

    void write(ByteBuffer payload) {
        if (isLeader()) {
            propose(payload);
        } else if (member != null && member.leader() != null) {
            step(new QuorumEvent.Forward(List.of(payload)));
        }
    }

    private void propose(ByteBuffer payload) {
        proposing.add(payload);
        step(new QuorumEvent.Propose(List.of(payload)));
        proposing.clear();
    }

    void read() {
        if (member != null) {
            long token = nextToken++;
            reads.put(token, simulation.ledger.acknowledgedEnd());
            step(new QuorumEvent.Read(token));
        }
    }

    private void answerClient(QuorumAction action) {
        if (action instanceof QuorumAction.Proposed done) {
            for (int i = 0; i < proposing.size(); i++) {
                proposed.put(
                        done.baseOffset() + i, new QuorumEntry(done.epoch(), QuorumEntry.Kind.DATA, proposing.get(i)));
            }
        } else if (action instanceof QuorumAction.ProposalRefused refused) {
            simulation.answer("write at " + self.id() + " refused: " + refused.reason());
            if (refused.reason() == QuorumAction.Refusal.BACK_PRESSURED) {
                simulation.saw(Rare.BACK_PRESSURED);
            }
        } else if (action instanceof QuorumAction.Forwarded forwarded) {
            simulation.saw(Rare.FORWARDED);
            forwarded.payloads().forEach(payload -> later(0, () -> propose(payload)));
        } else if (action instanceof QuorumAction.ReadReady ready) {
            simulation.saw(isLeader() ? Rare.READ_BY_LEADER : Rare.READ_BY_FOLLOWER);
            Long before = reads.remove(ready.token());
            Ledger.require(before != null, "nobody reads with this token: " + ready);
            simulation.ledger.read(before, ready.offset());
            simulation.answer("read at " + self.id() + " sees what is before " + ready.offset());
        } else if (action instanceof QuorumAction.ReadFailed failed) {
            Ledger.require(reads.remove(failed.token()) != null, "nobody reads with this token: " + failed);
            simulation.answer("read at " + self.id() + " failed");
        } else if (action instanceof QuorumAction.ChangeAnswered answered) {
            simulation.answer("change of " + answered.member().id() + " at " + self.id() + ": " + answered.status());
        }
    }

    /** A new member with the same number: the directory is another, and empty; the configuration names the voters of today. */
    SimulatedMember wiped(QuorumMembers voters) {
        boolean keeps = simulation.bug == Bug.KEEPS_IDENTITY_WITHOUT_LOG;
        UUID directory = keeps ? self.member().directory() : simulation.directory();
        List<Voter> unbound = voters.voters().stream()
                .map(voter -> new Voter(new MemberId(voter.id(), MemberId.NO_DIRECTORY), voter.addresses()))
                .toList();
        return new SimulatedMember(
                simulation,
                new Voter(new MemberId(self.id(), directory), self.addresses()),
                QuorumMembers.of(QuorumMembers.NO_CLUSTER, unbound));
    }
}
