// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.quorum;

import io.varve.replication.OffsetAndEpoch;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Reads what {@link WireOutput} writes, believing nothing: lengths and counts are held against the bytes that are there before anything
 * is allocated. Throws {@link PeerMessageException} only.
 *
 * <p>Threading: confined to one thread.
 */
final class WireInput {

    private final ByteBuffer in;

    /** Reads a buffer from position to limit, and moves its position. */
    WireInput(ByteBuffer in) {
        this.in = in;
    }

    private ByteBuffer need(int bytes) {
        if (in.remaining() < bytes) {
            throw new PeerMessageException("message is cut off: wanted=" + bytes + ", left=" + in.remaining());
        }
        return in;
    }

    int int8() {
        return need(Byte.BYTES).get();
    }

    boolean flag() {
        int value = int8();
        if (value != 0 && value != 1) {
            throw new PeerMessageException("neither true nor false: value=" + value);
        }
        return value == 1;
    }

    int int32() {
        return need(Integer.BYTES).getInt();
    }

    long int64() {
        return need(Long.BYTES).getLong();
    }

    /** A number that is 0 or more. */
    int count32() {
        int value = int32();
        if (value < 0) {
            throw new PeerMessageException("negative: value=" + value);
        }
        return value;
    }

    /** A number that is {@code least} or more. */
    long int64From(long least) {
        long value = int64();
        if (value < least) {
            throw new PeerMessageException("out of range: value=" + value + ", smallest=" + least);
        }
        return value;
    }

    UUID uuid() {
        return new UUID(int64(), int64());
    }

    /** A copy, as the buffer that is read may be used again. */
    ByteBuffer bytes() {
        int length = count32();
        need(length);
        byte[] bytes = new byte[length];
        in.get(bytes);
        return ByteBuffer.wrap(bytes);
    }

    /** As many elements as are announced; each takes bytes, so the list cannot outgrow what has come. */
    <T> List<T> list(Supplier<T> element) {
        int count = count32();
        List<T> list = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            list.add(element.get());
        }
        return list;
    }

    MemberId member() {
        return new MemberId(count32(), uuid());
    }

    Voter voter() {
        return new Voter(
                member(), list(() -> StandardCharsets.UTF_8.decode(bytes()).toString()));
    }

    @Nullable
    Voter voterOrNone() {
        return flag() ? voter() : null;
    }

    OffsetAndEpoch position() {
        return new OffsetAndEpoch(int64From(0), count32());
    }

    @Nullable
    OffsetAndEpoch positionOrNone() {
        return flag() ? position() : null;
    }

    QuorumEntry entry() {
        int epoch = count32();
        int kind = int8();
        try {
            return new QuorumEntry(epoch, QuorumEntry.Kind.of(kind), bytes());
        } catch (IllegalArgumentException e) {
            throw new PeerMessageException(String.valueOf(e.getMessage()));
        }
    }

    QuorumMembers members() {
        UUID clusterId = uuid();
        List<Voter> voters = list(this::voter);
        try {
            return QuorumMembers.of(clusterId, voters);
        } catch (IllegalArgumentException e) {
            throw new PeerMessageException(String.valueOf(e.getMessage()));
        }
    }

    void end() {
        if (in.hasRemaining()) {
            throw new PeerMessageException("bytes behind the message: left=" + in.remaining());
        }
    }
}
