// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.zookeeper;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

/** The bytes of a short conversation, written down; every ZooKeeper client sends and expects just these. */
class ProtocolFormatTest {

    private final FakeReplica replica = FakeReplica.immediate();
    private final TestClient client = new TestClient(TestClient.frontEnd(replica));

    private void send(String hex) {
        client.connection.onFrame(ByteBuffer.wrap(HexFormat.of().parseHex(hex.replace(" ", ""))));
    }

    private void expect(String hex) {
        final ByteBuffer frame = client.channel.frames.remove();
        final byte[] bytes = new byte[frame.remaining()];
        frame.get(bytes);
        assertThat(HexFormat.of().formatHex(bytes)).isEqualTo(hex.replace(" ", ""));
    }

    @Test
    void shouldSpeakTheseBytes() {
        // Connect: version 0, no zxid, 10 s, no session, 16 bytes of nothing, not read-only.
        send("00000000 0000000000000000 00002710 0000000000000000 00000010 00000000000000000000000000000000 00");
        final String session = HexFormat.of().toHexDigits(client.connection.sessionId());
        expect("00000000 00002710 " + session + " 00000010 00000000000000000000000000000002 00");

        // exists("/a", watch): no node.
        send("00000001 00000003 00000002 2f61 01");
        expect("00000001 0000000000000001 ffffff9b");

        // create("/a", "hi", world:anyone all, persistent): its event, then its reply.
        send("00000002 00000001 00000002 2f61 00000002 6869 00000001 0000001f 00000005 776f726c64 00000006"
                + " 616e796f6e65 00000000");
        expect("ffffffff 0000000000000002 00000000 00000001 00000003 00000002 2f61");
        expect("00000002 0000000000000002 00000000 00000002 2f61");

        // getData("/a"): the data, and the stat with the times of the entry.
        send("00000003 00000004 00000002 2f61 00");
        final String time = HexFormat.of().toHexDigits(replica.tree().stat("/a").ctimeMs());
        final String stat = "0000000000000002 0000000000000002 " + time + time
                + " 00000000 00000000 00000000 0000000000000000 00000002 00000000 0000000000000002";
        expect("00000003 0000000000000002 00000000 00000002 6869 " + stat);

        // multi: check version 1 of "/a", delete "/a"; the first fails.
        send("00000004 0000000e 0000000d 00 ffffffff 00000002 2f61 00000001 00000002 00 ffffffff 00000002 2f61 ffffffff"
                + " ffffffff 01 ffffffff");
        expect("00000004 0000000000000003 00000000 ffffffff 00 ffffff99 ffffff99 ffffffff 00 fffffffe fffffffe"
                + " ffffffff 01 ffffffff");

        // ping, and the end.
        send("fffffffe 0000000b");
        expect("fffffffe 0000000000000003 00000000");
        send("00000005 fffffff5");
        expect("00000005 0000000000000004 00000000");
        assertThat(client.channel.isClosed()).isTrue();
    }
}
