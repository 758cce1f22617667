// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.controller;

import java.util.List;
import java.util.function.Function;

/** What the controller changes although nobody asks for it. Pure. */
final class ControllerDuties {

    /** The weightiest first: what depends on it is looked at when nothing of it is left. */
    private static final List<Function<Situation, List<PartitionChange>>> ALL = List.of(
            InSyncDecisions::minInSync,
            BrokerDecisions::absent,
            ReassignmentDecisions::complete,
            ReassignmentDecisions::widen);

    private ControllerDuties() {}

    /** What is to be done next; empty when all is as it should be. */
    static List<PartitionChange> next(Situation situation) {
        for (Function<Situation, List<PartitionChange>> duty : ALL) {
            List<PartitionChange> changes = duty.apply(situation);
            if (!changes.isEmpty()) {
                return changes;
            }
        }
        return List.of();
    }
}
