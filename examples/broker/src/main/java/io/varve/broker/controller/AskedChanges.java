// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.controller;

import io.varve.broker.partition.TopicPartition;
import io.varve.broker.request.RequestException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiFunction;

/**
 * What somebody asks for each of several partitions, and what becomes of it: one that is refused leaves the others as they are.
 *
 * <p>Threading: confined to one carrying out.
 */
final class AskedChanges implements PartitionWriter.Decision {

    private final BiFunction<Situation, TopicPartition, Optional<PartitionChange>> decision;
    private final Set<TopicPartition> left;
    private final Map<TopicPartition, Optional<RequestException>> results = new LinkedHashMap<>();

    /**
     * @param decision the change of a partition, empty when there is nothing to be changed; throws a {@link RequestException} when it
     *     cannot be
     */
    AskedChanges(
            Collection<TopicPartition> ids, BiFunction<Situation, TopicPartition, Optional<PartitionChange>> decision) {
        this.decision = decision;
        this.left = new LinkedHashSet<>(ids);
    }

    @Override
    public List<PartitionChange> decide(Situation situation) {
        List<PartitionChange> changes = new ArrayList<>();
        for (TopicPartition id : List.copyOf(left)) {
            try {
                Optional<PartitionChange> change = decision.apply(situation, id);
                if (change.isEmpty()) {
                    end(id, Optional.empty());
                }
                change.ifPresent(changes::add);
            } catch (RequestException refused) {
                end(id, Optional.of(refused));
            }
            if (changes.size() == PartitionWriter.MOST_PER_MULTI) {
                break;
            }
        }
        return changes;
    }

    @Override
    public void onWritten(List<PartitionChange> changes) {
        changes.forEach(change ->
                end(new TopicPartition(change.topic().name(), change.before().index()), Optional.empty()));
    }

    private void end(TopicPartition id, Optional<RequestException> result) {
        left.remove(id);
        results.put(id, result);
    }

    /** Why each partition was refused, empty for one that is as was asked. */
    Map<TopicPartition, Optional<RequestException>> results() {
        return results;
    }
}
