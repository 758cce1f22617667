// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SessionDeadlinesTest {

    private static final long MS = 1_000_000;

    private final SessionDeadlines deadlines = new SessionDeadlines(100 * MS);

    @Test
    void shouldExpireASilentSessionAtTheEndOfItsBucket() {
        deadlines.add(1, 250, 10 * MS); // deadline 260, bucket ends at 300

        assertThat(deadlines.nextDeadlineNs()).isEqualTo(300 * MS);
        assertThat(deadlines.expired(299 * MS)).isEmpty();
        assertThat(deadlines.expired(300 * MS)).containsExactly(1L);
        assertThat(deadlines.expired(1000 * MS)).isEmpty();
        assertThat(deadlines.nextDeadlineNs()).isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void shouldExpireOnTheDotWhenTheDeadlineEndsABucket() {
        deadlines.add(1, 200, 0);

        assertThat(deadlines.expired(200 * MS - 1)).isEmpty();
        assertThat(deadlines.expired(200 * MS)).containsExactly(1L);
    }

    @Test
    void shouldPutOffTheDeadlineOfASessionThatIsHeardOf() {
        deadlines.add(1, 200, 0);
        deadlines.heard(1, 150 * MS);

        assertThat(deadlines.expired(300 * MS)).isEmpty();
        assertThat(deadlines.nextDeadlineNs()).isEqualTo(400 * MS);
        assertThat(deadlines.expired(400 * MS)).containsExactly(1L);
    }

    @Test
    void shouldForgetASessionThatIsRemovedAndGiveAReopenedOneItsNewTimeout() {
        deadlines.add(1, 200, 0);
        deadlines.add(2, 200, 0);
        deadlines.remove(1);
        deadlines.add(2, 1000, 100 * MS);
        deadlines.heard(3, 0);

        assertThat(deadlines.expired(500 * MS)).isEmpty();
        assertThat(deadlines.size()).isEqualTo(1);
        assertThat(deadlines.expired(1100 * MS)).containsExactly(2L);
    }

    /** Clocks may start below zero. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void shouldNeverExpireEarlyNorMoreThanABucketLate(long seed) {
        Random random = new Random(seed);
        Map<Long, Long> model = new HashMap<>();
        Map<Long, Integer> timeouts = new HashMap<>();
        long now = -5000 * MS;
        for (int step = 0; step < 20_000; step++) {
            long session = random.nextInt(200);
            switch (random.nextInt(8)) {
                case 0 -> {
                    int timeoutMs = 1 + random.nextInt(900);
                    deadlines.add(session, timeoutMs, now);
                    timeouts.put(session, timeoutMs);
                    model.put(session, now + timeoutMs * MS);
                }
                case 1 -> {
                    deadlines.remove(session);
                    model.remove(session);
                }
                case 2 -> {
                    now += random.nextInt((int) (30 * MS));
                    List<Long> expired = deadlines.expired(now);
                    for (long each : expired) {
                        assertThat(model.remove(each))
                                .as("seed %d, session %d", seed, each)
                                .isLessThanOrEqualTo(now);
                    }
                    long late = now - 100 * MS;
                    assertThat(model.values()).as("seed %d", seed).allMatch(deadline -> deadline > late);
                }
                default -> {
                    deadlines.heard(session, now);
                    if (model.containsKey(session)) {
                        model.put(session, now + timeouts.get(session) * MS);
                    }
                }
            }
            assertThat(deadlines.size()).isEqualTo(model.size());
        }
    }

    @Test
    void shouldNegotiateBetweenTwoAndTwentyTicks() {
        SessionTimeouts timeouts = SessionTimeouts.ofTick(2000);

        assertThat(timeouts.negotiate(1)).isEqualTo(4000);
        assertThat(timeouts.negotiate(10_000)).isEqualTo(10_000);
        assertThat(timeouts.negotiate(Integer.MAX_VALUE)).isEqualTo(40_000);
        assertThat(timeouts.negotiate(-1)).isEqualTo(4000);
        assertThatIllegalArgumentException().isThrownBy(() -> new SessionTimeouts(10, 9));
    }
}
