// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Peers that do everything wrong: the broker closes their connection, says why, and goes on serving a good client. */
class HostileClientsIT {

    private static final short API_VERSIONS = 18;
    private static final short METADATA = 3;
    private static final int MAX_FRAME_BYTES = 1 << 20;
    private static final int CLOSE_TIMEOUT_MS = 30_000;

    private static BrokerProcess broker;
    private static KafkaProducer<String, String> goodClient;

    @BeforeAll
    static void start(@TempDir Path directory) {
        broker = BrokerProcess.start(directory, "socket.request.max.bytes=" + MAX_FRAME_BYTES);
        goodClient = new KafkaProducer<>(
                Map.of("bootstrap.servers", broker.bootstrap()), new StringSerializer(), new StringSerializer());
    }

    @AfterAll
    static void close() {
        goodClient.close();
        broker.close();
    }

    @AfterEach
    void theGoodClientIsServed() throws Exception {
        goodClient.send(new ProducerRecord<>("good", "still here")).get(30, TimeUnit.SECONDS);
        try (Socket fresh = connect()) {
            assertThat(apiVersions(fresh)).isPositive();
        }
    }

    @Test
    void shouldCloseOnGarbage() throws IOException {
        Random random = new Random(7);
        for (int i = 0; i < 50; i++) {
            byte[] garbage = new byte[1 + random.nextInt(5000)];
            random.nextBytes(garbage);
            garbage[0] = (byte) (garbage[0] | 0x40);
            try (Socket socket = connect()) {
                send(socket, garbage);
                assertClosed(socket);
            }
        }
    }

    @Test
    void shouldCloseOnGarbageInAFrame() throws IOException {
        Random random = new Random(11);
        for (int i = 0; i < 200; i++) {
            ByteBuffer garbage = ByteBuffer.allocate(8 + random.nextInt(300));
            random.nextBytes(garbage.array());
            garbage.putShort(0, (short) random.nextInt(93)).putShort(2, (short) random.nextInt(14));
            try (Socket socket = connect()) {
                send(socket, frame(garbage.array()));
                socket.shutdownOutput();
                drain(socket);
            }
        }
    }

    @Test
    void shouldCloseOnANegativeLength() throws IOException {
        try (Socket socket = connect()) {
            send(socket, ByteBuffer.allocate(4).putInt(-1).array());
            assertClosed(socket);
        }
    }

    @Test
    void shouldCloseOnALengthOfZero() throws IOException {
        try (Socket socket = connect()) {
            send(socket, new byte[4]);
            assertClosed(socket);
        }
    }

    @Test
    void shouldCloseOnAHugeLength() throws IOException {
        for (int length : new int[] {MAX_FRAME_BYTES + 1, Integer.MAX_VALUE}) {
            try (Socket socket = connect()) {
                send(socket, ByteBuffer.allocate(4).putInt(length).array());
                assertClosed(socket);
            }
        }
        assertThat(broker.log()).contains("socket.request.max.bytes");
    }

    @Test
    void shouldCloseOnAnUnknownApiKey() throws IOException {
        for (short key : new short[] {-1, 4711, Short.MAX_VALUE}) {
            try (Socket socket = connect()) {
                send(socket, frame(header(key, 0)));
                assertClosed(socket);
            }
        }
    }

    @Test
    void shouldCloseOnAnUnknownVersion() throws IOException {
        try (Socket socket = connect()) {
            send(socket, frame(header(METADATA, 99)));
            assertClosed(socket);
        }
    }

    @Test
    void shouldCloseOnATruncatedRequest() throws IOException {
        ByteBuffer request = ByteBuffer.allocate(14).put(header(METADATA, 1)).putInt(1_000_000);
        try (Socket socket = connect()) {
            send(socket, frame(request.array()));
            assertClosed(socket);
        }
    }

