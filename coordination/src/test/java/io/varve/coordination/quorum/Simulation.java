// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.quorum;

import io.varve.log.storage.MemoryStorage;
import io.varve.replication.simulation.Timeline;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.BooleanSupplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** A quorum, its clients and its misfortunes in one thread, under one seed and on a clock of its own. */
final class Simulation {

    static final long MS = 1_000_000;
    static final long ELECTION_TIMEOUT_NS = 1_000 * MS;

    final Random random;
    final Swarm swarm;
    final Bug bug;
    final Ledger ledger = new Ledger();
    final SimulatedNetwork network;
    private final Map<Integer, SimulatedMember> members = new TreeMap<>();
    private final Map<Rare, Integer> seen = new EnumMap<>(Rare.class);
    private final Timeline time;

    private long removedNs = -1;
    private boolean calm;
    private long nextValue = 1;
    private final boolean plain;

    private final List<String> answers = new ArrayList<>();
    private QuorumMembers latest;
    private final Map<Integer, MemberId> bound = new TreeMap<>();

    Simulation(Random random, Swarm swarm, Bug bug, boolean noting) {
        this(random, swarm, bug, noting, false);
    }

    /** One without chance: all delays are a millisecond, and of two members the one with the lower number is more impatient. */
    static Simulation plain(Swarm swarm, Bug bug) {
        return new Simulation(new Random(0), swarm, bug, false, true);
    }

    private Simulation(Random random, Swarm swarm, Bug bug, boolean noting, boolean plain) {
        this.plain = plain;
        this.random = random;
        this.swarm = swarm;
        this.bug = bug;
        this.time = new Timeline(noting, () -> {});
        this.network = new SimulatedNetwork(this);
        this.latest = createMembers();
    }

    private QuorumMembers createMembers() {
        List<Voter> selves = new ArrayList<>();
        List<Voter> bootstrap = new ArrayList<>();
        for (int id = 1; id <= swarm.voters() + swarm.spares(); id++) {
            Voter self = new Voter(new MemberId(id, directory()), List.of("member-" + id + ":7000"));
            selves.add(self);
            if (id <= swarm.voters()) {
                MemberId unbound = new MemberId(id, MemberId.NO_DIRECTORY);
                bootstrap.add(swarm.founded() ? self : new Voter(unbound, self.addresses()));
            }
        }
        UUID cluster = swarm.founded() ? directory() : QuorumMembers.NO_CLUSTER;
        QuorumMembers voters = QuorumMembers.of(cluster, bootstrap);
        selves.forEach(self -> members.put(self.id(), new SimulatedMember(this, self, voters)));
        return voters;
    }

    UUID directory() {
        return new UUID(random.nextLong(), random.nextLong());
    }

    @Nullable
    SimulatedMember member(int id) {
        return members.get(id);
    }

    Iterable<SimulatedMember> members() {
        return members.values();
    }

    Leadership leadership(MemberState state) {
        return switch (bug) {
            case COMMITS_ENTRIES_OF_EARLIER_EPOCHS ->
                new Leadership(state) {
                    @Override
                    boolean mayCommit(long reachedOffset, long epochStartOffset) {
                        return true;
                    }
                };
            case READS_WITHOUT_ASKING ->
                new Leadership(state) {
                    @Override
                    long round(Voter voter) {
                        return Long.MAX_VALUE;
                    }
                };
            default -> new Leadership(state);
        };
    }

    void schedule(long delayNs, Runnable what) {
        time.schedule(delayNs, what);
    }

    /** What a member draws its timeouts with. */
    RandomGenerator randomOf(int id) {
        RandomGenerator drawn = new Random(random.nextLong());
        if (!plain) {
            return drawn;
        }
        return new RandomGenerator() {
            @Override
            public long nextLong() {
                return drawn.nextLong();
            }

            @Override
            public long nextLong(long bound) {
                return bound * id / 10;
            }
        };
    }

    long networkDelayNs(boolean reliable) {
        boolean slow = !reliable && swarm.has(Misfortune.SLOW_NETWORK);
        double delayMs = 0.2 - StrictMath.log(1 - random.nextDouble()) * (slow ? 30 : 1);
        return plain ? MS : (long) (delayMs * MS);
    }

