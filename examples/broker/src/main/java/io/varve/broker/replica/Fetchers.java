// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.replica;

import io.varve.broker.partition.Follower;
import io.varve.replication.partition.ReplicaFetch;
import io.varve.replication.transport.Transport;
import java.net.InetSocketAddress;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.IntFunction;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Fetches records from the brokers that lead, for the partitions of this one that follow them: one connection to each leader, whatever the
 * number of partitions.
 *
 * <p>Threading: safe.
 */
public final class Fetchers implements AutoCloseable {

    private final Transport transport;
    private final FetchersConfig config;
    private final IntFunction<@Nullable InetSocketAddress> addresses;
    private final LongSupplier clock;
    private final Map<Integer, LeaderFetcher> byLeader = new ConcurrentHashMap<>();
    private volatile boolean isClosed;

    /**
     * Fetchers that fetch nothing yet.
     *
     * @param transport makes connections as {@link FetchersConfig#connector} says; stays the caller's, and is closed after the fetchers
     * @param addresses where a broker is reached by others, by its id; null when that is not known. Any thread, must not wait
     */
    public Fetchers(Transport transport, FetchersConfig config, IntFunction<@Nullable InetSocketAddress> addresses) {
        this(transport, config, addresses, System::nanoTime);
    }

    Fetchers(
            Transport transport,
            FetchersConfig config,
            IntFunction<@Nullable InetSocketAddress> addresses,
            LongSupplier clock) {
        this.transport = transport;
        this.config = config;
        this.addresses = addresses;
        this.clock = clock;
    }

    /**
     * Sends a fetch to a leader; any thread, never waits. In the end the follower is told the answer, or that it has failed, unless it has
     * handed in another fetch before; while there is nothing new at the leader, neither. A fetch that repeats the one before, but for its
     * number, costs nothing on the wire.
     *
     * @param leader id of the leader's broker
     * @param follower the partition; not asked for more than its name and topic
     */
    public void fetch(int leader, ReplicaFetch fetch, Follower follower) {
        LeaderFetcher known = byLeader.get(leader);
        (known == null ? newFetcher(leader) : known).fetch(fetch, follower);
    }

    private LeaderFetcher newFetcher(int leader) {
        LeaderFetcher fetcher =
                byLeader.computeIfAbsent(leader, id -> new LeaderFetcher(id, config, transport, addresses, clock));
        if (isClosed) {
            fetcher.close("the fetchers are closed");
        }
        return fetcher;
    }

    /**
     * Says that brokers may have come, gone or moved: the links to those that are not where they were are closed, and what was wanted from
     * them fails.
     */
    public void relocate() {
        byLeader.forEach((leader, fetcher) -> {
            InetSocketAddress address = addresses.apply(leader);
            if (address != null) {
                fetcher.relocate(address);
            } else if (byLeader.remove(leader, fetcher)) {
                fetcher.close("the leader is gone: leader=" + leader);
            }
        });
    }

    /** Closes the links; what is wanted fails, and whatever is handed in from now on. Idempotent. */
    @Override
    public void close() {
        isClosed = true;
        byLeader.values().forEach(fetcher -> fetcher.close("the fetchers are closed"));
    }
}
