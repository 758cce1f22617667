// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.quorum;

/** What somebody could get wrong; put in on purpose, each must be found. */
enum Bug {
    NONE,
    /** What was appended counts as durable at once. */
    ACKNOWLEDGES_BEFORE_FORCE,
    /** A vote is told before it is stored, and is never stored. */
    FORGETS_VOTES,
    /** What a majority has is committed, whoever appended it. */
    COMMITS_ENTRIES_OF_EARLIER_EPOCHS,
    /** A leader believes that it leads. */
    READS_WITHOUT_ASKING,
    /** A wiped disk keeps its directory's name. */
    KEEPS_IDENTITY_WITHOUT_LOG,
    /** A log that diverges is not cut, and what comes is appended to it. */
    NEVER_TRUNCATES
}
