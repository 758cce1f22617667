// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.controller;

import io.varve.broker.metadata.Assignment;
import io.varve.broker.metadata.PartitionImage;
import io.varve.broker.metadata.TopicImage;
import io.varve.broker.partition.TopicPartition;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * Makes a {@link BalancePlan}: empties brokers, then moves bytes, then preferred leaders, each time doing what helps most.
 *
 * <p>A step of the second or third kind is taken only if it makes the sum of the squares of what brokers have smaller. So the plan ends,
 * and one made after it was carried out is empty.
 *
 * <p>Threading: confined to the thread that decides.
 */
final class Balancer {

    /** What a replica counts beside its bytes, so that empty ones are spread too. */
    private static final long REPLICA_WEIGHT = 1;

    private final Situation situation;
    private final BalancePlan.Aim aim;
    private final List<Piece> pieces = new ArrayList<>();

    /** What each broker that takes replicas has. */
    private final Map<Integer, Share> shares = new TreeMap<>();

    private final Set<Piece> moved = new LinkedHashSet<>();
    private final List<BalancePlan.Obstacle> obstacles = new ArrayList<>();

    Balancer(Situation situation, ToLongFunction<TopicPartition> sizes, BalancePlan.Aim aim) {
        this.situation = situation;
        this.aim = aim;
        for (BrokerState state : situation.brokers().registered()) {
            if (situation.brokers().mayTake(state.id())) {
                shares.put(state.id(), new Share());
            }
        }
        for (TopicImage topic : situation.image().topics()) {
            for (PartitionImage partition : topic.partitions()) {
                TopicPartition id = new TopicPartition(topic.name(), partition.index());
                add(new Piece(id, partition.assignment(), sizes.applyAsLong(id)));
            }
        }
    }

    private void add(Piece piece) {
        pieces.add(piece);
        piece.replicas.forEach(id -> weigh(id, piece.weight()));
        lead(piece.replicas.get(0), 1);
    }

    /** What a broker has, were the moves of the plan done. */
    private static final class Share {

        private long weight;
        private int leaders;
    }

    /** A partition, with the replicas that it is to have. */
    private static final class Piece {

        private final TopicPartition id;
        private final Assignment assignment;
        private final long bytes;
        private List<Integer> replicas;
        private BalancePlan.Reason reason;

        private Piece(TopicPartition id, Assignment assignment, long bytes) {
            this.id = id;
            this.assignment = assignment;
            this.bytes = bytes;
            this.replicas = assignment.target();
            this.reason = assignment.isReassigning() ? BalancePlan.Reason.UNDER_WAY : BalancePlan.Reason.LEADERS;
        }

        private long weight() {
            return bytes + REPLICA_WEIGHT;
        }

        private boolean isBusy() {
            return assignment.isReassigning();
        }

        private List<Integer> replaced(int from, int to) {
            return replicas.stream().map(id -> id == from ? to : id).toList();
        }

        private BalancePlan.Move move() {
            List<Integer> original = assignment.original();
            long copies = replicas.stream().filter(id -> !original.contains(id)).count();
            List<Integer> from = replicas.equals(assignment.target()) ? original : assignment.target();
            return new BalancePlan.Move(id, from, replicas, copies * bytes, reason);
        }
    }

    /**
     * @param most partitions after which no further ones are looked for; what is drained is planned as a whole
     */
    BalancePlan plan(int most) {
        List<BalancePlan.Move> begun =
                pieces.stream().filter(Piece::isBusy).map(Piece::move).toList();
        drain();
        if (repeat(this::moveBytes, most)) {
            repeat(this::moveLeaders, most);
        }
        List<BalancePlan.Move> moves = moved.stream()
                .filter(piece -> !piece.replicas.equals(piece.assignment.target()))
                .map(Piece::move)
                .toList();
        return new BalancePlan(moves, obstacles, begun);
    }

