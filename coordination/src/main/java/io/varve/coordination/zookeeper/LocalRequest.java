// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.zookeeper;

/** A request that needs only this member's copy of the tree and its watches. */
sealed interface LocalRequest extends Request permits ReadRequest, WatchRequest {

    /**
     * Carries the request out.
     *
     * @param view what the member has at this moment
     * @param body takes the body of the reply; what was written is dropped when the answer is not OK
     */
    ErrorCode answer(LocalView view, JuteWriter body);
}
