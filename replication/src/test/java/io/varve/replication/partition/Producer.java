// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.replication.partition;

import java.util.function.Consumer;

/** Sends one value after the other; one that waits for its commit sends each until it is acknowledged. */
final class Producer {

    /** What a broker tells a producer. */
    enum Answer {
        DONE,
        TRY_AGAIN
    }

    private static final int CLIENT = -1;
    private static final long VALUES = 1_000_000;
    private static final int FIRST_IDEMPOTENT = 1;
    private static final int LAST_IDEMPOTENT = 2;

    private final Simulation simulation;
    private final int number;
    private final boolean idempotent;
    private long nextSequence;
    private boolean outstanding;
    private int attempt;
    private int target = 1;

    Producer(Simulation simulation, int number) {
        this.simulation = simulation;
        this.number = number;
        this.idempotent = isIdempotent(number * VALUES);
    }

    static int of(long value) {
        return (int) (value / VALUES);
    }

    static long sequence(long value) {
        return value % VALUES;
    }

    static boolean isIdempotent(long value) {
        return of(value) >= FIRST_IDEMPOTENT && of(value) <= LAST_IDEMPOTENT;
    }

    void begin() {
        simulation.schedule((5 + simulation.random.nextInt(50)) * Simulation.MS, () -> {
            if (!simulation.isCalm()) {
                if (!outstanding || !idempotent) {
                    outstanding = true;
                    nextSequence++;
                    send();
                }
                begin();
            }
        });
    }

    private void send() {
        int sent = ++attempt;
        long value = number * VALUES + nextSequence - 1;
        int to = target;
        Consumer<Answer> answer = what -> simulation.network.send(to, CLIENT, () -> answered(sent, what));
        simulation.network.send(CLIENT, to, () -> {
            SimulatedBroker broker = simulation.broker(to);
            broker.later(0, () -> broker.produce(value, idempotent, answer));
        });
        if (idempotent) {
            simulation.schedule(600 * Simulation.MS, () -> answered(sent, Answer.TRY_AGAIN));
        }
    }

    private void answered(int sent, Answer answer) {
        if (!outstanding || sent != attempt) {
            return;
        }
        if (answer == Answer.DONE) {
            outstanding = false;
            return;
        }
        target = simulation.likelyLeader();
        if (idempotent) {
            attempt++;
            int waiting = attempt;
            simulation.saw(Rare.SENT_AGAIN);
            simulation.schedule(20 * Simulation.MS, () -> {
                if (waiting == attempt) {
                    send();
                }
            });
        }
    }

    boolean isOutstanding() {
        return idempotent && outstanding;
    }
}
