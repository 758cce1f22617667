// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.system.quorum;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.varve.target.Quorum;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.recipes.atomic.DistributedAtomicLong;
import org.apache.curator.framework.recipes.barriers.DistributedBarrier;
import org.apache.curator.framework.recipes.barriers.DistributedDoubleBarrier;
import org.apache.curator.framework.recipes.queue.DistributedDelayQueue;
import org.apache.curator.framework.recipes.queue.DistributedPriorityQueue;
import org.apache.curator.framework.recipes.queue.DistributedQueue;
import org.apache.curator.framework.recipes.queue.QueueBuilder;
import org.apache.curator.framework.recipes.queue.QueueConsumer;
import org.apache.curator.framework.recipes.queue.QueueSerializer;
import org.apache.curator.framework.recipes.queue.SimpleDistributedQueue;
import org.apache.curator.framework.recipes.shared.SharedCount;
import org.apache.curator.framework.recipes.shared.VersionedValue;
import org.apache.curator.framework.state.ConnectionState;
import org.apache.curator.retry.RetryForever;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Curator's counters, barriers and queues, among two clients. */
class CuratorCountersIT {

    private static final int WAIT_S = 30;

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
    void shouldShareACount() throws Exception {
        try (SharedCount one = new SharedCount(first, "/count", 5);
                SharedCount two = new SharedCount(second, "/count", 5)) {
            one.start();
            two.start();
            assertThat(two.getCount()).isEqualTo(5);

            VersionedValue<Integer> old = one.getVersionedValue();
            one.setCount(6);
            Awaitility.await().until(() -> two.getCount() == 6);

            assertThat(two.trySetCount(two.getVersionedValue(), 7)).isTrue();
            assertThat(one.trySetCount(old, 8)).isFalse();
            Awaitility.await().until(() -> one.getCount() == 7);
        }
    }

    @Test
    void shouldCountWithoutLoss() throws Exception {
        List<Future<?>> done = new ArrayList<>();
        for (CuratorFramework client : List.of(first, second)) {
            DistributedAtomicLong counter = new DistributedAtomicLong(client, "/atomic", new RetryForever(1));
            done.add(threads.submit(() -> {
                for (int i = 0; i < 50; i++) {
                    assertThat(counter.increment().succeeded()).isTrue();
                }
                return null;
            }));
        }
        for (Future<?> future : done) {
            future.get(2 * WAIT_S, TimeUnit.SECONDS);
        }

        first.sync().forPath("/atomic"); // what the second was told of, the first's member may not have applied yet
        assertThat(new DistributedAtomicLong(first, "/atomic", new RetryForever(1))
                        .get()
                        .postValue())
                .isEqualTo(100);
    }

