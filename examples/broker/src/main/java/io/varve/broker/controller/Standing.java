// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.controller;

/** What a registered broker may be trusted with at the moment. */
enum Standing {

    /** May lead and be in sync. */
    ACTIVE,

    /** Asked for a controlled shutdown: keeps what it leads until that is handed over, and is given nothing. */
    SHUTTING_DOWN,

    /** Is registered, but not heard: does not lead and is not in sync. */
    FENCED
}
