// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.system.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class SpreadTest {

    private static final Map<Integer, Long> EVEN = Map.of(1, 100L, 2, 110L, 3, 90L);
    private static final Map<Integer, Long> UNEVEN = Map.of(1, 100L, 2, 140L, 3, 60L);

    @Test
    void shouldFindAnUnevenSpread() {
        assertThat(new Spread(EVEN, EVEN).isEven(Set.of(1, 2, 3), 1.15)).isTrue();
        assertThat(new Spread(UNEVEN, EVEN).isEven(Set.of(1, 2, 3), 1.15)).isFalse();
        assertThat(new Spread(EVEN, UNEVEN).isEven(Set.of(1, 2, 3), 1.15)).isFalse();
    }

    @Test
    void shouldFindABrokerThatHasNothingOrShouldHaveNothing() {
        assertThat(new Spread(EVEN, EVEN).isEven(Set.of(1, 2, 3, 4), 1.15)).isFalse();
        assertThat(new Spread(EVEN, EVEN).isEven(Set.of(1, 2), 1.15)).isFalse();
        Map<Integer, Long> drained = Map.of(1, 100L, 2, 100L, 3, 0L);
        assertThat(new Spread(drained, drained).isEven(Set.of(1, 2), 1.15)).isTrue();
    }
}