    /** Takes steps as long as one helps; false when there might be more. */
    private boolean repeat(BooleanSupplier step, int most) {
        while (moved.size() < most) {
            if (!step.getAsBoolean()) {
                return true;
            }
        }
        return false;
    }

    private void drain() {
        List<Piece> largestFirst = new ArrayList<>(pieces);
        largestFirst.sort(Comparator.comparingLong(Piece::weight).reversed());
        for (Piece piece : largestFirst) {
            for (int replica : List.copyOf(piece.replicas)) {
                if (situation.brokers().isDraining(replica) || isStalled(piece, replica)) {
                    drain(piece, replica);
                }
            }
        }
    }

    /** Whether a replica was to be copied to a broker that has gone meanwhile: another may take it. */
    private boolean isStalled(Piece piece, int replica) {
        return piece.assignment.adding().contains(replica)
                && !situation.brokers().isActive(replica);
    }

    private void drain(Piece piece, int replica) {
        Integer to = null;
        for (Map.Entry<Integer, Share> share : shares.entrySet()) {
            int id = share.getKey();
            if (!piece.replicas.contains(id)
                    && (to == null || isBetter(piece.replaced(replica, id), id, piece.replaced(replica, to), to))) {
                to = id;
            }
        }
        if (to == null) {
            obstacles.add(new BalancePlan.Obstacle(
                    piece.id,
                    replica,
                    "every broker that takes replicas has one: replicas=" + piece.replicas + ", brokers="
                            + shares.keySet() + "; add a broker, or let the partition have fewer replicas"));
            return;
        }
        replace(piece, replica, to, BalancePlan.Reason.DRAIN);
    }

    /** Whether a broker is a better place than another: more racks, then less weight. */
    private boolean isBetter(List<Integer> replicas, int to, List<Integer> others, int other) {
        int racks = Integer.compare(racks(replicas), racks(others));
        return racks == 0 ? share(to).weight < share(other).weight : racks > 0;
    }

    private int racks(List<Integer> replicas) {
        Set<@Nullable String> racks = new LinkedHashSet<>();
        for (int replica : replicas) {
            BrokerState state = situation.brokers().find(replica);
            racks.add(state == null ? null : state.rack());
        }
        return racks.size();
    }

    private void replace(Piece piece, int from, int to, BalancePlan.Reason reason) {
        weigh(from, -piece.weight());
        weigh(to, piece.weight());
        arrange(piece, piece.replaced(from, to));
        if (piece.reason != BalancePlan.Reason.DRAIN) {
            piece.reason = reason;
        }
    }

    private void arrange(Piece piece, List<Integer> replicas) {
        lead(piece.replicas.get(0), -1);
        lead(replicas.get(0), 1);
        piece.replicas = replicas;
        moved.add(piece);
    }

    private void weigh(int brokerId, long weight) {
        Share share = shares.get(brokerId);
        if (share != null) {
            share.weight += weight;
        }
    }

    private void lead(int brokerId, int leaders) {
        Share share = shares.get(brokerId);
        if (share != null) {
            share.leaders += leaders;
        }
    }

    private Share share(int brokerId) {
        return Objects.requireNonNull(shares.get(brokerId));
    }

    private List<Integer> mostFirst(ToLongFunction<Share> measure) {
        List<Integer> ids = new ArrayList<>(shares.keySet());
        ids.sort(Comparator.comparingLong((Integer id) -> measure.applyAsLong(share(id)))
                .reversed());
        return ids;
    }

    /** A replica that may go from one broker to another. */
    private record Transfer(Piece piece, int from, int to, double gain) {}

