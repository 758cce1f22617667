// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.replica;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.varve.broker.partition.Follower;
import io.varve.kafka.ProtocolException;
import io.varve.kafka.message.FetchRequest;
import io.varve.kafka.message.FetchResponse;
import io.varve.replication.partition.ReplicaFetch;
import io.varve.replication.transport.SendResult;
import io.varve.replication.transport.Transport;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.IntFunction;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Fetches from one leader.
 *
 * <p>One round is under way at a time: a request for all that is wanted, the response, and the followers that take from it. When the
 * last of them is done, and has handed in what it wants next, the next round begins; so there is one request for all partitions and not one
 * for each. A round waits at the leader until there is something new. What is wanted meanwhile and is not in it does not wait for that: it is
 * asked for by an urgent request, one at a time, which the leader takes as the end of the round's waiting. The next round then waits for
 * both, and asks for all.
 *
 * <p>Without a link, a fetch that is handed in makes one, if it is time to try again, and waits for it; otherwise it fails. There is no
 * timer: who wants something says so again.
 *
 * <p>Threading: safe. Requests are sent under the lock, so that they leave in the order in which they were made; followers are told outside.
 */
final class LeaderFetcher {

    private static final Logger LOG = LoggerFactory.getLogger(LeaderFetcher.class);
    private static final long FIRST_DELAY_NS = 50_000_000L;
    private static final long NS_PER_MS = 1_000_000L;

    private final int leader;
    private final Transport transport;
    private final IntFunction<@Nullable InetSocketAddress> addresses;
    private final LongSupplier clock;
    private final Object lock = new Object();
    private final ProblemLog problems;

    @GuardedBy("lock")
    private final WantedFetches wanted;

    @GuardedBy("lock")
    private final Backoff backoff;

    @GuardedBy("lock")
    private @Nullable LeaderLink link;

    @GuardedBy("lock")
    private boolean isReady;

    @GuardedBy("lock")
    private @Nullable Asked round;

    @GuardedBy("lock")
    private @Nullable Asked urgent;

    @GuardedBy("lock")
    private int lastCorrelationId;

    @GuardedBy("lock")
    private @Nullable String lastFailure;

    @GuardedBy("lock")
    private boolean isClosed;

    LeaderFetcher(
            int leader,
            FetchersConfig config,
            Transport transport,
            IntFunction<@Nullable InetSocketAddress> addresses,
            LongSupplier clock) {
        this.leader = leader;
        this.transport = transport;
        this.addresses = addresses;
        this.clock = clock;
        this.problems = new ProblemLog(leader, clock);
        this.wanted = new WantedFetches(config);
        this.backoff = new Backoff(FIRST_DELAY_NS, config.backoffMs() * NS_PER_MS);
    }

    /** A request under way, from the moment it is sent until all that its response has answered are done. */
    private static final class Asked {

        private final int correlationId;
        private boolean isAnswered;

        Asked(int correlationId) {
            this.correlationId = correlationId;
        }
    }

    /** As {@link Fetchers#fetch} says. */
    void fetch(ReplicaFetch fetch, Follower follower) {
        List<Delivery> failed = new ArrayList<>(0);
        LeaderLink connecting = null;
        synchronized (lock) {
            if (link == null && !isClosed && backoff.isDue(clock.getAsLong())) {
                connecting = newLink();
            }
            if (link == null) {
                failed.add(Delivery.failed(follower, fetch));
            } else {
                failed.addAll(wanted.add(fetch, follower));
                sendDue();
            }
        }
        if (connecting != null) {
            connecting.connect(transport);
        }
        fail(failed);
    }

    @GuardedBy("lock")
    private @Nullable LeaderLink newLink() {
        InetSocketAddress address = addresses.apply(leader);
        if (address != null) {
            backoff.attempt(clock.getAsLong());
            link = new LeaderLink(this, address);
        }
        return link;
    }

    @GuardedBy("lock")
    private void sendDue() {
        if (link == null || !isReady) {
            return;
        }
        if (round == null && urgent == null && wanted.isAny()) {
            round = send(link, wanted.round());
        } else if (round != null && !round.isAnswered && urgent == null && wanted.isUrgent()) {
            urgent = send(link, wanted.urgent());
        }
    }

