// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.cli;

import io.varve.broker.controller.BalancePlan;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Shows what brokers have, what is on its way between them, and what the controller would move.
 *
 * <p>Threading: confined to the command's thread.
 */
final class BalanceView {

    private final ClusterShape shape;
    private final BalancePlan plan;

    BalanceView(ClusterShape shape) {
        this.shape = shape;
        this.plan = shape.plan();
    }

    private String state(int brokerId) {
        final String state = shape.isRunning(brokerId) ? "running" : "not running";
        return shape.draining().contains(brokerId) ? state + ", draining" : state;
    }

    /** Why something is on its way: the brokers do not tell, but that one is drained can be seen. */
    private BalancePlan.Reason reason(BalancePlan.Move move) {
        final boolean drains = move.from().stream()
                .anyMatch(id -> !move.to().contains(id) && shape.draining().contains(id));
        return drains ? BalancePlan.Reason.DRAIN : move.reason();
    }

    /** Prints tables. */
    void print(PrintStream out) {
        final List<List<String>> rows = new ArrayList<>();
        for (int id : shape.brokers()) {
            rows.add(List.of(
                    String.valueOf(id),
                    state(id),
                    String.valueOf(shape.replicas(id)),
                    String.valueOf(shape.leaders(id)),
                    String.valueOf(shape.bytes(id))));
        }
        Printer.table(out, List.of("broker", "state", "replicas", "leaders", "bytes"), rows);
        moves(out, "under way", plan.begun(), true);
        moves(out, "planned", plan.moves(), false);
        if (!plan.obstacles().isEmpty()) {
            out.println();
            plan.obstacles()
                    .forEach(obstacle -> out.println("cannot be moved from broker " + obstacle.brokerId() + ": "
                            + obstacle.partition() + ", " + obstacle.cause()));
        }
    }

    private void moves(PrintStream out, String title, List<BalancePlan.Move> moves, boolean isBegun) {
        out.println();
        out.println(title + ": " + moves.size());
        if (moves.isEmpty()) {
            return;
        }
        final List<List<String>> rows = new ArrayList<>();
        for (BalancePlan.Move move : moves) {
            final List<String> row = new ArrayList<>(List.of(
                    move.partition().toString(),
                    move.from().toString(),
                    move.to().toString(),
                    String.valueOf(move.bytes())));
            if (isBegun) {
                row.add(shape.copiedPercent(move) + "%");
            }
            row.add(reason(move).name().toLowerCase(Locale.ROOT));
            rows.add(row);
        }
        Printer.table(
                out,
                isBegun
                        ? List.of("partition", "from", "to", "bytes", "copied", "reason")
                        : List.of("partition", "from", "to", "bytes", "reason"),
                rows);
    }

    Map<String, Object> json() {
        final List<Object> brokers = new ArrayList<>();
        for (int id : shape.brokers()) {
            brokers.add(Printer.object(
                    "broker", id,
                    "running", shape.isRunning(id),
                    "draining", shape.draining().contains(id),
                    "replicas", shape.replicas(id),
                    "leaders", shape.leaders(id),
                    "bytes", shape.bytes(id)));
        }
        return Printer.object(
                "brokers",
                brokers,
                "underWay",
                plan.begun().stream().map(move -> json(move, true)).toList(),
                "planned",
                plan.moves().stream().map(move -> json(move, false)).toList(),
                "obstacles",
                plan.obstacles().stream()
                        .map(obstacle -> Printer.object(
                                "partition", obstacle.partition().toString(),
                                "broker", obstacle.brokerId(),
                                "cause", obstacle.cause()))
                        .toList());
    }

    private Map<String, Object> json(BalancePlan.Move move, boolean isBegun) {
        final Map<String, Object> json = Printer.object(
                "partition", move.partition().toString(),
                "from", move.from(),
                "to", move.to(),
                "bytes", move.bytes(),
                "reason", reason(move).name().toLowerCase(Locale.ROOT));
        if (isBegun) {
            json.put("copiedPercent", shape.copiedPercent(move));
        }
        return json;
    }
}
