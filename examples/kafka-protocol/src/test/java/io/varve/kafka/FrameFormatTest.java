// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.kafka.message.ApiKey;
import io.varve.kafka.message.ApiVersionsRequest;
import io.varve.kafka.message.ApiVersionsResponse;
import io.varve.kafka.message.FetchRequest;
import io.varve.kafka.message.ProduceRequest;
import io.varve.kafka.message.RequestHeader;
import io.varve.kafka.message.ResponseHeader;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Frames that real clients sent are read to their last byte and written again as they came. */
class FrameFormatTest {

    private static final UUID TOPIC_ID = UUID.fromString("11223344-5566-7788-99aa-bbccddeeff00");

    /** A line of the file of frames. */
    record Frame(String client, ApiKey key, short version, byte[] bytes) {
        static Frame parse(String line) {
            String[] words = line.split(" ");
            return new Frame(
                    words[0],
                    ApiKey.valueOf(words[1]),
                    Short.parseShort(words[2]),
                    HexFormat.of().parseHex(words[3]));
        }

        ApiMessage body(RequestHeader header) {
            MessageReader reader = new MessageReader(ByteBuffer.wrap(bytes));
            header.read(reader, key.requestHeaderVersion(version));
            ApiMessage body = key.newRequest();
            body.read(reader, version);
            reader.requireEnd();
            return body;
        }

        @Override
        public String toString() {
            return client + " " + key + " " + version;
        }
    }

    static List<Frame> frames() throws IOException {
        try (InputStream file = FrameFormatTest.class.getResourceAsStream("/format/frames.txt")) {
            List<Frame> frames = new String(file.readAllBytes(), StandardCharsets.US_ASCII)
                    .lines()
                    .filter(line -> !line.startsWith("#"))
                    .map(Frame::parse)
                    .toList();
            assertThat(frames).hasSize(10);
            return frames;
        }
    }

    @ParameterizedTest
    @MethodSource("frames")
    void shouldReadAndWriteFrames(Frame frame) {
        RequestHeader header = new RequestHeader();
        ApiMessage body = frame.body(header);

        assertThat(header.requestApiKey()).isEqualTo(frame.key().id());
        assertThat(header.requestApiVersion()).isEqualTo(frame.version());
        assertThat(header.clientId()).isIn("kcat", "java");
        MessageWriter writer = new MessageWriter();
        header.write(writer, frame.key().requestHeaderVersion(frame.version()));
        body.write(writer, frame.version());
        assertThat(writer.toBuffer().array()).isEqualTo(frame.bytes());
    }

    @Test
    void shouldFindWhatTheClientsMeant() throws IOException {
        List<Object> found = new ArrayList<>();
        for (Frame frame : frames()) {
            ApiMessage body = frame.body(new RequestHeader());
            if (body instanceof ApiVersionsRequest request) {
                found.add(request.clientSoftwareName() + " " + request.clientSoftwareVersion());
            } else if (body instanceof ProduceRequest request) {
                ProduceRequest.TopicProduceData topic = request.topicData().get(0);
                found.add(request.acks() + " " + topic.name() + topic.topicId() + " "
                        + topic.partitionData().get(0).records().sizeBytes());
            } else if (body instanceof FetchRequest request) {
                FetchRequest.FetchTopic topic = request.topics().get(0);
                found.add(request.maxWaitMs() + " " + topic.topicId() + " "
                        + topic.partitions().get(0).fetchOffset());
            }
        }

        assertThat(found)
                .containsExactly(
                        "librdkafka 2.0.2",
                        "-1 orders" + MessageReader.ZERO_UUID + " 76",
                        "apache-kafka-java 4.4.0",
                        "apache-kafka-java 4.4.0",
                        "-1 " + TOPIC_ID + " 76",
                        "500 " + TOPIC_ID + " 5");
    }

    /** A client reads the answer to ApiVersions before it knows whether the broker speaks flexible versions. */
    @Test
    void shouldAnswerApiVersionsUnderAHeaderThatIsNeverFlexible() {
        MessageWriter writer = new MessageWriter();
        short headerVersion = ApiKey.API_VERSIONS.responseHeaderVersion((short) 4);

        new ResponseHeader().correlationId(7).write(writer, headerVersion);
        new ApiVersionsResponse()
                .apiKeys(List.of(
                        new ApiVersionsResponse.ApiVersion().apiKey((short) 18).maxVersion((short) 4)))
                .write(writer, (short) 4);

        // Correlation id, no tags of the header; error, one element and its tags, throttle time, tags.
        assertThat(HexFormat.of().formatHex(writer.toBuffer().array()))
                .isEqualTo("00000007" + "0000" + "02" + "0012" + "0000" + "0004" + "00" + "00000000" + "00");
        assertThat(ApiKey.API_VERSIONS.responseHeaderVersion(Short.MAX_VALUE)).isZero();
        assertThat(ApiKey.API_VERSIONS.requestHeaderVersion((short) 5)).isEqualTo((short) 2);
    }

    @Test
    void shouldNeverBeFlexibleWhereTheSpecificationIsNot() {
        for (ApiKey key : new ApiKey[] {ApiKey.SASL_HANDSHAKE, ApiKey.OFFSET_DELETE}) {
            assertThat(key.requestHeaderVersion(Short.MAX_VALUE)).as(key.name()).isEqualTo((short) 1);
            assertThat(key.responseHeaderVersion(Short.MAX_VALUE))
                    .as(key.name())
                    .isZero();
        }
    }

    @Test
    void shouldHaveNoKeyForRetiredApis() {
        for (short id = 4; id <= 7; id++) {
            assertThat(ApiKey.of(id)).isNull();
        }
    }
}