    long diskDelayNs() {
        if (plain) {
            return MS;
        }
        long delayMs =
                swarm.has(Misfortune.SLOW_DISKS) && random.nextInt(20) == 0 ? random.nextInt(800) : random.nextInt(4);
        return delayMs * MS;
    }

    void saw(Rare rare) {
        seen.merge(rare, 1, Integer::sum);
    }

    void saw(PeerMessage message, ByteBuffer bytes) {
        time.trace(bytes.hashCode());
        if (message instanceof PeerMessage.VoteReply reply && !reply.granted()) {
            saw(reply.preVote() ? Rare.PRE_VOTE_REFUSED : Rare.VOTE_REFUSED);
        } else if (message instanceof PeerMessage.FetchReply reply && reply.diverging() != null) {
            saw(Rare.TRUNCATED);
        } else if (message instanceof PeerMessage.EndEpoch) {
            saw(Rare.LEADER_RESIGNED);
        }
    }

    void note(String what) {
        time.note(what);
    }

    void membersChanged(SimulatedMember by, QuorumMembers now) {
        note(by.self.member() + " has voters " + now);
        if (now.isFounded() && !latest.isFounded()) {
            saw(Rare.FOUNDED);
        } else if (now.voters().size() > latest.voters().size()) {
            saw(by.isLeader() ? Rare.MEMBER_ADDED : Rare.MEMBERS_TAKEN_BACK);
        } else if (now.voters().size() < latest.voters().size()) {
            saw(by.isLeader() ? Rare.MEMBER_REMOVED : Rare.MEMBERS_TAKEN_BACK);
        }
        latest = now;
        for (Voter voter : now.voters()) {
            MemberId before = voter.isBound() ? bound.put(voter.id(), voter.member()) : null;
            if (by.isLeader() && before != null && !before.equals(voter.member())) {
                saw(Rare.IDENTITY_REPLACED);
            }
        }
    }

    // The run.

    /** A time of misfortunes, then one without, at whose end everybody must agree. */
    void run(long chaosNs) {
        members.values().forEach(SimulatedMember::start);
        scheduleClients();
        scheduleMisfortunes();
        runUntil(chaosNs);
        calmDown();
        runUntil(nowNs() + 12 * ELECTION_TIMEOUT_NS);
        long written = writeOnce();
        runUntil(nowNs() + 8 * ELECTION_TIMEOUT_NS);
        requireAgreement(written);
    }

    long nowNs() {
        return time.nowNs();
    }

    /** Runs until something is so, for ten seconds at most. */
    boolean runUntil(BooleanSupplier reached) {
        return time.runUntil(reached);
    }

    void runUntil(long timeNs) {
        time.runUntil(timeNs);
    }

    private void scheduleClients() {
        schedule((10 + random.nextInt(80)) * MS, () -> {
            SimulatedMember any = any();
            if (random.nextInt(4) == 0) {
                any.later(0, any::read);
            } else {
                int burst = random.nextInt(10) == 0 ? 30 : 1 + random.nextInt(3);
                for (int i = 0; i < burst; i++) {
                    any.later(
                            0,
                            () -> any.write(
                                    RegisterMachine.write(random.nextInt(8), nextValue++, random.nextInt(100))));
                }
            }
            if (!calm) {
                scheduleClients();
            }
        });
    }

    private SimulatedMember any() {
        List<SimulatedMember> all = List.copyOf(members.values());
        return all.get(random.nextInt(all.size()));
    }

    private void scheduleMisfortunes() {
        schedule((100 + random.nextInt(1500)) * MS, () -> {
            if (!calm) {
                strike();
                scheduleMisfortunes();
            }
        });
    }

