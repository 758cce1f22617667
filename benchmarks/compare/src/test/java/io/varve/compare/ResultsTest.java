// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.compare;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class ResultsTest {

    @Test
    void shouldPrintMedianSpreadAndRatio() {
        Results results = new Results(List.of("one", "two"));
        for (double value : List.of(3000.0, 1000.0, 2000.0)) {
            results.add("set, per second", 0, value);
            results.add("set, per second", 1, 2 * value);
        }
        results.add("disk MiB", 0, 5.125);

        assertThat(results.markdown())
                .isEqualTo(
                        """
                        | measure | one | two | ratio |
                        |---|---:|---:|---:|
                        | set, per second | 2,000 (1,000-3,000) | 4,000 (2,000-6,000) | 2.00 |
                        | disk MiB | 5.13 | - | - |
                        """);
    }

    @Test
    void shouldTakeTheMiddleOfAnEvenNumber() {
        assertThat(Results.median(List.of(4.0, 1.0, 3.0, 2.0))).isEqualTo(2.5);
    }
}
