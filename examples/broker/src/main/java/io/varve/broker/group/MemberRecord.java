// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.group;

import io.varve.kafka.MessageReader;
import io.varve.kafka.MessageWriter;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedSet;
import org.jspecify.annotations.Nullable;

/**
 * The record of what a member of a consumer group has said, a part of {@link ConsumerRecords}. What a member of the classic protocol says
 * besides is a nullable structure: 1 for its presence, session timeout ms (4) | protocols: name | metadata (bytes).
 */
final class MemberRecord {

    private static final int CLASSIC_TAG = 0;
    private static final byte PRESENT = 1;

    private MemberRecord() {}

    static ByteBuffer write(MemberMetadata metadata, MessageWriter out) {
        out.writeNullableString(metadata.instanceId(), true, true, "instance");
        out.writeNullableString(metadata.rackId(), true, true, "rack");
        out.writeString(metadata.client().id(), true);
        out.writeString(metadata.client().host(), true);
        ConsumerRecords.strings(metadata.topicNames(), out);
        out.writeNullableString(metadata.topicRegex(), true, true, "regex");
        out.writeInt(metadata.rebalanceTimeoutMs());
        out.writeNullableString(metadata.assignor(), true, true, "assignor");
        ClassicMetadata classic = metadata.classic();
        if (classic == null) {
            return ConsumerRecords.ended(out);
        }
        out.writeUnsignedVarint(1);
        int start = out.beginTag(CLASSIC_TAG);
        out.writeByte(PRESENT);
        write(classic, out);
        out.endTag(start);
        return out.toBuffer();
    }

    private static void write(ClassicMetadata classic, MessageWriter out) {
        out.writeInt(classic.sessionTimeoutMs());
        out.writeArrayLength(classic.protocols().size(), true);
        for (ClassicMetadata.Protocol protocol : classic.protocols()) {
            out.writeString(protocol.name(), true);
            out.writeBytes(protocol.metadata().duplicate(), true);
            ConsumerRecords.noTags(out);
        }
        ConsumerRecords.noTags(out);
    }

    static MemberMetadata read(MessageReader in) {
        String instanceId = in.readNullableString(true, true);
        String rackId = in.readNullableString(true, true);
        GroupCommand.Client client = new GroupCommand.Client(in.readString(true), in.readString(true));
        SortedSet<String> names = ConsumerRecords.strings(in);
        String regex = in.readNullableString(true, true);
        int rebalanceTimeoutMs = in.readInt();
        String assignor = in.readNullableString(true, true);
        List<ClassicMetadata> classic = new ArrayList<>();
        ConsumerRecords.tags(in, () -> {
            ClassicMetadata present = readClassic(in);
            if (present != null) {
                classic.add(present);
            }
        });
        return new MemberMetadata(
                instanceId,
                rackId,
                client,
                rebalanceTimeoutMs,
                names,
                regex,
                assignor,
                classic.isEmpty() ? null : classic.get(0));
    }

    private static @Nullable ClassicMetadata readClassic(MessageReader in) {
        if (in.readByte() != PRESENT) {
            return null;
        }
        int sessionTimeoutMs = in.readInt();
        List<ClassicMetadata.Protocol> protocols = new ArrayList<>();
        int count = in.readArrayLength(true, false);
        for (int i = 0; i < count; i++) {
            String name = in.readString(true);
            ByteBuffer metadata = ByteBuffer.wrap(GroupRecords.bytes(in.readBytes(true)));
            ConsumerRecords.tags(in, () -> {});
            protocols.add(new ClassicMetadata.Protocol(name, metadata));
        }
        ConsumerRecords.tags(in, () -> {});
        return protocols.isEmpty() ? null : new ClassicMetadata(sessionTimeoutMs, List.copyOf(protocols));
    }
}
