// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.replication.partition;

import io.varve.replication.simulation.Timeline;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.BiFunction;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** A partition on some brokers, its clients and its misfortunes in one thread, under one seed and on a clock of its own. */
public final class Simulation {

    public static final long MS = 1_000_000;
    static final long SESSION_NS = 1_000 * MS;
    static final long LAG_NS = 500 * MS;
    static final long RETRY_NS = 400 * MS;
    static final long POLL_NS = 150 * MS;

    final Random random;
    final Swarm swarm;
    final Bug bug;
    final Ledger ledger = new Ledger();
    final SimulatedNetwork network;
    final SimulatedController controller;
    private final Map<Integer, SimulatedBroker> brokers = new TreeMap<>();
    private final List<Producer> producers = new ArrayList<>();
    private final Map<Rare, Integer> seen = new EnumMap<>(Rare.class);
    private final Timeline time;
    private final List<String> answers = new ArrayList<>();
    private final boolean plain;

    private boolean calm;
    private int suspects;

    /** How many must have held a record at the time when fewest had to. */
    private int leastHolders = Integer.MAX_VALUE;

    private boolean hasLost;
    private boolean electsLastLeader;

    /**
     * One in which everything happens by chance.
     *
     * @param controller made for this simulation and the brokers that have replicas
     * @param noting whether what happens is noted
     */
    public Simulation(
            Random random,
            Swarm swarm,
            BiFunction<Simulation, List<Integer>, SimulatedController> controller,
            boolean noting) {
        this(random, swarm, Bug.NONE, controller, noting, false);
    }

    Simulation(Random random, Swarm swarm, Bug bug, boolean noting) {
        this(random, swarm, bug, ModelController::new, noting, false);
    }

    /** One without chance: all delays are a millisecond. */
    static Simulation plain(Swarm swarm, Bug bug) {
        return new Simulation(new Random(0), swarm, bug, ModelController::new, false, true);
    }

    private Simulation(
            Random random,
            Swarm swarm,
            Bug bug,
            BiFunction<Simulation, List<Integer>, SimulatedController> controller,
            boolean noting,
            boolean plain) {
        this.random = random;
        this.swarm = swarm;
        this.bug = bug;
        this.plain = plain;
        this.time = new Timeline(noting, () -> ledger.requireHeldByThoseWhoMayLead(this));
        this.network = new SimulatedNetwork(this);
        List<Integer> replicas = new ArrayList<>();
        for (int id = 1; id <= swarm.brokers(); id++) {
            replicas.add(id);
            brokers.put(id, new SimulatedBroker(this, id));
        }
        this.controller = controller.apply(this, replicas);
    }

    SimulatedBroker broker(int id) {
        SimulatedBroker broker = brokers.get(id);
        if (broker == null) {
            throw new IllegalArgumentException("no such broker: id=" + id);
        }
        return broker;
    }

    Iterable<SimulatedBroker> brokers() {
        return brokers.values();
    }

    SimulatedBroker any() {
        return broker(1 + random.nextInt(brokers.size()));
    }

    /** Whom a client takes for the leader: somebody's word, or a guess. */
    int likelyLeader() {
        int leader = controller.state().leader();
        return leader == PartitionState.NO_LEADER || random.nextInt(4) == 0 ? any().id : leader;
    }

    /** Tells all brokers what the controller has decided, as soon as the network lets them hear it. */
    public void tellAll() {
        PartitionEvent.StateTold told = controller.told();
        leastHolders = Math.min(leastHolders, told.state().enoughInSync());
        brokers.values().forEach(broker -> network.send(0, broker.id, () -> broker.told(told)));
    }

    public void schedule(long delayNs, Runnable what) {
        time.schedule(delayNs, what);
    }

    /** The controller is the slowest to be heard. */
    long networkDelayNs(int from, boolean reliable) {
        boolean slow = !reliable && swarm.has(Misfortune.SLOW_NETWORK);
        double delayMs = 0.2 - StrictMath.log(1 - random.nextDouble()) * (!slow ? 1 : from == 0 ? 120 : 30);
        return plain ? MS : (long) (delayMs * MS);
    }

    long diskDelayNs() {
        if (plain) {
            return MS;
        }
        long delayMs = !calm && swarm.has(Misfortune.SLOW_DISKS) && random.nextInt(20) == 0
                ? random.nextInt(800)
                : random.nextInt(4);
        return delayMs * MS;
    }

    /** What decides how much is lost; null when all is. */
    @Nullable
    Random chance() {
        return plain ? null : random;
    }

    boolean storesHighWatermark() {
        return !plain && random.nextInt(10) == 0;
    }

    /** Whether what is known of producers is in every log; not when the records that say so are deleted or lost. */
    boolean keepsSequences() {
        return !swarm.has(Misfortune.RETENTION) && !hasLost;
    }

