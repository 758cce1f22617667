// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.varve.kafka.message.FetchRequest;
import io.varve.kafka.message.FetchResponse;
import io.varve.kafka.message.MetadataRequest;
import io.varve.kafka.message.ProduceRequest;
import io.varve.kafka.message.SaslHandshakeRequest;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MessageWriterTest {

    @Test
    void shouldNotCopyRecords() {
        ByteBuffer records = ByteBuffer.wrap(new byte[] {1, 2, 3});
        MessageWriter writer = new MessageWriter(1);

        produce(RecordBytes.of(records)).write(writer, (short) 9);
        records.put(0, (byte) 9);

        List<RecordBytes> parts = writer.parts();
        assertThat(parts).hasSize(3);
        assertThat(((RecordBytes.InMemory) parts.get(1)).buffer().get(0)).isEqualTo((byte) 9);
        assertThat(parts.stream().mapToInt(RecordBytes::sizeBytes).sum()).isEqualTo(writer.sizeBytes());
    }

    @Test
    void shouldPlaceRangesOfFilesWhereTheyBelong(@TempDir Path directory) throws IOException {
        Path file = Files.write(directory.resolve("segment"), new byte[] {9, 8, 7, 6, 5});
        AtomicInteger released = new AtomicInteger();
        try (FileChannel channel = FileChannel.open(file)) {
            MessageWriter ranged = new MessageWriter();
            MessageWriter plain = new MessageWriter();
            fetched(RecordBytes.ofFile(channel, 1, 3, released::incrementAndGet))
                    .write(ranged, (short) 12);
            fetched(RecordBytes.of(ByteBuffer.wrap(new byte[] {8, 7, 6}))).write(plain, (short) 12);

            ByteBuffer joined = ByteBuffer.allocate(ranged.sizeBytes());
            for (RecordBytes part : ranged.parts()) {
                if (part instanceof RecordBytes.InFile range) {
                    ByteBuffer bytes = ByteBuffer.allocate(range.sizeBytes());
                    range.channel().read(bytes, range.position());
                    joined.put(bytes.flip());
                } else if (part instanceof RecordBytes.InMemory memory) {
                    joined.put(memory.buffer());
                }
                part.release();
            }

            assertThat(joined.flip()).isEqualTo(plain.toBuffer());
            assertThat(released).hasValue(2);
            assertThatExceptionOfType(IllegalStateException.class).isThrownBy(ranged::toBuffer);
        }
    }

    @Test
    void shouldWriteTheSameAgainAfterReset() {
        MessageWriter writer = new MessageWriter(1);
        produce(RecordBytes.of(ByteBuffer.allocate(10))).write(writer, (short) 9);
        ByteBuffer first = writer.toBuffer();

        writer.reset();
        assertThat(writer.sizeBytes()).isZero();
        assertThat(writer.parts()).isEmpty();
        produce(RecordBytes.of(ByteBuffer.allocate(10))).write(writer, (short) 9);

        assertThat(writer.toBuffer()).isEqualTo(first);
    }

    @Test
    void shouldMoveTheContentOfATaggedFieldWhateverTheWidthOfItsSize() {
        for (int length : new int[] {0, 1, 126, 127, 128, 129, 300, 16_382, 16_383, 16_384, 20_000}) {
            FetchRequest request =
                    new FetchRequest().clusterId("c".repeat(length)).rackId("r");
            MessageWriter writer = new MessageWriter(1);
            request.write(writer, (short) 12);

            FetchRequest read = new FetchRequest();
            read.read(new MessageReader(writer.toBuffer()), (short) 12);

            assertThat(read).as("length %d", length).isEqualTo(request);
        }
    }

    @Test
    void shouldMergeUnknownTagsWithKnownOnes() {
        TaggedField between = new TaggedField(0, ByteBuffer.wrap(new byte[] {5}));
        TaggedField behind = new TaggedField(-1, ByteBuffer.wrap(new byte[] {6}));
        FetchRequest request = new FetchRequest()
                .replicaState(new FetchRequest.ReplicaState().replicaId(3))
                .unknownTaggedFields(List.of(between, behind));
        MessageWriter writer = new MessageWriter();

        request.write(writer, (short) 15);

        // Count 3; tag 0 of one byte; tag 1 of 13 bytes; the greatest tag, which is unsigned.
        byte[] bytes = writer.toBuffer().array();
        int tags = bytes.length - 1 - 3 - 2 - 13 - 7;
        assertThat(bytes[tags]).isEqualTo((byte) 3);
        assertThat(bytes[tags + 1]).isEqualTo((byte) 0);
        assertThat(bytes[tags + 4]).isEqualTo((byte) 1);
        assertThat(bytes[tags + 19]).isEqualTo((byte) 0xff);
    }

    @Test
    void shouldRefuseTagsTwiceOrOutOfOrder() {
        TaggedField one = new TaggedField(1, ByteBuffer.allocate(0));
        TaggedField two = new TaggedField(2, ByteBuffer.allocate(0));
        FetchRequest.ReplicaState state = new FetchRequest.ReplicaState().replicaId(3);

        refused(new FetchRequest().unknownTaggedFields(List.of(two, one)), 15);
        refused(new FetchRequest().unknownTaggedFields(List.of(one, one)), 15);
        refused(new FetchRequest().replicaState(state).unknownTaggedFields(List.of(one)), 15);
        refused(new SaslHandshakeRequest().unknownTaggedFields(List.of(one)), 1);
    }

    @Test
    void shouldRefuseWhatAVersionCannotCarry() {
        FetchRequest follower = new FetchRequest().replicaState(new FetchRequest.ReplicaState().replicaId(3));
        refused(follower, 14);
        follower.write(new MessageWriter(), (short) 15);

        refused(new FetchRequest().forgottenTopicsData(List.of(new FetchRequest.ForgottenTopic())), 6);
        refused(new FetchRequest().replicaId(1), 15);
        refused(new MetadataRequest().topics(null), 0);
        refused(new MetadataRequest(), 14);
        refused(new MetadataRequest(), -1);
        refused(new SaslHandshakeRequest().mechanism("m".repeat(32_768)), 0);
    }

    @Test
    void shouldDropWhatIsIgnorable() {
        MessageWriter with = new MessageWriter();
        MessageWriter without = new MessageWriter();

        new FetchRequest().rackId("rack").sessionId(3).write(with, (short) 4);
        new FetchRequest().write(without, (short) 4);

        assertThat(with.toBuffer()).isEqualTo(without.toBuffer());
    }

    private static void refused(ApiMessage message, int version) {
        assertThatIllegalArgumentException()
                .as("%s version %d", message, version)
                .isThrownBy(() -> message.write(new MessageWriter(), (short) version));
    }

    private static ProduceRequest produce(RecordBytes records) {
        ProduceRequest.PartitionProduceData partition =
                new ProduceRequest.PartitionProduceData().index(1).records(records);
        ProduceRequest.TopicProduceData topic =
                new ProduceRequest.TopicProduceData().name("t").partitionData(new ArrayList<>(List.of(partition)));
        return new ProduceRequest().topicData(List.of(topic));
    }

    private static FetchResponse fetched(RecordBytes records) {
        FetchResponse.PartitionData partition =
                new FetchResponse.PartitionData().partitionIndex(1).records(records);
        FetchResponse.FetchableTopicResponse topic =
                new FetchResponse.FetchableTopicResponse().topic("t").partitions(List.of(partition, partition));
        return new FetchResponse().responses(List.of(topic));
    }
}
