// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.Random;
import org.junit.jupiter.api.Test;

class ThrottleTest {

    @Test
    void shouldAllowASecondsWorthAtOnceAndThenTheRate() {
        Throttle throttle = new Throttle(1000, 50);

        assertThat(throttle.availableBytes(50)).isEqualTo(1000);
        throttle.spend(1500, 50);

        assertThat(throttle.availableBytes(50)).isZero();
        assertThat(throttle.pauseMs(50)).isEqualTo(501);
        assertThat(throttle.availableBytes(550)).isZero();
        assertThat(throttle.availableBytes(551)).isEqualTo(1);
        assertThat(throttle.availableBytes(1_000_000)).isEqualTo(1000);
    }

    @Test
    void shouldNeverExceedTheRateInTheLongRun() {
        Random random = new Random(3);
        for (int round = 0; round < 50; round++) {
            long rate = 1 + random.nextInt(1_000_000);
            Throttle throttle = new Throttle(rate, 0);
            long nowMs = 0;
            long moved = 0;
            for (int step = 0; step < 1000; step++) {
                long portion = Math.min(throttle.availableBytes(nowMs), random.nextInt(1 << 20));
                throttle.spend(portion, nowMs);
                moved += portion;
                assertThat(moved).isLessThanOrEqualTo(rate + rate * nowMs / 1000);
                nowMs += 1 + Math.max(throttle.pauseMs(nowMs), random.nextInt(20));
            }
            assertThat(moved).isPositive();
        }
    }

    @Test
    void shouldBoundNothingWhenThereIsNoBound() {
        Throttle throttle = new Throttle(Long.MAX_VALUE, 0);
        for (long nowMs = 0; nowMs < 100; nowMs++) {
            throttle.spend(1L << 40, nowMs);
            assertThat(throttle.pauseMs(nowMs)).isZero();
        }
    }

    @Test
    void shouldBearAClockThatGoesBack() {
        Throttle throttle = new Throttle(10, 1000);
        throttle.spend(10, 1000);
        assertThat(throttle.availableBytes(0)).isZero();
        assertThat(throttle.availableBytes(500)).isEqualTo(5);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Throttle(0, 0))
                .withMessageContaining("bytesPerSecond=0");
    }
}
