// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log.tool;

import java.util.NavigableMap;
import java.util.Set;

/**
 * What is known of a log before its segments are looked at.
 *
 * <p>Threading: immutable.
 *
 * @param options what the caller has said
 * @param epochs leader epochs by their first offsets
 * @param gapsEndOffset below it, exclusive, compaction may have removed offsets
 */
record Known(Set<LogVerifier.Option> options, NavigableMap<Long, Integer> epochs, long gapsEndOffset) {

    boolean has(LogVerifier.Option option) {
        return options.contains(option);
    }
}
