// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.coordination.tree.Submission;
import io.varve.coordination.tree.TreeResult;
import io.varve.coordination.tree.TreeTransaction;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Commands on their way from members, which give some up, to a leader that changes, over a network that loses, repeats and reorders.
 */
class ForwardingTest {

    private static final int SEEDS = Integer.getInteger("varve.forwarding.seeds", 300);
    private static final TreeTransaction DONE = new TreeTransaction(1, 1, new TreeResult.SessionClosed(), List.of());

    /** An entry of the log: a command, or the start of an epoch where {@code member} is -1. */
    private record Entry(int epoch, int member, long sequence) {}

    private record Message(int epoch, int member, ForwardMessage.Commands commands) {}

    private static final class Origins {

        final Submissions submissions = new Submissions();
        final List<Long> outcomes = new ArrayList<>();
        final Set<Long> givenUp = new HashSet<>();
        final List<Long> carriedOut = new ArrayList<>();
        long added;
        int applied;
        int startedEpoch;

        void add() {
            long sequence = ++added;
            submissions.add(ByteBuffer.allocate(4), new Submission() {
                @Override
                public void applied(TreeTransaction transaction) {
                    outcomes.add(sequence);
                }

                @Override
                public void lost(String reason) {
                    givenUp.add(sequence);
                }
            });
        }
    }

    private final List<Entry> log = new ArrayList<>();
    private final List<Message> network = new ArrayList<>();
    private final Origins[] origins = {new Origins(), new Origins(), new Origins()};
    private ForwardGate gate = new ForwardGate();
    private int epoch;
    private int committed;

    @Test
    void shouldCarryOutEachCommandOnceAndInOrder() {
        for (int seed = 0; seed < SEEDS; seed++) {
            ForwardingTest run = new ForwardingTest();
            try {
                run.run(new Random(seed));
            } catch (AssertionError | RuntimeException e) {
                throw new AssertionError("seed=" + seed, e);
            }
        }
    }

    private void run(Random random) {
        elect(random);
        for (int step = 0; step < 600; step++) {
            int member = random.nextInt(origins.length);
            switch (random.nextInt(10)) {
                case 0, 1 -> origins[member].add();
                case 2, 3 -> send(member, 1 + random.nextInt(20));
                case 4, 5 -> deliver(random);
                case 6 -> committed += random.nextInt(log.size() - committed + 1);
                case 7 -> apply(member);
                case 8 -> {
                    if (random.nextInt(20) == 0) {
                        origins[member].submissions.lose("no quorum");
                    }
                }
                default -> {
                    if (random.nextInt(10) == 0) {
                        elect(random);
                    } else {
                        origins[member].submissions.handOverAgain();
                    }
                }
            }
        }
        settle();
        for (Origins origin : origins) {
            assertThat(origin.outcomes)
                    .containsExactlyElementsOf(LongStream.rangeClosed(1, origin.added)
                            .boxed()
                            .filter(sequence -> !origin.givenUp.contains(sequence))
                            .toList());
            assertThat(origin.carriedOut).isSorted().doesNotHaveDuplicates().containsAll(origin.outcomes);
        }
    }

    private void elect(Random random) {
        int kept = committed + random.nextInt(log.size() - committed + 1);
        log.subList(kept, log.size()).clear();
        epoch++;
        gate = new ForwardGate();
        log.add(new Entry(epoch, -1, 0));
        for (Origins origin : origins) {
            origin.submissions.handOverAgain();
        }
    }

    private void send(int member, int maxBytes) {
        Origins origin = origins[member];
        if (origin.startedEpoch == epoch && origin.submissions.hasWaiting()) {
            long oldest = origin.submissions.oldest();
            List<Submissions.Pending> pending = origin.submissions.handOver(maxBytes);
            List<ByteBuffer> commands =
                    pending.stream().map(Submissions.Pending::command).toList();
            network.add(new Message(
                    epoch,
                    member,
                    new ForwardMessage.Commands(7, oldest, pending.get(0).sequence(), commands)));
        }
    }

