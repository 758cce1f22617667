// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.replica;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.broker.partition.Follower;
import io.varve.broker.partition.TopicPartition;
import io.varve.broker.replica.MemoryTransport.MemoryConnection;
import io.varve.broker.request.ErrorCode;
import io.varve.kafka.MessageReader;
import io.varve.kafka.message.ApiKey;
import io.varve.kafka.message.FetchRequest;
import io.varve.kafka.message.FetchRequest.FetchPartition;
import io.varve.kafka.message.FetchResponse;
import io.varve.kafka.message.FetchResponse.PartitionData;
import io.varve.kafka.message.RequestHeader;
import io.varve.log.batch.BatchDescriptor;
import io.varve.replication.partition.FetchAnswer;
import io.varve.replication.partition.FetchStatus;
import io.varve.replication.partition.ReplicaFetch;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Followers, the fetchers, and a leader with sessions, in one thread: what happens next is drawn. It checks
 *
 * <ul>
 *   <li>that each round leaves the leader with what is wanted, no more and no less;
 *   <li>that a follower is told only what answers its latest fetch, and reads its records undisturbed until it is done;
 *   <li>that, when nothing happens any more, every follower has all, knows what is committed, and one request waits at the leader.
 * </ul>
 */
final class FetchersSimulation {

    private static final InetSocketAddress ADDRESS = InetSocketAddress.createUnresolved("leader", 9092);
    private static final int LEADER = 2;

    private final Random random;
    private final List<SimulatedFollower> followers = new ArrayList<>();
    private final List<Led> led = new ArrayList<>();
    private final MemoryTransport transport = new MemoryTransport(this::onSent);
    private final Fetchers fetchers;
    private long nowNs;
    private long brokerEpoch = 5;

    /** What the leader has yet to look at, in order. */
    private final Deque<Request> requests = new ArrayDeque<>();

    private @Nullable Request parked;
    private @Nullable Session session;
    private boolean grantsSessions = true;

    /** What the leader's session holds when it has seen all that was sent. */
    private final Map<Integer, String> shadow = new TreeMap<>();

    private final boolean repeatsNumbers;
    private int sentRequests;
    private int rareEvents;

    FetchersSimulation(long seed, int partitions) {
        this.random = new Random(seed);
        this.repeatsNumbers = random.nextBoolean();
        FetchersConfig config = new FetchersConfig(500, 1, 1000, 300, 1000);
        this.fetchers = new Fetchers(transport, config, id -> ADDRESS, () -> nowNs);
        for (int i = 0; i < partitions; i++) {
            led.add(new Led());
            followers.add(new SimulatedFollower(i));
        }
    }

    /** The leader's side of a partition. */
    private static final class Led {
        private int epoch = 1;
        private long endOffset;
        private long highWatermark;
    }

    private record Request(MemoryConnection connection, int correlationId, FetchRequest fetch) {}

    /** The leader's memory of what is wanted. */
    private static final class Session {
        private final int id;
        private int epoch = 1;
        private final Map<Integer, FetchPartition> wanted = new LinkedHashMap<>();
        private final Map<Integer, Long> toldHighWatermark = new TreeMap<>();

        Session(int id) {
            this.id = id;
        }
    }

    private final class SimulatedFollower implements Follower {
        private final int index;
        private final Deque<Runnable> told = new ArrayDeque<>();
        private int epoch = 1;
        private long endOffset;
        private long highWatermark;
        private int fetchNumber;
        private @Nullable ReplicaFetch sent;

        /** What was sent last, until it is told the end of that. */
        private @Nullable ReplicaFetch latest;

        private boolean awaits;
        private boolean isStopped;
        private long knownBrokerEpoch = brokerEpoch;

        /** It was told something when it had asked again already, and does not know it. */
        private boolean hasMissed;

        SimulatedFollower(int index) {
            this.index = index;
        }

        @Override
        public UUID topicId() {
            return RecordingFollower.TOPIC;
        }

        @Override
        public TopicPartition id() {
            return new TopicPartition("orders", index);
        }

        /** What it wants, as it should stand in the leader's session; null when nothing. */
        @Nullable
        String wants() {
            return latest == null ? null : position(latest.offset(), latest.leaderEpoch());
        }

        void fetch() {
            // Some repeat themselves number and all while they wait.
            if (knownBrokerEpoch != brokerEpoch && random.nextBoolean()) {
                knownBrokerEpoch = brokerEpoch;
            }
            boolean repeats = repeatsNumbers
                    && awaits
                    && sent != null
                    && sent.leaderEpoch() == epoch
                    && sent.brokerEpoch() == knownBrokerEpoch;
            fetchNumber += repeats ? 0 : 1;
            awaits = true;
            ReplicaFetch fetch = new ReplicaFetch(fetchNumber, 1, knownBrokerEpoch, epoch, endOffset, epoch);
            sent = fetch;
            latest = fetch;
            fetchers.fetch(LEADER, fetch, this);
        }

