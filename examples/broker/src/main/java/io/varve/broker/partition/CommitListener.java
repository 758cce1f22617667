// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.partition;

/** Is told what becomes of records that were appended; called once, on the partition's lane, perhaps before the append returns. */
public interface CommitListener {

    /** As many replicas have them as must. */
    void onCommitted();

    /**
     * It is not known whether they will be committed: the time is over, or another broker leads.
     *
     * @param reason why
     */
    void onFailed(AppendRefusedException reason);
}
