// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.zookeeper;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.coordination.tree.TreeError;
import java.util.Locale;
import org.apache.zookeeper.KeeperException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ErrorCodeTest {

    @ParameterizedTest
    @EnumSource(TreeError.class)
    void shouldTranslateEveryErrorOfTheTreeThereAndBack(TreeError error) {
        assertThat(ErrorCode.of(error).treeError()).isEqualTo(error);
    }

    @ParameterizedTest
    @EnumSource(ErrorCode.class)
    void shouldHaveTheNumbersOfApache(ErrorCode error) {
        final KeeperException.Code theirs = KeeperException.Code.get(error.code());

        assertThat(theirs.name()).isEqualTo(error.name().replace("_", "").toUpperCase(Locale.ROOT));
    }

    @ParameterizedTest
    @EnumSource(Membership.Refusal.class)
    void shouldTranslateEveryRefusalOfMembers(Membership.Refusal refusal) {
        assertThat(ErrorCode.of(refusal).code()).isNegative();
    }

    @Test
    void shouldGiveEveryErrorItsOwnNumber() {
        assertThat(ErrorCode.values()).extracting(ErrorCode::code).doesNotHaveDuplicates();
    }
}
