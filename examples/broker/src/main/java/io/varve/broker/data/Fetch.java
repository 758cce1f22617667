// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.data;

import io.varve.broker.data.FetchHandler.Wanted;
import io.varve.broker.partition.Lane;
import io.varve.broker.partition.Partition;
import io.varve.broker.partition.Timer;
import io.varve.broker.request.ErrorCode;
import io.varve.broker.request.ErrorMapping;
import io.varve.broker.request.Reply;
import io.varve.kafka.RecordBytes;
import io.varve.kafka.message.FetchRequest;
import io.varve.kafka.message.FetchResponse;
import io.varve.kafka.message.FetchResponse.FetchableTopicResponse;
import io.varve.kafka.message.FetchResponse.PartitionData;
import io.varve.log.LogSlice;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * One fetch: reads, and when that is less than the client wants to wait for, parks as a waiter on its partitions until one of them
 * grows or the deadline comes, and reads again.
 *
 * <p>States: reading, parked, answered. Parked goes back to reading on every wake; the deadline makes the next reading the last.
 *
 * <p>Threading: confined to one lane; what wakes it comes from others and only hands it over.
 */
final class Fetch {

    private final FetchRequest request;
    private final List<Wanted> wanted;
    private final @Nullable FetchSession session;
    private final boolean incremental;
    private final int maxBytes;
    private final Reply<FetchResponse> reply;
    private final AtomicBoolean parked = new AtomicBoolean();
    private final Runnable waiter = this::wake;

    /** The end of each partition when it was last read. */
    private final Map<FetchSession.Key, Long> endOffsets = new HashMap<>();

    private @Nullable Lane lane;
    private Timer.@Nullable Cancel deadline;
    private boolean expired;
    private boolean answered;

    Fetch(
            FetchRequest request,
            List<Wanted> wanted,
            @Nullable FetchSession session,
            boolean incremental,
            int maxBytes,
            Reply<FetchResponse> reply) {
        this.request = request;
        this.wanted = wanted;
        this.session = session;
        this.incremental = incremental;
        this.maxBytes = maxBytes;
        this.reply = reply;
    }

    void start(Lane owner, Timer timer) {
        lane = owner;
        expired = request.maxWaitMs() <= 0 || wanted.isEmpty();
        if (!expired) {
            deadline = timer.schedule(request.maxWaitMs(), () -> owner.execute(this::expire));
        }
        owner.execute(this::read);
    }

    private void expire() {
        expired = true;
        parked.set(false);
        read();
    }

    /** Called by whoever appends, on their lane. */
    private void wake() {
        Lane owner = lane;
        if (owner != null && parked.compareAndSet(true, false)) {
            owner.execute(this::read);
        }
    }

    /** What one partition gave. */
    private record Result(Wanted wanted, PartitionData data, @Nullable LogSlice slice) {}

    private void read() {
        if (answered) {
            return;
        }
        List<Result> results = new ArrayList<>(wanted.size());
        long bytes = 0;
        boolean error = false;
        for (Wanted one : wanted) {
            Result result = read(one, bytes);
            results.add(result);
            bytes += result.slice() == null ? 0 : result.slice().sizeBytes();
            error |= result.data().errorCode() != ErrorCode.NONE.code();
        }
        if (expired || error || bytes >= request.minBytes()) {
            answer(results);
        } else {
            results.forEach(result -> close(result.slice()));
            park();
        }
    }

    /** Registers first and looks again then, so that an append between the reading and the registration is not missed. */
    private void park() {
        parked.set(true);
        for (Wanted one : wanted) {
            Partition partition = one.partition();
            if (partition != null) {
                partition.addWaiter(waiter);
            }
        }
        for (Wanted one : wanted) {
            Partition partition = one.partition();
            if (partition != null && hasMore(partition, one)) {
                wake();
                return;
            }
        }
    }

    /** Whether a partition has grown since it was read. */
    private boolean hasMore(Partition partition, Wanted one) {
        Long seen = endOffsets.get(one.key());
        return seen != null && partition.highWatermark() > seen;
    }

    private Result read(Wanted one, long bytesSoFar) {
        Partition partition = one.partition();
        PartitionData data = new PartitionData().partitionIndex(one.key().index());
        if (partition == null) {
            return new Result(one, error(data, one.error()), null);
        }
        try {
            partition.requireLeaderEpoch(one.position().currentLeaderEpoch());
            long highWatermark = partition.highWatermark();
            endOffsets.put(one.key(), highWatermark);
            data.highWatermark(highWatermark)
                    .lastStableOffset(highWatermark)
                    .logStartOffset(partition.log().startOffset())
                    .abortedTransactions(null);
            return new Result(one, data, slice(one, partition, highWatermark, bytesSoFar));
        } catch (RuntimeException e) {
            return new Result(one, error(data, ErrorMapping.of(e)), null);
        }
    }

    /** The first batch of the whole answer is given whatever its size (KIP-74); after that the limits hold. */
    private LogSlice slice(Wanted one, Partition partition, long highWatermark, long bytesSoFar) {
        int limit = (int) Math.min(one.position().partitionMaxBytes(), Math.max(0, maxBytes - bytesSoFar));
        LogSlice slice = partition.log().slice(one.position().fetchOffset(), highWatermark, Math.max(0, limit));
        if (bytesSoFar > 0 && slice.sizeBytes() > limit) {
            slice.close();
            return partition.log().slice(highWatermark, highWatermark, 0);
        }
        return slice;
    }

    private static PartitionData error(PartitionData data, ErrorCode error) {
        return data.errorCode(error.code())
                .highWatermark(-1)
                .abortedTransactions(null)
                .records(RecordBytes.of(ByteBuffer.allocate(0)));
    }

    private void answer(List<Result> results) {
        answered = true;
        Timer.Cancel pending = deadline;
        if (pending != null) {
            pending.run();
        }
        for (Wanted one : wanted) {
            Partition partition = one.partition();
            if (partition != null) {
                partition.removeWaiter(waiter);
            }
        }
        List<FetchableTopicResponse> topics = new ArrayList<>();
        for (Result result : results) {
            LogSlice slice = result.slice();
            if (slice != null) {
                result.data().records(records(slice));
            }
            FetchSession.Key key = result.wanted().key();
            if (session == null || session.isNews(key, result.data()) || !incremental) {
                topic(topics, key).partitions().add(result.data());
            } else {
                close(slice);
            }
        }
        reply.send(new FetchResponse()
                .sessionId(session == null ? 0 : session.id())
                .responses(topics));
    }

    /** The range of the file, or the bytes when the storage has no file. */
    private static RecordBytes records(LogSlice slice) {
        if (slice.sizeBytes() == 0) {
            slice.close();
            return RecordBytes.of(ByteBuffer.allocate(0));
        }
        FileChannel channel = slice.channel();
        if (channel != null) {
            return new RecordBytes.InFile(channel, slice.position(), slice.sizeBytes(), slice::close);
        }
        try (slice) {
            return RecordBytes.of(slice.read());
        }
    }

    private static FetchableTopicResponse topic(List<FetchableTopicResponse> topics, FetchSession.Key key) {
        if (!topics.isEmpty()) {
            FetchableTopicResponse last = topics.get(topics.size() - 1);
            if (last.topic().equals(key.topic()) && last.topicId().equals(key.topicId())) {
                return last;
            }
        }
        FetchableTopicResponse next =
                new FetchableTopicResponse().topic(key.topic()).topicId(key.topicId());
        topics.add(next);
        return next;
    }

    private static void close(@Nullable LogSlice slice) {
        if (slice != null) {
            slice.close();
        }
    }
}
