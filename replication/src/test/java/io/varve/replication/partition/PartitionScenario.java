// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.replication.partition;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SortedSet;
import org.jspecify.annotations.Nullable;

/** A partition that does what the lines of a transcript say. All delays are a millisecond. The controller is number 0. */
final class PartitionScenario {

    private final Bug bug;
    private @Nullable Simulation simulation;

    PartitionScenario(Bug bug) {
        this.bug = bug;
    }

    private Simulation simulation() {
        if (simulation == null) {
            throw new IllegalStateException("begin with: brokers COUNT MIN_IN_SYNC [forced]");
        }
        return simulation;
    }

    private SimulatedBroker broker(String id) {
        return simulation().broker(Integer.parseInt(id));
    }

    /** Carries out a command and returns what is to be seen of it. */
    List<String> run(String command) {
        String[] words = command.split(" ", -1);
        List<String> out = new ArrayList<>();
        switch (words[0]) {
            case "brokers" -> begin(words);
            case "run" -> simulation().runUntil(simulation().nowNs() + Long.parseLong(words[1]) * Simulation.MS);
            case "append" -> broker(words[1]).produce(Long.parseLong(words[2]), words.length < 4, answer -> {});
            case "read" -> out.add(read(broker(words[1]), Long.parseLong(words[2])));
            case "latest" -> out.add(latest(broker(words[1]).replica()));
            case "kill" -> Arrays.stream(words).skip(1).forEach(id -> broker(id).die());
            case "power-off" ->
                Arrays.stream(words).skip(1).forEach(id -> broker(id).losePower());
            case "wipe" -> broker(words[1]).wipe();
            case "start" ->
                Arrays.stream(words).skip(1).forEach(id -> broker(id).start());
            case "shut-down" -> broker(words[1]).shutDown();
            case "pause" -> broker(words[1]).pause(Long.parseLong(words[2]) * Simulation.MS);
            case "cut" -> simulation().network.cut(Integer.parseInt(words[1]), Integer.parseInt(words[3]));
            case "split" -> split(words);
            case "heal" -> simulation().network.heal();
            case "hold" -> simulation().network.hold(Integer.parseInt(words[1]), Integer.parseInt(words[3]));
            case "pass" -> simulation().network.pass(Integer.parseInt(words[1]), Integer.parseInt(words[3]));
            case "release" -> simulation().network.release(Integer.parseInt(words[1]), Integer.parseInt(words[3]));
            case "release-one" ->
                simulation().network.releaseOne(Integer.parseInt(words[1]), Integer.parseInt(words[3]));
            case "lead" -> simulation().controller.move(Integer.parseInt(words[1]));
            case "elect" -> simulation().elect(Integer.parseInt(words[1]));
            case "bar" -> simulation().controller.bar(Integer.parseInt(words[1]));
            case "unbar" -> simulation().controller.unbar(Integer.parseInt(words[1]));
            case "delete-before" -> broker(words[1]).log().deleteBefore(Long.parseLong(words[2]));
            case "elect-last-leader" -> simulation().electLastLeader();
            case "show" -> show(out);
            default -> throw new IllegalArgumentException("unknown command: " + command);
        }
        out.addAll(simulation().takeAnswers());
        return out;
    }

    private void begin(String[] words) {
        Durability durability = words.length > 3 ? Durability.FORCED : Durability.WRITTEN;
        Swarm calm = Swarm.calm(Integer.parseInt(words[1]), Integer.parseInt(words[2]), durability);
        simulation = Simulation.plain(calm, bug);
        simulation.begin();
    }

    private static String latest(PartitionReplica replica) {
        return replica.latestOffset().isPresent() ? "" + replica.latestOffset().getAsLong() : "not known yet";
    }

    private static String read(SimulatedBroker broker, long offset) {
        ConsumerRead read = broker.replica().read(new ConsumerFetch(offset, EpochEnd.NONE, EpochEnd.NONE, null));
        StringBuilder is = new StringBuilder().append(read.status());
        ByteBuffer values = broker.log().read(offset, read.endOffset(), 100);
        while (values.hasRemaining()) {
            values.getInt();
            is.append(' ').append(values.getLong());
        }
        return is.toString();
    }

    /** Cuts all ways between those before the bar and those behind it. */
    private void split(String[] words) {
        int bar = Arrays.asList(words).indexOf("|");
        for (int i = 1; i < bar; i++) {
            for (int j = bar + 1; j < words.length; j++) {
                simulation().network.cut(Integer.parseInt(words[i]), Integer.parseInt(words[j]));
                simulation().network.cut(Integer.parseInt(words[j]), Integer.parseInt(words[i]));
            }
        }
    }

    private void show(List<String> out) {
        SimulatedController controller = simulation().controller;
        PartitionState state = controller.state();
        out.add("controller: leader " + (state.leader() < 0 ? "none" : state.leader()) + ", epoch "
                + state.leaderEpoch() + ", in sync" + ids(state.isr()) + ", eligible" + ids(controller.eligible()));
        simulation().brokers().forEach(broker -> out.add(Simulation.describe(broker, true)));
    }

    private static String ids(SortedSet<Integer> ids) {
        StringBuilder all = new StringBuilder();
        ids.forEach(id -> all.append(' ').append(id));
        return ids.isEmpty() ? " none" : all.toString();
    }
}
