// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.replica;

import io.varve.broker.partition.Follower;
import io.varve.replication.partition.FetchAnswer;
import io.varve.replication.partition.ReplicaFetch;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The end of a fetch, on its way to the follower.
 *
 * @param fetch the fetch
 * @param outcome what came of it
 */
record Delivery(Follower follower, ReplicaFetch fetch, Outcome outcome) {

    /**
     * What came of a fetch.
     *
     * @param answer null when it has failed
     * @param records whole batches
     * @param problem why it has failed, when that is for the log
     */
    record Outcome(@Nullable FetchAnswer answer, ByteBuffer records, @Nullable String problem) {

        private static final ByteBuffer NO_RECORDS = ByteBuffer.allocate(0);

        /** Nothing, and whoever ended the connection has said why. */
        static final Outcome FAILED = new Outcome(null, NO_RECORDS, null);

        static Outcome failed(String problem) {
            return new Outcome(null, NO_RECORDS, problem);
        }

        static Outcome answered(FetchAnswer answer) {
            return new Outcome(answer, NO_RECORDS, null);
        }
    }

    /** A fetch that was never sent, or whose answer is lost. */
    static Delivery failed(Follower follower, ReplicaFetch fetch) {
        return new Delivery(follower, fetch, Outcome.FAILED);
    }

    /** Tells the follower. */
    void deliver(Runnable done) {
        FetchAnswer answer = outcome.answer();
        if (answer == null) {
            follower.failed(fetch.number(), done);
        } else {
            // A view of its own, so that whoever reads it moves nobody else's position.
            follower.answered(answer, outcome.records().slice(), done);
        }
    }
}
