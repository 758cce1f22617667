// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.replica;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class BackoffTest {

    private final Backoff backoff = new Backoff(50, 300);
    private long nowNs = -1_000;

    private void assertDueAfter(long delayNs) {
        assertThat(backoff.isDue(nowNs + delayNs - 1)).isFalse();
        assertThat(backoff.isDue(nowNs + delayNs)).isTrue();
        nowNs += delayNs;
        backoff.attempt(nowNs);
    }

    @Test
    void shouldWaitTwiceAsLongEachTimeUpToABound() {
        assertDueAfterFirst();
        assertDueAfter(100);
        assertDueAfter(200);
        assertDueAfter(300);
        assertDueAfter(300);
    }

    private void assertDueAfterFirst() {
        assertThat(backoff.isDue(nowNs)).isTrue();
        backoff.attempt(nowNs);
        assertDueAfter(50);
    }

    @Test
    void shouldBeginAnewAfterWhatHasLasted() {
        assertDueAfterFirst();
        backoff.succeeded();
        nowNs += 301;
        backoff.attempt(nowNs);

        assertDueAfter(50);
    }

    @Test
    void shouldNotBeginAnewAfterWhatHasNotLasted() {
        assertDueAfterFirst();
        backoff.succeeded();
        nowNs += 300;
        backoff.attempt(nowNs);

        assertDueAfter(200);
    }

    @Test
    void shouldBeginAnewWhenTold() {
        assertDueAfterFirst();
        backoff.reset();

        assertDueAfterFirst();
    }
}
