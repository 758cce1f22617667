// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.replication;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class EpochStartsTest {

    @Test
    void shouldKnowTheEpochOfEveryOffset() {
        EpochStarts starts = of(List.of(1, 1, 3, 3, 7));

        assertThat(starts.latest()).isEqualTo(7);
        assertThat(List.of(starts.epochAt(0), starts.epochAt(1), starts.epochAt(2), starts.epochAt(4)))
                .containsExactly(1, 1, 3, 7);
    }

    @Test
    void shouldNameTheEndOfTheLatestEpochNotLater() {
        EpochStarts starts = of(List.of(1, 1, 3, 3, 7));

        assertThat(starts.endOf(2, 5)).isEqualTo(new OffsetAndEpoch(2, 1));
        assertThat(starts.endOf(3, 5)).isEqualTo(new OffsetAndEpoch(4, 3));
        assertThat(starts.endOf(9, 5)).isEqualTo(new OffsetAndEpoch(5, 7));
        assertThat(starts.endOf(0, 5)).isEqualTo(OffsetAndEpoch.START);
    }

    @Test
    void shouldRefuseAnEpochThatGoesBack() {
        EpochStarts starts = of(List.of(4));

        assertThatThrownBy(() -> starts.append(3, 1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("epoch=3, latest=4");
    }

    @Test
    void shouldForgetWhatIsBeforeTheStart() {
        EpochStarts starts = of(List.of(1, 1, 3, 3, 7));
        starts.deleteBefore(3);

        assertThat(starts.epochAt(2)).isEqualTo(3);
        assertThat(starts.endOf(2, 5).epoch()).isZero();
        assertThat(starts.holds(new OffsetAndEpoch(3, 3), 5)).isTrue();
    }

    @Test
    void shouldKnowTheRecordBeforeTheBase() {
        EpochStarts starts = new EpochStarts();
        starts.reset(new OffsetAndEpoch(10, 4));

        assertThat(starts.holds(new OffsetAndEpoch(10, 4), 10)).isTrue();
        assertThat(starts.holds(new OffsetAndEpoch(10, 3), 10)).isFalse();
        assertThat(starts.latest()).isEqualTo(4);
    }

    /** Two logs of which each epoch's records come from one leader: cutting and asking again ends at the longest common prefix. */
    @Test
    void shouldFindTheLongestCommonPrefix() {
        for (int seed = 0; seed < 2_000; seed++) {
            Random random = new Random(seed);
            List<Integer> common = epochs(random, 1, random.nextInt(6));
            int latest = common.isEmpty() ? 0 : common.get(common.size() - 1);
            List<Integer> leader = new ArrayList<>(common);
            List<Integer> follower = new ArrayList<>(common);
            // Behind the common prefix no epoch is in both: an epoch's records are one leader's, a prefix of them is
            // anybody's.
            boolean leaderGoesOn = random.nextBoolean() && latest > 0;
            for (int i = 0; leaderGoesOn && i < random.nextInt(3); i++) {
                leader.add(latest);
            }
            epochs(random, 10, random.nextInt(5)).forEach(epoch -> leader.add(latest + 2 * epoch));
            epochs(random, 10, random.nextInt(5)).forEach(epoch -> follower.add(latest + 2 * epoch + 1));

            assertThat(cut(follower, leader))
                    .as("seed %d: %s, %s", seed, leader, follower)
                    .isEqualTo(common);
        }
    }

    private static List<Integer> cut(List<Integer> follower, List<Integer> leader) {
        EpochStarts leaders = of(leader);
        EpochStarts followers = of(follower);
        List<Integer> log = new ArrayList<>(follower);
        for (int round = 0; ; round++) {
            OffsetAndEpoch end = new OffsetAndEpoch(log.size(), followers.latest());
            if (leaders.holds(end, leader.size())) {
                return log;
            }
            long point = followers.truncationPoint(leaders.endOf(end.epoch(), leader.size()), log.size());
            assertThat(point).isLessThan(log.size());
            log = log.subList(0, (int) point);
            followers.truncateTo(point);
            assertThat(round).isLessThan(20);
        }
    }

    private static List<Integer> epochs(Random random, int first, int count) {
        List<Integer> epochs = new ArrayList<>();
        int epoch = first;
        for (int i = 0; i < count; i++) {
            epoch += random.nextInt(2);
            epochs.add(epoch);
        }
        return epochs;
    }

    private static EpochStarts of(List<Integer> epochs) {
        EpochStarts starts = new EpochStarts();
        for (int offset = 0; offset < epochs.size(); offset++) {
            starts.append(epochs.get(offset), offset);
        }
        return starts;
    }
}
