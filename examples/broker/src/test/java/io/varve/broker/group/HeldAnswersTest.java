// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.group;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.broker.request.ErrorCode;
import io.varve.broker.request.RequestException;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class HeldAnswersTest {

    private static final RequestException REASON = new RequestException(ErrorCode.COORDINATOR_NOT_AVAILABLE, "late");

    private final HeldAnswers held = new HeldAnswers(100);

    @Test
    void shouldGiveAtOnceWhatRestsOnNothingOpen() {
        held.committed(3);

        assertThat(given("a", 0, 0)).isCompletedWithValue("a");
        assertThat(given("b", 3, 0)).isCompletedWithValue("b");
        assertThat(held.nextDeadlineMs()).isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void shouldGiveTheRestInOrderAsItIsCommitted() {
        CompletableFuture<String> first = given("a", 1, 0);
        CompletableFuture<String> look = given("look", 1, 0);
        CompletableFuture<String> last = given("b", 2, 0);

        held.committed(1);
        assertThat(first).isCompletedWithValue("a");
        assertThat(look).isCompletedWithValue("look");
        assertThat(last).isNotDone();
        held.committed(2);
        assertThat(last).isCompletedWithValue("b");
    }

    @Test
    void shouldGiveUpTheLateAndOnlyThem() {
        CompletableFuture<String> late = given("a", 1, 0);
        CompletableFuture<String> later = given("b", 2, 50);

        assertThat(held.nextDeadlineMs()).isEqualTo(100);
        held.expire(99, REASON);
        assertThat(late).isNotDone();
        held.expire(100, REASON);

        assertThat(late).isCompletedExceptionally();
        assertThat(later).isNotDone();
        assertThat(held.nextDeadlineMs()).isEqualTo(150);
        held.fail(REASON);
        assertThat(later).isCompletedExceptionally();
    }

    private CompletableFuture<String> given(String answer, long batch, long nowMs) {
        CompletableFuture<String> waiter = new CompletableFuture<>();
        held.give(waiter, answer, batch, nowMs);
        return waiter;
    }
}
