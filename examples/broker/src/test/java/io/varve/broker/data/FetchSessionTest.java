// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.data;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.kafka.MessageReader;
import io.varve.kafka.message.FetchRequest.FetchPartition;
import io.varve.kafka.message.FetchResponse.PartitionData;
import java.util.Map;
import org.junit.jupiter.api.Test;

class FetchSessionTest {

    private static final FetchSession.Key FIRST = new FetchSession.Key("t", MessageReader.ZERO_UUID, 0);
    private static final FetchSession.Key SECOND = new FetchSession.Key("t", MessageReader.ZERO_UUID, 1);

    private final FetchSession session = new FetchSession(7);

    @Test
    void shouldTakeRequestsInTurn() {
        assertThat(session.advance(2)).isFalse();
        assertThat(session.advance(1)).isTrue();
        assertThat(session.advance(1)).isFalse();
        assertThat(session.advance(2)).isTrue();
    }

    @Test
    void shouldTellOnlyWhatIsNew() {
        session.update(FIRST, new FetchPartition());

        assertThat(session.isNews(FIRST, data(5, 0), 0)).isTrue();
        assertThat(session.isNews(FIRST, data(5, 0), 0)).isFalse();
        assertThat(session.isNews(FIRST, data(6, 0), 0)).isTrue();
        assertThat(session.isNews(FIRST, data(6, 1), 0)).isTrue();
        assertThat(session.isNews(FIRST, data(6, 1), 10)).isTrue();
        assertThat(session.isNews(FIRST, data(6, 1).errorCode((short) 1), 0)).isTrue();
        assertThat(session.isNews(FIRST, data(6, 1).errorCode((short) 1), 0)).isTrue();
    }

    @Test
    void shouldServeWhoeverWaitedFirst() {
        session.update(FIRST, new FetchPartition());
        session.update(SECOND, new FetchPartition());

        session.isNews(FIRST, data(5, 0), 10);

        assertThat(session.wanted()).extracting(Map.Entry::getKey).containsExactly(SECOND, FIRST);
        session.forget(SECOND);
        assertThat(session.wanted()).extracting(Map.Entry::getKey).containsExactly(FIRST);
    }

    @Test
    void shouldKeepAsManySessionsAsAreAllowed() {
        FetchSessions sessions = new FetchSessions(2);
        FetchSession first = sessions.create();
        FetchSession second = sessions.create();
        assertThat(sessions.find(first.id())).isSameAs(first);

        FetchSession third = sessions.create();

        assertThat(sessions.size()).isEqualTo(2);
        assertThat(sessions.find(second.id())).as("the one used least recently").isNull();
        assertThat(sessions.find(first.id())).isSameAs(first);
        assertThat(sessions.find(third.id())).isSameAs(third);
        assertThat(new FetchSessions(0).create()).isNull();
    }

    private static PartitionData data(long highWatermark, long logStartOffset) {
        return new PartitionData().highWatermark(highWatermark).logStartOffset(logStartOffset);
    }
}
