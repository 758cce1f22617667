// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.replication.partition;

/** What somebody could get wrong; put in on purpose, each must be found. */
enum Bug {
    NONE,
    /** Who was proposed does not count before the controller has answered. */
    COUNTS_ONLY_WHO_WAS_DECIDED,
    /** A proposal that was refused is forgotten, though a copy of it is on its way. */
    FORGETS_REFUSED_PROPOSALS,
    /** A leader commits alone. */
    IGNORES_MIN_IN_SYNC,
    /** Whoever fetches is in sync. */
    EXPANDS_TOO_EARLY,
    /** A broker is taken for the one that had its number before. */
    IGNORES_BROKER_EPOCHS,
    /** Fetches and answers count in any epoch. */
    IGNORES_LEADER_EPOCHS,
    /** Logs are not compared. */
    NEVER_DIVERGES,
    /** A leader says of an epoch that it does not know that it agrees. */
    KNOWS_ONLY_OWN_EPOCHS,
    /** What a follower does not know to be committed it cuts off. */
    TRUNCATES_TO_HIGH_WATERMARK,
    /** What was appended counts as forced at once. */
    ACKNOWLEDGES_BEFORE_FORCE,
    /** A replica says that it has kept everything, whatever has happened. */
    CLAIMS_TO_HAVE_KEPT_ALL,
    /** The controller elects the last known leader, though it is gone. */
    ELECTS_WHO_IS_FENCED
}
