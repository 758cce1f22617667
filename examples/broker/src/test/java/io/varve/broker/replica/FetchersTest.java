// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.replica;

import static io.varve.broker.replica.Responses.asked;
import static io.varve.broker.replica.Responses.batch;
import static io.varve.broker.replica.Responses.data;
import static io.varve.broker.replica.Responses.error;
import static io.varve.broker.replica.Responses.forgotten;
import static io.varve.broker.replica.Responses.joined;
import static io.varve.broker.replica.Responses.nothing;
import static io.varve.broker.replica.Responses.response;
import static org.assertj.core.api.Assertions.assertThat;

import io.varve.broker.config.ConfigValues;
import io.varve.broker.partition.Follower;
import io.varve.broker.partition.TopicPartition;
import io.varve.broker.replica.FakeLeader.Received;
import io.varve.broker.replica.RecordingFollower.Told;
import io.varve.broker.request.ErrorCode;
import io.varve.kafka.message.FetchRequest;
import io.varve.kafka.message.FetchResponse;
import io.varve.replication.partition.FetchAnswer;
import io.varve.replication.partition.FetchStatus;
import io.varve.replication.partition.ReplicaFetch;
import io.varve.replication.transport.Listener;
import io.varve.transport.netty.EventLoops;
import io.varve.transport.netty.ListenerConfig;
import io.varve.transport.netty.NettyTransport;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Over real sockets, against a leader that says what the test wants. */
class FetchersTest {

    private static final int LEADER = 2;
    private static final int NO_SESSION = 0;
    private static final int SESSION = 77;

    /** The largest frame is 17 MiB then. */
    private static final ConfigValues VALUES =
            ConfigValues.of(Map.of("replica.fetch.response.max.bytes", "1048576", "socket.request.max.bytes", "1"));

    private static final int LARGEST_FRAME_BYTES = 17 << 20;

    private final FakeLeader leader = new FakeLeader();
    private final AtomicLong nowNs = new AtomicLong();
    private final RecordingFollower first = new RecordingFollower(0);
    private final RecordingFollower second = new RecordingFollower(1);

    private EventLoops loops;
    private NettyTransport transport;
    private Listener listener;
    private volatile InetSocketAddress address;
    private Fetchers fetchers;

    @BeforeEach
    void open() {
        loops = EventLoops.open(1);
        transport = NettyTransport.open(
                loops, ListenerConfig.at("", 0).maxUnsentBytes(32 << 20).build(), FetchersConfig.connector(VALUES));
        listener = transport.listen(new InetSocketAddress("127.0.0.1", 0), leader);
        address = listener.address();
        FetchersConfig config = new FetchersConfig(500, 1, 10 << 20, 1 << 20, 1000);
        fetchers = new Fetchers(transport, config, id -> id == LEADER ? address : null, nowNs::get);
    }

    @AfterEach
    void close() {
        fetchers.close();
        leader.close();
        transport.close();
        loops.close();
    }

    private void fetch(RecordingFollower follower, long offset) {
        fetchers.fetch(LEADER, follower.fetchAt(offset), follower);
    }

    /** Both ask before the link is there, so there is one round for both. */
    private Received firstRound() throws InterruptedException {
        fetch(first, 10);
        fetch(second, 20);
        leader.admit();
        return leader.next();
    }

    @Test
    void shouldAskForAllInOneRequest() throws InterruptedException {
        Received round = firstRound();

        FetchRequest request = round.request();
        assertThat(asked(request)).containsExactly("0@10", "1@20");
        assertThat(request.replicaState().replicaId()).isEqualTo(1);
        assertThat(request.replicaState().replicaEpoch()).isEqualTo(5);
        assertThat(request.maxWaitMs()).isEqualTo(500);
        assertThat(request.minBytes()).isEqualTo(1);
        assertThat(request.maxBytes()).isEqualTo(10 << 20);
        assertThat(request.sessionId()).isZero();
        assertThat(request.sessionEpoch()).isZero();
        FetchRequest.FetchPartition partition =
                request.topics().get(0).partitions().get(0);
        assertThat(request.topics().get(0).topicId()).isEqualTo(RecordingFollower.TOPIC);
        assertThat(partition.currentLeaderEpoch()).isEqualTo(3);
        assertThat(partition.lastFetchedEpoch()).isEqualTo(3);
        assertThat(partition.partitionMaxBytes()).isEqualTo(1 << 20);
    }

