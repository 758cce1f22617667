// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.stress;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.I_Result;

/** A batch that is deleted is read whole or refused. */
@JCStressTest
@Outcome(id = "0", expect = ACCEPTABLE, desc = "The reader came after the deletion and was refused.")
@Outcome(id = "1", expect = ACCEPTABLE, desc = "The reader came first and read the batch to its end.")
@State
public class DeleteWhileReading {

    private final StressedLog log = new StressedLog(1);

    public DeleteWhileReading() {
        log.append();
        log.append();
    }

    /** Changes the log. */
    @Actor
    public void writer() {
        log.deleteBefore(1);
    }

    /** Reads it. */
    @Actor
    public void reader(I_Result result) {
        result.r1 = log.readFirst();
    }
}
