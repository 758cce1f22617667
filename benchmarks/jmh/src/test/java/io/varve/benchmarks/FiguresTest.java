// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class FiguresTest {

    @Test
    void shouldShowMedianAndRange() {
        assertThat(new Figures(new double[] {3, 1, 2})).hasToString("2.00 (1.00 to 3.00)");
        assertThat(new Figures(new double[] {12_345.6, 0.0123, 45.67})).hasToString("45.7 (0.012 to 12,346)");
    }

    @Test
    void shouldTakeTheLowerOfTwoInTheMiddle() {
        assertThat(new Figures(new double[] {4, 1, 3, 2}).median()).isEqualTo(2);
    }

    @Test
    void shouldDivideRoundByRound() {
        Figures varve = new Figures(new double[] {1, 10, 3});
        Figures other = new Figures(new double[] {2, 10, 12});

        assertThat(varve.over(other)).hasToString("0.50 (0.25 to 1.00)");
    }
}
