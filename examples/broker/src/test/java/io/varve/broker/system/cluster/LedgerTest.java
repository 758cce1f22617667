// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.system.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The checker finds what it is there to find. */
class LedgerTest {

    private final Ledger ledger = new Ledger();

    /** Four records: the first two are acknowledged at their offsets, the third without one, the fourth not; a reader saw two. */
    @BeforeEach
    void write() {
        for (int i = 0; i < 4; i++) {
            ledger.send();
        }
        ledger.acknowledge(0, 0, 100);
        ledger.acknowledge(1, 1, 110);
        ledger.acknowledge(2, -1, 170);
        ledger.show(0, 0);
        ledger.show(1, 1);
    }

    private static LongList present(long... sequences) {
        LongList present = new LongList();
        for (int offset = 0; offset < sequences.length; offset++) {
            present.set(offset, sequences[offset]);
        }
        return present;
    }

    @Test
    void shouldAcceptEveryOutcomeThatCanBe() {
        assertThat(ledger.violations(present(0, 1, 2))).isEmpty();
        assertThat(ledger.violations(present(0, 1, 2, 3))).isEmpty();
        assertThat(ledger.acknowledgements()).isEqualTo(3);
        assertThat(ledger.lastAcknowledged()).isEqualTo(2);
    }

    @Test
    void shouldFindWhatIsLost() {
        assertThat(ledger.violations(present(0, 1))).containsExactly("acknowledged and lost: 1 records, sequences [2]");
    }

    @Test
    void shouldFindWhatIsNotWhereItWasAcknowledged() {
        assertThat(ledger.violations(present(0, 2, 1, 3)))
                .contains("acknowledged at another offset: 1 records, sequences [1]");
    }

    @Test
    void shouldFindDuplicates() {
        assertThat(ledger.violations(present(0, 1, 2, 2))).containsExactly("twice there: 1 records, sequences [2]");
    }

    @Test
    void shouldFindWhatIsOutOfOrder() {
        assertThat(ledger.violations(present(0, 1, 3, 2)))
                .containsExactly("behind later ones: 1 records, sequences [2]");
    }

    @Test
    void shouldFindWhatNobodySent() {
        assertThat(ledger.violations(present(0, 1, 2, 4))).containsExactly("never sent: 1 records, sequences [4]");
    }

    @Test
    void shouldFindWhatAReaderWasShownTooEarly() {
        ledger.show(2, 3);

        assertThat(ledger.violations(present(0, 1, 2)))
                .containsExactly("shown to a reader at an offset where there is another: 1 records, sequences [3]");
    }

    @Test
    void shouldFindWhatAReaderWasShownTwiceOrNotAtAll() {
        ledger.show(1, 1);
        ledger.show(3, 3);

        assertThat(ledger.violations(present(0, 1, 2, 3)))
                .contains("a reader was shown offset 1 after 1", "a reader was shown offset 3 after 1");
    }

    @Test
    void shouldFindASecondAcknowledgement() {
        ledger.acknowledge(1, 1, 180);

        assertThat(ledger.violations(present(0, 1, 2))).containsExactly("acknowledged twice: sequence=1");
    }

    @Test
    void shouldTellTheLongestGap() {
        assertThat(ledger.longestGapNs(180)).isGreaterThanOrEqualTo(60);
        ledger.beginGaps(180);

        ledger.acknowledge(3, 3, 200);

        assertThat(ledger.longestGapNs(210)).isEqualTo(20);
        assertThat(ledger.longestGapNs(290)).as("with the one that goes on").isEqualTo(90);
    }
}
