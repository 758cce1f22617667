// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.system.quorum;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.target.Quorum;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.recipes.leader.LeaderLatch;
import org.apache.curator.framework.recipes.leader.LeaderSelector;
import org.apache.curator.framework.recipes.leader.LeaderSelectorListenerAdapter;
import org.apache.curator.framework.recipes.locks.InterProcessLock;
import org.apache.curator.framework.recipes.locks.InterProcessMultiLock;
import org.apache.curator.framework.recipes.locks.InterProcessMutex;
import org.apache.curator.framework.recipes.locks.InterProcessReadWriteLock;
import org.apache.curator.framework.recipes.locks.InterProcessSemaphoreMutex;
import org.apache.curator.framework.recipes.locks.InterProcessSemaphoreV2;
import org.apache.curator.framework.recipes.locks.Lease;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Curator's recipes for elections and locks, among two clients. */
class CuratorLocksIT {

    private static final int WAIT_S = 30;
    private static final int ROUNDS = 10;

    @TempDir
    private static Path directory;

    private static Quorum quorum;
    private static CuratorFramework first;
    private static CuratorFramework second;

    private final ExecutorService threads = Executors.newCachedThreadPool();

    @BeforeAll
    static void start() throws InterruptedException {
        quorum = TargetQuorum.start(directory);
        first = TargetQuorum.connect(quorum);
        second = TargetQuorum.connect(quorum);
    }

    @AfterAll
    static void stop() {
        first.close();
        second.close();
        quorum.close();
    }

    @Test
    void shouldLatchOneLeaderAfterTheOther() throws Exception {
        LeaderLatch one = new LeaderLatch(first, "/latch", "one"); // which may be closed only once
        try (LeaderLatch two = new LeaderLatch(second, "/latch", "two")) {
            one.start();
            assertThat(one.await(WAIT_S, TimeUnit.SECONDS)).isTrue();
            two.start();
            Awaitility.await().until(() -> one.getParticipants().size() == 2);
            assertThat(two.hasLeadership()).isFalse();
            assertThat(two.getLeader().getId()).isEqualTo("one");

            one.close();

            assertThat(two.await(WAIT_S, TimeUnit.SECONDS)).isTrue();
        }
    }

    @Test
    void shouldLetALatchGoWithTheSessionOfItsLeader() throws Exception {
        CuratorFramework mortal = TargetQuorum.connect(quorum);
        LeaderLatch one = new LeaderLatch(mortal, "/mortal", "one");
        try (LeaderLatch two = new LeaderLatch(second, "/mortal", "two")) {
            one.start();
            assertThat(one.await(WAIT_S, TimeUnit.SECONDS)).isTrue();
            two.start();

            mortal.close();

            assertThat(two.await(WAIT_S, TimeUnit.SECONDS)).isTrue();
        }
    }

    @Test
    void shouldSelectEachCandidateInTurn() {
        AtomicInteger leading = new AtomicInteger();
        AtomicInteger mostLeading = new AtomicInteger();
        List<String> led = Collections.synchronizedList(new ArrayList<>());
        try (LeaderSelector one = selector(first, "one", leading, mostLeading, led);
                LeaderSelector two = selector(second, "two", leading, mostLeading, led)) {
            one.start();
            two.start();

            Awaitility.await().until(() -> led.containsAll(List.of("one", "two")) && led.size() >= 6);
        }
        assertThat(mostLeading).hasValue(1);
    }

    private static LeaderSelector selector(
            CuratorFramework client, String name, AtomicInteger leading, AtomicInteger mostLeading, List<String> led) {
        LeaderSelector selector = new LeaderSelector(client, "/selector", new LeaderSelectorListenerAdapter() {
            @Override
            public void takeLeadership(CuratorFramework leader) throws InterruptedException {
                mostLeading.accumulateAndGet(leading.incrementAndGet(), Math::max);
                led.add(name);
                Thread.sleep(10);
                leading.decrementAndGet();
            }
        });
        selector.autoRequeue();
        return selector;
    }