    private void strike() {
        SimulatedMember victim = any();
        switch (random.nextInt(10)) {
            case 0 -> {
                if (swarm.has(Misfortune.PROCESS_DEATHS) && victim.isUp()) {
                    saw(Rare.PROCESS_DIED);
                    crash(victim, MemoryStorage.Survival.PROCESS_DEATH);
                }
            }
            case 1 -> {
                if (swarm.has(Misfortune.POWER_LOSSES) && victim.isUp()) {
                    saw(Rare.POWER_LOST);
                    crash(victim, MemoryStorage.Survival.POWER_LOSS);
                }
            }
            case 2 -> {
                if (swarm.has(Misfortune.POWER_CUTS)) {
                    cutPower();
                }
            }
            case 3 -> {
                if (swarm.has(Misfortune.POWER_LOSSES) && victim.isUp()) {
                    victim.dieSoon();
                }
            }
            case 4 -> {
                if (swarm.has(Misfortune.PAUSES) && victim.isUp()) {
                    saw(Rare.PAUSED);
                    victim.pausedUntilNs = nowNs() + random.nextInt(3000) * MS;
                    note("pauses " + victim.self.member());
                }
            }
            case 5 -> {
                if (swarm.has(Misfortune.PARTITIONS)) {
                    partition();
                }
            }
            case 6 -> network.heal();
            case 7 -> {
                if (swarm.has(Misfortune.MEMBER_CHANGES)) {
                    changeMembers(victim);
                }
            }
            case 8 -> {
                if (swarm.has(Misfortune.BROKEN_LINKS)) {
                    breakLinks(victim);
                }
            }
            default -> {
                if (swarm.has(Misfortune.WIPES)) {
                    wipeIfAllowed(victim);
                }
            }
        }
    }

    /** Each of the others is told or not, as a socket may be closed or only silent. */
    private void breakLinks(SimulatedMember with) {
        saw(Rare.LINK_BROKEN);
        for (SimulatedMember other : members.values()) {
            if (other != with && other.isUp() && random.nextBoolean()) {
                other.later(networkDelayNs(false), () -> other.step(new QuorumEvent.Unreachable(with.self.id())));
            }
        }
    }

    private void crash(SimulatedMember victim, MemoryStorage.Survival survival) {
        // A damaged snapshot is a lost disk, of which a quorum survives one, unless the one before it and the log make
        // up for it.
        boolean mayDamage = victim.hasSeveralSnapshots() && (victim.canFallBack() || allVotersHaveTheirDisks());
        victim.die(survival);
        if (swarm.has(Misfortune.BROKEN_LINKS)) {
            breakLinks(victim);
        }
        if (swarm.has(Misfortune.DAMAGED_SNAPSHOTS) && mayDamage && random.nextInt(3) == 0) {
            victim.damageNewestSnapshot();
        }
        restartLater(victim);
    }

    void restartLater(SimulatedMember member) {
        schedule(calm ? 10 * MS : random.nextInt(2500) * MS, () -> restart(member));
    }

    void restart(SimulatedMember member) {
        if (!member.isUp() && members.get(member.self.id()) == member) {
            member.start();
            if (!member.isUp()) {
                restartLater(member);
            }
        }
    }

    boolean ambushes() {
        return !calm && swarm.has(Misfortune.AMBUSHES) && random.nextInt(3) == 0;
    }

    void cutPower() {
        saw(Rare.POWER_CUT);
        for (SimulatedMember member : members.values()) {
            if (member.isUp()) {
                member.die(MemoryStorage.Survival.POWER_LOSS);
                restartLater(member);
            }
        }
    }

    private void partition() {
        network.heal();
        List<SimulatedMember> all = List.copyOf(members.values());
        boolean oneWay = random.nextInt(3) == 0;
        saw(oneWay ? Rare.ONE_WAY_PARTITION : Rare.PARTITION);
        note("partition " + (oneWay ? "one way" : "both ways"));
        boolean[] side = new boolean[all.size()];
        for (int i = 0; i < side.length; i++) {
            side[i] = random.nextBoolean();
        }
        for (int i = 0; i < side.length; i++) {
            for (int j = 0; j < side.length; j++) {
                if (side[i] && !side[j]) {
                    network.cut(all.get(i).self.id(), all.get(j).self.id());
                    if (!oneWay) {
                        network.cut(all.get(j).self.id(), all.get(i).self.id());
                    }
                }
            }
        }
    }

    private void changeMembers(SimulatedMember about) {
        SimulatedMember asked = any();
        boolean removes = random.nextBoolean();
        if (!asked.isUp() || (removes && !allVotersHaveTheirDisks())) {
            return;
        }
        if (removes) {
            removedNs = nowNs();
        }
        asked.later(
                0,
                () -> asked.step(
                        removes
                                ? new QuorumEvent.RemoveMember(about.self.member())
                                : new QuorumEvent.AddMember(about.self)));
    }

    private boolean allVotersHaveTheirDisks() {
        return members.values().stream()
                .allMatch(member -> member.isUp()
                        && !member.lacksMachine()
                        && member.member().members().voters().stream().allMatch(this::isAlive));
    }

