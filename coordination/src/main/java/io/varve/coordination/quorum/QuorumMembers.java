// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.quorum;

import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * The voters of a quorum, at most one for each number, and the cluster that it is the quorum of.
 *
 * <p>A static configuration names voters by number alone. Such a set is not <em>founded</em>: every directory that carries one of the
 * numbers counts. The first leader founds the quorum, before any client's write: it draws the cluster's id and binds the numbers that
 * it has heard from, a majority, to their directories. From then on only bound voters count, and a number that is not bound counts
 * only in how large a majority is.
 *
 * <p>Threading: immutable.
 */
public final class QuorumMembers {

    /** The cluster of a quorum that is not founded. */
    public static final UUID NO_CLUSTER = new UUID(0, 0);

    /** No voters: a member that only looks for a quorum to observe. */
    public static final QuorumMembers NONE = of(NO_CLUSTER, Set.of());

    private final UUID clusterId;
    private final Map<Integer, Voter> voters;

    private QuorumMembers(UUID clusterId, Map<Integer, Voter> voters) {
        this.clusterId = clusterId;
        this.voters = voters;
    }

    /**
     * A set of voters.
     *
     * @param clusterId the cluster's id, {@link #NO_CLUSTER} while it is not founded
     * @param voters the voters
     * @return the set
     * @throws IllegalArgumentException when two voters have the same number
     */
    public static QuorumMembers of(UUID clusterId, Collection<Voter> voters) {
        Map<Integer, Voter> byId = new TreeMap<>();
        for (Voter voter : voters) {
            if (byId.put(voter.id(), voter) != null) {
                throw new IllegalArgumentException("two voters with one number: id=" + voter.id());
            }
        }
        return new QuorumMembers(clusterId, Collections.unmodifiableMap(byId));
    }

    /** {@return the cluster's id, {@link #NO_CLUSTER} while it is not founded} */
    public UUID clusterId() {
        return clusterId;
    }

    /** {@return whether only voters of known directories count} */
    public boolean isFounded() {
        return !clusterId.equals(NO_CLUSTER);
    }

    /** {@return the voters, by ascending number} */
    public Collection<Voter> voters() {
        return voters.values();
    }

    /**
     * {@return the voter of a number, null when there is none}
     *
     * @param id the number
     */
    public @Nullable Voter voter(int id) {
        return voters.get(id);
    }

    /**
     * {@return whether a member votes}
     *
     * @param member the member
     */
    public boolean isVoter(MemberId member) {
        Voter voter = voters.get(member.id());
        return voter != null && (voter.member().equals(member) || (!isFounded() && !voter.isBound()));
    }

    /** {@return how many voters are a majority; 1 for no voters, which nobody reaches} */
    public int majority() {
        return voters.size() / 2 + 1;
    }

    /**
     * The largest value that a majority has reached: of durable offsets what is committed, of times since when the leader leads.
     *
     * @param value the value of a voter
     * @return the value, {@link Long#MIN_VALUE} when there are no voters
     */
    public long reachedByMajority(ToLongFunction<Voter> value) {
        if (voters.isEmpty()) {
            return Long.MIN_VALUE;
        }
        long[] values = voters.values().stream().mapToLong(value).sorted().toArray();
        return values[values.length - majority()];
    }

    /** The voters with one more, or with one in the place of that with the same number. */
    QuorumMembers with(Voter voter) {
        Map<Integer, Voter> next = new TreeMap<>(voters);
        next.put(voter.id(), voter);
        return new QuorumMembers(clusterId, Collections.unmodifiableMap(next));
    }

    QuorumMembers without(int id) {
        Map<Integer, Voter> next = new TreeMap<>(voters);
        next.remove(id);
        return new QuorumMembers(clusterId, Collections.unmodifiableMap(next));
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof QuorumMembers members
                && clusterId.equals(members.clusterId)
                && voters.equals(members.voters);
    }

    @Override
    public int hashCode() {
        return 31 * clusterId.hashCode() + voters.hashCode();
    }

    /** {@return the voters, in brackets} */
    @Override
    public String toString() {
        return Arrays.toString(voters.values().stream().map(Voter::member).toArray());
    }
}