    boolean isCalm() {
        return calm;
    }

    boolean electsLastLeader() {
        return electsLastLeader;
    }

    void electLastLeader() {
        electsLastLeader = true;
    }

    /** Another replica that was in sync or eligible may have lost something. */
    public void mayHaveLost() {
        suspects++;
    }

    /**
     * A broker is let lead although it may lack what was acknowledged: what it lacks is lost.
     *
     * @throws AssertionError when fewer may have lost something than must hold a record, so that somebody has all
     */
    public void lose(int id) {
        Ledger.require(
                plain || suspects >= leastHolders,
                "nobody is left to lead, though fewer may have lost something than must hold a record: " + suspects
                        + describe());
        hasLost = true;
        if (calm || plain) {
            ledger.allowLoss(broker(id).log());
        } else {
            ledger.giveUp();
        }
    }

    /** Takes note of an election. */
    public void elected(int id, boolean isLive) {
        ledger.elected(id, isLive);
        saw(Rare.LEADER_ELECTED);
    }

    /** Whether somebody has led who lacked something. */
    public boolean hasLost() {
        return hasLost;
    }

    public Random random() {
        return random;
    }

    public int minInSync() {
        return swarm.minInSync();
    }

    public void saw(Rare rare) {
        seen.merge(rare, 1, Integer::sum);
    }

    public void note(String what) {
        time.note(what);
    }

    void stepped(int id, long endOffset, PartitionReplica replica) {
        time.trace(id);
        time.trace(endOffset);
        time.trace(replica.highWatermark());
        time.trace(replica.leaderEpoch());
    }

    // The run.

    /** A time of misfortunes, then one without, at whose end all must be equal. */
    public void run(long chaosNs) {
        begin();
        for (int number = 1; number <= 3; number++) {
            Producer producer = new Producer(this, number);
            producers.add(producer);
            producer.begin();
        }
        new SimulatedConsumer(this).begin();
        scheduleMisfortunes();
        runUntil(chaosNs);
        calmDown();
        runUntil(nowNs() + 6_000 * MS);
        if (controller.state().leader() == PartitionState.NO_LEADER) {
            electUncleanly();
            runUntil(nowNs() + 3_000 * MS);
        }
        requireAgreement();
    }

    void begin() {
        brokers.values().forEach(SimulatedBroker::start);
        expireSessions();
    }

    private void expireSessions() {
        schedule(50 * MS, () -> {
            controller.expireSessions();
            expireSessions();
        });
    }

    void runUntil(long timeNs) {
        time.runUntil(timeNs);
    }

    public long nowNs() {
        return time.nowNs();
    }

    /** Runs until something is so, for ten seconds at most. */
    boolean runUntil(BooleanSupplier reached) {
        return time.runUntil(reached);
    }

    private void scheduleMisfortunes() {
        schedule((20 + random.nextInt(swarm.misfortuneMs())) * MS, () -> {
            if (!calm) {
                strike();
                scheduleMisfortunes();
            }
        });
    }

    private void strike() {
        int leader = controller.state().leader();
        SimulatedBroker victim = random.nextInt(3) == 0 && leader != PartitionState.NO_LEADER ? broker(leader) : any();
        switch (random.nextInt(11)) {
            case 0 -> {
                if (swarm.has(Misfortune.PROCESS_DEATHS) && victim.isUp()) {
                    saw(Rare.PROCESS_DIED);
                    victim.die();
                    restartLater(victim);
                }
            }
            case 1 -> {
                if (swarm.has(Misfortune.POWER_LOSSES) && victim.isUp()) {
                    saw(Rare.POWER_LOST);
                    victim.losePower();
                    restartLater(victim);
                }
            }
            case 2 -> {
                if (swarm.has(Misfortune.POWER_CUTS) && random.nextInt(3) == 0) {
                    cutPower();
                }
            }
            case 3 -> {
                if (swarm.has(Misfortune.PAUSES) && victim.isUp()) {
                    saw(Rare.PAUSED);
                    victim.pause(random.nextInt(2500) * MS);
                    note("pauses " + victim.id);
                }
            }
            case 4 -> {
                if (swarm.has(Misfortune.PARTITIONS)) {
                    partition();
                }
            }
            case 5 -> network.heal();
            case 6 -> {
                if (swarm.has(Misfortune.CLEAN_SHUTDOWNS) && victim.isUp() && victim.brokerEpoch() >= 0) {
                    victim.shutDown();
                }
            }
            case 7 -> {
                if (swarm.has(Misfortune.LEADER_MOVES)) {
                    controller.move(victim.id);
                }
            }
            case 8 -> {
                if (swarm.has(Misfortune.RETENTION) && leader != PartitionState.NO_LEADER) {
                    expire(broker(leader));
                }
            }
            case 9 -> {
                if (swarm.has(Misfortune.BARRED_BROKERS)) {
                    controller.bar(victim.id);
                    schedule(random.nextInt(1500) * MS, () -> controller.unbar(victim.id));
                }
            }
            default -> {
                if (swarm.has(Misfortune.WIPES) && random.nextInt(3) == 0) {
                    saw(Rare.DISK_WIPED);
                    victim.wipe();
                    restartLater(victim);
                }
            }
        }
    }

