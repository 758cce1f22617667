// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.varve.kafka.message.Messages;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** What decoding allocates is bounded by the bytes that are there, never by a length that is claimed. */
class AllocationTest {

    // A message of no content, an exception with its stack, and the lists that were begun.
    private static final long FIXED_BYTES = 100_000;
    private static final long BYTES_PER_BYTE = 400;
    private static final byte[][] CLAIMS = {
        {0x7f, (byte) 0xff, (byte) 0xff, (byte) 0xff}, // the largest int32
        {0x7f, (byte) 0xff}, // the largest int16
        {(byte) 0xff, (byte) 0xff, (byte) 0xff, (byte) 0xff, 0x07}, // the largest positive varint
        {(byte) 0xff, (byte) 0xff, 0x7f}, // two millions
        {0, 0, 0x10, 0}, // few enough to fit the padding below
    };

    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    @Test
    void shouldNotAllocateByClaimedLengths() throws ReflectiveOperationException {
        int refused = 0;
        for (Supplier<ApiMessage> kind : Messages.all()) {
            ApiMessage empty = kind.get();
            for (short version : new short[] {empty.oldestVersion(), empty.latestVersion()}) {
                byte[] whole = KafkaOracleTest.bytes(
                        new RandomMessage(5, RandomMessage.Style.RANDOM).fill(kind.get(), version), version);
                for (int at = 0; at < whole.length; at += 1 + whole.length / 100) {
                    for (byte[] claim : CLAIMS) {
                        refused += measure(kind.get(), claimed(whole, at, claim), version) ? 0 : 1;
                    }
                }
            }
        }
        assertThat(refused).as("claims that were looked at").isGreaterThan(1000);
    }

    private static byte[] claimed(byte[] whole, int at, byte[] claim) {
        byte[] bytes = new byte[at + claim.length + 200];
        System.arraycopy(whole, 0, bytes, 0, at);
        System.arraycopy(claim, 0, bytes, at, claim.length);
        return bytes;
    }

    private boolean measure(ApiMessage message, byte[] bytes, short version) {
        boolean accepted = true;
        long before = threads.getCurrentThreadAllocatedBytes();
        try {
            message.read(new MessageReader(ByteBuffer.wrap(bytes)), version);
        } catch (ProtocolException e) {
            accepted = false;
        }
        long allocated = threads.getCurrentThreadAllocatedBytes() - before;
        assertThat(allocated)
                .as("%s version %d", message.getClass().getSimpleName(), version)
                .isLessThan(FIXED_BYTES + BYTES_PER_BYTE * bytes.length);
        return accepted;
    }
}