    @Test
    void shouldBeginTheNextRoundWhenAllAreDone() throws InterruptedException {
        firstRound().answer(response(NO_SESSION, nothing(0, 10), data(1, 20, batch(20, 2, "a"))));
        Told toFirst = first.nextAnswer();
        Told toSecond = second.nextAnswer();
        fetch(first, 10);
        toFirst.done().run();

        assertThat(leader.hasNothing()).isTrue();

        fetch(second, 22);
        toSecond.done().run();

        assertThat(asked(leader.next().request())).containsExactly("0@10", "1@22");
    }

    @Test
    void shouldGiveEachFollowerItsOwnRecords() throws InterruptedException {
        ByteBuffer one = joined(batch(10, 3, "one"), batch(13, 1, "more of one"));
        ByteBuffer two = batch(20, 2, "two");

        firstRound().answer(response(NO_SESSION, data(0, 12, one), data(1, 19, two)));

        Told toFirst = first.nextAnswer();
        Told toSecond = second.nextAnswer();
        assertThat(toFirst.records()).isEqualTo(one);
        assertThat(toFirst.answer()).isEqualTo(new FetchAnswer(101, 5, FetchStatus.OK, 3, 12, 0, 14, null));
        toFirst.done().run();
        // The other's part of the memory is still there.
        assertThat(toSecond.records()).isEqualTo(two);
        assertThat(toSecond.answer()).isEqualTo(new FetchAnswer(101, 5, FetchStatus.OK, 3, 19, 0, 22, null));
        toSecond.done().run();
    }

    @Test
    void shouldAskOnlyForWhatHasChangedInASession() throws InterruptedException {
        firstRound().answer(response(SESSION, data(0, 10, batch(10, 1, "a")), nothing(1, 20)));
        Told toFirst = first.nextAnswer();
        Told toSecond = second.nextAnswer();
        fetch(first, 11);
        fetch(second, 20);
        toFirst.done().run();
        toSecond.done().run();

        Received next = leader.next();
        assertThat(next.request().sessionId()).isEqualTo(SESSION);
        assertThat(next.request().sessionEpoch()).isEqualTo(1);
        assertThat(asked(next.request())).containsExactly("0@11");
        assertThat(next.request().forgottenTopicsData()).isEmpty();

        next.answer(response(SESSION));

        Received idle = leader.next();
        assertThat(idle.request().sessionEpoch()).isEqualTo(2);
        assertThat(asked(idle.request())).isEmpty();
        assertThat(first.hasNothing()).isTrue();

        // It asks again for the same, and the answer is to its latest question.
        fetch(second, 20);
        fetch(second, 20);
        idle.answer(response(SESSION, data(1, 21, batch(20, 1, "b"))));

        assertThat(second.nextAnswer().number()).isEqualTo(104);
        assertThat(leader.hasNothing()).isTrue();
    }

    @Test
    void shouldTakeOutOfTheSessionWhatIsNotWantedAnyMore() throws InterruptedException {
        firstRound().answer(response(SESSION, error(0, ErrorCode.NOT_LEADER_OR_FOLLOWER.code())));
        Told toFirst = first.nextAnswer();
        assertThat(toFirst.answer().status()).isEqualTo(FetchStatus.NOT_LEADER);
        toFirst.done().run();

        Received next = leader.next();

        assertThat(asked(next.request())).isEmpty();
        assertThat(forgotten(next.request())).containsExactly(0);
    }

    @Test
    void shouldBeginAnotherSessionWhenTheLeaderHasGivenItUp() throws InterruptedException {
        firstRound().answer(response(SESSION));
        leader.next().answer(new FetchResponse().errorCode(ErrorCode.FETCH_SESSION_ID_NOT_FOUND.code()));

        Received anew = leader.next();

        assertThat(anew.request().sessionId()).isZero();
        assertThat(anew.request().sessionEpoch()).isZero();
        assertThat(asked(anew.request())).containsExactly("0@10", "1@20");
        assertThat(first.hasNothing()).isTrue();
    }

    @Test
    void shouldFailWhatALeaderRefusesAltogether() throws InterruptedException {
        firstRound().answer(new FetchResponse().errorCode(ErrorCode.UNKNOWN_SERVER_ERROR.code()));

        first.awaitFailure();
        second.awaitFailure();

        fetch(first, 10);
        assertThat(asked(leader.next().request())).containsExactly("0@10");
    }