    @Test
    void shouldForgetAFrameThatNeverArrives() throws IOException {
        try (Socket socket = connect()) {
            send(socket, ByteBuffer.allocate(10).putInt(1000).array());
        }
    }

    @Test
    void shouldNameHttpInItsLog() throws IOException {
        try (Socket socket = connect()) {
            send(socket, "GET / HTTP/1.1\r\nHost: broker\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            assertClosed(socket);
        }
        assertThat(broker.log()).contains("HTTP");
    }

    @Test
    void shouldNameTlsInItsLog() throws IOException {
        byte[] clientHello = ByteBuffer.allocate(64)
                .put(new byte[] {0x16, 0x03, 0x01, 0x00, 0x3b, 0x01, 0x00, 0x00, 0x37, 0x03, 0x03})
                .array();
        try (Socket socket = connect()) {
            send(socket, clientHello);
            assertClosed(socket);
        }
        assertThat(broker.log()).contains("TLS");
    }

    @Test
    void shouldAnswerApiVersionsOfAnUnknownVersion() throws IOException {
        try (Socket socket = connect()) {
            send(socket, frame(header(API_VERSIONS, 77)));
            DataInputStream in = new DataInputStream(socket.getInputStream());
            int length = in.readInt();
            assertThat(in.readInt()).as("correlation id").isEqualTo(42);
            assertThat(in.readShort()).as("UNSUPPORTED_VERSION").isEqualTo((short) 35);
            assertThat(in.skipBytes(length - 6)).isEqualTo(length - 6);

            assertThat(apiVersions(socket)).as("the connection stays open").isPositive();
        }
    }

    @Test
    void shouldBearIdleConnections() throws IOException {
        List<Socket> idle = new ArrayList<>();
        try {
            for (int i = 0; i < 500; i++) {
                idle.add(connect());
            }
            try (Socket good = connect()) {
                assertThat(apiVersions(good)).isPositive();
            }
            assertThat(apiVersions(idle.get(499))).isPositive();
        } finally {
            for (Socket socket : idle) {
                socket.close();
            }
        }
    }

    /** Asks for the APIs in version 0 and returns how many there are. */
    private static int apiVersions(Socket socket) throws IOException {
        send(socket, frame(header(API_VERSIONS, 0)));
        DataInputStream in = new DataInputStream(socket.getInputStream());
        int length = in.readInt();
        assertThat(in.readInt()).as("correlation id").isEqualTo(42);
        assertThat(in.readShort()).as("error").isZero();
        int apis = in.readInt();
        assertThat(in.skipBytes(length - 10)).isEqualTo(length - 10);
        return apis;
    }

    private static byte[] header(int apiKey, int version) {
        return ByteBuffer.allocate(10)
                .putShort((short) apiKey)
                .putShort((short) version)
                .putInt(42)
                .putShort((short) -1)
                .array();
    }

    private static byte[] frame(byte[] contents) {
        return ByteBuffer.allocate(4 + contents.length)
                .putInt(contents.length)
                .put(contents)
                .array();
    }

    private static Socket connect() throws IOException {
        Socket socket = new Socket("127.0.0.1", broker.port());
        socket.setSoTimeout(CLOSE_TIMEOUT_MS);
        return socket;
    }

    private static void send(Socket socket, byte[] bytes) throws IOException {
        OutputStream out = socket.getOutputStream();
        try {
            out.write(bytes);
            out.flush();
        } catch (SocketException e) {
            // The broker may close before it has been told everything.
            assertThat(e).hasMessageMatching("(?i).*(reset|broken pipe).*");
        }
    }

    private static void assertClosed(Socket socket) throws IOException {
        assertThat(drain(socket)).as("bytes answered").isZero();
    }

    /** Reads until the broker closes; a read that times out fails the test. */
    private static int drain(Socket socket) throws IOException {
        try {
            return socket.getInputStream().readAllBytes().length;
        } catch (SocketException e) {
            assertThat(e).hasMessageContaining("reset");
            return 0;
        }
    }
}