    private void cutPower() {
        saw(Rare.POWER_CUT);
        for (SimulatedBroker broker : brokers.values()) {
            if (broker.isUp()) {
                broker.losePower();
                restartLater(broker);
            }
        }
    }

    private void expire(SimulatedBroker leader) {
        if (leader.isUp() && leader.replica().role() == ReplicaRole.LEADER) {
            long start = leader.log().startOffset();
            long committed = leader.replica().highWatermark() - start;
            if (committed > 0) {
                leader.log().deleteBefore(start + 1 + random.nextInt((int) committed));
            }
        }
    }

    void restartLater(SimulatedBroker broker) {
        schedule(plain ? Long.MAX_VALUE / 2 : calm ? 10 * MS : random.nextInt(2500) * MS, () -> {
            if (!broker.isUp()) {
                broker.start();
            }
        });
    }

    private void partition() {
        network.heal();
        boolean oneWay = random.nextInt(3) == 0;
        saw(oneWay ? Rare.ONE_WAY_PARTITION : Rare.PARTITION);
        note("partition " + (oneWay ? "one way" : "both ways"));
        boolean[] side = new boolean[brokers.size() + 1];
        for (int i = 0; i < side.length; i++) {
            side[i] = random.nextBoolean();
        }
        for (int i = 0; i < side.length; i++) {
            for (int j = 0; j < side.length; j++) {
                if (side[i] && !side[j]) {
                    network.cut(i, j);
                    if (!oneWay) {
                        network.cut(j, i);
                    }
                }
            }
        }
    }

    private void calmDown() {
        calm = true;
        note("calm");
        network.becomeReliable();
        for (SimulatedBroker broker : brokers.values()) {
            broker.resume();
            if (!broker.isUp()) {
                restartLater(broker);
            }
        }
    }

    /** What an operator does when nobody is left who is known to have everything. */
    private void electUncleanly() {
        SimulatedBroker best = broker(1);
        for (SimulatedBroker broker : brokers.values()) {
            if (broker.log().endOffset() > best.log().endOffset()) {
                best = broker;
            }
        }
        saw(Rare.OPERATOR_ELECTED);
        elect(best.id);
    }

    void elect(int id) {
        controller.elect(id);
    }

    private void requireAgreement() {
        PartitionState state = controller.state();
        Ledger.require(
                state.isr().size() == state.replicas().size(), "after a calm time all must be in sync: " + describe());
        SimulatedBroker leader = broker(state.leader());
        if (ledger.isGivenUp()) {
            ledger.beginAnew(leader.log());
        }
        long before = ledger.acknowledgements();
        leader.produce(0, true, answer -> {});
        runUntil(nowNs() + 1_500 * MS);
        Ledger.require(
                ledger.acknowledgements() == before + 1, "in calm times all must be acknowledged: " + describe());
        state.replicas().forEach(id -> ledger.requireEqual(id, broker(id).log()));
        boolean stuck = keepsSequences() && producers.stream().anyMatch(Producer::isOutstanding);
        Ledger.require(!stuck, "a producer was not answered: " + describe());
    }

    String describe() {
        StringBuilder all = new StringBuilder("\n  ").append(controller.state());
        brokers.values().forEach(broker -> all.append("\n  ").append(describe(broker, false)));
        return all.toString();
    }

    /** How a broker is, and what stands in its log: each record, or from where to where. */
    static String describe(SimulatedBroker broker, boolean records) {
        if (!broker.isUp()) {
            return broker.id + " is down";
        }
        PartitionReplica replica = broker.replica();
        MemoryReplicaLog log = broker.log();
        StringBuilder is = new StringBuilder()
                .append(broker.id)
                .append(' ')
                .append(replica.role())
                .append(" epoch ")
                .append(replica.leaderEpoch())
                .append(", committed ")
                .append(replica.highWatermark())
                .append(", log");
        if (!records) {
            return is + " " + log.startOffset() + ".." + log.endOffset();
        }
        for (long offset = log.startOffset(); offset < log.endOffset(); offset++) {
            is.append(' ')
                    .append(log.entry(offset).value())
                    .append('/')
                    .append(log.entry(offset).epoch());
        }
        return is.toString();
    }

    /** How often what must be come through was. */
    public Map<Rare, Integer> seen() {
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

    public List<String> notes() {
        return time.notes();
    }
}