    @Test
    void shouldAskUrgentlyForWhatTheRoundUnderWayDoesNot() throws InterruptedException {
        fetch(first, 10);
        leader.admit();
        Received round = leader.next();
        fetch(second, 20);

        Received urgent = leader.next();

        assertThat(asked(urgent.request())).containsExactly("1@20");
        assertThat(urgent.request().maxWaitMs()).isZero();
        assertThat(urgent.request().sessionId()).isZero();
        assertThat(urgent.request().sessionEpoch()).isEqualTo(-1);

        RecordingFollower third = new RecordingFollower(2);
        fetch(third, 30);
        round.answer(response(SESSION));
        urgent.answer(response(NO_SESSION, data(1, 20, batch(20, 1, "a"))));
        Told toSecond = second.nextAnswer();

        // The next round waits for whoever takes from the urgent response, too.
        assertThat(leader.hasNothing()).isTrue();

        fetch(second, 21);
        toSecond.done().run();
        Received together = leader.next();
        assertThat(asked(together.request())).containsExactlyInAnyOrder("1@21", "2@30");
        assertThat(together.request().sessionEpoch()).isEqualTo(1);
    }

    @Test
    void shouldNotTakeTheAnswerToWhatWasWantedBefore() throws InterruptedException {
        Received round = firstRound();
        ReplicaFetch later = new ReplicaFetch(900, 1, 5, 4, 10, 3);
        fetchers.fetch(LEADER, later, first);
        Received urgent = leader.next();
        round.answer(response(SESSION, data(0, 11, batch(10, 1, "of the epoch before"))));
        urgent.answer(response(NO_SESSION, data(0, 10, batch(10, 2, "of this epoch"))));

        Told told = first.nextAnswer();

        assertThat(told.number()).isEqualTo(900);
        assertThat(told.answer().leaderEpoch()).isEqualTo(4);
        assertThat(told.answer().endOffset()).isEqualTo(12);
        told.done().run();
        // What the leader has said in the session was not taken, so it is to say it again.
        Received anew = leader.next();
        assertThat(anew.request().sessionId()).isEqualTo(SESSION);
        assertThat(anew.request().sessionEpoch()).isZero();
        assertThat(asked(anew.request())).containsExactly("1@20");
    }

    @Test
    void shouldFailWhatWasAskedUnderAnEarlierRegistration() throws InterruptedException {
        firstRound();

        fetchers.fetch(LEADER, new ReplicaFetch(900, 1, 6, 3, 10, 3), first);

        second.awaitFailure();
        Told toFirst = first.next();
        assertThat(toFirst.answer()).isNull();
        assertThat(toFirst.number()).isEqualTo(101);
        Received urgent = leader.next();
        assertThat(asked(urgent.request())).containsExactly("0@10");
        assertThat(urgent.request().replicaState().replicaEpoch()).isEqualTo(6);

        fetch(second, 20);
        second.awaitFailure();
    }

    @Test
    void shouldFailWhatWasAskedWhenTheLinkBreaks() throws InterruptedException {
        Received round = firstRound();
        round.connection().close("for the test");

        first.awaitFailure();
        second.awaitFailure();

        // It is too early to try again.
        fetch(first, 10);
        first.awaitFailure();

        nowNs.addAndGet(TimeUnit.SECONDS.toNanos(1));
        fetch(first, 10);
        leader.admit();
        assertThat(asked(leader.next().request())).containsExactly("0@10");
    }

    @Test
    void shouldGoOnWhenSomebodyIsDoneAfterTheLinkHasBroken() throws InterruptedException {
        Received round = firstRound();
        ByteBuffer records = batch(10, 1, "a");
        round.answer(response(SESSION, data(0, 10, records)));
        Told toFirst = first.nextAnswer();
        round.connection().send(FakeLeader.frame(FakeLeader.encode(0, response(SESSION))));
        second.awaitFailure();
        nowNs.addAndGet(TimeUnit.SECONDS.toNanos(1));
        fetch(second, 20);
        leader.admit();
        Received anew = leader.next();

        assertThat(toFirst.records()).isEqualTo(records);
        fetch(first, 11);
        toFirst.done().run();
        toFirst.done().run();

        assertThat(asked(anew.request())).containsExactly("1@20");
        assertThat(asked(leader.next().request())).containsExactly("0@11");
    }

    @Test
    void shouldFailAtOnceWithoutAnAddress() throws InterruptedException {
        fetchers.fetch(3, first.fetchAt(10), first);

        first.awaitFailure();
    }

