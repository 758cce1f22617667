// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.quorum;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.replication.OffsetAndEpoch;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** The bytes of messages: golden ones, and back. */
class PeerMessageFormatTest {

    @Test
    void shouldDecodeWhatItEncodes() {
        for (PeerMessage message : PeerMessages.all()) {
            assertThat(PeerMessageCodec.decode(PeerMessageCodec.encode(message)))
                    .isEqualTo(message);
        }
    }

    @Test
    void shouldKnowEveryType() {
        assertThat(PeerMessages.all().stream().map(Object::getClass).distinct().toList())
                .hasSameElementsAs(List.of(PeerMessage.class.getPermittedSubclasses()).stream()
                        .filter(type -> type != PeerMessage.Header.class)
                        .toList());
    }

    @Test
    void shouldWriteTheseBytes() {
        PeerMessage.Header header = new PeerMessage.Header(new UUID(1, 2), 7, new MemberId(3, new UUID(4, 5)));
        PeerMessage fetch = new PeerMessage.Fetch(header, 9, new OffsetAndEpoch(40, 6), 39, 38, 4, -1);
        QuorumEntry entry = new QuorumEntry(6, QuorumEntry.Kind.DATA, PeerMessages.bytes(1, 2, 3));
        PeerMessage reply = new PeerMessage.FetchReply(header, 9, 40, 5, null, null, List.of(entry));

        assertThat(hex(PeerMessageCodec.encode(fetch)))
                .isEqualTo("01" + "07" + "00000000000000010000000000000002" + "00000007" + "00000003"
                        + "00000000000000040000000000000005" + "00000009" + "0000000000000028" + "00000006"
                        + "0000000000000027" + "0000000000000026" + "0000000000000004" + "ffffffffffffffff");
        assertThat(hex(PeerMessageCodec.encode(reply)))
                .isEqualTo("01" + "08" + "00000000000000010000000000000002" + "00000007" + "00000003"
                        + "00000000000000040000000000000005" + "00000009" + "0000000000000028" + "0000000000000005"
                        + "00" + "00" + "00000001" + "00000006" + "00" + "00000003" + "010203");
    }

    @Test
    void shouldDecodeTheVotersThatItEncodes() {
        Voter unbound = new Voter(new MemberId(1, MemberId.NO_DIRECTORY), List.of());
        Voter bound = new Voter(new MemberId(2, new UUID(8, 9)), List.of("a:1", "b:2"));
        QuorumMembers members = QuorumMembers.of(new UUID(1, 1), List.of(bound, unbound));

        assertThat(PeerMessageCodec.decodeMembers(PeerMessageCodec.encodeMembers(members)))
                .isEqualTo(members);
    }

    @Test
    void shouldRefuseAnotherVersion() {
        ByteBuffer bytes = PeerMessageCodec.encode(PeerMessages.all().get(0));
        bytes.put(0, (byte) 2);

        assertThatThrownBy(() -> PeerMessageCodec.decode(bytes))
                .isInstanceOf(PeerMessageException.class)
                .hasMessageContaining("version=2, known=1");
    }

    private static String hex(ByteBuffer bytes) {
        return HexFormat.of().formatHex(bytes.array(), 0, bytes.limit());
    }
}