    /** Moves the replica that evens the bytes out most, from the heaviest broker that has such a one; false when there is none. */
    private boolean moveBytes() {
        double mean = shares.values().stream()
                .mapToLong(share -> share.weight)
                .average()
                .orElse(0);
        Map<Integer, List<Piece>> movable = new HashMap<>();
        for (Piece piece : pieces) {
            if (!piece.isBusy()) {
                piece.replicas.forEach(id ->
                        movable.computeIfAbsent(id, none -> new ArrayList<>()).add(piece));
            }
        }
        for (int from : mostFirst(share -> share.weight)) {
            Transfer best = best(from, movable.getOrDefault(from, List.of()), mean);
            if (best != null) {
                replace(best.piece, from, best.to, BalancePlan.Reason.BYTES);
                return true;
            }
        }
        return false;
    }

    private @Nullable Transfer best(int from, Collection<Piece> movable, double mean) {
        Transfer best = null;
        long has = share(from).weight;
        for (Map.Entry<Integer, Share> other : shares.entrySet()) {
            int to = other.getKey();
            long hasOther = other.getValue().weight;
            if (has <= hasOther || !(aim.isOver(has, mean) || aim.isUnder(hasOther, mean))) {
                continue;
            }
            for (Piece piece : movable) {
                // Half of what the sum of the squares decreases by.
                double gain = (double) piece.weight() * (has - hasOther - piece.weight());
                if (gain > (best == null ? 0 : best.gain)
                        && !piece.replicas.contains(to)
                        && racks(piece.replaced(from, to)) >= racks(piece.replicas)) {
                    best = new Transfer(piece, from, to, gain);
                }
            }
        }
        return best;
    }

    /**
     * Lets a broker that is preferred too often be so once less, and one that is not often enough once more, over as few others as
     * possible in between; false when there is no way.
     */
    private boolean moveLeaders() {
        double mean = shares.values().stream()
                .mapToInt(share -> share.leaders)
                .average()
                .orElse(0);
        Map<Integer, List<Piece>> led = new HashMap<>();
        for (Piece piece : pieces) {
            if (!piece.isBusy()) {
                led.computeIfAbsent(piece.replicas.get(0), none -> new ArrayList<>())
                        .add(piece);
            }
        }
        for (int from : mostFirst(share -> share.leaders)) {
            List<Handing> way = way(from, led, mean);
            if (!way.isEmpty()) {
                way.forEach(handing -> arrange(handing.piece, ledBy(handing.to, handing.piece.replicas)));
                return true;
            }
        }
        return false;
    }

    /** A partition that would prefer another of its replicas. */
    private record Handing(Piece piece, int from, int to) {}

    /** The shortest way of handings on to a broker that is preferred less often by at least two; empty when there is none. */
    private List<Handing> way(int from, Map<Integer, List<Piece>> led, double mean) {
        int has = share(from).leaders;
        Map<Integer, Handing> reached = new LinkedHashMap<>();
        Deque<Integer> next = new ArrayDeque<>(List.of(from));
        while (!next.isEmpty()) {
            int at = next.remove();
            for (Piece piece : led.getOrDefault(at, List.of())) {
                for (int to : piece.replicas) {
                    if (to == from || reached.containsKey(to) || !shares.containsKey(to)) {
                        continue;
                    }
                    reached.put(to, new Handing(piece, at, to));
                    int hasOther = share(to).leaders;
                    if (hasOther <= has - 2 && (aim.isOver(has, mean) || aim.isUnder(hasOther, mean))) {
                        return wayTo(from, to, reached);
                    }
                    next.add(to);
                }
            }
        }
        return List.of();
    }

    private static List<Handing> wayTo(int from, int to, Map<Integer, Handing> reached) {
        List<Handing> way = new ArrayList<>();
        int at = to;
        while (at != from) {
            Handing handing = Objects.requireNonNull(reached.get(at));
            way.add(handing);
            at = handing.from;
        }
        return way;
    }

    private static List<Integer> ledBy(int leader, List<Integer> replicas) {
        List<Integer> arranged = new ArrayList<>(List.of(leader));
        replicas.stream().filter(id -> id != leader).forEach(arranged::add);
        return List.copyOf(arranged);
    }
}
