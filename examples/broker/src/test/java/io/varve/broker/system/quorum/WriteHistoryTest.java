// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.system.quorum;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The checker finds what it is there to find. */
class WriteHistoryTest {

    private final WriteHistory history = new WriteHistory();

    /** Numbers 0 and 1 are acknowledged; of number 2 the create was not answered, of number 3 the set was not. */
    @BeforeEach
    void write() {
        history.created(0);
        history.set(0);
        history.created(1);
        history.set(1);
        history.maybeCreated(2);
        history.created(3);
        history.maybeSet(3);
    }

    @Test
    void shouldAcceptEveryOutcomeThatCanBe() {
        assertThat(history.violations(Set.of(0, 1, 3), 1, 2)).isEmpty();
        assertThat(history.violations(Set.of(0, 1, 2, 3), 3, 3)).isEmpty();
        assertThat(history.acknowledged()).isEqualTo(5);
    }

    @Test
    void shouldFindALostCreate() {
        assertThat(history.violations(Set.of(0, 3), 1, 2)).containsExactly("acknowledged creates are lost: [1]");
    }

    @Test
    void shouldFindANodeThatNobodyCreated() {
        assertThat(history.violations(Set.of(0, 1, 3, 7), 1, 2)).containsExactly("nodes that nobody created: [7]");
    }

    @Test
    void shouldFindALostSet() {
        assertThat(history.violations(Set.of(0, 1, 3), 0, 2))
                .containsExactly("an acknowledged set is lost: value=0, acknowledged=1");
        assertThat(history.violations(Set.of(0, 1, 3), 1, 1)).hasSize(1);
    }

    @Test
    void shouldFindASetThatWasAppliedTwice() {
        assertThat(history.violations(Set.of(0, 1, 3), 3, 4))
                .containsExactly("sets were lost or applied twice: version=4, acknowledged=2, unanswered=1");
    }

    @Test
    void shouldFindAReadThatWentBack() {
        history.read(1);
        history.read(3);
        assertThat(history.violations(Set.of(0, 1, 3), 3, 3)).isEmpty();

        history.read(0);

        assertThat(history.violations(Set.of(0, 1, 3), 3, 3)).hasSize(1);
    }
}
