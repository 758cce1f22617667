// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.compare;

import io.varve.target.Member;
import io.varve.target.Quorum;
import io.varve.target.Target;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.BiConsumer;

/**
 * One target's turn: a new quorum, which is started, loaded and killed.
 *
 * <p>Threading: confined to the thread of the comparison.
 */
final class Round implements AutoCloseable {

    /** The same for every target: ZooKeeper's own defaults, but for the number of clients from one address. */
    private static final Map<String, String> SETTINGS =
            Map.of("tickTime", "2000", "initLimit", "60", "syncLimit", "5", "maxClientCnxns", "0", "forceSync", "yes");

    private static final int DATA_BYTES = 100;
    private static final List<Integer> SYNCHRONOUS = List.of(1, 16, 256);
    private static final int PIPELINED_SESSIONS = 8;
    private static final int PIPELINE = 128;
    private static final int MEMBERS = 3;

    private final byte[] data = new byte[DATA_BYTES];
    private final BiConsumer<String, Double> results;
    private final Plan plan;
    private final Quorum quorum;
    private int groups;

    /**
     * How long and how much.
     *
     * @param warmUpMs of a load, before it is measured
     * @param measureMs of a load
     * @param idleMs over which idle processor time is counted
     * @param updates sets before the disk is looked at; 0 leaves it out
     * @param nodes nodes in the tree for the restart; 0 leaves it out
     */
    record Plan(long warmUpMs, long measureMs, long idleMs, long updates, long nodes) {}

    /** Starts the quorum. */
    Round(Target target, Path directory, Plan plan, BiConsumer<String, Double> results) {
        this.plan = plan;
        this.results = results;
        this.quorum = Quorum.configure(target, MEMBERS, directory, SETTINGS);
        start("start, ms to leader");
    }

    private void start(String measure) {
        long startNs = System.nanoTime();
        quorum.members().forEach(Member::start);
        quorum.awaitLeader();
        results.accept(measure, (System.nanoTime() - startNs) / 1e6);
        quorum.awaitServing();
    }

    /** Everything, one after the other. */
    void run() throws Exception {
        idle();
        for (Operation operation : Operation.values()) {
            for (int sessions : SYNCHRONOUS) {
                load(operation, sessions, 1, sessions + " in flight");
            }
            load(operation, PIPELINED_SESSIONS, PIPELINE, PIPELINED_SESSIONS + " sessions x " + PIPELINE);
        }
        memory("resident MiB per member after the loads");
        failover();
        if (plan.updates() > 0) {
            disk();
        }
        if (plan.nodes() > 0) {
            restart();
        }
    }

    private String group() {
        return "/group-" + groups++;
    }

    private void idle() throws IOException, InterruptedException {
        memory("resident MiB per member when idle");
        double before = processorSeconds();
        Thread.sleep(plan.idleMs());
        double used = processorSeconds() - before;
        results.accept("idle, % of a processor per member", used / MEMBERS / (plan.idleMs() / 1e3) * 100);
    }

    private double processorSeconds() throws IOException {
        double sum = 0;
        for (Member member : quorum.members()) {
            sum += Footprint.processorSeconds(member.pid());
        }
        return sum;
    }

    private void memory(String measure) throws IOException {
        double sum = 0;
        for (Member member : quorum.members()) {
            sum += Footprint.residentMib(member.pid());
        }
        results.accept(measure, sum / MEMBERS);
    }

    private void load(Operation operation, int count, int perSession, String shape) throws Exception {
        try (Sessions sessions = Sessions.open(quorum, count, group(), data)) {
            Load.Outcome outcome =
                    Load.measure(sessions, operation, perSession, data, plan.warmUpMs(), plan.measureMs());
            String measure = operation.name().toLowerCase(Locale.ROOT) + ", " + shape + ", ";
            results.accept(measure + "per second", outcome.perSecond());
            results.accept(measure + "p50 us", outcome.p50Us());
            results.accept(measure + "p99 us", outcome.p99Us());
        }
    }

    private void failover() throws Exception {
        Failover failover = Failover.measure(quorum, group());
        results.accept("kill -9 of the leader, ms to the next leader", failover.leaderMs());
        results.accept("kill -9 of the leader, ms to the next acknowledged write", failover.gapMs());
        results.accept("kill -9 of the leader, ms without a write, worst session", failover.longestGapMs());
    }

    private void disk() throws Exception {
        double before = diskMib();
        try (Sessions sessions = Sessions.open(quorum, PIPELINED_SESSIONS, group(), data)) {
            Load.run(sessions, Operation.SET, PIPELINE, data, plan.updates());
        }
        results.accept("disk MiB per member before the updates", before);
        results.accept(String.format(Locale.ROOT, "disk MiB per member after %,d updates", plan.updates()), diskMib());
    }

    private double diskMib() throws IOException, InterruptedException {
        double sum = 0;
        for (Member member : quorum.members()) {
            sum += Footprint.diskMib(member.directory());
        }
        return sum / MEMBERS;
    }

    private void restart() throws Exception {
        try (Sessions sessions = Sessions.open(quorum, PIPELINED_SESSIONS, group(), data)) {
            Load.run(sessions, Operation.CREATE, PIPELINE, data, plan.nodes());
        }
        String nodes = String.format(Locale.ROOT, "%,d", plan.nodes());
        memory("resident MiB per member with " + nodes + " more nodes");
        quorum.members().forEach(Member::kill);
        start("restart with " + nodes + " more nodes, ms to leader");
    }

    @Override
    public void close() {
        quorum.close();
    }
}
