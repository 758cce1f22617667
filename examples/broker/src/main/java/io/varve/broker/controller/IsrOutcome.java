// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.controller;

/** What came of a proposal of the replicas in sync. */
public enum IsrOutcome {

    /** It is written; the image will show it with another partition epoch. */
    ACCEPTED,

    /** The partition is another by now than the leader knew when it asked; the image shows it. */
    STALE,

    /** One that was to join is not there, is about to go, or has registered again since the leader heard of it. */
    INELIGIBLE,

    /** It is not known: the tree could not be written, or others changed it all the time. To be asked again. */
    FAILED
}
