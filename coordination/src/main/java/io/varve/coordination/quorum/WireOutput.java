// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.quorum;

import io.varve.replication.OffsetAndEpoch;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Writes the elements that messages are made of, big-endian, into a buffer that grows.
 *
 * <p>Threading: confined to one thread.
 */
final class WireOutput {

    private ByteBuffer out = ByteBuffer.allocate(128);

    private ByteBuffer room(int bytes) {
        if (out.remaining() < bytes) {
            int wanted = Math.max(2 * out.capacity(), out.position() + bytes);
            out = ByteBuffer.wrap(Arrays.copyOf(out.array(), wanted)).position(out.position());
        }
        return out;
    }

    void int8(int value) {
        room(Byte.BYTES).put((byte) value);
    }

    void flag(boolean value) {
        int8(value ? 1 : 0);
    }

    void int32(int value) {
        room(Integer.BYTES).putInt(value);
    }

    void int64(long value) {
        room(Long.BYTES).putLong(value);
    }

    void uuid(UUID value) {
        int64(value.getMostSignificantBits());
        int64(value.getLeastSignificantBits());
    }

    void bytes(ByteBuffer value) {
        int32(value.remaining());
        room(value.remaining()).put(value.duplicate());
    }

    void payloads(List<ByteBuffer> payloads) {
        int32(payloads.size());
        payloads.forEach(this::bytes);
    }

    void member(MemberId member) {
        int32(member.id());
        uuid(member.directory());
    }

    void voter(Voter voter) {
        member(voter.member());
        int32(voter.addresses().size());
        for (String address : voter.addresses()) {
            bytes(StandardCharsets.UTF_8.encode(address));
        }
    }

    void voterOrNone(@Nullable Voter voter) {
        flag(voter != null);
        if (voter != null) {
            voter(voter);
        }
    }

    void position(OffsetAndEpoch position) {
        int64(position.offset());
        int32(position.epoch());
    }

    void positionOrNone(@Nullable OffsetAndEpoch position) {
        flag(position != null);
        if (position != null) {
            position(position);
        }
    }

    void entry(QuorumEntry entry) {
        int32(entry.epoch());
        int8(entry.kind().code());
        bytes(entry.payload());
    }

    void members(QuorumMembers members) {
        uuid(members.clusterId());
        int32(members.voters().size());
        members.voters().forEach(this::voter);
    }

    ByteBuffer written() {
        return out.flip();
    }
}
