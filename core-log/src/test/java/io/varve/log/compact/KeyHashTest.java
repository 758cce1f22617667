// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log.compact;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class KeyHashTest {

    private static final long SECRET_0 = 0x0706050403020100L;
    private static final long SECRET_1 = 0x0f0e0d0c0b0a0908L;

    /** The vectors of SipHash's authors: the secret is 00 to 0f, the input 00, 01, 02 and so on, one byte more in each line. */
    @Test
    void shouldGiveThePublishedResults() throws IOException {
        List<String> expected;
        try (InputStream in = KeyHashTest.class.getResourceAsStream("/siphash-2-4-128.txt")) {
            expected = new String(in.readAllBytes(), StandardCharsets.US_ASCII)
                    .lines()
                    .toList();
        }
        assertThat(expected).hasSize(64);
        KeyHash hash = new KeyHash(SECRET_0, SECRET_1);
        for (int length = 0; length < expected.size(); length++) {
            byte[] input = new byte[length];
            for (int i = 0; i < length; i++) {
                input[i] = (byte) i;
            }

            hash.hash(ByteBuffer.wrap(input));

            assertThat(hex(hash)).as("length=%d", length).isEqualTo(expected.get(length));
        }
    }

    @Test
    void shouldDependOnTheBytesAlone() {
        Random random = new Random(1);
        KeyHash hash = new KeyHash(random.nextLong(), random.nextLong());
        for (int round = 0; round < 2000; round++) {
            byte[] key = new byte[random.nextInt(70)];
            random.nextBytes(key);
            hash.hash(ByteBuffer.wrap(key));
            String expected = hex(hash);
            int before = random.nextInt(9);
            ByteBuffer inside = (random.nextBoolean() ? ByteBuffer.allocate(100) : ByteBuffer.allocateDirect(100))
                    .order(random.nextBoolean() ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN);
            inside.position(before).put(key).flip().position(before);

            hash.hash(inside);

            assertThat(hex(hash)).isEqualTo(expected);
            assertThat(inside.position()).isEqualTo(before);
        }
    }

    @Test
    void shouldChangeWithTheSecretAndWithEveryBit() {
        byte[] key = "a key of some length".getBytes(StandardCharsets.US_ASCII);
        Set<String> seen = new HashSet<>();
        int hashed = 0;
        for (long secret = 0; secret < 8; secret++) {
            for (int bit = -1; bit < key.length * Byte.SIZE; bit++) {
                byte[] changed = key.clone();
                if (bit >= 0) {
                    changed[bit / Byte.SIZE] ^= (byte) (1 << bit % Byte.SIZE);
                }
                KeyHash hash = new KeyHash(secret, 5);
                hash.hash(ByteBuffer.wrap(changed));
                seen.add(hex(hash));
                hashed++;
            }
        }
        assertThat(seen).hasSize(hashed);
    }

    private static String hex(KeyHash hash) {
        ByteBuffer bytes = ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putLong(hash.high).putLong(hash.low);
        return HexFormat.of().formatHex(bytes.array());
    }
}