        @Override
        public void answered(FetchAnswer answer, ByteBuffer records, Runnable done) {
            ReplicaFetch asked = latest;
            assertThat(asked).as("a fetch that is answered").isNotNull();
            assertThat(answer.number()).isEqualTo(asked.number());
            assertThat(answer.brokerEpoch()).isEqualTo(asked.brokerEpoch());
            assertThat(answer.startOffset()).isEqualTo(echo(asked.leaderEpoch(), asked.brokerEpoch()));
            latest = null;
            told.add(() -> {
                if (answer.number() == fetchNumber && awaits) {
                    awaits = false;
                    hasMissed = false;
                    take(answer, records);
                } else {
                    hasMissed |= answer.leaderEpoch() == epoch && answer.brokerEpoch() == knownBrokerEpoch;
                }
                done.run();
            });
        }

        private void take(FetchAnswer answer, ByteBuffer records) {
            boolean served = answer.status() == FetchStatus.OK && answer.leaderEpoch() == epoch;
            if (!served) {
                return;
            }
            while (records.hasRemaining()) {
                int at = records.position();
                assertThat(BatchDescriptor.baseOffset(records, at)).isEqualTo(endOffset);
                int sizeBytes = BatchDescriptor.check(records, at, records.limit(), Integer.MAX_VALUE);
                endOffset = BatchDescriptor.lastOffset(records, at) + 1;
                records.position(at + sizeBytes);
            }
            assertThat(endOffset).isEqualTo(answer.endOffset());
            highWatermark = Math.max(highWatermark, Math.min(answer.highWatermark(), endOffset));
            if (!isStopped) {
                fetch();
            }
        }

        @Override
        public void failed(int number, Runnable done) {
            ReplicaFetch asked = latest;
            // It is told of its latest fetch, or of one that its own latest one has replaced just now.
            if (asked != null && asked.number() == number) {
                latest = null;
                told.add(() -> {
                    awaits = awaits && number != fetchNumber;
                    done.run();
                });
            } else {
                assertThat(number).isLessThanOrEqualTo(fetchNumber);
                told.add(done);
            }
        }
    }

    /** What the leader has been asked under, which it says by the start of its log. */
    private static long echo(int leaderEpoch, long brokerEpoch) {
        return 1_000L * leaderEpoch + brokerEpoch;
    }

    private static String position(long offset, int leaderEpoch) {
        return offset + " in epoch " + leaderEpoch;
    }

    // The wire.

    private void onSent(MemoryConnection connection, ByteBuffer frame) {
        MessageReader reader = new MessageReader(frame);
        ApiKey api = ApiKey.of(frame.getShort(0));
        short version = frame.getShort(2);
        RequestHeader header = new RequestHeader();
        header.read(reader, api.requestHeaderVersion(version));
        FetchRequest fetch = new FetchRequest();
        if (api == ApiKey.FETCH) {
            fetch.read(reader, version);
            sentRequests++;
            follow(fetch);
        }
        requests.add(new Request(connection, header.correlationId(), fetch));
    }

    /** Each round leaves the leader with what is wanted. */
    private void follow(FetchRequest round) {
        if (round.sessionEpoch() < 0) {
            return;
        }
        if (round.sessionEpoch() == 0) {
            shadow.clear();
        }
        round.topics().forEach(topic -> topic.partitions()
                .forEach(asked ->
                        shadow.put(asked.partition(), position(asked.fetchOffset(), asked.currentLeaderEpoch()))));
        round.forgottenTopicsData().forEach(topic -> topic.partitions().forEach(shadow::remove));
        Map<Integer, String> wanted = new TreeMap<>();
        for (SimulatedFollower follower : followers) {
            String wants = follower.wants();
            if (wants != null) {
                wanted.put(follower.index, wants);
            }
        }
        assertThat(shadow).as("what the leader's session holds").isEqualTo(wanted);
    }

    // The leader.

