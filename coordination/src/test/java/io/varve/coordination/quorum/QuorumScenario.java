// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.quorum;

import io.varve.log.storage.MemoryStorage.Survival;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A quorum that does what the lines of a transcript say. All delays are a millisecond, and of several members that could stand for
 * election the one with the lowest number does so first.
 */
final class QuorumScenario {

    private final Bug bug;
    private @Nullable Simulation simulation;

    QuorumScenario(Bug bug) {
        this.bug = bug;
    }

    private Simulation simulation() {
        if (simulation == null) {
            throw new IllegalStateException("begin with: quorum VOTERS [SPARES [FETCH_BYTES]]");
        }
        return simulation;
    }

    private SimulatedMember member(String id) {
        SimulatedMember member = simulation().member(Integer.parseInt(id));
        if (member == null) {
            throw new IllegalArgumentException("no such member: id=" + id);
        }
        return member;
    }

    /** Carries out a command and returns what is to be seen of it. */
    List<String> run(String command) {
        String[] words = command.split(" ", -1);
        List<String> out = new ArrayList<>();
        switch (words[0]) {
            case "quorum" -> begin(words);
            case "run" -> simulation().runUntil(simulation().nowNs() + Long.parseLong(words[1]) * Simulation.MS);
            case "until" -> out.addAll(until(words));
            case "write" -> member(words[1]).write(RegisterMachine.write(0, Long.parseLong(words[2]), 0));
            case "read" -> member(words[1]).read();
            case "kill" -> member(words[1]).die(Survival.PROCESS_DEATH);
            case "power-off" ->
                Arrays.stream(words).skip(1).forEach(id -> member(id).die(Survival.POWER_LOSS));
            case "start" ->
                Arrays.stream(words).skip(1).forEach(id -> member(id).start());
            case "pause" ->
                member(words[1]).pausedUntilNs = simulation().nowNs() + Long.parseLong(words[2]) * Simulation.MS;
            case "cut" -> simulation().network.cut(Integer.parseInt(words[1]), Integer.parseInt(words[3]));
            case "split" -> split(words);
            case "heal" -> simulation().network.heal();
            case "add" -> member(words[3]).step(new QuorumEvent.AddMember(member(words[1]).self));
            case "remove" ->
                member(words[3])
                        .step(new QuorumEvent.RemoveMember(member(words[1]).self.member()));
            case "resign" -> member(words[1]).step(new QuorumEvent.Resign());
            case "snapshot" -> member(words[1]).takeSnapshot(false);
            case "damage" -> member(words[1]).damageNewestSnapshot();
            case "wipe" -> simulation().wipe(member(words[1]), false);
            case "show" -> simulation().members().forEach(member -> out.add(describe(member)));
            default -> throw new IllegalArgumentException("unknown command: " + command);
        }
        out.addAll(simulation().takeAnswers());
        return out;
    }

    private void begin(String[] words) {
        int spares = words.length > 2 ? Integer.parseInt(words[2]) : 0;
        int fetchBytes = words.length > 3 ? Integer.parseInt(words[3]) : 1 << 16;
        simulation = Simulation.plain(Swarm.calm(Integer.parseInt(words[1]), spares, fetchBytes), bug);
        simulation.members().forEach(SimulatedMember::start);
    }

    private List<String> until(String[] words) {
        SimulatedMember member = member(words[1]);
        long offset = words.length > 3 ? Long.parseLong(words[3]) : 0;
        boolean reached = simulation()
                .runUntil(
                        words[2].equals("leads")
                                ? member::isLeader
                                : () -> member.isUp() && member.files().log().endOffset() >= offset);
        return reached ? List.of() : List.of("not within 10 s");
    }

    /** Cuts all ways between the members before the bar and those behind it. */
    private void split(String[] words) {
        int bar = Arrays.asList(words).indexOf("|");
        for (int i = 1; i < bar; i++) {
            for (int j = bar + 1; j < words.length; j++) {
                simulation().network.cut(Integer.parseInt(words[i]), Integer.parseInt(words[j]));
                simulation().network.cut(Integer.parseInt(words[j]), Integer.parseInt(words[i]));
            }
        }
    }

    private static String describe(SimulatedMember member) {
        if (!member.isUp()) {
            return member.self.id() + " is down";
        }
        QuorumMember is = member.member();
        StringBuilder voters = new StringBuilder();
        is.members()
                .voters()
                .forEach(voter -> voters.append(' ').append(voter.id()).append(voter.isBound() ? "" : "?"));
        return member.self.id() + " " + is.role() + (is.isVoter() ? "" : " (no voter)") + " epoch " + is.epoch()
                + ", log " + member.files().log().startOffset() + ".."
                + member.files().log().endOffset() + ", committed "
                + is.highWatermark() + ", applied " + member.machine().appliedOffset() + ", voters" + voters;
    }
}
