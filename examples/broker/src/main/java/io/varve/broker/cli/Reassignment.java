// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.cli;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewPartitionReassignment;
import org.apache.kafka.common.TopicPartition;

/**
 * Lets partitions have their replicas at other brokers, and waits for that.
 *
 * <p>Threading: confined to the command's thread.
 */
final class Reassignment {

    private static final long LOOK_MS = 200;

    private final Admin admin;
    private final Map<TopicPartition, Optional<NewPartitionReassignment>> targets = new LinkedHashMap<>();

    /**
     * @param texts as {@code orders-0=3,1}
     */
    Reassignment(Admin admin, List<String> texts) {
        this.admin = admin;
        for (String text : texts) {
            final int equals = text.lastIndexOf('=');
            if (equals < 0) {
                throw wrong(text, "PARTITION=BROKER,...");
            }
            targets.put(
                    partition(text.substring(0, equals)),
                    Optional.of(new NewPartitionReassignment(brokers(text, text.substring(equals + 1)))));
        }
    }

    private static CommandFailure wrong(String text, String form) {
        return new CommandFailure(CommandFailure.USAGE, "not of the form " + form + ": " + text);
    }

    private static List<Integer> brokers(String text, String list) {
        final List<Integer> brokers = new ArrayList<>();
        for (String id : list.split(",", -1)) {
            if (!id.matches("\\d{1,9}")) {
                throw wrong(text, "PARTITION=BROKER,...");
            }
            brokers.add(Integer.valueOf(id));
        }
        return brokers;
    }

    /** A partition by a text as {@code orders-0}. */
    private static TopicPartition partition(String text) {
        final int dash = text.lastIndexOf('-');
        if (dash < 1 || !text.substring(dash + 1).matches("\\d{1,9}")) {
            throw wrong(text, "TOPIC-NUMBER");
        }
        return new TopicPartition(text.substring(0, dash), Integer.parseInt(text.substring(dash + 1)));
    }

    /** Begins; the partitions go on by themselves. */
    void begin() throws InterruptedException, ExecutionException {
        admin.alterPartitionReassignments(targets).all().get();
    }

    /** Lets partitions stay where they were. */
    static void cancel(Admin admin, List<String> partitions) throws InterruptedException, ExecutionException {
        final Map<TopicPartition, Optional<NewPartitionReassignment>> none = new LinkedHashMap<>();
        partitions.forEach(text -> none.put(partition(text), Optional.empty()));
        admin.alterPartitionReassignments(none).all().get();
    }

    /** Waits until none of them is on its way any more. */
    void await(Progress progress) throws InterruptedException, ExecutionException {
        progress.step("reassigning");
        while (true) {
            final Set<TopicPartition> left = admin.listPartitionReassignments(targets.keySet())
                    .reassignments()
                    .get()
                    .keySet();
            progress.update(targets.size() - left.size(), targets.size());
            if (left.isEmpty()) {
                progress.clear();
                return;
            }
            Thread.sleep(LOOK_MS);
        }
    }
}