    /** Looks at the next request. */
    private boolean serve() {
        Request request = requests.poll();
        if (request == null) {
            return false;
        }
        if (request.connection().isClosed()) {
            return true;
        }
        if (request.correlationId() == 0) {
            request.connection().receive(FakeLeader.versions(request.correlationId()));
            return true;
        }
        if (parked != null) {
            answerParked();
        }
        FetchRequest fetch = request.fetch();
        if (fetch.sessionEpoch() > 0 && (session == null || session.id != fetch.sessionId())) {
            answer(request, new FetchResponse().errorCode(ErrorCode.FETCH_SESSION_ID_NOT_FOUND.code()));
            return true;
        }
        if (fetch.sessionEpoch() > 0) {
            assertThat(fetch.sessionEpoch()).as("turn of the session").isEqualTo(session.epoch++);
        } else if (fetch.sessionEpoch() == 0) {
            session = grantsSessions ? new Session(1 + random.nextInt(1_000_000)) : null;
        }
        Session of = fetch.sessionEpoch() < 0 ? null : session;
        if (of != null) {
            fetch.topics()
                    .forEach(topic -> topic.partitions().forEach(asked -> of.wanted.put(asked.partition(), asked)));
            fetch.forgottenTopicsData().forEach(topic -> topic.partitions().forEach(of.wanted::remove));
            // Whoever is added anew is told anew.
            of.toldHighWatermark.keySet().retainAll(of.wanted.keySet());
        }
        FetchResponse response = response(request);
        if (isNews(response) || fetch.maxWaitMs() == 0) {
            tell(request, response);
        } else {
            parked = request;
        }
        return true;
    }

    private static boolean isNews(FetchResponse response) {
        return response.responses().stream()
                .flatMap(topic -> topic.partitions().stream())
                .anyMatch(data -> data.errorCode() != 0 || data.records().sizeBytes() > 0);
    }

    private void answerParked() {
        Request request = parked;
        parked = null;
        if (request != null && !request.connection().isClosed()) {
            tell(request, response(request));
        }
    }

    private void tell(Request request, FetchResponse response) {
        Session of = request.fetch().sessionEpoch() < 0 ? null : session;
        if (of != null) {
            response.sessionId(of.id);
            response.responses().forEach(topic -> topic.partitions().forEach(data -> {
                of.toldHighWatermark.put(data.partitionIndex(), data.errorCode() == 0 ? data.highWatermark() : -1);
                if (data.records().sizeBytes() > 0) {
                    of.wanted.put(data.partitionIndex(), of.wanted.remove(data.partitionIndex()));
                }
            }));
        }
        answer(request, response);
    }

    private static void answer(Request request, FetchResponse response) {
        request.connection().receive(FakeLeader.encode(request.correlationId(), response));
    }

    private FetchResponse response(Request request) {
        Session of = request.fetch().sessionEpoch() < 0 ? null : session;
        List<FetchPartition> wanted = new ArrayList<>();
        if (of != null) {
            wanted.addAll(of.wanted.values());
        } else {
            request.fetch().topics().forEach(topic -> wanted.addAll(topic.partitions()));
        }
        boolean isIncremental = request.fetch().sessionEpoch() > 0;
        List<PartitionData> told = new ArrayList<>();
        int bytes = 0;
        for (FetchPartition asked : wanted) {
            PartitionData data = read(asked, request.fetch().maxBytes() - bytes);
            data.logStartOffset(echo(
                    asked.currentLeaderEpoch(), request.fetch().replicaState().replicaEpoch()));
            bytes += data.records().sizeBytes();
            boolean isTold = of == null
                    || !isIncremental
                    || data.errorCode() != 0
                    || data.records().sizeBytes() > 0
                    || of.toldHighWatermark.getOrDefault(asked.partition(), -1L) != data.highWatermark();
            if (isTold) {
                told.add(data);
            }
        }
        return Responses.response(0, told.toArray(PartitionData[]::new));
    }

    private PartitionData read(FetchPartition asked, int maxBytes) {
        Led partition = led.get(asked.partition());
        if (asked.currentLeaderEpoch() != partition.epoch) {
            ErrorCode error = asked.currentLeaderEpoch() < partition.epoch
                    ? ErrorCode.FENCED_LEADER_EPOCH
                    : ErrorCode.UNKNOWN_LEADER_EPOCH;
            return Responses.error(asked.partition(), error.code());
        }
        ByteBuffer records = ByteBuffer.allocate(Math.max(0, Math.min(maxBytes, asked.partitionMaxBytes())));
        for (long at = asked.fetchOffset(); at < partition.endOffset && records.hasRemaining(); at++) {
            ByteBuffer batch = Responses.batch(at, 1, "record");
            // The last one is cut, if it does not fit and is not the only one.
            boolean fits = records.remaining() >= batch.remaining();
            if (!fits && records.position() == 0) {
                break;
            }
            records.put(batch.limit(batch.position() + Math.min(batch.remaining(), records.remaining())));
        }
        return Responses.data(asked.partition(), partition.highWatermark, records.flip());
    }

    /** Wakes whoever waits at the leader, when there is something for him. */
    private void wake() {
        if (parked != null && isNews(response(parked))) {
            answerParked();
        }
    }

    // What happens.