    private void deliver(Random random) {
        if (network.isEmpty()) {
            return;
        }
        int at = random.nextInt(3) == 0 ? random.nextInt(network.size()) : 0;
        Message message = random.nextInt(4) == 0 ? network.get(at) : network.remove(at);
        if (message.epoch() == epoch && random.nextInt(8) != 0) {
            take(message);
        }
    }

    private void take(Message message) {
        ForwardMessage.Commands commands = (ForwardMessage.Commands)
                ForwardMessage.decode(message.commands().encode());
        int count = commands.commands().size();
        Origin origin = new Origin(message.member(), commands.incarnation());
        for (int i = gate.skip(origin, commands.oldest(), commands.first(), count); i < count; i++) {
            log.add(new Entry(epoch, message.member(), commands.first() + i));
        }
    }

    private void apply(int member) {
        Origins origin = origins[member];
        while (origin.applied < committed) {
            Entry entry = log.get(origin.applied++);
            if (entry.member() == member) {
                origin.carriedOut.add(entry.sequence());
                origin.submissions.applied(entry.sequence(), DONE);
            } else if (entry.member() < 0) {
                origin.startedEpoch = entry.epoch();
            }
        }
    }

    /** A network that works, until nothing is left to do. */
    private void settle() {
        for (int round = 0; round < 4; round++) {
            network.forEach(message -> {
                if (message.epoch() == epoch) {
                    take(message);
                }
            });
            network.clear();
            committed = log.size();
            for (int member = 0; member < origins.length; member++) {
                apply(member);
                origins[member].submissions.handOverAgain();
                send(member, Integer.MAX_VALUE);
            }
        }
    }

    @Test
    void shouldLetThroughAgainWhatWasNotProposed() {
        ForwardGate fresh = new ForwardGate();
        Origin origin = new Origin(1, 7);
        assertThat(fresh.skip(origin, 1, 1, 3)).isZero();

        fresh.refused(origin, 2);

        assertThat(fresh.skip(origin, 1, 1, 3)).isEqualTo(1);
        assertThat(fresh.skip(origin, 1, 4, 1)).isZero();
    }

    @Test
    void shouldWaitForWhatIsMissing() {
        ForwardGate fresh = new ForwardGate();
        Origin origin = new Origin(1, 7);

        assertThat(fresh.skip(origin, 5, 6, 2)).isEqualTo(2);
        assertThat(fresh.skip(origin, 5, 5, 3)).isZero();
    }

    @Test
    void shouldNotWaitForWhatWasGivenUp() {
        ForwardGate fresh = new ForwardGate();
        Origin origin = new Origin(1, 7);
        assertThat(fresh.skip(origin, 1, 1, 1)).isZero();

        assertThat(fresh.skip(origin, 3, 3, 1)).as("the second was given up").isZero();
        assertThat(fresh.skip(origin, 2, 2, 1))
                .as("the second, which comes late")
                .isEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "00", "09", "01", "0100", "0200000001", "027fffffff", "02ffffffff"})
    void shouldRefuseWhatIsNoMessage(String hex) {
        byte[] bytes = new byte[hex.length() / 2];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) Integer.parseInt(hex.substring(2 * i, 2 * i + 2), 16);
        }

        assertThatThrownBy(() -> ForwardMessage.decode(ByteBuffer.wrap(bytes)))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void shouldRefuseMoreThanAMessageHolds() {
        ByteBuffer message = new ForwardMessage.Commands(1, 1, 1, List.of(ByteBuffer.allocate(10))).encode();
        for (int length = 0; length < message.limit(); length++) {
            ByteBuffer cut = message.duplicate().limit(length);
            assertThatThrownBy(() -> ForwardMessage.decode(cut)).isInstanceOf(IllegalArgumentException.class);
        }
    }
}
