// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.varve.kafka.message.ApiVersionsRequest;
import io.varve.kafka.message.FetchRequest;
import io.varve.kafka.message.HeartbeatRequest;
import io.varve.kafka.message.MetadataRequest;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MessageReaderTest {

    @ParameterizedTest
    @CsvSource({"00,0", "7f,127", "8001,128", "ffffffff07,2147483647", "ffffffff0f,-1", "8000,0", "8080808000,0"})
    void shouldReadUnsignedVarints(String hex, int value) {
        MessageReader reader = reader(hex);

        assertThat(reader.readUnsignedVarint()).isEqualTo(value);
        assertThat(reader.remaining()).isZero();
    }

    @ParameterizedTest
    @ValueSource(strings = {"ffffffff10", "ffffffff1f", "ffffffff8f", "808080808000", "", "80", "ffffffff"})
    void shouldRefuseVarintsBeyond32BitsOrTheEnd(String hex) {
        assertThatExceptionOfType(ProtocolException.class)
                .isThrownBy(() -> reader(hex).readUnsignedVarint());
    }

    @Test
    void shouldReplaceMalformedText() {
        assertThat(reader("000361ff62").readString(false)).isEqualTo("a\ufffdb");
    }

    @Test
    void shouldReadDirectBuffersAsHeapBuffers() {
        ByteBuffer direct = ByteBuffer.allocateDirect(8)
                .put(HexFormat.of().parseHex("0003e282ac"))
                .flip();

        assertThat(new MessageReader(direct).readString(false)).isEqualTo("€");
    }

    @Test
    void shouldHandOutViews() {
        byte[] bytes = HexFormat.of().parseHex("00000002aabb");

        ByteBuffer view = new MessageReader(ByteBuffer.wrap(bytes)).readBytes(false);
        bytes[4] = 0x11;

        assertThat(view.get(0)).isEqualTo((byte) 0x11);
    }

    @Test
    void shouldRefuseNullWhereTheVersionHasNone() {
        assertThatExceptionOfType(ProtocolException.class)
                .isThrownBy(() -> new MetadataRequest().read(reader("ffffffff"), (short) 0))
                .withMessageContaining("null");

        MetadataRequest all = new MetadataRequest();
        all.read(reader("ffffffff"), (short) 1);
        assertThat(all.topics()).isNull();
    }

    @Test
    void shouldRefuseVersionsThatDoNotExist() {
        assertThatExceptionOfType(ProtocolException.class)
                .isThrownBy(() -> new MetadataRequest().read(reader("00000000"), (short) 14))
                .withMessageContaining("MetadataRequest")
                .withMessageContaining("14");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "026101620205010005020000", // a tag after itself
                "02610162020601000502000000", // a tag after a greater one
                "0261016201ffffffff0f0500", // longer than what remains
                "0261016203050100", // more fields than fit
            })
    void shouldRefuseTagsOutOfOrderOrBounds(String hex) {
        assertThatExceptionOfType(ProtocolException.class)
                .isThrownBy(() -> new ApiVersionsRequest().read(reader(hex), (short) 3));
    }

    @Test
    void shouldRefuseKnownTaggedFieldsOfAnotherLength() {
        // Fetch version 12, no topics, tag 0 (cluster id): the string takes 2 bytes, the field claims 3.
        String head =
                "ffffffff" + "00000000" + "00000000" + "00000000" + "00" + "00000000" + "00000000" + "01" + "01" + "01";

        FetchRequest fitting = new FetchRequest();
        fitting.read(reader(head + "01" + "00" + "02" + "0261"), (short) 12);
        assertThat(fitting.clusterId()).isEqualTo("a");
        assertThatExceptionOfType(ProtocolException.class)
                .isThrownBy(() -> new FetchRequest().read(reader(head + "01" + "00" + "03" + "026100"), (short) 12));
        assertThatExceptionOfType(ProtocolException.class)
                .isThrownBy(() -> new FetchRequest().read(reader(head + "01" + "00" + "01" + "0261"), (short) 12));
    }

    @Test
    void shouldStopBehindTheMessage() {
        MessageReader reader = reader("00016100000001000162" + "cafe");
        HeartbeatRequest heartbeat = new HeartbeatRequest();

        heartbeat.read(reader, (short) 0);

        assertThat(heartbeat.memberId()).isEqualTo("b");
        assertThat(reader.remaining()).isEqualTo(2);
        assertThatExceptionOfType(ProtocolException.class).isThrownBy(reader::requireEnd);
    }

    @Test
    void shouldLeaveNothingOfTheMessageBefore() {
        FetchRequest used = new FetchRequest().rackId("rack").sessionId(7).clusterId("c");
        MessageWriter writer = new MessageWriter();
        new FetchRequest().write(writer, (short) 4);

        used.read(new MessageReader(writer.toBuffer()), (short) 4);

        assertThat(used).isEqualTo(new FetchRequest());
    }

    private static MessageReader reader(String hex) {
        return new MessageReader(ByteBuffer.wrap(HexFormat.of().parseHex(hex)));
    }
}
