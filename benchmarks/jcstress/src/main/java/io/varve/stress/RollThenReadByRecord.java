// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.stress;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.I_Result;

/** Rolling is invisible to who reads record by record. */
@JCStressTest
@Outcome(id = "1", expect = ACCEPTABLE, desc = "The reader came before the appends.")
@Outcome(id = "2", expect = ACCEPTABLE, desc = "It came between them, after the log had rolled once.")
@Outcome(id = "3", expect = ACCEPTABLE, desc = "It came after both, after the log had rolled twice.")
@State
public class RollThenReadByRecord {

    private final StressedLog log = new StressedLog(1);

    public RollThenReadByRecord() {
        log.append();
    }

    /** Changes the log. */
    @Actor
    public void writer() {
        log.append();
        log.append();
    }

    /** Reads it. */
    @Actor
    public void reader(I_Result result) {
        result.r1 = log.readByRecord();
    }
}