    /** Wipes a disk when all voters, as anybody sees them, have theirs: one lost disk is what a quorum is made to survive. */
    private void wipeIfAllowed(SimulatedMember victim) {
        boolean removing = removedNs >= 0 && nowNs() - removedNs < 5_000 * MS;
        boolean allFounded = allVotersHaveTheirDisks()
                && members.values().stream()
                        .map(member -> member.member().members())
                        .allMatch(
                                voters -> voters.isFounded() && voters.voters().size() >= 3);
        if (removing || !allFounded) {
            return;
        }
        wipe(victim, true);
    }

    /** The member's disk is empty from now on, and it is somebody else. */
    void wipe(SimulatedMember victim, boolean restarts) {
        saw(Rare.DISK_WIPED);
        QuorumMembers voters = victim.member().members();
        victim.die(MemoryStorage.Survival.PROCESS_DEATH);
        SimulatedMember fresh = victim.wiped(voters);
        note("wiped " + victim.self.member() + ", now " + fresh.self.member());
        members.put(victim.self.id(), fresh);
        if (restarts) {
            restartLater(fresh);
        }
    }

    private boolean isAlive(Voter voter) {
        SimulatedMember member = members.get(voter.id());
        return member != null && member.self.member().equals(voter.member());
    }

    private void calmDown() {
        calm = true;
        note("calm");
        network.becomeReliable();
        for (SimulatedMember member : members.values()) {
            member.pausedUntilNs = 0;
            if (!member.isUp()) {
                restartLater(member);
            }
        }
    }

    private long writeOnce() {
        long value = nextValue++;
        for (SimulatedMember member : members.values()) {
            if (member.isLeader()) {
                member.write(RegisterMachine.write(0, value, 0));
            }
        }
        return value;
    }

    private void requireAgreement(long written) {
        List<SimulatedMember> leaders =
                members.values().stream().filter(SimulatedMember::isLeader).toList();
        Ledger.require(leaders.size() == 1, "after a calm time there must be one leader: " + describe());
        SimulatedMember leader = leaders.get(0);
        long end = leader.member().highWatermark();
        Ledger.require(
                ledger.acknowledgedEnd() == end || !latestWritten(leader, written),
                "a write in calm times is not acknowledged: " + describe());
        ledger.requireNothingLost(end);
        for (SimulatedMember member : members.values()) {
            Ledger.require(
                    member.isUp() && member.machine().appliedOffset() == end, "somebody is behind: " + describe());
        }
        Ledger.require(
                leader.member().members().isFounded()
                        && leader.member().members().voters().stream().allMatch(this::isAlive),
                "somebody who is gone still votes: " + describe());
    }

    private static boolean latestWritten(SimulatedMember leader, long written) {
        long end = leader.member().highWatermark();
        QuorumEntry last = leader.files().log().read(end - 1, 1).get(0);
        return last.kind() == QuorumEntry.Kind.DATA && RegisterMachine.value(last.payload()) == written;
    }

    String describe() {
        StringBuilder all = new StringBuilder();
        for (SimulatedMember member : members.values()) {
            all.append("\n  ").append(member.self.member());
            if (member.isUp()) {
                all.append(' ')
                        .append(member.member().role())
                        .append(" epoch ")
                        .append(member.member().epoch())
                        .append(" log ")
                        .append(member.files().log().startOffset())
                        .append("..")
                        .append(member.files().log().endOffset())
                        .append(" committed ")
                        .append(member.member().highWatermark())
                        .append(" applied ")
                        .append(member.machine().appliedOffset())
                        .append(" voters ")
                        .append(member.member().members());
            } else {
                all.append(" down");
            }
        }
        return all.toString();
    }

    Map<Rare, Integer> seen() {
        return seen;
    }

    long happened() {
        return time.happened();
    }

    /** Keeps what a client is told, when there is somebody to read it. */
    void answer(String what) {
        if (plain) {
            answers.add(what);
        }
    }

    /** What clients were told since this was asked last. */
    List<String> takeAnswers() {
        List<String> taken = List.copyOf(answers);
        answers.clear();
        return taken;
    }

    /** Equal for equal runs, on any machine. */
    long trace() {
        return time.trace();
    }

    List<String> notes() {
        return time.notes();
    }
}
