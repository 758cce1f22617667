// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.stress;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.I_Result;

/** What is durable is never more than what is there. */
@JCStressTest
@Outcome(id = "0", expect = ACCEPTABLE, desc = "The reader came before the flush.")
@Outcome(id = "1", expect = ACCEPTABLE, desc = "It came after it, and the end offset was not behind.")
@State
public class FlushedOffsetBelowEndOffset {

    private final StressedLog log = new StressedLog(Short.MAX_VALUE);

    /** Changes the log. */
    @Actor
    public void writer() {
        log.append();
        log.flush();
    }

    /** Reads it. */
    @Actor
    public void reader(I_Result result) {
        result.r1 = log.flushedBelowEnd();
    }
}
