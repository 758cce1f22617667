// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.data;

import io.varve.kafka.message.FetchRequest.FetchPartition;
import io.varve.kafka.message.FetchResponse.PartitionData;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * What a client fetches, remembered so that it need not say it again: requests name what changed, answers hold what is new.
 *
 * <p>Threading: safe; requests of a session come one after the other.
 */
final class FetchSession {

    private final int id;
    private int epoch = 1;
    private final Map<Key, Remembered> partitions = new LinkedHashMap<>();

    FetchSession(int id) {
        this.id = id;
    }

    /**
     * A partition as a client names it.
     *
     * @param topic its name, empty when only the id was given
     * @param topicId its id, zero when only the name was given
     */
    record Key(String topic, UUID topicId, int index) {}

    private static final class Remembered {
        private FetchPartition wanted;
        private long highWatermark = -1;
        private long logStartOffset = -1;

        Remembered(FetchPartition wanted) {
            this.wanted = wanted;
        }
    }

    int id() {
        return id;
    }

    /** Whether a request has the epoch whose turn it is; then the next one's turn comes. */
    synchronized boolean advance(int requestEpoch) {
        if (requestEpoch != epoch) {
            return false;
        }
        epoch = epoch == Integer.MAX_VALUE ? 1 : epoch + 1;
        return true;
    }

    synchronized void update(Key key, FetchPartition wanted) {
        Remembered known = partitions.get(key);
        if (known == null) {
            partitions.put(key, new Remembered(wanted));
        } else {
            known.wanted = wanted;
        }
    }

    synchronized void forget(Key key) {
        partitions.remove(key);
    }

    /** Everything that is fetched, in the order in which it is served next. */
    synchronized List<Map.Entry<Key, FetchPartition>> wanted() {
        List<Map.Entry<Key, FetchPartition>> wanted = new ArrayList<>();
        partitions.forEach((key, remembered) -> wanted.add(Map.entry(key, remembered.wanted)));
        return wanted;
    }

    /** Whether a high watermark is another than the one that the client was told last; not for a partition of which it was told nothing. */
    synchronized boolean isUntold(Key key, long highWatermark) {
        Remembered known = partitions.get(key);
        return known != null && known.highWatermark >= 0 && known.highWatermark != highWatermark;
    }

    /** Whether an answer for a partition says something that the client has not been told. */
    synchronized boolean isNews(Key key, PartitionData data, int recordBytes) {
        Remembered known = partitions.get(key);
        if (known == null) {
            return true;
        }
        boolean hasRecords = recordBytes > 0;
        boolean news = hasRecords
                || data.errorCode() != 0
                || data.divergingEpoch().endOffset() >= 0
                || data.preferredReadReplica() >= 0
                || data.highWatermark() != known.highWatermark
                || data.logStartOffset() != known.logStartOffset;
        known.highWatermark = data.highWatermark();
        known.logStartOffset = data.logStartOffset();
        if (data.errorCode() != 0) {
            // An error is told again and again until the client does something about it.
            known.highWatermark = -1;
        }
        if (hasRecords) {
            // Whoever was served goes to the end, so that no partition starves behind the limit of bytes.
            partitions.remove(key);
            partitions.put(key, known);
        }
        return news;
    }
}
