// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.cli;

import io.varve.broker.controller.BalancePlan;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.common.config.ConfigResource;

/**
 * Lets the controller take everything from a broker, and waits for that.
 *
 * <p>Threading: confined to the command's thread.
 */
final class Drain {

    private static final long LOOK_MS = 500;

    private final Admin admin;
    private final int brokerId;

    Drain(Admin admin, int brokerId) {
        this.admin = admin;
        this.brokerId = brokerId;
    }

    /** Marks the broker as one to be emptied. */
    void begin() throws InterruptedException, ExecutionException {
        final ClusterShape shape = ClusterShape.read(admin);
        if (!shape.brokers().contains(brokerId)) {
            throw new CommandFailure(
                    CommandFailure.FAILED, "there is no broker " + brokerId + "; the brokers are " + shape.brokers());
        }
        alter(AlterConfigOp.OpType.APPEND);
    }

    /** Lets the broker have its share again. */
    void end() throws InterruptedException, ExecutionException {
        alter(AlterConfigOp.OpType.SUBTRACT);
    }

    private void alter(AlterConfigOp.OpType operation) throws InterruptedException, ExecutionException {
        final ConfigResource all = new ConfigResource(ConfigResource.Type.BROKER, "");
        final ConfigEntry entry = new ConfigEntry(ClusterShape.DRAINING, Integer.toString(brokerId));
        admin.incrementalAlterConfigs(Map.of(all, List.of(new AlterConfigOp(entry, operation))))
                .all()
                .get();
    }

    /**
     * Waits until nothing is left at the broker.
     *
     * @return how many replicas it had at first
     * @throws CommandFailure when something is left that can go nowhere, or somebody has taken the mark away
     */
    int await(Progress progress) throws InterruptedException, ExecutionException {
        progress.step("draining broker " + brokerId);
        final int all = ClusterShape.read(admin).replicas(brokerId);
        while (true) {
            final ClusterShape shape = ClusterShape.read(admin);
            final int left = shape.replicas(brokerId);
            progress.update(Math.max(0, all - left), all);
            if (left == 0) {
                progress.clear();
                return all;
            }
            requirePossible(shape, left);
            Thread.sleep(LOOK_MS);
        }
    }

    private void requirePossible(ClusterShape shape, int left) {
        if (!shape.draining().contains(brokerId)) {
            throw new CommandFailure(
                    CommandFailure.FAILED,
                    "broker " + brokerId + " is no longer marked as draining; replicas left=" + left);
        }
        final BalancePlan plan = shape.plan();
        final List<BalancePlan.Obstacle> stuck = plan.obstacles().stream()
                .filter(obstacle -> obstacle.brokerId() == brokerId)
                .toList();
        if (!stuck.isEmpty() && stuck.size() == left) {
            throw new CommandFailure(
                    CommandFailure.FAILED,
                    left + " replicas cannot leave broker " + brokerId + ", for example of "
                            + stuck.get(0).partition() + ": " + stuck.get(0).cause());
        }
    }
}