    @Test
    void shouldHoldABarrierUntilItIsRemoved() throws Exception {
        DistributedBarrier barrier = new DistributedBarrier(first, "/barrier");
        barrier.setBarrier();
        Future<Boolean> passed = threads.submit(
                () -> new DistributedBarrier(second, "/barrier").waitOnBarrier(WAIT_S, TimeUnit.SECONDS));
        Thread.sleep(100);
        assertThat(passed.isDone()).isFalse();

        barrier.removeBarrier();

        assertThat(passed.get(WAIT_S, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void shouldEnterAndLeaveADoubleBarrierTogether() throws Exception {
        DistributedDoubleBarrier one = new DistributedDoubleBarrier(first, "/double", 2);
        DistributedDoubleBarrier two = new DistributedDoubleBarrier(second, "/double", 2);

        Future<Boolean> entered = threads.submit(() -> one.enter(WAIT_S, TimeUnit.SECONDS));
        Thread.sleep(100);
        assertThat(entered.isDone()).isFalse();
        assertThat(two.enter(WAIT_S, TimeUnit.SECONDS)).isTrue();
        assertThat(entered.get(WAIT_S, TimeUnit.SECONDS)).isTrue();
        Future<Boolean> left = threads.submit(() -> one.leave(WAIT_S, TimeUnit.SECONDS));

        assertThat(two.leave(WAIT_S, TimeUnit.SECONDS)).isTrue();
        assertThat(left.get(WAIT_S, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void shouldTakeFromAQueueWhatWasPutThereInOrder() throws Exception {
        List<String> consumed = Collections.synchronizedList(new ArrayList<>());
        try (DistributedQueue<String> in =
                        QueueBuilder.builder(first, null, TEXT, "/queue").buildQueue();
                DistributedQueue<String> out = QueueBuilder.builder(second, into(consumed), TEXT, "/queue")
                        .lockPath("/queue-lock")
                        .buildQueue()) {
            in.start();
            List<String> put = IntStream.range(0, 30).mapToObj(i -> "item " + i).toList();
            for (String item : put) {
                in.put(item);
            }
            assertThat(in.flushPuts(WAIT_S, TimeUnit.SECONDS)).isTrue();
            out.start();

            Awaitility.await().untilAsserted(() -> assertThat(consumed).containsExactlyElementsOf(put));
        }
    }

    @Test
    void shouldTakeTheMoreUrgentFirst() throws Exception {
        List<String> consumed = Collections.synchronizedList(new ArrayList<>());
        try (DistributedPriorityQueue<String> in =
                        QueueBuilder.builder(first, null, TEXT, "/priorities").buildPriorityQueue(0);
                DistributedPriorityQueue<String> out = QueueBuilder.builder(second, into(consumed), TEXT, "/priorities")
                        .buildPriorityQueue(0)) {
            in.start();
            in.put("later", 10);
            in.put("sooner", 1);
            in.put("between", 5);
            assertThat(in.flushPuts(WAIT_S, TimeUnit.SECONDS)).isTrue();
            out.start();

            Awaitility.await().untilAsserted(() -> assertThat(consumed).containsExactly("sooner", "between", "later"));
        }
    }

    @Test
    void shouldTakeOnlyWhatIsDue() throws Exception {
        List<String> consumed = Collections.synchronizedList(new ArrayList<>());
        try (DistributedDelayQueue<String> queue =
                QueueBuilder.builder(first, into(consumed), TEXT, "/delays").buildDelayQueue()) {
            queue.start();
            queue.put("tomorrow", System.currentTimeMillis() + TimeUnit.DAYS.toMillis(1));
            queue.put("now", System.currentTimeMillis());

            Awaitility.await().untilAsserted(() -> assertThat(consumed).containsExactly("now"));
        }
    }

    @Test
    void shouldOfferAndTake() throws Exception {
        SimpleDistributedQueue in = new SimpleDistributedQueue(first, "/simple");
        SimpleDistributedQueue out = new SimpleDistributedQueue(second, "/simple");

        Future<byte[]> taken = threads.submit(out::take);
        in.offer("1".getBytes(UTF_8));
        in.offer("2".getBytes(UTF_8));

        assertThat(taken.get(WAIT_S, TimeUnit.SECONDS)).isEqualTo("1".getBytes(UTF_8));
        assertThat(out.poll(WAIT_S, TimeUnit.SECONDS)).isEqualTo("2".getBytes(UTF_8));
        assertThat(out.poll()).isNull();
    }

    private static final QueueSerializer<String> TEXT = new QueueSerializer<>() {
        @Override
        public byte[] serialize(String item) {
            return item.getBytes(UTF_8);
        }

        @Override
        public String deserialize(byte[] bytes) {
            return new String(bytes, UTF_8);
        }
    };

    private static QueueConsumer<String> into(List<String> consumed) {
        return new QueueConsumer<>() {
            @Override
            public void consumeMessage(String message) {
                consumed.add(message);
            }

            @Override
            public void stateChanged(CuratorFramework client, ConnectionState state) {}
        };
    }
}
