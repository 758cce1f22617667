// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.wire;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.broker.Broker;
import io.varve.broker.config.ConfigValues;
import io.varve.kafka.ApiMessage;
import io.varve.kafka.MessageReader;
import io.varve.kafka.MessageWriter;
import io.varve.kafka.message.ApiKey;
import io.varve.kafka.message.ApiVersionsResponse;
import io.varve.kafka.message.RequestHeader;
import io.varve.kafka.message.ResponseHeader;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every API in every version that is advertised answers a request that says nothing, in that version. */
class ResponseVersionsTest {

    @Test
    void shouldAnswerEveryVersionThatIsAdvertised(@TempDir Path directory) throws IOException {
        Map<String, String> settings = Map.of(
                "log.dirs", directory.toString(),
                "listeners", "PLAINTEXT://127.0.0.1:0",
                "offsets.topic.num.partitions", "1");
        try (Broker broker = Broker.start(ConfigValues.of(settings))) {
            InetSocketAddress address = broker.listeners().get(0);
            ApiVersionsResponse served = (ApiVersionsResponse) ask(address, ApiKey.API_VERSIONS, (short) 0);
            List<String> asked = new ArrayList<>();
            for (ApiVersionsResponse.ApiVersion api : served.apiKeys()) {
                ApiKey key = ApiKey.of(api.apiKey());
                short oldest = (short) Math.max(api.minVersion(), key.oldestVersion());
                for (short version = oldest; version <= api.maxVersion(); version++) {
                    // A produce that says nothing asks for no acknowledgement, and gets none.
                    if (key != ApiKey.PRODUCE) {
                        assertThat(ask(address, key, version))
                                .as("%s version %d", key, version)
                                .isNotNull();
                        asked.add(key + " " + version);
                    }
                }
            }
            assertThat(asked).hasSizeGreaterThan(100);
        }
    }

    private static ApiMessage ask(InetSocketAddress address, ApiKey api, short version) throws IOException {
        MessageWriter writer = new MessageWriter();
        new RequestHeader()
                .requestApiKey(api.id())
                .requestApiVersion(version)
                .correlationId(7)
                .clientId("test")
                .write(writer, api.requestHeaderVersion(version));
        api.newRequest().write(writer, version);
        ByteBuffer request = writer.toBuffer();
        try (Socket socket = new Socket(address.getHostString(), address.getPort())) {
            socket.setSoTimeout(30_000);
            DataOutputStream out = new DataOutputStream(socket.getOutputStream());
            out.writeInt(request.remaining());
            out.write(request.array(), request.arrayOffset() + request.position(), request.remaining());
            DataInputStream in = new DataInputStream(socket.getInputStream());
            byte[] frame = in.readNBytes(in.readInt());
            MessageReader reader = new MessageReader(ByteBuffer.wrap(frame));
            ResponseHeader header = new ResponseHeader();
            header.read(reader, api.responseHeaderVersion(version));
            assertThat(header.correlationId()).isEqualTo(7);
            ApiMessage response = api.newResponse();
            response.read(reader, version);
            assertThat(reader.remaining()).isZero();
            return response;
        } catch (IOException e) {
            throw new IOException(api + " version " + version, e);
        }
    }
}
