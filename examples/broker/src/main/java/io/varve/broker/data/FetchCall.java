// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.data;

import io.varve.broker.data.FetchHandler.Wanted;
import io.varve.broker.partition.Partition;
import io.varve.broker.request.Reply;
import io.varve.broker.request.RequestContext;
import io.varve.kafka.message.FetchRequest;
import io.varve.kafka.message.FetchResponse;
import io.varve.kafka.message.FetchResponse.FetchableTopicResponse;
import io.varve.log.LogSlice;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A fetch request with all that it is answered by.
 *
 * @param wanted what it wants, with what its session remembers
 * @param session null when it has none
 * @param isIncremental whether only news are answered
 * @param maxBytes how many bytes of records the answer may have, but for the first batch
 * @param hints who leads, for those who ask the wrong broker
 */
record FetchCall(
        RequestContext context,
        FetchRequest request,
        List<Wanted> wanted,
        @Nullable FetchSession session,
        boolean isIncremental,
        int maxBytes,
        LeaderHints hints,
        Reply<FetchResponse> reply) {

    /** The same for other partitions. */
    FetchCall with(List<Wanted> others) {
        return new FetchCall(context, request, others, session, isIncremental, maxBytes, hints, reply);
    }

    /**
     * The first batch of the whole answer is given whatever its size (KIP-74); after that the limits hold. A throttle that must rest gives
     * nothing, and owes what a batch is larger than it allows.
     */
    LogSlice slice(Wanted one, Partition partition, long endOffset, long bytesSoFar) {
        SharedThrottle throttle = one.throttle();
        long available = throttle == null ? Long.MAX_VALUE : throttle.availableBytes();
        if (available == 0) {
            return nothing(partition, endOffset);
        }
        long bytesLeft = Math.min(maxBytes - bytesSoFar, available);
        int limit = (int) Math.max(0, Math.min(one.position().partitionMaxBytes(), bytesLeft));
        LogSlice slice = partition.log().slice(one.position().fetchOffset(), endOffset, limit);
        if (bytesSoFar > 0 && slice.sizeBytes() > limit) {
            slice.close();
            return nothing(partition, endOffset);
        }
        return slice;
    }

    private static LogSlice nothing(Partition partition, long endOffset) {
        return partition.log().slice(endOffset, endOffset, 0);
    }

    /** Answers, and gives back what is no news. */
    void answer(List<FetchResult> results) {
        List<FetchableTopicResponse> topics = new ArrayList<>();
        for (FetchResult result : results) {
            FetchSession.Key key = result.wanted().key();
            SharedThrottle throttle = result.wanted().throttle();
            if (throttle != null) {
                throttle.spend(result.sizeBytes());
            }
            if (session == null || session.isNews(key, result.data(), result.sizeBytes()) || !isIncremental) {
                topic(topics, key).partitions().add(result.complete());
            } else {
                result.drop();
            }
        }
        FetchResponse response = new FetchResponse()
                .sessionId(session == null ? 0 : session.id())
                .responses(topics);
        hints.addTo(response, results, context);
        reply.send(response);
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
}