    /** Lets a number of things happen, then nothing more, and looks at what has come of it. */
    void run(int events) {
        followers.forEach(SimulatedFollower::fetch);
        for (int i = 0; i < events; i++) {
            happen();
        }
        settle();
    }

    private void happen() {
        SimulatedFollower follower = followers.get(random.nextInt(followers.size()));
        Led partition = led.get(follower.index);
        switch (random.nextInt(16)) {
            case 0, 1, 2, 3 -> serve();
            case 4, 5, 6, 7 -> tellNext(follower);
            case 8 -> partition.endOffset += 1 + random.nextInt(8);
            case 9 -> {
                partition.highWatermark = partition.endOffset;
                wake();
            }
            case 10, 11 -> wake();
            case 12 -> {
                // Some ask again although they have been answered, and do not know it.
                if (follower.awaits || !follower.told.isEmpty() || random.nextBoolean()) {
                    follower.fetch();
                }
            }
            case 13 -> {
                if (random.nextInt(3) == 0) {
                    answerParked();
                }
            }
            default -> happenRarely(follower, partition);
        }
    }

    private void happenRarely(SimulatedFollower follower, Led partition) {
        nowNs += random.nextInt(200_000_000);
        if (random.nextInt(3) != 0) {
            return;
        }
        rareEvents++;
        switch (random.nextInt(10)) {
            case 0, 7 -> {
                partition.epoch++;
                wake();
            }
            case 1, 8, 9 -> {
                follower.epoch = Math.max(follower.epoch, partition.epoch);
                follower.fetch();
            }
            case 2 -> breakLink();
            case 3 -> session = null;
            case 4 -> follower.isStopped = !follower.isStopped;
            case 5 -> grantsSessions = random.nextInt(4) != 0;
            default -> {
                if (random.nextInt(4) == 0) {
                    brokerEpoch++;
                }
            }
        }
    }

    private boolean tellNext(SimulatedFollower follower) {
        Runnable next = follower.told.poll();
        if (next != null) {
            next.run();
        }
        return next != null;
    }

    private void breakLink() {
        MemoryConnection connection = transport.open();
        if (connection != null) {
            connection.close("the link is broken");
        }
        requests.clear();
        parked = null;
        session = null;
    }

    /** Nothing new happens: whoever has not been answered asks again, and all come to know all. */
    private void settle() {
        for (int i = 0; i < followers.size(); i++) {
            Led partition = led.get(i);
            SimulatedFollower follower = followers.get(i);
            partition.highWatermark = partition.endOffset;
            follower.epoch = partition.epoch;
            follower.isStopped = false;
            follower.knownBrokerEpoch = brokerEpoch;
        }
        grantsSessions = true;
        wake();
        for (SimulatedFollower follower : followers) {
            answerParked();
            if (random.nextBoolean()) {
                follower.fetch();
            }
            serve();
        }
        for (int retry = 0; retry < 3; retry++) {
            nowNs += 2_000_000_000L;
            drain();
            followers.forEach(SimulatedFollower::fetch);
            drain();
            answerParked();
        }
        drain();
        for (SimulatedFollower follower : followers) {
            Led partition = led.get(follower.index);
            assertThat(follower.endOffset).as("end of %s", follower.id()).isEqualTo(partition.endOffset);
            if (!follower.hasMissed) {
                assertThat(follower.highWatermark)
                        .as("committed of %s", follower.id())
                        .isEqualTo(partition.endOffset);
            }
        }
        MemoryConnection connection = transport.open();
        assertThat(connection).isNotNull();
        assertThat(connection.openExchanges()).isZero();
        assertThat(parked).isNotNull();
        // One request waits, and when its time is over another takes its place.
        int before = sentRequests;
        for (int idle = 1; idle <= 3; idle++) {
            answerParked();
            drain();
            assertThat(sentRequests - before).isEqualTo(idle);
        }
        outlastSession();
    }

    /** With the next session even those know all that have missed something. */
    private void outlastSession() {
        Session last = session;
        for (int round = 0; session == last && round < 2 * WantedFetches.SESSION_ROUNDS; round++) {
            answerParked();
            drain();
        }
        answerParked();
        drain();
        for (SimulatedFollower follower : followers) {
            assertThat(follower.highWatermark)
                    .as("committed of %s, later", follower.id())
                    .isEqualTo(led.get(follower.index).endOffset);
        }
    }

    private void drain() {
        boolean goesOn = true;
        while (goesOn) {
            goesOn = serve();
            for (SimulatedFollower follower : followers) {
                goesOn |= tellNext(follower);
            }
            Request before = parked;
            wake();
            goesOn |= before != parked;
        }
    }

    int rareEvents() {
        return rareEvents;
    }

    int sentRequests() {
        return sentRequests;
    }
}