    @Test
    void shouldTryAgainWhenNobodyListens() throws InterruptedException {
        InetSocketAddress gone = address;
        listener.close();
        fetch(first, 10);
        first.awaitFailure();

        listener = transport.listen(gone, leader);
        nowNs.addAndGet(TimeUnit.SECONDS.toNanos(1));
        fetch(first, 10);

        leader.admit();
        assertThat(asked(leader.next().request())).containsExactly("0@10");
    }

    @Test
    void shouldRefuseABrokerOfAnotherVersionUntilItServesThisOne() throws InterruptedException {
        leader.latestVersion = 16;
        fetch(first, 10);
        leader.admit();

        first.awaitFailure();

        leader.oldestVersion = 17;
        leader.latestVersion = 17;
        nowNs.addAndGet(TimeUnit.SECONDS.toNanos(1));
        fetch(first, 10);
        leader.admit();
        assertThat(asked(leader.next().request())).containsExactly("0@10");
    }

    @Test
    void shouldRefuseAFrameThatIsTooLarge() throws InterruptedException {
        firstRound().answerRaw(ByteBuffer.allocate(LARGEST_FRAME_BYTES + 1));

        first.awaitFailure();
        second.awaitFailure();
    }

    @Test
    void shouldTakeAFrameThatIsAsLargeAsMayBe() throws InterruptedException {
        ByteBuffer large = batch(10, 1, "a".repeat(LARGEST_FRAME_BYTES - 1000));
        firstRound().answer(response(SESSION, data(0, 11, large)));

        assertThat(first.nextAnswer().records()).isEqualTo(large);
    }

    @Test
    void shouldCloseTheLinkWhenAResponseIsNone() throws InterruptedException {
        firstRound().answerRaw(ByteBuffer.allocate(9).putInt(0, 1));

        first.awaitFailure();
        second.awaitFailure();
    }

    @Test
    void shouldCloseTheLinkWhenAResponseIsToAnotherRequest() throws InterruptedException {
        Received round = firstRound();
        round.answerRaw(FakeLeader.encode(round.correlationId() + 1, response(SESSION)));

        first.awaitFailure();
        second.awaitFailure();
    }

    @Test
    void shouldCloseTheLinkWhenAResponseIsOfAnotherSession() throws InterruptedException {
        firstRound().answer(response(SESSION));
        leader.next().answer(response(SESSION + 1, nothing(0, 10)));

        first.awaitFailure();
        second.awaitFailure();
    }

    @Test
    void shouldCloseTheLinkToALeaderThatHasMoved() throws InterruptedException {
        firstRound();
        fetchers.relocate();
        assertThat(first.hasNothing()).isTrue();

        try (Listener elsewhere = transport.listen(new InetSocketAddress("127.0.0.1", 0), leader)) {
            address = elsewhere.address();
            fetchers.relocate();

            first.awaitFailure();
            second.awaitFailure();
            fetch(first, 10);
            leader.admit();
            Received round = leader.next();
            assertThat(round.connection().local()).isEqualTo(address);

            address = null;
            fetchers.relocate();

            first.awaitFailure();
            fetch(first, 10);
            first.awaitFailure();
        }
    }

    @Test
    void shouldFailEverythingWhenClosed() throws InterruptedException {
        firstRound();

        fetchers.close();

        first.awaitFailure();
        second.awaitFailure();
        fetch(first, 10);
        first.awaitFailure();
        fetchers.close();
    }

    @Test
    void shouldAnswerTheOthersWhenAFollowerThrows() throws InterruptedException {
        CountDownLatch thrown = new CountDownLatch(1);
        Follower broken = new Follower() {
            @Override
            public UUID topicId() {
                return RecordingFollower.TOPIC;
            }

            @Override
            public TopicPartition id() {
                return new TopicPartition("orders", 1);
            }

            @Override
            public void answered(FetchAnswer answer, ByteBuffer records, Runnable done) {
                thrown.countDown();
                throw new IllegalStateException("for the test");
            }

            @Override
            public void failed(int fetchNumber, Runnable done) {
                done.run();
            }
        };
        fetch(first, 10);
        fetchers.fetch(LEADER, second.fetchAt(20), broken);
        leader.admit();

        leader.next().answer(response(SESSION, nothing(1, 20), nothing(0, 10)));

        assertThat(thrown.await(30, TimeUnit.SECONDS)).isTrue();
        Told toFirst = first.nextAnswer();
        fetch(first, 10);
        toFirst.done().run();
        assertThat(forgotten(leader.next().request())).containsExactly(1);
    }
}
