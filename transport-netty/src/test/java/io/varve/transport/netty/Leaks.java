// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.transport.netty;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBufAllocator;

/** Finds memory of Netty's that was not given back. */
final class Leaks {

    private Leaks() {}

    /** Leaks are found when what was lost has been collected, and told when the next buffer is made. */
    static void assertNone() {
        System.gc();
        for (int i = 0; i < 10; i++) {
            ByteBufAllocator.DEFAULT.directBuffer().release();
        }
        assertThat(CapturedLog.linesWith("LEAK")).isEmpty();
    }
}
