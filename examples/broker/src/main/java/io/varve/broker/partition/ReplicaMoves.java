// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.partition;

import io.varve.log.job.Throttle;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Moves replicas between the directories of this broker, one after the other: copies one while it goes on, and lets its owner put the copy in
 * its place.
 *
 * <p>Threading: safe; copies on a thread of its own.
 */
final class ReplicaMoves implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(ReplicaMoves.class);

    private final long bytesPerSecond;
    private final Map<TopicPartition, ReplicaCopy> copies = new ConcurrentHashMap<>();
    private final ExecutorService thread =
            Executors.newSingleThreadExecutor(work -> new Thread(work, "varve-replica-moves"));

    ReplicaMoves(long bytesPerSecond) {
        this.bytesPerSecond = bytesPerSecond;
    }

    /** The copies that are being made. */
    Collection<ReplicaCopy> copies() {
        return List.copyOf(copies.values());
    }

    /**
     * Moves a replica as soon as those before it are moved. Returns at once.
     *
     * @param begin makes an empty copy, null when there is nothing to be moved any more
     * @param adopt puts the copy, which has nearly all, in the place of the replica, and waits until it has
     * @param drop removes a copy that is not to be; it is closed
     */
    void add(Supplier<@Nullable ReplicaCopy> begin, Function<ReplicaCopy, Boolean> adopt, Consumer<ReplicaCopy> drop) {
        try {
            thread.execute(() -> move(begin, adopt, drop));
        } catch (RejectedExecutionException e) {
            LOG.debug("Not moved, the broker is closed", e);
        }
    }

    private void move(
            Supplier<@Nullable ReplicaCopy> begin, Function<ReplicaCopy, Boolean> adopt, Consumer<ReplicaCopy> drop) {
        ReplicaCopy copy = null;
        boolean adopted = false;
        try {
            copy = begin.get();
            if (copy == null) {
                return;
            }
            LOG.info("Moving to another directory: partition={}, directory={}", copy.id(), copy.directory());
            copies.put(copy.id(), copy);
            copy.copyMost(new Throttle(bytesPerSecond, TimeUnit.NANOSECONDS.toMillis(System.nanoTime())));
            adopted = adopt.apply(copy);
        } catch (InterruptedException e) {
            LOG.debug("Not moved, the broker is closed", e);
        } catch (CompletionException e) {
            LOG.error("A replica could not be moved to another directory, it stays where it is", e.getCause());
        } catch (RuntimeException e) {
            LOG.error("A replica could not be moved to another directory, it stays where it is", e);
        }
        if (copy != null) {
            copies.remove(copy.id());
            if (!adopted) {
                copy.close();
                drop.accept(copy);
            }
        }
    }

    /** Gives up what is not moved yet, and waits for the thread. */
    @Override
    public void close() {
        thread.shutdownNow();
        try {
            if (!thread.awaitTermination(1, TimeUnit.MINUTES)) {
                LOG.warn("A replica is still being moved to another directory");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
