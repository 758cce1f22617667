// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.stress;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.I_Result;

/** An end offset that was seen can be read up to, slice by slice. */
@JCStressTest
@Outcome(id = "0", expect = ACCEPTABLE, desc = "The reader came before the append.")
@Outcome(id = "1", expect = ACCEPTABLE, desc = "The reader came after it and read the batch.")
@State
public class AppendThenReadBySlice {

    private final StressedLog log = new StressedLog(Short.MAX_VALUE);

    /** Changes the log. */
    @Actor
    public void writer() {
        log.append();
    }

    /** Reads it. */
    @Actor
    public void reader(I_Result result) {
        result.r1 = log.readBySlice();
    }
}