    @Test
    void shouldExcludeByMutex() throws Exception {
        InterProcessMutex mutex = new InterProcessMutex(first, "/mutex");
        mutex.acquire();
        mutex.acquire(); // whoever holds it may take it again
        mutex.release();
        assertThat(mutex.isAcquiredInThisProcess()).isTrue();
        assertThat(new InterProcessMutex(second, "/mutex").acquire(100, TimeUnit.MILLISECONDS))
                .isFalse();
        mutex.release();

        assertExcludes(new InterProcessMutex(first, "/mutex"), new InterProcessMutex(second, "/mutex"));
    }

    @Test
    void shouldExcludeBySemaphoreMutex() throws Exception {
        assertExcludes(
                new InterProcessSemaphoreMutex(first, "/semaphore-mutex"),
                new InterProcessSemaphoreMutex(second, "/semaphore-mutex"));
    }

    @Test
    void shouldExcludeBySeveralLocksAtOnce() throws Exception {
        assertExcludes(
                new InterProcessMultiLock(first, List.of("/multi-a", "/multi-b")),
                new InterProcessMultiLock(
                        second,
                        List.of("/multi-b", "/multi-a").stream().sorted().toList()));
    }

    private void assertExcludes(InterProcessLock one, InterProcessLock two) throws Exception {
        AtomicInteger inside = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        List<Future<?>> done = new ArrayList<>();
        for (InterProcessLock lock : List.of(one, two)) {
            done.add(threads.submit(() -> {
                for (int i = 0; i < ROUNDS; i++) {
                    assertThat(lock.acquire(WAIT_S, TimeUnit.SECONDS)).isTrue();
                    most.accumulateAndGet(inside.incrementAndGet(), Math::max);
                    inside.decrementAndGet();
                    lock.release();
                }
                return null;
            }));
        }
        for (Future<?> future : done) {
            future.get(2 * WAIT_S, TimeUnit.SECONDS);
        }
        assertThat(most).hasValue(1);
    }

    @Test
    void shouldLetManyReadOrOneWrite() throws Exception {
        InterProcessReadWriteLock one = new InterProcessReadWriteLock(first, "/read-write");
        InterProcessReadWriteLock two = new InterProcessReadWriteLock(second, "/read-write");

        one.readLock().acquire();
        assertThat(two.readLock().acquire(WAIT_S, TimeUnit.SECONDS)).isTrue();
        assertThat(threads.submit(() -> two.writeLock().acquire(100, TimeUnit.MILLISECONDS))
                        .get())
                .as("write beside readers")
                .isFalse();
        one.readLock().release();
        two.readLock().release();

        assertThat(one.writeLock().acquire(WAIT_S, TimeUnit.SECONDS)).isTrue();
        assertThat(two.readLock().acquire(100, TimeUnit.MILLISECONDS))
                .as("read beside a writer")
                .isFalse();
        one.writeLock().release();
    }

    @Test
    void shouldLeaseWhatASemaphoreHas() throws Exception {
        InterProcessSemaphoreV2 one = new InterProcessSemaphoreV2(first, "/semaphore", 2);
        InterProcessSemaphoreV2 two = new InterProcessSemaphoreV2(second, "/semaphore", 2);

        Lease firstLease = one.acquire();
        Lease secondLease = two.acquire();
        assertThat(two.acquire(100, TimeUnit.MILLISECONDS)).isNull();
        CountDownLatch waiting = new CountDownLatch(1);
        Future<Lease> third = threads.submit(() -> {
            waiting.countDown();
            return two.acquire(WAIT_S, TimeUnit.SECONDS);
        });
        waiting.await();
        one.returnLease(firstLease);

        assertThat(third.get(WAIT_S, TimeUnit.SECONDS)).isNotNull();
        two.returnLease(third.get());
        two.returnLease(secondLease);
        assertThat(two.getParticipantNodes()).isEmpty();
    }
}
