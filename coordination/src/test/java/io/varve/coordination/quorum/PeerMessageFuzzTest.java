// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.quorum;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Random, changed and truncated bytes give a message or {@link PeerMessageException}, and allocate in proportion to what has come. */
class PeerMessageFuzzTest {

    private static final int ROUNDS = 20_000;

    @Test
    void shouldRefuseTruncatedMessages() {
        for (PeerMessage message : PeerMessages.all()) {
            ByteBuffer whole = PeerMessageCodec.encode(message);
            for (int length = 0; length < whole.limit(); length++) {
                assertThat(decodes(whole.slice(0, length)))
                        .as("%s cut to %d", message, length)
                        .isFalse();
            }
        }
    }

    @Test
    void shouldSurviveChangedMessages() {
        int refused = 0;
        for (int seed = 0; seed < ROUNDS; seed++) {
            Random random = new Random(seed);
            ByteBuffer bytes = PeerMessageCodec.encode(
                    PeerMessages.all().get(random.nextInt(PeerMessages.all().size())));
            for (int i = random.nextInt(4); i >= 0; i--) {
                bytes.put(random.nextInt(bytes.limit()), (byte) random.nextInt());
            }
            refused += decodes(bytes) ? 0 : 1;
        }

        assertThat(refused).isBetween(ROUNDS / 20, ROUNDS - ROUNDS / 20);
    }

    @Test
    void shouldSurviveAnything() {
        for (int seed = 0; seed < ROUNDS; seed++) {
            Random random = new Random(seed);
            byte[] bytes = new byte[random.nextInt(200)];
            random.nextBytes(bytes);
            if (bytes.length > 2) {
                bytes[0] = PeerMessageCodec.VERSION;
                bytes[1] = (byte) random.nextInt(18);
            }
            decodes(ByteBuffer.wrap(bytes));
        }
    }

    @Test
    void shouldAllocateNothingOnTheWordOfALength() {
        ByteBuffer forward = PeerMessageCodec.encode(PeerMessages.all().get(15));
        int countAt = 42;
        ByteBuffer manyPayloads = ByteBuffer.wrap(forward.array().clone()).limit(forward.limit());
        manyPayloads.putInt(countAt, Integer.MAX_VALUE);
        ByteBuffer longPayload = ByteBuffer.wrap(forward.array().clone()).limit(forward.limit());
        longPayload.putInt(countAt + 4, Integer.MAX_VALUE);

        for (ByteBuffer hostile : new ByteBuffer[] {manyPayloads, longPayload}) {
            assertThat(decodes(hostile.duplicate())).isFalse();
            long before = allocatedBytes();
            decodes(hostile);
            assertThat(allocatedBytes() - before).isLessThan(1 << 20);
        }
    }

    private static long allocatedBytes() {
        return ((com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean())
                .getThreadAllocatedBytes(Thread.currentThread().getId());
    }

    private static boolean decodes(ByteBuffer bytes) {
        try {
            PeerMessageCodec.decode(bytes);
            return true;
        } catch (PeerMessageException e) {
            return false;
        }
    }
}
