// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.varve.kafka.message.Messages;
import io.varve.kafka.message.MetadataRequest;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever the bytes are, every decoder gives a message or a {@link ProtocolException}. */
class DecoderFuzzTest {

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void shouldBearRandomBytes(long seed) {
        Random random = new Random(seed);
        for (Supplier<ApiMessage> kind : Messages.all()) {
            ApiMessage empty = kind.get();
            for (short version = empty.oldestVersion(); version <= empty.latestVersion(); version++) {
                for (int i = 0; i < 40; i++) {
                    byte[] bytes = new byte[random.nextInt(200)];
                    random.nextBytes(bytes);
                    decode(kind.get(), bytes, version);
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void shouldBearDamagedMessages(long seed) throws ReflectiveOperationException {
        Random random = new Random(seed);
        for (Supplier<ApiMessage> kind : Messages.all()) {
            ApiMessage empty = kind.get();
            for (short version = empty.oldestVersion(); version <= empty.latestVersion(); version++) {
                MessageWriter writer = new MessageWriter();
                new RandomMessage(seed, RandomMessage.Style.RANDOM)
                        .fill(kind.get(), version)
                        .write(writer, version);
                byte[] whole = writer.toBuffer().array();
                for (int length = 0; length < whole.length; length += 1 + whole.length / 30) {
                    decode(kind.get(), Arrays.copyOf(whole, length), version);
                }
                for (int i = 0; i < 30 && whole.length > 0; i++) {
                    byte[] damaged = whole.clone();
                    for (int flips = 1 + random.nextInt(3); flips > 0; flips--) {
                        damaged[random.nextInt(damaged.length)] ^= (byte) (1 << random.nextInt(8));
                    }
                    decode(kind.get(), damaged, version);
                }
            }
        }
    }

    /** A count of two billion in a message of a few bytes must not cost two billion places. */
    @Test
    void shouldNotAllocateOnTheWordOfALength() {
        byte[] bytes = ByteBuffer.allocate(8).putInt(Integer.MAX_VALUE).array();

        assertThatExceptionOfType(ProtocolException.class)
                .isThrownBy(() -> new MetadataRequest().read(new MessageReader(ByteBuffer.wrap(bytes)), (short) 1))
                .withMessageContaining("array");
    }

    private static void decode(ApiMessage message, byte[] bytes, short version) {
        try {
            message.read(new MessageReader(ByteBuffer.wrap(bytes)), version);
        } catch (ProtocolException e) {
            assertThat(e).hasMessageMatching("(?s).+");
        } catch (RuntimeException | Error e) {
            throw new AssertionError(
                    message.getClass().getSimpleName() + " version " + version + ": " + Arrays.toString(bytes), e);
        }
    }
}