    @GuardedBy("lock")
    private Asked send(LeaderLink to, FetchRequest request) {
        lastCorrelationId = lastCorrelationId == Integer.MAX_VALUE ? 1 : lastCorrelationId + 1;
        if (to.send(lastCorrelationId, request) == SendResult.BACK_PRESSURED) {
            // The leader has not even read the request before.
            to.close("a request cannot be sent, so much waits to be: correlationId=" + lastCorrelationId);
        }
        return new Asked(lastCorrelationId);
    }

    // What the link tells.

    void onReady(LeaderLink from) {
        synchronized (lock) {
            if (from != link) {
                return;
            }
            isReady = true;
            lastFailure = null;
            backoff.succeeded();
            LOG.info("Fetching from a leader: leader={}, address={}", leader, from.address());
            sendDue();
        }
    }

    /**
     * Takes a response.
     *
     * @param release gives back the memory of the response; called once, unless this throws
     * @throws ProtocolException when nothing was asked that it answers
     */
    void onResponse(LeaderLink from, int correlationId, FetchResponse response, Runnable release) {
        Asked asked;
        List<Delivery> deliveries;
        synchronized (lock) {
            if (from != link) {
                release.run();
                return;
            }
            asked = expected(correlationId);
            deliveries = asked == round ? wanted.roundAnswered(response) : wanted.urgentAnswered(response);
            asked.isAnswered = true;
        }
        SharedFrame frame = new SharedFrame(() -> {
            release.run();
            onAllDone(asked);
        });
        for (Delivery delivery : deliveries) {
            problems.log(delivery);
            deliver(delivery, frame.taker());
        }
        frame.done();
    }

    /** Responses come in the order of the requests, and a round is never sent while an urgent request is under way. */
    @GuardedBy("lock")
    private Asked expected(int correlationId) {
        Asked next = round == null || round.isAnswered ? urgent : round;
        if (next == null || next.isAnswered || next.correlationId != correlationId) {
            throw new ProtocolException("a response to another request: correlationId=" + correlationId + ", expected="
                    + (next == null || next.isAnswered ? "none" : next.correlationId));
        }
        return next;
    }

    private void onAllDone(Asked asked) {
        synchronized (lock) {
            if (asked == round) {
                round = null;
            } else if (asked == urgent) {
                urgent = null;
            }
            sendDue();
        }
    }

    void onLost(LeaderLink from, String reason) {
        List<Delivery> failed;
        synchronized (lock) {
            if (from != link) {
                return;
            }
            logLost(from, reason);
            failed = dropLink();
        }
        fail(failed);
    }

    /** Says once what happens again and again while a leader is away. */
    @GuardedBy("lock")
    private void logLost(LeaderLink lost, String reason) {
        if (isReady) {
            LOG.info("Leader lost: leader={}, address={}, reason={}", leader, lost.address(), reason);
        } else if (!Objects.equals(lastFailure, reason)) {
            lastFailure = reason;
            LOG.warn(
                    "No connection to a leader, it is tried again: leader={}, address={}, reason={}",
                    leader,
                    lost.address(),
                    reason);
        }
    }

    /** Forgets the link and what was asked by it. Who still takes from a response is done in his own time. */
    @GuardedBy("lock")
    private List<Delivery> dropLink() {
        link = null;
        isReady = false;
        round = null;
        urgent = null;
        return wanted.clear();
    }

    // What the owner tells.

    /** Closes the link when the leader is not where it leads any more. */
    void relocate(@Nullable InetSocketAddress address) {
        closeLink(address, "the leader has another address: leader=" + leader + ", address=" + address);
    }

    /** Closes the link; what is handed in from now on fails. */
    void close(String reason) {
        synchronized (lock) {
            isClosed = true;
        }
        closeLink(null, reason);
    }

    private void closeLink(@Nullable InetSocketAddress kept, String reason) {
        LeaderLink closing;
        List<Delivery> failed;
        synchronized (lock) {
            closing = link;
            if (closing == null || closing.address().equals(kept)) {
                return;
            }
            logLost(closing, reason);
            backoff.reset();
            failed = dropLink();
        }
        closing.finish(reason);
        fail(failed);
    }

    private static void fail(List<Delivery> failed) {
        failed.forEach(delivery -> deliver(delivery, () -> {}));
    }

    /** A follower that fails must not keep the others from their answers. */
    private static void deliver(Delivery delivery, Runnable done) {
        try {
            delivery.deliver(done);
        } catch (RuntimeException e) {
            LOG.error("A follower failed: partition={}", delivery.follower().id(), e);
            done.run();
        }
    }
}
