// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.transport.netty;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Frames are cut without copying where that is possible, and cost what has come of them. */
class FrameReaderTest {

    private final UnpooledByteBufAllocator allocator = new UnpooledByteBufAllocator(true);
    private final Budget budget = new Budget(Integer.MAX_VALUE, 10 << 20);
    private final FrameReader reader = new FrameReader(1 << 30, new Preamble("", Set.of()), budget, allocator);

    @Test
    void shouldHandOutAViewOfWhatWasReceived() {
        ByteBuf in = Unpooled.directBuffer().writeInt(3).writeBytes(new byte[] {1, 2, 3});

        ByteBuf frame = reader.next(in);
        in.setByte(4, 9);

        assertThat(frame.getByte(0)).isEqualTo((byte) 9);
        assertThat(frame.nioBufferCount()).isEqualTo(1);
        assertThat(used(allocator)).isZero();
        frame.release();
        in.release();
    }

    @Test
    void shouldAllocateNothingForALength() {
        assertThat(next(1 << 30)).isNull();

        assertThat(used(allocator)).isZero();
        assertThat(budget.usedBytes()).isZero();
    }

    @Test
    void shouldAllocateAtMostInProportionToWhatHasCome() {
        assertThat(next(1 << 30)).isNull();

        long received = 0;
        while (received < 20 << 20) {
            ByteBuf piece = Unpooled.wrappedBuffer(new byte[10_000]);
            assertThat(reader.next(piece)).isNull();
            received += 10_000;
            assertThat(used(allocator)).isLessThanOrEqualTo(Math.max(1 << 20, 5 * received));
        }

        reader.close();
        assertThat(used(allocator)).isZero();
        assertThat(budget.usedBytes()).isZero();
    }

    @Test
    void shouldGrowOnceForAFrameOfAMebibyte() {
        assertThat(next(1 << 20)).isNull();

        assertThat(reader.next(Unpooled.wrappedBuffer(new byte[64 << 10]))).isNull();
        assertThat(used(allocator)).isEqualTo(64 << 10);
        assertThat(reader.next(Unpooled.wrappedBuffer(new byte[1]))).isNull();
        assertThat(used(allocator)).isEqualTo(1 << 20);
        assertThat(budget.usedBytes()).isEqualTo(1 << 20);
        ByteBuf frame = reader.next(Unpooled.wrappedBuffer(new byte[1 << 20]));

        assertThat(frame.readableBytes()).isEqualTo(1 << 20);
        assertThat(used(allocator)).isEqualTo(1 << 20);
        frame.release();
    }

    @Test
    void shouldWaitForRoomAndGoOnWithTheSameBytes() {
        budget.tryTake(10 << 20);
        ByteBuf in = Unpooled.directBuffer().writeInt(3).writeBytes(new byte[] {1, 2, 3});

        assertThat(reader.next(in)).isNull();
        assertThat(reader.isStarved()).isTrue();
        budget.giveBack(10 << 20);
        ByteBuf frame = reader.next(in);

        assertThat(frame.readableBytes()).isEqualTo(3);
        assertThat(reader.isStarved()).isFalse();
        frame.release();
        in.release();
    }

    @Test
    void shouldWaitForRoomWithTheLastBytesOfASmallFrame() {
        budget.tryTake(10 << 20);
        ByteBuf in = Unpooled.directBuffer().writeInt(3).writeByte(1);
        ByteBuf rest = Unpooled.wrappedBuffer(new byte[] {2, 3});

        assertThat(reader.next(in)).isNull();
        assertThat(reader.isStarved()).isFalse();
        assertThat(reader.next(rest)).isNull();
        assertThat(reader.isStarved()).isTrue();
        budget.giveBack(10 << 20);
        ByteBuf frame = reader.next(rest);

        assertThat(frame.readableBytes()).isEqualTo(3);
        frame.release();
        in.release();
    }

    private ByteBuf next(int length) {
        return reader.next(Unpooled.copyInt(length));
    }

    private static long used(UnpooledByteBufAllocator allocator) {
        return allocator.metric().usedDirectMemory();
    }
}
